-- {reached}
-- The organisation has a part in the order f, at a site and for a product (of o) that :reach names
-- (show_reach).
EXISTS (SELECT 1 FROM flow_party p
        WHERE p.order_id = f.order_id AND p.organisation = :organisation
          AND (CAST(:reach AS TEXT) IS NULL
              OR replace(:reach, ',' || p.site || '|*,', '') <> :reach
              OR replace(:reach, ',' || p.site || '|' || o.product || ',', '') <> :reach
              OR replace(:reach, ',*|' || o.product || ',', '') <> :reach));

-- {reached_alone}
-- The same where no o is joined: most reach all products of a site, and need none.
EXISTS (SELECT 1 FROM flow_party p
        WHERE p.order_id = f.order_id AND p.organisation = :organisation
          AND (CAST(:reach AS TEXT) IS NULL
              OR replace(:reach, ',' || p.site || '|*,', '') <> :reach
              OR EXISTS (SELECT 1 FROM order_order o
                         WHERE o.order_id = f.order_id
                           AND (replace(:reach, ',' || p.site || '|' || o.product || ',', '')
                                    <> :reach
                                OR replace(:reach, ',*|' || o.product || ',', '')
                                    <> :reach))));

-- {chosen}
-- What the tower's filters ask for; stage and site are those of any open task.
(CAST(:product AS TEXT) IS NULL OR o.product = :product)
AND (CAST(:stage AS TEXT) IS NULL OR EXISTS (
           SELECT 1 FROM flow_task t
           WHERE t.order_id = f.order_id AND t.open = 1 AND t.stage = :stage))
AND (CAST(:at_site AS TEXT) IS NULL OR EXISTS (
           SELECT 1 FROM flow_task t
           WHERE t.order_id = f.order_id AND t.open = 1 AND t.site = :at_site));

-- {rank}
-- As the index flow_order_rank has it, to the letter.
(CASE WHEN f.state = 'ended' THEN 4 WHEN f.state = 'held' THEN 2 WHEN f.overdue = 1 THEN 1 ELSE 3 END);

-- {few}
-- The orders of who takes part in few.
(SELECT DISTINCT order_id FROM flow_party
      WHERE organisation = :organisation AND ended = :ended
        AND (CAST(:site AS TEXT) IS NULL OR site = :site)) m;

-- tower (order_id ID, trouble INT) -> (
--     order_id ID, coi TEXT, product CODE, state CODE, how CODE, stopped BOOL, overdue BOOL,
--     workflow CODE, workflow_version INT, started TIME, ended TIME, due TIME, due_by TIME,
--     stage CODE, task CODE, title TEXT, role CODE, task_site ID, opened TIME, trouble INT,
--     risk CODE, why TEXT, milestones JSON)
-- One order as the control tower lists it. Which task is next rests on the workflow, which rows do
-- not know: the columns from stage to opened are set by who shows them. So are the last three, which
-- rest on the forecast, where that is asked for.
SELECT f.order_id, o.coi, o.product, f.state, f.how, COALESCE(s.standing, 0) AS stopped, f.overdue,
       f.workflow, f.workflow_version, f.started, f.ended,
       NULLIF(f.due_by, 253402300799000000) AS due, f.due_by, t.stage, t.task, t.title, t.role,
       t.site AS task_site, t.opened, CAST(:trouble AS BIGINT) AS trouble,
       CAST(NULL AS TEXT) AS risk, CAST(NULL AS TEXT) AS why, CAST(NULL AS TEXT) AS milestones
FROM flow_order f
JOIN order_order o ON o.order_id = f.order_id
LEFT JOIN flow_task t ON t.order_id = f.order_id AND t.number = f.next_number
LEFT JOIN stop_order s ON s.order_id = f.order_id
WHERE f.order_id = :order_id;

-- part (organisation ID, ended BOOL, most INT) -> (n INT)
-- Parts that it has in orders, counted up to most.
SELECT count(*) AS n FROM (
    SELECT 1 FROM flow_party WHERE organisation = :organisation AND ended = :ended
    LIMIT :most) AS parts;

-- part_at (organisation ID, ended BOOL, site ID, most INT) -> (n INT)
-- Of one site of its.
SELECT count(*) AS n FROM (
    SELECT 1 FROM flow_party
    WHERE organisation = :organisation AND ended = :ended AND site = :site
    LIMIT :most) AS parts;

