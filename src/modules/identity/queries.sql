-- unit (unit ID) -> (unit ID, order_id ID, task CODE, kind CODE, label TEXT, din TEXT,
--                    product_code TEXT, quantity QUANTITY, organisation ID, site ID, made TIME,
--                    made_by TEXT, ended TIME, how CODE, past BOOL)
-- past: it was made in a pass of its task that a loop has undone.
SELECT u.unit, u.order_id, u.task, u.kind, u.label, u.din, u.product_code, u.quantity,
       u.organisation, u.site, u.made, u.made_by, u.ended, u.how,
       CASE WHEN p.pass IS NULL THEN 0 ELSE 1 END AS past
FROM identity_unit u
LEFT JOIN flow_past p ON p.order_id = u.order_id AND p.task = u.task AND p.pass = u.pass
WHERE u.unit = :unit;

-- by_label (label TEXT) -> (unit ID, order_id ID, kind CODE, ended TIME)
SELECT unit, order_id, kind, ended FROM identity_unit WHERE label = :label;

-- by_din (din TEXT) -> (unit ID, order_id ID, kind CODE, label TEXT, ended TIME)
-- At most two: whether there is one, and no other.
SELECT unit, order_id, kind, label, ended FROM identity_unit
WHERE din = :din ORDER BY order_id, unit LIMIT 2;

-- din_elsewhere (din TEXT, order_id ID) -> (order_id ID)
SELECT order_id FROM identity_unit WHERE din = :din AND order_id <> :order_id LIMIT 1;

-- units (order_id ID) -> (unit ID, task CODE, kind CODE, label TEXT, din TEXT, product_code TEXT,
--                         quantity QUANTITY, organisation ID, site ID, made TIME, made_by TEXT,
--                         ended TIME, how CODE, pass INT, past BOOL, fate CODE)
-- All of an order, live ones first. past: it was made in a pass of its task that a loop has undone.
-- fate: what is to become of one that is live and past, or whose order ended unfinished: discard,
-- quarantine, keep, retain.
SELECT u.unit, u.task, u.kind, u.label, u.din, u.product_code, u.quantity, u.organisation, u.site,
       u.made, u.made_by, u.ended, u.how, u.pass,
       CASE WHEN p.pass IS NULL THEN 0 ELSE 1 END AS past,
       CASE WHEN u.ended IS NULL THEN COALESCE(o.material, p.units) END AS fate
FROM identity_unit u
LEFT JOIN flow_past p ON p.order_id = u.order_id AND p.task = u.task AND p.pass = u.pass
LEFT JOIN flow_order o ON o.order_id = u.order_id
WHERE u.order_id = :order_id
ORDER BY CASE WHEN u.ended IS NULL THEN 0 ELSE 1 END, u.made, u.unit;

-- expected (order_id ID, kinds TEXT) -> (unit ID, kind CODE, label TEXT)
-- Live units of these kinds: ",apheresis_bag,tube,". None of a pass that is past.
SELECT u.unit, u.kind, u.label FROM identity_unit u
WHERE u.order_id = :order_id AND u.ended IS NULL
  AND replace(:kinds, ',' || u.kind || ',', '') <> :kinds
  AND NOT EXISTS (SELECT 1 FROM flow_past p
                  WHERE p.order_id = u.order_id AND p.task = u.task AND p.pass = u.pass)
ORDER BY u.label;

-- ancestors (order_id ID, unit ID) -> (child ID, parent ID, quantity QUANTITY, distance INT,
--                                      kind CODE, label TEXT, how CODE)
-- What a unit was made of, and what that was made of; kind, label and how are the parent's.
WITH RECURSIVE up (child, parent, distance) AS (
    SELECT child, parent, 1 FROM identity_part WHERE order_id = :order_id AND child = :unit
    UNION
    SELECT p.child, p.parent, up.distance + 1
    FROM up JOIN identity_part p ON p.order_id = :order_id AND p.child = up.parent
    WHERE up.distance < 100
)
SELECT up.child, up.parent, p.quantity, min(up.distance) AS distance, u.kind, u.label, u.how
FROM up
JOIN identity_part p ON p.order_id = :order_id AND p.child = up.child AND p.parent = up.parent
JOIN identity_unit u ON u.unit = up.parent
GROUP BY up.child, up.parent, p.quantity, u.kind, u.label, u.how
ORDER BY distance, up.child, up.parent;

-- parts (order_id ID) -> (child ID, parent ID, quantity QUANTITY)
-- All of an order's genealogy, 2,400 at most.
SELECT child, parent, quantity FROM identity_part
WHERE order_id = :order_id ORDER BY child, parent LIMIT 2400;

-- made_of (order_id ID, unit ID) -> (parent ID)
-- Whether it was made of another, and of which first.
SELECT parent FROM identity_part
WHERE order_id = :order_id AND child = :unit ORDER BY parent LIMIT 1;

