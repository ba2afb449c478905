-- order (order_id ID) -> (state CODE, how CODE, material CODE, wish CODE, workflow CODE,
--                         workflow_version INT, workflow_hash HASH, subject ID, pins JSON,
--                         started TIME, repeats INT)
SELECT state, how, material, wish, workflow, workflow_version, workflow_hash, subject, pins, started,
       repeats
FROM flow_order WHERE order_id = :order_id;

-- parties (order_id ID) -> (part CODE, organisation ID, site ID)
SELECT part, organisation, site FROM flow_party WHERE order_id = :order_id ORDER BY part;

-- tasks (order_id ID) -> (number INT, task CODE, pass INT, skipped TEXT, organisation ID, site ID,
--                         form CODE, form_version INT, opened TIME, due TIME, overdue BOOL,
--                         done TIME, done_by TEXT, recorded INT, record JSON, unreviewed BOOL)
-- unreviewed: a correction of the present pass's record waits.
SELECT t.number, t.task, t.pass, t.skipped, t.organisation, t.site, t.form, t.form_version, t.opened,
       NULLIF(t.due_by, 253402300799000000) AS due, t.overdue, t.done, t.done_by,
       t.record_version AS recorded, r.record,
       CAST(CASE WHEN EXISTS (
           SELECT 1 FROM flow_correction c
           JOIN flow_record v
               ON v.order_id = c.order_id AND v.task = c.task AND v.version = c.version
           WHERE c.order_id = t.order_id AND c.task = t.task AND c.waits = 1
             AND v.pass = t.pass) THEN 1 ELSE 0 END AS BIGINT) AS unreviewed
FROM flow_task t
LEFT JOIN flow_record r
    ON r.order_id = t.order_id AND r.task = t.task AND r.version = t.record_version
WHERE t.order_id = :order_id ORDER BY t.number;

-- past (order_id ID) -> (task CODE, pass INT, title TEXT, opened TIME, done TIME, done_by TEXT,
--                        loop CODE, loop_title TEXT, units CODE, undone TIME, form CODE,
--                        form_version INT, record JSON)
-- Earlier passes of an order's tasks, with their records as last corrected.
SELECT p.task, p.pass, p.title, p.opened, p.done, p.done_by, p.loop, p.loop_title, p.units, p.undone,
       r.form, r.form_version, r.record
FROM flow_past p
LEFT JOIN flow_record r
    ON r.order_id = p.order_id AND r.task = p.task AND r.version = p.record_version
WHERE p.order_id = :order_id ORDER BY p.undone, p.opened, p.task, p.pass;

-- move (order_id ID) -> (from_version INT, version INT, hash HASH, pins JSON, added JSON, gone JSON,
--                        changed JSON, proposed TIME, proposed_by TEXT, reason TEXT, event ID,
--                        approved TIME, approved_by TEXT, declined TIME, declined_by TEXT,
--                        declined_why TEXT, declined_event ID)
-- reason and declined_why are sealed in their events.
SELECT from_version, version, hash, pins, added, gone, changed, proposed, proposed_by, reason, event,
       approved, approved_by, declined, declined_by, declined_why, declined_event
FROM flow_move WHERE order_id = :order_id;

-- facts (order_id ID) -> (task CODE, fact TEXT, noted TIME, noted_by TEXT)
SELECT task, fact, noted, noted_by FROM flow_fact
WHERE order_id = :order_id ORDER BY task, fact;

-- task (order_id ID, task CODE) -> (organisation ID, site ID, form CODE, form_version INT,
--                                   record JSON, secrets JSON)
-- In its present pass.
SELECT t.organisation, t.site, t.form, t.form_version, r.record, r.secrets
FROM flow_task t
LEFT JOIN flow_record r
    ON r.order_id = t.order_id AND r.task = t.task AND r.version = t.record_version
WHERE t.order_id = :order_id AND t.task = :task;

-- records (order_id ID, task CODE) -> (pass INT, version INT, event ID, form CODE,
--                                      form_version INT, record JSON, secrets JSON,
--                                      entered_by TEXT, happened TIME, recorded TIME, reason TEXT)
-- Of all passes.
SELECT pass, version, event, form, form_version, record, secrets, entered_by, happened, recorded, reason
FROM flow_record WHERE order_id = :order_id AND task = :task ORDER BY version;