-- tower_few (organisation ID, site ID, ended BOOL, reach TEXT, state CODE, product CODE, stage CODE,
--     at_site ID, below INT, after_trouble INT, after_due TIME, after_order TEXT, most INT) -> (
--     order_id ID, trouble INT, due_by TIME)
-- Which orders the control tower lists: those that an organisation has a part in, at the sites and of
-- the products that :reach names (show_reach), those in trouble first: stopped (0), late (1), held (2),
-- others (3), then by when they are due; those of a trouble below :below alone. state: live, stopped, held, ended. The other filters may be
-- absent; stage and site are those of any open task.
-- A list of forty must not read all orders there are. Who takes part in few is answered from those
-- few; else one kind of trouble after the other is read in its order (tower_stopped, tower_rank) until
-- the page is full.
SELECT order_id, trouble, due_by FROM (
SELECT f.order_id, f.due_by,
       CASE WHEN s.standing = 1 THEN 0 WHEN f.state = 'held' THEN 2
            WHEN f.overdue = 1 THEN 1 ELSE 3 END AS trouble
FROM {few}
JOIN flow_order f ON f.order_id = m.order_id
JOIN order_order o ON o.order_id = f.order_id
LEFT JOIN stop_order s ON s.order_id = f.order_id AND s.standing = 1
WHERE CASE :state WHEN 'live' THEN f.state <> 'ended' ELSE f.state = :state END
  AND {reached}
  AND {chosen}
) AS orders
WHERE (trouble, due_by, order_id) > (:after_trouble, :after_due, :after_order)
  AND trouble < :below
ORDER BY trouble, due_by, order_id LIMIT :most;

-- tower_stopped (organisation ID, reach TEXT, state CODE, product CODE, stage CODE, at_site ID,
--     after_due TIME, after_order TEXT, most INT) -> (order_id ID, due_by TIME)
-- Few in any case.
SELECT f.order_id, f.due_by
FROM stop_order s
JOIN flow_order f ON f.order_id = s.order_id
JOIN order_order o ON o.order_id = f.order_id
WHERE s.standing = 1 AND (f.due_by, f.order_id) > (:after_due, :after_order)
  AND CASE :state WHEN 'live' THEN f.state <> 'ended' WHEN 'stopped' THEN 1 = 1
                  ELSE f.state = :state END
  AND {reached}
  AND {chosen}
ORDER BY f.due_by, f.order_id LIMIT :most;

-- tower_rank (rank INT, organisation ID, reach TEXT, product CODE, stage CODE, at_site ID,
--     after_due TIME, after_order TEXT, most INT) -> (order_id ID, due_by TIME)
-- rank: as in the index flow_order_rank.
SELECT f.order_id, f.due_by
FROM flow_order f
JOIN order_order o ON o.order_id = f.order_id
WHERE {rank}
      = :rank
  AND (f.due_by, f.order_id) > (:after_due, :after_order)
  AND NOT EXISTS (SELECT 1 FROM stop_order s WHERE s.order_id = f.order_id AND s.standing = 1)
  AND {reached}
  AND {chosen}
ORDER BY f.due_by, f.order_id LIMIT :most;

-- counts_few (organisation ID, site ID, ended BOOL, reach TEXT) -> (
--     live INT, stopped INT, late INT, held INT)
-- Of the same orders; ended is false.
SELECT count(*) AS live,
       COALESCE(sum(CASE WHEN s.standing = 1 THEN 1 ELSE 0 END), 0) AS stopped,
       COALESCE(sum(CASE WHEN f.overdue = 1 THEN 1 ELSE 0 END), 0) AS late,
       COALESCE(sum(CASE WHEN f.state = 'held' THEN 1 ELSE 0 END), 0) AS held
FROM {few}
JOIN flow_order f ON f.order_id = m.order_id
LEFT JOIN stop_order s ON s.order_id = f.order_id AND s.standing = 1
WHERE f.state <> 'ended'
  AND {reached_alone};

-- count_stopped (organisation ID, reach TEXT, most INT) -> (n INT)
SELECT count(*) AS n FROM (
    SELECT 1 FROM stop_order s
    JOIN flow_order f ON f.order_id = s.order_id
    WHERE s.standing = 1 AND f.state <> 'ended'
  AND {reached_alone}
    LIMIT :most) AS orders;

-- count_late (organisation ID, reach TEXT, most INT) -> (n INT)
-- Held ones may be late as well.
SELECT count(*) AS n FROM (
    SELECT 1 FROM flow_order f
    WHERE {rank}
          IN (1, 2)
      AND f.overdue = 1
  AND {reached_alone}
    LIMIT :most) AS orders;

-- count_rank (rank INT, organisation ID, reach TEXT, most INT) -> (n INT)
SELECT count(*) AS n FROM (
    SELECT 1 FROM flow_order f
    WHERE {rank}
          = :rank
  AND {reached_alone}
    LIMIT :most) AS orders;

-- seen_workflows (organisation ID, most INT) -> (
--     workflow CODE, workflow_version INT, workflow_hash HASH)
-- What can be chosen from: where something is or was open.
SELECT DISTINCT workflow, workflow_version, workflow_hash FROM flow_seen
WHERE organisation = :organisation
ORDER BY workflow, workflow_version, workflow_hash LIMIT :most;

-- seen_stages (organisation ID, most INT) -> (stage CODE)
SELECT DISTINCT stage FROM flow_seen WHERE organisation = :organisation ORDER BY stage LIMIT :most;

-- seen_sites (organisation ID, most INT) -> (site ID)
SELECT DISTINCT site FROM flow_seen WHERE organisation = :organisation ORDER BY site LIMIT :most;