-- descendants (order_id ID, unit ID) -> (child ID, parent ID, quantity QUANTITY, distance INT,
--                                        kind CODE, label TEXT, how CODE)
-- What was made of a unit, and what was made of that; kind, label and how are the child's.
WITH RECURSIVE down (child, parent, distance) AS (
    SELECT child, parent, 1 FROM identity_part WHERE order_id = :order_id AND parent = :unit
    UNION
    SELECT p.child, p.parent, down.distance + 1
    FROM down JOIN identity_part p ON p.order_id = :order_id AND p.parent = down.child
    WHERE down.distance < 100
)
SELECT down.child, down.parent, p.quantity, min(down.distance) AS distance, u.kind, u.label, u.how
FROM down
JOIN identity_part p ON p.order_id = :order_id AND p.child = down.child AND p.parent = down.parent
JOIN identity_unit u ON u.unit = down.child
GROUP BY down.child, down.parent, p.quantity, u.kind, u.label, u.how
ORDER BY distance, down.child, down.parent;

-- checks (order_id ID) -> (check_id ID, version INT, task CODE, point CODE, result CODE,
--                          method CODE, expected JSON, seen JSON, account ID, device TEXT,
--                          place TEXT, happened TIME, recorded TIME, second BOOL, complete BOOL,
--                          pass INT, past BOOL)
-- past: of a pass of its task that a loop has undone.
SELECT c.check_id, c.version, c.task, c.point, c.result, c.method, c.expected, c.seen, c.account,
       c.device, c.place, c.happened, c.recorded, c.second, c.complete, c.pass,
       CASE WHEN p.pass IS NULL THEN 0 ELSE 1 END AS past
FROM identity_check c
LEFT JOIN flow_past p ON p.order_id = c.order_id AND p.task = c.task AND p.pass = c.pass
WHERE c.order_id = :order_id ORDER BY c.version;

-- checkers (order_id ID, task CODE, account ID) -> (account ID)
-- Others who checked at a task.
SELECT DISTINCT account FROM identity_check
WHERE order_id = :order_id AND task = :task AND account <> :account
ORDER BY account LIMIT 9;

-- others (order_id ID, task CODE, point CODE, expected HASH, account ID) -> (
--     account ID, has_role BOOL, recorded TIME)
-- Others who passed this point with the same set of things in the task's present pass, and the
-- patient's data as they are now; who has the task's role first.
SELECT account, has_role, recorded FROM identity_pass
WHERE order_id = :order_id AND task = :task AND point = :point AND expected = :expected
  AND account <> :account
  AND pass = 1 + (SELECT count(*) FROM flow_past WHERE order_id = :order_id AND task = :task)
  AND (named IS NULL OR named = (SELECT p.named
                                 FROM order_order o JOIN order_patient p ON p.patient = o.patient
                                 WHERE o.order_id = :order_id))
ORDER BY has_role DESC, account LIMIT 8;

-- passes (order_id ID, task CODE) -> (point CODE, account ID, recorded TIME)
-- Passes at a task: of its present pass, none from before a mismatch, or with data corrected since.
-- How long each waits for another person's is the point's (identity_pass_age).
SELECT point, account, recorded FROM identity_pass
WHERE order_id = :order_id AND task = :task
  AND pass = 1 + (SELECT count(*) FROM flow_past WHERE order_id = :order_id AND task = :task)
  AND (named IS NULL OR named = (SELECT p.named
                                 FROM order_order o JOIN order_patient p ON p.patient = o.patient
                                 WHERE o.order_id = :order_id))
ORDER BY point, account;

-- identified (order_id ID, task CODE, unit ID) -> (point CODE, recorded TIME)
-- Points that hold in the task's present pass, and when each identified the unit last: none that was
-- passed with data of the patient which were corrected since.
SELECT point, recorded FROM identity_identified
WHERE order_id = :order_id AND task = :task AND unit = :unit
  AND pass = 1 + (SELECT count(*) FROM flow_past WHERE order_id = :order_id AND task = :task)
  AND (named IS NULL OR named = (SELECT p.named
                                 FROM order_order o JOIN order_patient p ON p.patient = o.patient
                                 WHERE o.order_id = :order_id))
ORDER BY point;

-- unit_add (unit ID, order_id ID, task CODE, pass INT, kind CODE, label TEXT, din TEXT,
--           product_code TEXT, quantity QUANTITY, organisation ID, site ID, made TIME, made_by TEXT)
INSERT INTO identity_unit (unit, order_id, task, pass, kind, label, din, product_code, quantity,
                           organisation, site, made, made_by)
VALUES (:unit, :order_id, :task, :pass, :kind, :label, :din, :product_code, :quantity,
        :organisation, :site, :made, :made_by);

