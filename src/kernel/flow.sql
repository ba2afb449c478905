-- order (order_id ID) -> (state CODE, how CODE, workflow CODE, workflow_version INT,
--                         workflow_hash HASH, subject ID, pins JSON, started TIME)
SELECT state, how, workflow, workflow_version, workflow_hash, subject, pins, started
FROM flow_order WHERE order_id = :order_id;

-- parties (order_id ID) -> (part CODE, organisation ID, site ID)
SELECT part, organisation, site FROM flow_party WHERE order_id = :order_id ORDER BY part;

-- tasks (order_id ID) -> (number INT, task CODE, organisation ID, site ID, form CODE,
--                         form_version INT, opened TIME, due TIME, overdue BOOL, done TIME,
--                         done_by TEXT, record JSON)
SELECT t.number, t.task, t.organisation, t.site, t.form, t.form_version, t.opened,
       NULLIF(t.due_by, 253402300799000000) AS due, t.overdue, t.done, t.done_by, r.record
FROM flow_task t
LEFT JOIN flow_record r
    ON r.order_id = t.order_id AND r.task = t.task AND r.version = t.record_version
WHERE t.order_id = :order_id ORDER BY t.number;

-- facts (order_id ID) -> (task CODE, fact TEXT, noted TIME, noted_by TEXT)
SELECT task, fact, noted, noted_by FROM flow_fact
WHERE order_id = :order_id ORDER BY task, fact;

-- task (order_id ID, task CODE) -> (organisation ID, site ID, form CODE, form_version INT,
--                                   record JSON, secrets JSON)
SELECT t.organisation, t.site, t.form, t.form_version, r.record, r.secrets
FROM flow_task t
LEFT JOIN flow_record r
    ON r.order_id = t.order_id AND r.task = t.task AND r.version = t.record_version
WHERE t.order_id = :order_id AND t.task = :task;

-- records (order_id ID, task CODE) -> (version INT, event ID, form CODE, form_version INT,
--                                      record JSON, secrets JSON, entered_by TEXT, happened TIME,
--                                      recorded TIME, reason TEXT)
SELECT version, event, form, form_version, record, secrets, entered_by, happened, recorded, reason
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
                        started, due_by, next_number, overdue)
VALUES (:order_id, 'running', :workflow, :workflow_version, :workflow_hash, :subject, :pins,
        :started, 253402300799000000, 0, 0);

-- party_add (order_id ID, part CODE, organisation ID, site ID)
INSERT INTO flow_party (order_id, part, organisation, site)
VALUES (:order_id, :part, :organisation, :site);

-- task_open (order_id ID, number INT, task CODE, title TEXT, stage CODE, role CODE, part CODE,
--            organisation ID, site ID, form CODE, form_version INT, late BOOL, opened TIME,
--            due TIME)
INSERT INTO flow_task (order_id, number, task, title, stage, role, part, organisation, site, form,
                       form_version, late, opened, due_by, overdue, open)
VALUES (:order_id, :number, :task, :title, :stage, :role, :part, :organisation, :site, :form,
        :form_version, :late, :opened, COALESCE(:due, 253402300799000000), 0, 1);

-- task_done (order_id ID, task CODE, done TIME, done_by TEXT)
UPDATE flow_task SET open = 0, done = :done, done_by = :done_by
WHERE order_id = :order_id AND task = :task;

-- task_overdue (order_id ID, task CODE)
UPDATE flow_task SET overdue = 1 WHERE order_id = :order_id AND task = :task;

-- task_recorded (order_id ID, task CODE, version INT)
UPDATE flow_task SET record_version = :version WHERE order_id = :order_id AND task = :task;

-- record_add (order_id ID, task CODE, version INT, event ID, form CODE, form_version INT,
--             record JSON, secrets JSON, entered_by TEXT, happened TIME, recorded TIME, reason TEXT)
INSERT INTO flow_record (order_id, task, version, event, form, form_version, record, secrets,
                         entered_by, happened, recorded, reason)
VALUES (:order_id, :task, :version, :event, :form, :form_version, :record, :secrets, :entered_by,
        :happened, :recorded, :reason);

-- fact_add (order_id ID, task CODE, fact TEXT, noted TIME, noted_by TEXT)
INSERT INTO flow_fact (order_id, task, fact, noted, noted_by)
VALUES (:order_id, :task, :fact, :noted, :noted_by)
ON CONFLICT (order_id, task, fact) DO NOTHING;

-- state_set (order_id ID, state CODE)
UPDATE flow_order SET state = :state WHERE order_id = :order_id;

-- open_tasks (order_id ID) -> (task CODE)
SELECT task FROM flow_task WHERE order_id = :order_id AND open = 1 ORDER BY number;

-- end (order_id ID, how CODE, ended TIME)
UPDATE flow_order SET state = 'ended', how = :how, ended = :ended WHERE order_id = :order_id;

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

-- facts_drop (order_id ID, prefix TEXT, task CODE)
-- That begin with the prefix, at the tasks that are not done, or at one of them.
DELETE FROM flow_fact
WHERE order_id = :order_id AND substr(fact, 1, length(:prefix)) = :prefix
  AND (CAST(:task AS TEXT) IS NULL OR task = :task)
  AND task IN (SELECT t.task FROM flow_task t WHERE t.order_id = :order_id AND t.done IS NULL);