-- work (organisation ID, site ID, roles TEXT, person TEXT, after_due TIME, after_order TEXT, after_number INT)
--   -> (order_id ID, number INT, task CODE, title TEXT, stage CODE, role CODE, site ID, late BOOL,
--       opened TIME, due TIME, due_by TIME, overdue BOOL, state CODE, stopped BOOL, coi TEXT,
--       patient ID, product CODE)
-- Open tasks of these roles (",operator|*,courier|corvicel,": whatever the product, or one) at a
-- site, or at all of an organisation, by when they are due; without roles all of them. With a person
-- (an actor) those which they have begun, or which the order means them to do. The next page begins
-- behind the last row's due_by, order and number.
SELECT t.order_id, t.number, t.task, t.title, t.stage, t.role, t.site, t.late, t.opened,
       NULLIF(t.due_by, 253402300799000000) AS due, t.due_by, t.overdue, f.state,
       COALESCE(s.standing, 0) AS stopped, o.coi, o.patient, o.product
FROM flow_task t
JOIN flow_order f ON f.order_id = t.order_id
JOIN order_order o ON o.order_id = t.order_id
LEFT JOIN stop_order s ON s.order_id = t.order_id
WHERE t.organisation = :organisation AND t.open = 1
  AND (CAST(:site AS TEXT) IS NULL OR t.site = :site)
  AND (CAST(:roles AS TEXT) IS NULL
       OR replace(:roles, ',' || t.role || '|*,', '') <> :roles
       OR replace(:roles, ',' || t.role || '|' || o.product || ',', '') <> :roles)
  AND (CAST(:person AS TEXT) IS NULL
       OR EXISTS (SELECT 1 FROM flow_did d WHERE d.order_id = t.order_id AND d.actor = :person
                  AND d.task = t.task)
       OR EXISTS (SELECT 1 FROM flow_kept k WHERE k.order_id = t.order_id AND k.task = t.task
                  AND k.entered_by = :person)
       OR EXISTS (SELECT 1 FROM flow_person p WHERE p.order_id = t.order_id AND p.role = t.role
                  AND p.part = t.part AND 'account/' || p.account = :person))
  AND (t.due_by, t.order_id, t.number) > (:after_due, :after_order, :after_number)
ORDER BY t.due_by, t.order_id, t.number LIMIT 41;

-- to_discard (order_id ID) -> (unit ID, kind CODE, label TEXT)
-- What a stop that was resolved by discarding still waits for.
SELECT u.unit, u.kind, u.label
FROM stop_thing t JOIN identity_unit u ON u.unit = t.thing
WHERE t.order_id = :order_id ORDER BY u.label;

-- carriers () -> (organisation ID)
-- Who carries and keeps nothing: couriers.
SELECT organisation FROM auth_organisation WHERE kind = 'courier' ORDER BY organisation LIMIT 200;

-- moving (organisation ID, reach TEXT, order_id ID, most INT) -> (
--     unit ID, order_id ID, kind CODE, organisation ID, site ID, since TIME, carried BOOL,
--     to_organisation ID, to_site ID, offered TIME, from_site ID)
-- Live units that a courier holds, or that their holder offers to another, in live orders that the
-- control tower lists for the same organisation and reach, or in one alone; the orders first that are
-- due first. from_site: who held it last and was no courier. None of a pass that a loop has undone.
SELECT u.unit, u.order_id, u.kind, c.organisation, c.site, COALESCE(c.since, u.made) AS since,
       m.carried, c.to_organisation, c.to_site, c.offered,
       CASE WHEN m.carried = 0 THEN c.site ELSE COALESCE(
           (SELECT l.site FROM custody_leg l
            JOIN auth_organisation x ON x.organisation = l.organisation
            WHERE l.unit = c.unit AND x.kind <> 'courier' ORDER BY l.number DESC LIMIT 1),
           u.site) END AS from_site
FROM (SELECT c.unit, 1 AS carried
      FROM auth_organisation x
      JOIN auth_site s ON s.organisation = x.organisation
      JOIN custody_unit c ON c.site = s.site
      WHERE x.kind = 'courier'
      UNION ALL
      SELECT c.unit, 0
      FROM custody_unit c JOIN auth_organisation x ON x.organisation = c.organisation
      WHERE c.to_site > '' AND x.kind <> 'courier') AS m
JOIN custody_unit c ON c.unit = m.unit
JOIN identity_unit u ON u.unit = m.unit
JOIN flow_order f ON f.order_id = u.order_id
JOIN order_order o ON o.order_id = u.order_id
WHERE u.ended IS NULL AND f.state <> 'ended'
  AND (CAST(:order_id AS TEXT) IS NULL OR u.order_id = :order_id)
  AND NOT EXISTS (SELECT 1 FROM flow_past p
                  WHERE p.order_id = u.order_id AND p.task = u.task AND p.pass = u.pass)
  AND {reached}
ORDER BY f.due_by, u.order_id, u.kind, u.unit LIMIT :most;

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