-- part_add (order_id ID, child ID, parent ID, quantity QUANTITY)
INSERT INTO identity_part (order_id, child, parent, quantity)
VALUES (:order_id, :child, :parent, :quantity);

-- balances (order_id ID) -> (event ID, unit ID, task CODE, act CODE, taken QUANTITY, made QUANTITY,
--                            loss QUANTITY, difference QUANTITY, tolerance DECIMAL, happened TIME,
--                            actor TEXT)
SELECT event, unit, task, act, taken, made, loss, difference, tolerance, happened, actor
FROM identity_balance WHERE order_id = :order_id ORDER BY happened, event;

-- balance_add (event ID, order_id ID, unit ID, task CODE, act CODE, taken QUANTITY, made QUANTITY,
--              loss QUANTITY, difference QUANTITY, tolerance DECIMAL, happened TIME, actor TEXT)
INSERT INTO identity_balance (event, order_id, unit, task, act, taken, made, loss, difference,
                              tolerance, happened, actor)
VALUES (:event, :order_id, :unit, :task, :act, :taken, :made, :loss, :difference, :tolerance,
        :happened, :actor);

-- disclosures (order_id ID) -> (event ID, actor TEXT, to_whom TEXT, reason TEXT, happened TIME,
--                               recorded TIME)
-- The newest first.
SELECT event, actor, to_whom, reason, happened, recorded FROM identity_disclosure
WHERE order_id = :order_id ORDER BY recorded DESC, event LIMIT 200;

-- disclosure_add (event ID, order_id ID, actor TEXT, to_whom TEXT, reason TEXT, happened TIME,
--                 recorded TIME)
INSERT INTO identity_disclosure (event, order_id, actor, to_whom, reason, happened, recorded)
VALUES (:event, :order_id, :actor, :to_whom, :reason, :happened, :recorded);

-- unit_reduce (unit ID, quantity QUANTITY)
UPDATE identity_unit SET quantity = :quantity WHERE unit = :unit;

-- unit_end (unit ID, ended TIME, how CODE)
UPDATE identity_unit SET ended = :ended, how = :how WHERE unit = :unit;

-- check_add (check_id ID, order_id ID, version INT, task CODE, pass INT, point CODE, result CODE,
--            method CODE, expected JSON, seen JSON, account ID, device TEXT, place TEXT,
--            happened TIME, recorded TIME, second BOOL, complete BOOL)
INSERT INTO identity_check (check_id, order_id, version, task, pass, point, result, method, expected,
                            seen, account, device, place, happened, recorded, second, complete)
VALUES (:check_id, :order_id, :version, :task, :pass, :point, :result, :method, :expected, :seen,
        :account, :device, :place, :happened, :recorded, :second, :complete);

-- pass_add (order_id ID, task CODE, pass INT, point CODE, account ID, expected HASH, has_role BOOL,
--           recorded TIME, named ID)
INSERT INTO identity_pass (order_id, task, pass, point, account, expected, has_role, recorded, named)
VALUES (:order_id, :task, :pass, :point, :account, :expected, :has_role, :recorded, :named)
ON CONFLICT (order_id, task, pass, point, account) DO UPDATE SET
    expected = excluded.expected, has_role = excluded.has_role, recorded = excluded.recorded,
    named = excluded.named;

-- passes_drop (order_id ID, point CODE, task CODE)
-- At all points, or all tasks, where none is said.
DELETE FROM identity_pass
WHERE order_id = :order_id AND (CAST(:point AS TEXT) IS NULL OR point = :point)
  AND (CAST(:task AS TEXT) IS NULL OR task = :task);

-- identified_add (order_id ID, task CODE, pass INT, point CODE, unit ID, recorded TIME, named ID)
INSERT INTO identity_identified (order_id, task, pass, point, unit, recorded, named)
VALUES (:order_id, :task, :pass, :point, :unit, :recorded, :named)
ON CONFLICT (order_id, task, pass, point, unit) DO UPDATE SET
    recorded = excluded.recorded, named = excluded.named;

-- identified_drop (order_id ID, point CODE, task CODE)
DELETE FROM identity_identified
WHERE order_id = :order_id AND (CAST(:point AS TEXT) IS NULL OR point = :point)
  AND (CAST(:task AS TEXT) IS NULL OR task = :task);

-- all (after ID) -> (unit ID, label TEXT, order_id ID, kind CODE, quantity QUANTITY, din TEXT,
--                    ended TIME, how CODE)
-- Every unit of the node in the order of ids, 200 at a time, for the command line.
SELECT unit, label, order_id, kind, quantity, din, ended, how FROM identity_unit
WHERE unit > :after ORDER BY unit LIMIT 200;

-- unit_count (order_id ID) -> (n INT)
SELECT count(*) AS n FROM identity_unit WHERE order_id = :order_id;