-- worklist (organisation ID, site ID, roles TEXT, after_due TIME, after_order TEXT,
--     after_number INT) -> (
--     order_id ID, number INT, task CODE, title TEXT, stage CODE, role CODE, form CODE,
--     late BOOL, opened TIME, due TIME, due_by TIME, overdue BOOL, state CODE, workflow
--     CODE)
-- What a site is to do now, by when it is due. roles: ",operator,courier,". The next page begins
-- behind the last row's due_by, order and number; the first behind 0, '' and 0.
SELECT t.order_id, t.number, t.task, t.title, t.stage, t.role, t.form, t.late, t.opened,
       NULLIF(t.due_by, 253402300799000000) AS due, t.due_by, t.overdue, o.state, o.workflow
FROM flow_task t
JOIN flow_order o ON o.order_id = t.order_id
WHERE t.organisation = :organisation AND t.site = :site AND t.open = 1
  AND replace(:roles, ',' || t.role || ',', '') <> :roles
  AND (t.due_by, t.order_id, t.number) > (:after_due, :after_order, :after_number)
ORDER BY t.due_by, t.order_id, t.number LIMIT 200;

-- worklist_all (organisation ID, roles TEXT, after_due TIME, after_order TEXT,
--     after_number INT) -> (
--     order_id ID, number INT, task CODE, title TEXT, stage CODE, role CODE, site ID, form
--     CODE, late BOOL, opened TIME, due TIME, due_by TIME, overdue BOOL, state CODE,
--     workflow CODE)
-- The same at all sites of an organisation.
SELECT t.order_id, t.number, t.task, t.title, t.stage, t.role, t.site, t.form, t.late, t.opened,
       NULLIF(t.due_by, 253402300799000000) AS due, t.due_by, t.overdue, o.state, o.workflow
FROM flow_task t
JOIN flow_order o ON o.order_id = t.order_id
WHERE t.organisation = :organisation AND t.open = 1
  AND replace(:roles, ',' || t.role || ',', '') <> :roles
  AND (t.due_by, t.order_id, t.number) > (:after_due, :after_order, :after_number)
ORDER BY t.due_by, t.order_id, t.number LIMIT 200;

-- tower (organisation ID, state CODE, after_due TIME, after_order TEXT) -> (
--     order_id ID, workflow CODE, workflow_version INT, how CODE, started TIME, ended TIME,
--     due TIME, due_by TIME, overdue BOOL, stage CODE, task CODE, title TEXT, role CODE,
--     organisation ID, site ID, opened TIME)
-- Orders that an organisation has a part in, by state and oldest due, with the next action and who
-- owes it.
SELECT o.order_id, o.workflow, o.workflow_version, o.how, o.started, o.ended,
       NULLIF(o.due_by, 253402300799000000) AS due, o.due_by, o.overdue, t.stage, t.task, t.title,
       t.role, t.organisation, t.site, t.opened
FROM flow_order o
LEFT JOIN flow_task t ON t.order_id = o.order_id AND t.number = o.next_number
WHERE o.state = :state AND (o.due_by, o.order_id) > (:after_due, :after_order)
  AND EXISTS (SELECT 1 FROM flow_party p
              WHERE p.order_id = o.order_id AND p.organisation = :organisation)
ORDER BY o.due_by, o.order_id LIMIT 200;

-- tower_site (organisation ID, site ID, state CODE, after_due TIME, after_order TEXT) -> (
--     order_id ID, workflow CODE, workflow_version INT, how CODE, started TIME, ended TIME,
--     due TIME, due_by TIME, overdue BOOL, stage CODE, task CODE, title TEXT, role CODE,
--     organisation ID, site ID, opened TIME)
-- The same for orders that one site has a part in.
SELECT o.order_id, o.workflow, o.workflow_version, o.how, o.started, o.ended,
       NULLIF(o.due_by, 253402300799000000) AS due, o.due_by, o.overdue, t.stage, t.task, t.title,
       t.role, t.organisation, t.site, t.opened
FROM flow_order o
LEFT JOIN flow_task t ON t.order_id = o.order_id AND t.number = o.next_number
WHERE o.state = :state AND (o.due_by, o.order_id) > (:after_due, :after_order)
  AND EXISTS (SELECT 1 FROM flow_party p
              WHERE p.order_id = o.order_id AND p.organisation = :organisation AND p.site = :site)
