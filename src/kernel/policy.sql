-- cursor () -> (sequence INT)
SELECT sequence FROM policy_cursor WHERE one = 1;

-- cursor_set (sequence INT)
INSERT INTO policy_cursor (one, sequence) VALUES (1, :sequence)
ON CONFLICT (one) DO UPDATE SET sequence = excluded.sequence;

-- cursor_cut (size INT)
UPDATE policy_cursor SET sequence = :size WHERE sequence > :size;

-- held_cut (size INT)
DELETE FROM policy_held WHERE sequence >= :size;

-- held_count () -> (n INT)
SELECT COUNT(*) AS n FROM policy_held;

-- held_any (policy CODE, key TEXT) -> (sequence INT)
SELECT sequence FROM policy_held WHERE policy = :policy AND key = :key ORDER BY sequence LIMIT 1;

-- held_next (now TIME, latest TIME, most INT) -> (
--     effect ID, policy CODE, key TEXT, sequence INT, tries INT, deaths INT, code CODE, state CODE,
--     body TEXT, body_event ID)
-- Those that may be tried: the first of each policy and key, due (or due later than any wait: the
-- clock was set back), not dead.
SELECT h.effect, h.policy, h.key, h.sequence, h.tries, h.deaths, h.code, d.state, d.body,
       d.body_event
FROM policy_held h LEFT JOIN effect d ON d.effect = h.effect
WHERE (h.due <= :now OR h.due > :latest) AND (d.state IS NULL OR d.state <> 'dead')
  AND NOT EXISTS (SELECT 1 FROM policy_held b
                  WHERE b.policy = h.policy AND b.key = h.key AND b.sequence < h.sequence)
ORDER BY h.sequence LIMIT :most;

-- held_due () -> (due TIME)
-- When the next of them is due.
SELECT h.due
FROM policy_held h LEFT JOIN effect d ON d.effect = h.effect
WHERE (d.state IS NULL OR d.state <> 'dead')
  AND NOT EXISTS (SELECT 1 FROM policy_held b
                  WHERE b.policy = h.policy AND b.key = h.key AND b.sequence < h.sequence)
ORDER BY h.due LIMIT 1;

-- hold (effect ID, policy CODE, key TEXT, sequence INT, tries INT, due TIME, code CODE)
INSERT INTO policy_held (effect, policy, key, sequence, tries, deaths, due, code)
VALUES (:effect, :policy, :key, :sequence, :tries, 0, :due, :code)
ON CONFLICT (effect) DO UPDATE SET
    tries = excluded.tries, due = excluded.due, code = excluded.code;

-- held_died (effect ID)
UPDATE policy_held SET tries = 0, deaths = deaths + 1, due = 0 WHERE effect = :effect;

-- release (effect ID)
DELETE FROM policy_held WHERE effect = :effect;

-- held_behind (policy CODE, key TEXT, sequence INT) -> (n INT)
-- How many wait behind one.
SELECT COUNT(*) AS n FROM policy_held
WHERE policy = :policy AND key = :key AND sequence > :sequence;

-- held_find (effect ID) -> (tries INT, due TIME, code CODE)
SELECT tries, due, code FROM policy_held WHERE effect = :effect;
