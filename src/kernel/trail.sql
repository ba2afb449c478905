-- cursor () -> (sequence INT)
SELECT sequence FROM trail_cursor WHERE one = 1;

-- cursor_set (sequence INT)
INSERT INTO trail_cursor (one, sequence) VALUES (1, :sequence)
ON CONFLICT (one) DO UPDATE SET sequence = excluded.sequence;

-- token_add (token INT, sequence INT)
INSERT INTO trail_token (token, sequence) VALUES (:token, :sequence)
ON CONFLICT (token, sequence) DO NOTHING;

-- below (token INT, before INT) -> (sequence INT)
-- The newest event before a place that has the token.
SELECT sequence FROM trail_token WHERE token = :token AND sequence < :before
ORDER BY sequence DESC LIMIT 1;
