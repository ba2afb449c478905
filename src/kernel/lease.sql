-- take (queue CODE, item ID, runner CODE, now TIME, expires TIME)
-- Makes or takes it unless another holds it; changes no row then. The first token is the time, so
-- that no later lease of a thing, its row gone meanwhile, has one of before.
INSERT INTO lease (queue, item, token, runner, expires, tries, due, done, total)
VALUES (:queue, :item, :now, :runner, :expires, 0, 0, 0, 0)
ON CONFLICT (queue, item) DO UPDATE SET
    token = lease.token + 1, runner = excluded.runner, expires = excluded.expires
WHERE lease.runner IS NULL OR lease.expires <= :now;

-- find (queue CODE, item ID) -> (
--     token INT, runner CODE, expires TIME, tries INT, due TIME, code CODE, done INT, total INT)
SELECT token, runner, expires, tries, due, code, done, total
FROM lease WHERE queue = :queue AND item = :item;

-- renew (queue CODE, item ID, token INT, expires TIME, done INT, total INT)
UPDATE lease SET expires = :expires, done = :done, total = :total
WHERE queue = :queue AND item = :item AND token = :token AND runner IS NOT NULL;

-- fail (queue CODE, item ID, token INT, tries INT, due TIME, code CODE)
UPDATE lease SET runner = NULL, expires = 0, tries = :tries, due = :due, code = :code
WHERE queue = :queue AND item = :item AND token = :token;

-- drop (queue CODE, item ID)
DELETE FROM lease WHERE queue = :queue AND item = :item;

-- cut ()
DELETE FROM lease;
