-- find (notification ID) -> (
--     notification ID, kind CODE, version INT, cause TEXT, about TEXT, label TEXT, link TEXT,
--     organisation ID, site ID, role CODE, urgency CODE, text CODE, raised TIME, state CODE,
--     rung INT, repeats INT, next TIME, acknowledged TIME, by_account ID, ended TIME)
SELECT notification, kind, version, cause, about, label, link, organisation, site, role, urgency,
       text, raised, state, rung, repeats, next, acknowledged, by_account, ended
FROM notify WHERE notification = :notification;

-- inbox (account ID) -> (
--     notification ID, kind CODE, about TEXT, label TEXT, link TEXT, organisation ID, site ID,
--     urgency CODE, text CODE, raised TIME, state CODE, rung INT, next TIME, acknowledged TIME,
--     by_account ID, ended TIME)
-- What a person was told: what stands first, then the newest.
SELECT n.notification, n.kind, n.about, n.label, n.link, n.organisation, n.site, n.urgency,
       n.text, n.raised, n.state, n.rung, n.next, n.acknowledged, n.by_account, n.ended
FROM notify_to t JOIN notify n ON n.notification = t.notification
WHERE t.account = :account
ORDER BY CASE n.state WHEN 'standing' THEN 0 WHEN 'acknowledged' THEN 1 ELSE 2 END,
         CASE n.urgency WHEN 'critical' THEN 0 WHEN 'high' THEN 1 ELSE 2 END,
         n.raised DESC, n.notification LIMIT 100;

-- place (organisation ID, site ID) -> (
--     notification ID, kind CODE, about TEXT, label TEXT, link TEXT, organisation ID, site ID,
--     urgency CODE, text CODE, raised TIME, state CODE, rung INT, next TIME, acknowledged TIME,
--     by_account ID, ended TIME)
-- What has not ended in an organisation, or (site given) at one site of it.
SELECT notification, kind, about, label, link, organisation, site, urgency, text, raised, state,
       rung, next, acknowledged, by_account, ended
FROM notify
WHERE organisation = :organisation AND state IN ('standing', 'acknowledged')
  AND (CAST(:site AS TEXT) IS NULL OR site = :site)
ORDER BY CASE state WHEN 'standing' THEN 0 ELSE 1 END,
         CASE urgency WHEN 'critical' THEN 0 WHEN 'high' THEN 1 ELSE 2 END,
         raised DESC, notification LIMIT 100;

-- unanswered (account ID) -> (n INT)
SELECT COUNT(*) AS n FROM notify_to t JOIN notify n ON n.notification = t.notification
WHERE t.account = :account AND n.state = 'standing';

-- about (about TEXT, beneath TEXT) -> (notification ID, state CODE)
-- beneath: of one cause and of those that begin with it and a slash; absent: of all.
SELECT notification, state FROM notify
WHERE about = :about AND state IN ('standing', 'acknowledged')
  AND (CAST(:beneath AS TEXT) IS NULL OR cause = :beneath
       OR substr(cause, 1, length(:beneath) + 1) = :beneath || '/')
ORDER BY notification LIMIT 60;

-- was_told (notification ID, account ID) -> (rung INT)
SELECT rung FROM notify_to WHERE notification = :notification AND account = :account;

-- role_accounts (role CODE, organisation ID, site ID, now INT) -> (account ID)
-- Who has a role at a site, or (site absent) anywhere in the organisation.
SELECT DISTINCT r.account
FROM auth_account_role r JOIN auth_account a ON a.account = r.account
WHERE r.role = :role AND r.organisation = :organisation AND a.closed = 0
  AND :now >= r.from_us AND :now < r.until_us
  AND (CAST(:site AS TEXT) IS NULL OR r.site IN ('', :site))
ORDER BY r.account LIMIT 20;

-- contact (account ID) -> (mail TEXT, event ID)
SELECT mail, event FROM notify_contact WHERE account = :account;

-- task_place (order_id ID, task CODE) -> (
--     organisation ID, site ID, role CODE, title TEXT, open BOOL)
SELECT organisation, site, role, title, open FROM flow_task
WHERE order_id = :order_id AND task = :task;

-- raise (notification ID, kind CODE, version INT, cause TEXT, about TEXT, label TEXT, link TEXT,
--        organisation ID, site ID, role CODE, urgency CODE, text CODE, raised TIME, next TIME)
INSERT INTO notify (notification, kind, version, cause, about, label, link, organisation, site,
                    role, urgency, text, raised, state, rung, repeats, next)
VALUES (:notification, :kind, :version, :cause, :about, :label, :link, :organisation, :site, :role,
        :urgency, :text, :raised, 'standing', 0, 0, :next)
ON CONFLICT (notification) DO UPDATE SET
    version = excluded.version, label = excluded.label, link = excluded.link,
    role = excluded.role, urgency = excluded.urgency, text = excluded.text,
    raised = excluded.raised, state = 'standing', rung = 0, repeats = 0, next = excluded.next,
    acknowledged = NULL, by_account = NULL, ended = NULL;

-- tell (notification ID, account ID, rung INT, told TIME)
INSERT INTO notify_to (notification, account, rung, told)
VALUES (:notification, :account, :rung, :told)
ON CONFLICT (notification, account) DO NOTHING;

-- untell (notification ID)
DELETE FROM notify_to WHERE notification = :notification;

-- escalate (notification ID, rung INT, repeats INT, next TIME)
UPDATE notify SET rung = :rung, repeats = :repeats, next = :next
WHERE notification = :notification;

-- acknowledge (notification ID, acknowledged TIME, by_account ID)
UPDATE notify SET state = 'acknowledged', acknowledged = :acknowledged, by_account = :by_account,
                  next = NULL
WHERE notification = :notification;

-- end (notification ID, ended TIME)
UPDATE notify SET state = 'ended', ended = :ended, next = NULL WHERE notification = :notification;

-- contact_set (account ID, mail TEXT, event ID)
INSERT INTO notify_contact (account, mail, event) VALUES (:account, :mail, :event)
ON CONFLICT (account) DO UPDATE SET mail = excluded.mail, event = excluded.event;

-- contact_drop (account ID)
DELETE FROM notify_contact WHERE account = :account;
