-- find (order_id ID) -> (standing BOOL, point CODE, safe_state CODE, acts TEXT, expected TEXT,
--                        read TEXT, organisation ID, site ID, raised TIME, respond_by TIME,
--                        discarding BOOL)
-- discarding: resolved by "discard", and not all that was stopped has ended.
SELECT standing, point, safe_state, acts, expected, read, organisation, site, raised, respond_by,
       CASE WHEN standing = 0 AND decision = 'discard'
                 AND EXISTS (SELECT 1 FROM stop_thing t WHERE t.order_id = :order_id)
            THEN 1 ELSE 0 END AS discarding
FROM stop_order WHERE order_id = :order_id;

-- things (order_id ID) -> (thing ID)
SELECT thing FROM stop_thing WHERE order_id = :order_id ORDER BY thing;

-- involved_find (order_id ID, account ID) -> (account ID)
SELECT account FROM stop_involved WHERE order_id = :order_id AND account = :account;

-- raise (order_id ID, point CODE, safe_state CODE, acts TEXT, expected TEXT, read TEXT,
--        organisation ID, site ID, raised TIME, respond_by TIME)
-- A stop that stands already stays as it is: whoever may resolve it, what it permits and by when
-- somebody is to respond do not change by a further mismatch.
INSERT INTO stop_order (order_id, standing, point, safe_state, acts, expected, read, organisation,
                        site, raised, respond_by)
VALUES (:order_id, 1, :point, :safe_state, :acts, :expected, :read, :organisation, :site, :raised,
        :respond_by)
ON CONFLICT (order_id) DO UPDATE SET
    standing = 1, point = excluded.point, safe_state = excluded.safe_state, acts = excluded.acts,
    expected = excluded.expected, read = excluded.read, organisation = excluded.organisation,
    site = excluded.site, raised = excluded.raised, respond_by = excluded.respond_by,
    decision = NULL, resolved = NULL, resolved_by = NULL
WHERE stop_order.standing = 0;

-- thing_add (order_id ID, thing TEXT)
INSERT INTO stop_thing (order_id, thing) VALUES (:order_id, :thing)
ON CONFLICT (order_id, thing) DO NOTHING;

-- thing_end (order_id ID, thing ID)
DELETE FROM stop_thing WHERE order_id = :order_id AND thing = :thing;

-- things_drop (order_id ID)
DELETE FROM stop_thing WHERE order_id = :order_id;

-- involve (order_id ID, account TEXT)
INSERT INTO stop_involved (order_id, account) VALUES (:order_id, :account)
ON CONFLICT (order_id, account) DO NOTHING;

-- resolve (order_id ID, decision CODE, resolved TIME, resolved_by ID)
UPDATE stop_order
SET standing = 0, decision = :decision, resolved = :resolved, resolved_by = :resolved_by
WHERE order_id = :order_id;

-- uninvolve (order_id ID)
DELETE FROM stop_involved WHERE order_id = :order_id;