ORDER BY o.due_by, o.order_id LIMIT 200;

-- start (order_id ID, workflow CODE, workflow_version INT, workflow_hash HASH, subject ID,
--        pins JSON, started TIME)
INSERT INTO flow_order (order_id, state, workflow, workflow_version, workflow_hash, subject, pins,
                        started, due_by, next_number, overdue, repeats)
VALUES (:order_id, 'running', :workflow, :workflow_version, :workflow_hash, :subject, :pins,
        :started, 253402300799000000, 0, 0, 0);

-- party_add (order_id ID, part CODE, organisation ID, site ID)
INSERT INTO flow_party (order_id, part, organisation, site, ended)
VALUES (:order_id, :part, :organisation, :site, 0);

-- party_end (order_id ID)
UPDATE flow_party SET ended = 1 WHERE order_id = :order_id;

-- seen (order_id ID, stage CODE, site ID)
INSERT INTO flow_seen (organisation, workflow, workflow_version, workflow_hash, stage, site)
SELECT DISTINCT p.organisation, f.workflow, f.workflow_version, f.workflow_hash, :stage, :site
FROM flow_party p JOIN flow_order f ON f.order_id = p.order_id
WHERE p.order_id = :order_id
ON CONFLICT (organisation, workflow, workflow_version, workflow_hash, stage, site) DO NOTHING;

-- task_open (order_id ID, number INT, task CODE, title TEXT, stage CODE, role CODE, part CODE,
--            organisation ID, site ID, form CODE, form_version INT, late BOOL, pass INT,
--            ladder BOOL, opened TIME, due TIME)
-- Anew under another version of the workflow, or after it was skipped: the row is there already.
INSERT INTO flow_task (order_id, number, task, title, stage, role, part, organisation, site, form,
                       form_version, late, pass, ladder, opened, due_by, overdue, open)
VALUES (:order_id, :number, :task, :title, :stage, :role, :part, :organisation, :site, :form,
        :form_version, :late, :pass, :ladder, :opened, COALESCE(:due, 253402300799000000), 0, 1)
ON CONFLICT (order_id, task) DO UPDATE SET
    number = excluded.number, title = excluded.title, stage = excluded.stage, role = excluded.role,
    part = excluded.part, organisation = excluded.organisation, site = excluded.site,
    form = excluded.form, form_version = excluded.form_version, late = excluded.late,
    pass = excluded.pass, skipped = NULL, ladder = excluded.ladder, opened = excluded.opened,
    due_by = excluded.due_by, overdue = 0, open = 1;

-- task_skip (order_id ID, number INT, task CODE, title TEXT, stage CODE, role CODE, part CODE,
--            organisation ID, site ID, text TEXT, at TIME)
INSERT INTO flow_task (order_id, number, task, title, stage, role, part, organisation, site, late,
                       pass, skipped, ladder, opened, due_by, overdue, open)
VALUES (:order_id, :number, :task, :title, :stage, :role, :part, :organisation, :site, 0, 1, :text,
        0, :at, 253402300799000000, 0, 0);

-- task_ladder (order_id ID, task CODE) -> (ladder BOOL, open BOOL)
SELECT ladder, open FROM flow_task WHERE order_id = :order_id AND task = :task;

-- task_past (order_id ID, task CODE, loop CODE, loop_title TEXT, units CODE, undone TIME)
INSERT INTO flow_past (order_id, task, pass, title, opened, done, done_by, record_version, loop,
                       loop_title, units, undone)
SELECT order_id, task, pass, title, opened, done, done_by, record_version, :loop, :loop_title, :units,
       :undone
FROM flow_task WHERE order_id = :order_id AND task = :task AND skipped IS NULL;

-- task_drop (order_id ID, task CODE)
DELETE FROM flow_task WHERE order_id = :order_id AND task = :task;

-- facts_drop (order_id ID, task CODE)
DELETE FROM flow_fact WHERE order_id = :order_id AND task = :task;

-- repeat_count (order_id ID)
UPDATE flow_order SET repeats = repeats + 1 WHERE order_id = :order_id;

