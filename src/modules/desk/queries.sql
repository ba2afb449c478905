-- tower (organisation ID, reach TEXT, state CODE, product CODE, stage CODE, at_site ID,
--        after_trouble INT, after_due TIME, after_order TEXT) -> (
--     order_id ID, coi TEXT, product CODE, state CODE, how CODE, stopped BOOL, overdue BOOL,
--     workflow CODE, workflow_version INT, started TIME, ended TIME, due TIME, due_by TIME,
--     stage CODE, task CODE, title TEXT, role CODE, task_site ID, opened TIME, trouble INT)
-- Orders that an organisation has a part in, at the sites and of the products that :reach names
-- (show_reach), those in trouble first:
-- stopped, late, held, then by the time left. state: live, stopped, held, ended. The other filters
-- may be absent; stage and site are those of any open task. Which task is next rests on the workflow,
-- which rows do not know: the columns from stage to opened are set by who shows them. The next page begins behind the last row's trouble, due_by and order.
SELECT order_id, coi, product, state, how, stopped, overdue, workflow, workflow_version, started,
       ended, NULLIF(due_by, 253402300799000000) AS due, due_by, stage, task, title, role,
       task_site, opened, trouble
FROM (
    SELECT f.order_id, o.coi, o.product, f.state, f.how, COALESCE(s.standing, 0) AS stopped,
           f.overdue, f.workflow, f.workflow_version, f.started, f.ended, f.due_by, t.stage,
           t.task, t.title, t.role, t.site AS task_site, t.opened,
           CASE WHEN s.standing = 1 THEN 0 WHEN f.state = 'held' THEN 2
                WHEN f.overdue = 1 THEN 1 ELSE 3 END AS trouble
    FROM flow_order f
    JOIN order_order o ON o.order_id = f.order_id
    LEFT JOIN flow_task t ON t.order_id = f.order_id AND t.number = f.next_number
    LEFT JOIN stop_order s ON s.order_id = f.order_id
    WHERE EXISTS (SELECT 1 FROM flow_party p
                  WHERE p.order_id = f.order_id AND p.organisation = :organisation
                    AND (CAST(:reach AS TEXT) IS NULL
                         OR replace(:reach, ',' || p.site || '|*,', '') <> :reach
                         OR replace(:reach, ',' || p.site || '|' || o.product || ',', '') <> :reach
                         OR replace(:reach, ',*|' || o.product || ',', '') <> :reach))
) AS orders
WHERE CASE :state WHEN 'live' THEN state <> 'ended' WHEN 'stopped' THEN stopped = 1
                  ELSE state = :state END
  AND (CAST(:product AS TEXT) IS NULL OR product = :product)
  AND (CAST(:stage AS TEXT) IS NULL OR EXISTS (
           SELECT 1 FROM flow_task t
           WHERE t.order_id = orders.order_id AND t.open = 1 AND t.stage = :stage))
  AND (CAST(:at_site AS TEXT) IS NULL OR EXISTS (
           SELECT 1 FROM flow_task t
           WHERE t.order_id = orders.order_id AND t.open = 1 AND t.site = :at_site))
  AND (trouble, due_by, order_id) > (:after_trouble, :after_due, :after_order)
ORDER BY trouble, due_by, order_id LIMIT 41;

-- counts (organisation ID, reach TEXT) -> (live INT, stopped INT, late INT, held INT)
-- Of the same orders.
SELECT count(*) AS live,
       COALESCE(sum(CASE WHEN s.standing = 1 THEN 1 ELSE 0 END), 0) AS stopped,
       COALESCE(sum(CASE WHEN f.overdue = 1 THEN 1 ELSE 0 END), 0) AS late,
       COALESCE(sum(CASE WHEN f.state = 'held' THEN 1 ELSE 0 END), 0) AS held
FROM flow_order f
JOIN order_order o ON o.order_id = f.order_id
LEFT JOIN stop_order s ON s.order_id = f.order_id
WHERE f.state <> 'ended'
  AND EXISTS (SELECT 1 FROM flow_party p
              WHERE p.order_id = f.order_id AND p.organisation = :organisation
                AND (CAST(:reach AS TEXT) IS NULL
                     OR replace(:reach, ',' || p.site || '|*,', '') <> :reach
                     OR replace(:reach, ',' || p.site || '|' || o.product || ',', '') <> :reach
                     OR replace(:reach, ',*|' || o.product || ',', '') <> :reach));

