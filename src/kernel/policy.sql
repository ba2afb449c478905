-- cursor () -> (sequence INT)
SELECT sequence FROM policy_cursor WHERE one = 1;

-- cursor_set (sequence INT)
INSERT INTO policy_cursor (one, sequence) VALUES (1, :sequence)
ON CONFLICT (one) DO UPDATE SET sequence = excluded.sequence;

-- cursor_cut (size INT)
UPDATE policy_cursor SET sequence = :size WHERE sequence > :size;