-- move_propose (order_id ID, from_version INT, version INT, hash HASH, pins JSON, added JSON,
--               gone JSON, changed JSON, proposed TIME, proposed_by TEXT, reason TEXT, event ID)
INSERT INTO flow_move (order_id, from_version, version, hash, pins, added, gone, changed, proposed,
                       proposed_by, reason, event)
VALUES (:order_id, :from_version, :version, :hash, :pins, :added, :gone, :changed, :proposed,
        :proposed_by, :reason, :event)
ON CONFLICT (order_id) DO UPDATE SET
    from_version = excluded.from_version, version = excluded.version, hash = excluded.hash,
    pins = excluded.pins, added = excluded.added, gone = excluded.gone, changed = excluded.changed,
    proposed = excluded.proposed, proposed_by = excluded.proposed_by, reason = excluded.reason,
    event = excluded.event, approved = NULL, approved_by = NULL, declined = NULL,
    declined_by = NULL, declined_why = NULL, declined_event = NULL;

-- move_decline (order_id ID, declined TIME, declined_by TEXT, declined_why TEXT, declined_event ID)
UPDATE flow_move SET declined = :declined, declined_by = :declined_by,
                     declined_why = :declined_why, declined_event = :declined_event
WHERE order_id = :order_id;

-- move_approve (order_id ID, approved TIME, approved_by TEXT)
UPDATE flow_move SET approved = :approved, approved_by = :approved_by WHERE order_id = :order_id;

-- move_apply (order_id ID, version INT, hash HASH, pins JSON)
UPDATE flow_order SET workflow_version = :version, workflow_hash = :hash, pins = :pins
WHERE order_id = :order_id;

-- places_free (order_id ID)
-- Numbers of the old version make room for those of the new.
UPDATE flow_task SET number = -number WHERE order_id = :order_id;

-- place (order_id ID, task CODE, number INT)
UPDATE flow_task SET number = :number WHERE order_id = :order_id AND task = :task;

-- places_gone (order_id ID)
-- What was skipped and has no place in the new version.
DELETE FROM flow_task WHERE order_id = :order_id AND number < 0;

-- task_done (order_id ID, task CODE, done TIME, done_by TEXT)
UPDATE flow_task SET open = 0, done = :done, done_by = :done_by
WHERE order_id = :order_id AND task = :task;

-- took_add (order_id ID, task CODE, settled TIME)
-- Done or skipped at this time.
INSERT INTO flow_took (workflow, settled, order_id, task, took)
SELECT f.workflow, :settled, t.order_id, t.task, 
       CASE WHEN t.skipped IS NOT NULL THEN NULL
            WHEN :settled < t.opened THEN 0 ELSE :settled - t.opened END
FROM flow_task t JOIN flow_order f ON f.order_id = t.order_id
WHERE t.order_id = :order_id AND t.task = :task
ON CONFLICT (workflow, settled, order_id, task) DO UPDATE SET took = excluded.took;

-- took_lately (workflow CODE, most INT) -> (task CODE, took INT)
-- The newest of a workflow, by task; those that were skipped (NULL) first, then the quickest.
SELECT task, took FROM (
    SELECT task, took FROM flow_took WHERE workflow = :workflow
    ORDER BY settled DESC, order_id DESC, task DESC LIMIT :most) AS newest
ORDER BY task, took NULLS FIRST;

-- took_by_order (workflow CODE, most INT) -> (order_id ID, task CODE, settled TIME, took INT)
-- The newest of a workflow, order by order.
SELECT order_id, task, settled, took FROM (
    SELECT order_id, task, settled, took FROM flow_took WHERE workflow = :workflow
    ORDER BY settled DESC, order_id DESC, task DESC LIMIT :most) AS newest
ORDER BY order_id, settled, task;

-- task_overdue (order_id ID, task CODE)
UPDATE flow_task SET overdue = 1 WHERE order_id = :order_id AND task = :task;

-- task_recorded (order_id ID, task CODE, version INT)
UPDATE flow_task SET record_version = :version WHERE order_id = :order_id AND task = :task;

-- record_add (order_id ID, task CODE, version INT, event ID, form CODE, form_version INT,
--             record JSON, secrets JSON, entered_by TEXT, happened TIME, recorded TIME, reason TEXT)
-- Of the task's present pass.
INSERT INTO flow_record (order_id, task, pass, version, event, form, form_version, record, secrets,
                         entered_by, happened, recorded, reason)