-- products (organisation ID, reach TEXT) -> (product CODE)
SELECT DISTINCT o.product
FROM order_order o JOIN flow_party p ON p.order_id = o.order_id
WHERE p.organisation = :organisation
  AND (CAST(:reach AS TEXT) IS NULL
       OR replace(:reach, ',' || p.site || '|*,', '') <> :reach
       OR replace(:reach, ',' || p.site || '|' || o.product || ',', '') <> :reach
       OR replace(:reach, ',*|' || o.product || ',', '') <> :reach)
ORDER BY o.product LIMIT 40;

-- stages (organisation ID) -> (stage CODE)
-- At which something is open.
SELECT DISTINCT t.stage
FROM flow_task t JOIN flow_party p ON p.order_id = t.order_id
WHERE p.organisation = :organisation AND t.open = 1 ORDER BY t.stage LIMIT 40;

-- sites (organisation ID) -> (site ID)
-- At which something is open.
SELECT DISTINCT t.site
FROM flow_task t JOIN flow_party p ON p.order_id = t.order_id
WHERE p.organisation = :organisation AND t.open = 1 ORDER BY t.site LIMIT 200;

-- work (organisation ID, site ID, roles TEXT, after_due TIME, after_order TEXT, after_number INT)
--   -> (order_id ID, number INT, task CODE, title TEXT, stage CODE, role CODE, site ID, late BOOL,
--       opened TIME, due TIME, due_by TIME, overdue BOOL, state CODE, stopped BOOL, coi TEXT,
--       patient ID, product CODE)
-- Open tasks of these roles (",operator|*,courier|corvicel,": whatever the product, or one) at a
-- site, or at all of an organisation, by when they are due. The next page begins behind the last row's due_by, order and number.
SELECT t.order_id, t.number, t.task, t.title, t.stage, t.role, t.site, t.late, t.opened,
       NULLIF(t.due_by, 253402300799000000) AS due, t.due_by, t.overdue, f.state,
       COALESCE(s.standing, 0) AS stopped, o.coi, o.patient, o.product
FROM flow_task t
JOIN flow_order f ON f.order_id = t.order_id
JOIN order_order o ON o.order_id = t.order_id
LEFT JOIN stop_order s ON s.order_id = t.order_id
WHERE t.organisation = :organisation AND t.open = 1
  AND (CAST(:site AS TEXT) IS NULL OR t.site = :site)
  AND (replace(:roles, ',' || t.role || '|*,', '') <> :roles
       OR replace(:roles, ',' || t.role || '|' || o.product || ',', '') <> :roles)
  AND (t.due_by, t.order_id, t.number) > (:after_due, :after_order, :after_number)
ORDER BY t.due_by, t.order_id, t.number LIMIT 41;

-- to_discard (order_id ID) -> (unit ID, kind CODE, label TEXT)
-- What a stop that was resolved by discarding still waits for.
SELECT u.unit, u.kind, u.label
FROM stop_thing t JOIN identity_unit u ON u.unit = t.thing
WHERE t.order_id = :order_id ORDER BY u.label;

-- holder (unit ID) -> (site ID)
-- Who holds a unit, or held it last.
SELECT site FROM custody_leg WHERE unit = :unit ORDER BY number DESC LIMIT 1;

-- deid_orders (after TEXT, most INT) -> (
--     order_id ID, patient ID, event ID, birth_date TEXT, sex CODE, product CODE,
--     indication TEXT, jurisdiction CODE, regime CODE, weight QUANTITY, prescribed TIME,
--     placed TIME, ended TIME, how CODE)
-- All orders by id; birth_date is sealed in `event`.
SELECT o.order_id, o.patient, p.event, p.birth_date, p.sex, o.product, o.indication,
       o.jurisdiction, o.regime, o.weight, o.prescribed, o.placed, f.ended, f.how
FROM order_order o
JOIN order_patient p ON p.patient = o.patient
LEFT JOIN flow_order f ON f.order_id = o.order_id
WHERE o.order_id > :after ORDER BY o.order_id LIMIT :most;

-- deid_steps (order_id ID) -> (task CODE, done TIME)
SELECT task, done FROM flow_task
WHERE order_id = :order_id AND done IS NOT NULL ORDER BY done, number LIMIT 500;

-- deid_deviations (order_id ID) -> (kind CODE, risk CODE, opened TIME)
SELECT kind, risk, opened FROM quality_deviation
WHERE order_id = :order_id ORDER BY opened, deviation LIMIT 500;
