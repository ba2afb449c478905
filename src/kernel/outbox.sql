-- find (message ID) -> (
--     message ID, partner CODE, kind CODE, about TEXT, organisation ID, site ID, queued TIME,
--     not_before TIME, body JSON, state CODE, code CODE, status INT, tries INT, mended INT,
--     ended TIME, ended_by TEXT)
SELECT message, partner, kind, about, organisation, site, queued, not_before, body, state, code,
       status, tries, mended, ended, ended_by
FROM outbox_message WHERE message = :message;

-- list (organisation ID, state CODE) -> (
--     message ID, partner CODE, kind CODE, about TEXT, site ID, queued TIME, not_before TIME,
--     state CODE, code CODE, status INT, tries INT, ended TIME, ended_by TEXT, runner CODE,
--     failed INT, due TIME, failure CODE)
-- Of an organisation, in one state, the newest first; each with its lease.
SELECT m.message, m.partner, m.kind, m.about, m.site, m.queued, m.not_before, m.state, m.code,
       m.status, m.tries, m.ended, m.ended_by, l.runner, l.tries AS failed, l.due,
       l.code AS failure
FROM outbox_message m LEFT JOIN lease l ON l.queue = 'message' AND l.item = m.message
WHERE m.organisation = :organisation AND m.state = :state
ORDER BY m.queued DESC, m.message LIMIT 100;

-- queues (organisation ID) -> (partner CODE, waiting INT, dead INT, oldest TIME)
SELECT partner, SUM(CASE WHEN state = 'queued' THEN 1 ELSE 0 END) AS waiting,
       SUM(CASE WHEN state = 'dead' THEN 1 ELSE 0 END) AS dead,
       MIN(CASE WHEN state = 'queued' THEN queued END) AS oldest
FROM outbox_message WHERE organisation = :organisation AND state IN ('queued', 'dead')
GROUP BY partner ORDER BY partner LIMIT 200;

-- partners () -> (partner CODE)
-- Those for whom something waits.
SELECT DISTINCT partner FROM outbox_message WHERE state = 'queued' ORDER BY partner LIMIT 200;

-- next (partner CODE, now TIME, latest TIME, most INT) -> (
--     message ID, kind CODE, body JSON, queued TIME, tries INT)
-- What may go to a partner: the first of each `about` that has not ended (a dead one holds up what
-- is behind it), free or left behind, and due (or due later than any wait: the clock was set back).
SELECT m.message, m.kind, m.body, m.queued, COALESCE(l.tries, 0) AS tries
FROM outbox_message m LEFT JOIN lease l ON l.queue = 'message' AND l.item = m.message
WHERE m.state = 'queued' AND m.partner = :partner AND m.not_before <= :now
  AND (l.item IS NULL OR ((l.runner IS NULL OR l.expires <= :now)
                          AND (l.due <= :now OR l.due > :latest)))
  AND NOT EXISTS (SELECT 1 FROM outbox_message b
                  WHERE b.state IN ('queued', 'dead') AND b.partner = m.partner
                    AND b.about = m.about
                    AND (b.place, b.place_count) < (m.place, m.place_count))
ORDER BY m.place, m.place_count LIMIT :most;

-- failing (partner CODE) -> (tries INT)
-- Whether one that waits has failed.
SELECT l.tries FROM lease l JOIN outbox_message m ON m.message = l.item
WHERE l.queue = 'message' AND m.state = 'queued' AND m.partner = :partner AND l.tries > 0
ORDER BY l.tries LIMIT 1;

-- due () -> (due TIME)
SELECT CASE WHEN l.item IS NULL OR m.not_before > l.due THEN m.not_before
            WHEN l.runner IS NULL THEN l.due ELSE l.expires END AS due
FROM outbox_message m LEFT JOIN lease l ON l.queue = 'message' AND l.item = m.message
WHERE m.state = 'queued' ORDER BY due LIMIT 1;

-- queue (message ID, partner CODE, kind CODE, about TEXT, organisation ID, site ID, queued TIME,
--        place INT, place_count INT, not_before TIME, body JSON)
INSERT INTO outbox_message (message, partner, kind, about, organisation, site, queued, place,
                            place_count, not_before, body, state, tries, mended)
VALUES (:message, :partner, :kind, :about, :organisation, :site, :queued, :place, :place_count,
        :not_before, :body, 'queued', 0, 0);

-- end (message ID, state CODE, code CODE, status INT, tries INT, ended TIME, ended_by TEXT)
UPDATE outbox_message SET state = :state, code = :code, status = :status, tries = tries + :tries,
                          ended = :ended, ended_by = :ended_by
WHERE message = :message;

-- again (message ID)
UPDATE outbox_message SET state = 'queued', ended = NULL, ended_by = NULL
WHERE message = :message;

-- mend (message ID, body JSON)
UPDATE outbox_message SET body = :body, mended = mended + 1 WHERE message = :message;

-- receive (message ID, partner CODE, sender_id TEXT, kind CODE, organisation ID, received TIME,
--          digest HASH, content TEXT, event ID)
INSERT INTO outbox_received (message, partner, sender_id, kind, organisation, received, digest,
                             content, event)
VALUES (:message, :partner, :sender_id, :kind, :organisation, :received, :digest, :content, :event);

-- received (message ID) -> (message ID, partner CODE, sender_id TEXT, kind CODE, organisation ID,
--                           received TIME, digest HASH, content TEXT, event ID)
SELECT message, partner, sender_id, kind, organisation, received, digest, content, event
FROM outbox_received WHERE message = :message;

-- received_list (organisation ID) -> (message ID, partner CODE, sender_id TEXT, kind CODE,
--                                     received TIME)
SELECT message, partner, sender_id, kind, received
FROM outbox_received WHERE organisation = :organisation
ORDER BY received DESC, message LIMIT 100;

-- free (runner CODE)
-- At start: what this runner held when it died is free.
UPDATE lease SET runner = NULL, expires = 0 WHERE runner = :runner AND queue = 'message';

-- tidy ()
DELETE FROM lease
WHERE queue = 'message' AND item IN (SELECT message FROM outbox_message WHERE state <> 'queued');