SELECT :order_id, :task, pass, :version, :event, :form, :form_version, :record, :secrets, :entered_by,
       :happened, :recorded, :reason
FROM flow_task WHERE order_id = :order_id AND task = :task;

-- fact_add (order_id ID, task CODE, fact TEXT, noted TIME, noted_by TEXT)
INSERT INTO flow_fact (order_id, task, fact, noted, noted_by)
VALUES (:order_id, :task, :fact, :noted, :noted_by)
ON CONFLICT (order_id, task, fact) DO NOTHING;

-- state_set (order_id ID, state CODE)
UPDATE flow_order SET state = :state WHERE order_id = :order_id;

-- open_tasks (order_id ID) -> (task CODE, ladder BOOL)
SELECT task, ladder FROM flow_task WHERE order_id = :order_id AND open = 1 ORDER BY number;

-- end (order_id ID, how CODE, material CODE, wish CODE, ended TIME)
UPDATE flow_order
SET state = 'ended', how = :how, material = :material, wish = :wish, ended = :ended
WHERE order_id = :order_id;

-- end_tasks (order_id ID)
UPDATE flow_task SET open = 0 WHERE order_id = :order_id AND open = 1;

-- refresh (order_id ID)
UPDATE flow_order SET
    due_by = COALESCE((SELECT min(t.due_by) FROM flow_task t
                       WHERE t.order_id = :order_id AND t.open = 1), 253402300799000000),
    next_number = COALESCE((SELECT min(t.number) FROM flow_task t
                            WHERE t.order_id = :order_id AND t.open = 1 AND t.late = 0),
                           (SELECT min(t.number) FROM flow_task t
                            WHERE t.order_id = :order_id AND t.open = 1), next_number),
    overdue = COALESCE((SELECT max(t.overdue) FROM flow_task t
                        WHERE t.order_id = :order_id AND t.open = 1), 0)
WHERE order_id = :order_id;

-- fact_drop (order_id ID, task CODE, fact TEXT)
DELETE FROM flow_fact WHERE order_id = :order_id AND task = :task AND fact = :fact;

-- facts_withdraw (order_id ID, prefix TEXT, task CODE)
-- That begin with the prefix, at the tasks that are not done, or at one of them.
DELETE FROM flow_fact
WHERE order_id = :order_id AND substr(fact, 1, length(:prefix)) = :prefix
  AND (CAST(:task AS TEXT) IS NULL OR task = :task)
  AND task IN (SELECT t.task FROM flow_task t WHERE t.order_id = :order_id AND t.done IS NULL);

-- person (order_id ID, role CODE, part CODE) -> (account ID)
SELECT account FROM flow_person WHERE order_id = :order_id AND role = :role AND part = :part;

-- persons (order_id ID) -> (role CODE, part CODE, account ID)
SELECT role, part, account FROM flow_person WHERE order_id = :order_id ORDER BY part, role;

-- person_name (order_id ID, role CODE, part CODE, account ID)
INSERT INTO flow_person (order_id, role, part, account) VALUES (:order_id, :role, :part, :account)
ON CONFLICT (order_id, role, part) DO UPDATE SET account = excluded.account;

-- person_unname (order_id ID, role CODE, part CODE)
DELETE FROM flow_person WHERE order_id = :order_id AND role = :role AND part = :part;

-- person_holds (account ID, role CODE, organisation ID, site ID, now INT) -> (account ID)
-- The account is open and has the role at the site now.
SELECT r.account FROM auth_account_role r JOIN auth_account a ON a.account = r.account
WHERE r.account = :account AND r.role = :role AND r.organisation = :organisation
  AND r.site IN ('', :site) AND a.closed = 0 AND :now >= r.from_us AND :now < r.until_us LIMIT 1;

-- did (order_id ID, actor TEXT, task CODE)
INSERT INTO flow_did (order_id, actor, task) VALUES (:order_id, :actor, :task)
ON CONFLICT (order_id, actor, task) DO NOTHING;

-- done_by (order_id ID, actor TEXT) -> (task CODE)
-- At which tasks of an order the actor did something, in whatever pass: completed, entered,
-- corrected, signed, noted a fact, checked.
SELECT task FROM flow_did WHERE order_id = :order_id AND actor = :actor ORDER BY task;
