-- cursor () -> (sequence INT)
SELECT sequence FROM search_cursor WHERE one = 1;

-- cursor_set (sequence INT)
INSERT INTO search_cursor (one, sequence) VALUES (1, :sequence)
ON CONFLICT (one) DO UPDATE SET sequence = excluded.sequence;

-- thing (rule TEXT, thing TEXT) -> (scopes TEXT, tokens TEXT)
SELECT scopes, tokens FROM search_thing WHERE rule = :rule AND thing = :thing;

-- thing_set (rule TEXT, thing TEXT, scopes TEXT, tokens TEXT)
INSERT INTO search_thing (rule, thing, scopes, tokens) VALUES (:rule, :thing, :scopes, :tokens)
ON CONFLICT (rule, thing) DO UPDATE SET scopes = excluded.scopes, tokens = excluded.tokens;

-- thing_drop (rule TEXT, thing TEXT)
DELETE FROM search_thing WHERE rule = :rule AND thing = :thing;

-- token_add (rule TEXT, scope TEXT, token TEXT, thing TEXT)
INSERT INTO search_token (rule, scope, token, thing) VALUES (:rule, :scope, :token, :thing);

-- token_drop (rule TEXT, scope TEXT, token TEXT, thing TEXT)
DELETE FROM search_token
WHERE rule = :rule AND scope = :scope AND token = :token AND thing = :thing;

-- range (rule TEXT, scope TEXT, token TEXT, thing TEXT, last TEXT, most INT) -> (token TEXT, thing TEXT)
-- Below a scope behind a token and thing, up to the token `last`.
SELECT token, thing FROM search_token
WHERE rule = :rule AND scope = :scope AND (token, thing) > (:token, :thing) AND token <= :last
ORDER BY token, thing LIMIT :most;

-- count (rule TEXT, scope TEXT, token TEXT, last TEXT, most INT) -> (n INT)
-- How many rows from one token to another; `most` at most.
SELECT count(*) AS n FROM (
    SELECT 1 FROM search_token
    WHERE rule = :rule AND scope = :scope AND token >= :token AND token <= :last
    LIMIT :most) AS seen;

-- things (rule TEXT, thing TEXT, most INT) -> (thing TEXT)
-- Of a rule, behind a thing.
SELECT thing FROM search_thing WHERE rule = :rule AND thing > :thing ORDER BY thing LIMIT :most;
