-- task (order_id ID, task CODE) -> (organisation ID, site ID, form CODE, form_version INT,
--                                   version INT)
SELECT organisation, site, form, form_version, record_version AS version FROM flow_task
WHERE order_id = :order_id AND task = :task;

-- entries (order_id ID, task CODE) -> (version INT, number INT, event ID, record JSON,
--     secrets JSON, differs TEXT, entered_by TEXT, happened TIME, recorded TIME)
-- All of the task, those of earlier rounds too.
SELECT version, number, event, record, secrets, differs, entered_by, happened, recorded
FROM flow_entry WHERE order_id = :order_id AND task = :task ORDER BY version;

-- entries_now (order_id ID, task CODE) -> (version INT, number INT, event ID, record JSON,
--     secrets JSON, differs TEXT, entered_by TEXT, happened TIME, recorded TIME)
-- Of the round that is under way: since the task was last done, or opened anew by a loop.
SELECT e.version, e.number, e.event, e.record, e.secrets, e.differs, e.entered_by, e.happened,
       e.recorded
FROM flow_entry e
JOIN flow_task t ON t.order_id = e.order_id AND t.task = e.task
WHERE e.order_id = :order_id AND e.task = :task AND e.recorded >= t.opened
  AND e.version > COALESCE(t.record_version,
                           (SELECT max(p.record_version) FROM flow_past p
                            WHERE p.order_id = t.order_id AND p.task = t.task), 0)
ORDER BY e.version;

-- file (order_id ID, hash HASH) -> (file ID, type CODE, size INT, name TEXT, event_id ID)
-- A file of this order, by its address.
SELECT file, type, size, name, event_id FROM file_row
WHERE kind = 'order' AND belongs = :order_id AND hash = :hash ORDER BY file LIMIT 1;

-- entry_add (order_id ID, task CODE, version INT, number INT, event ID, record JSON, secrets JSON,
--            entered_by TEXT, happened TIME, recorded TIME)
INSERT INTO flow_entry (order_id, task, version, number, event, record, secrets, entered_by,
                        happened, recorded)
VALUES (:order_id, :task, :version, :number, :event, :record, :secrets, :entered_by, :happened,
        :recorded);

-- entry_differs (order_id ID, task CODE, number INT, differs TEXT)
UPDATE flow_entry SET differs = :differs
WHERE order_id = :order_id AND task = :task AND number = :number;

-- kept (order_id ID, task CODE, entered_by TEXT) -> (part INT, event ID, secrets JSON)
-- By this person since the task opened, or opened anew.
SELECT k.part, k.event, k.secrets FROM flow_kept k
JOIN flow_task t ON t.order_id = k.order_id AND t.task = k.task
WHERE k.order_id = :order_id AND k.task = :task AND k.entered_by = :entered_by
  AND k.recorded >= t.opened
ORDER BY k.part LIMIT 41;

-- keep (order_id ID, task CODE, entered_by TEXT, part INT, event ID, secrets JSON, recorded TIME)
INSERT INTO flow_kept (order_id, task, entered_by, part, event, secrets, recorded)
VALUES (:order_id, :task, :entered_by, :part, :event, :secrets, :recorded)
ON CONFLICT (order_id, task, entered_by, part) DO UPDATE
SET event = excluded.event, secrets = excluded.secrets, recorded = excluded.recorded;

-- kept_drop (order_id ID, task CODE)
DELETE FROM flow_kept WHERE order_id = :order_id AND task = :task;

-- corrections (order_id ID, task CODE) -> (version INT, corrected_by TEXT, corrected TIME,
--     waits BOOL, verdict CODE, reviewed_by TEXT, reviewed TIME, review_event ID, comment TEXT)
SELECT version, corrected_by, corrected, waits, verdict, reviewed_by, reviewed, review_event,
       comment
FROM flow_correction WHERE order_id = :order_id AND task = :task ORDER BY version;

-- correction (order_id ID, task CODE, version INT) -> (corrected_by TEXT, verdict CODE)
SELECT corrected_by, verdict FROM flow_correction
WHERE order_id = :order_id AND task = :task AND version = :version;

-- waiting (organisation ID, after_corrected TIME, after_order TEXT, after_version INT) -> (
--     order_id ID, task CODE, version INT, title TEXT, site ID, corrected_by TEXT, corrected TIME,
--     verdict CODE)
-- Corrections at sites of an organisation that nobody accepted yet, the oldest first. The first
-- page begins behind 0, '' and 0.
SELECT order_id, task, version, title, site, corrected_by, corrected, verdict FROM flow_correction
WHERE organisation = :organisation AND waits = 1
  AND (corrected, order_id, version) > (:after_corrected, :after_order, :after_version)
ORDER BY corrected, order_id, version LIMIT 200;

-- waiting_of (order_id ID) -> (task CODE, version INT, title TEXT)
SELECT task, version, title FROM flow_correction WHERE order_id = :order_id AND waits = 1
ORDER BY version;

-- corrections_of (order_id ID) -> (task CODE, title TEXT, version INT, corrected_by TEXT,
--     corrected TIME, waits BOOL, verdict CODE, reviewed_by TEXT, reviewed TIME)
-- All of an order, the first first.
SELECT task, title, version, corrected_by, corrected, waits, verdict, reviewed_by, reviewed
FROM flow_correction WHERE order_id = :order_id ORDER BY version LIMIT 1000;

-- correction_add (order_id ID, task CODE, version INT, corrected_by TEXT, corrected TIME)
INSERT INTO flow_correction (order_id, task, version, title, organisation, site, corrected_by,
                             corrected, waits)
SELECT t.order_id, t.task, :version, t.title, t.organisation, t.site,
       :corrected_by, :corrected, 1
FROM flow_task t WHERE t.order_id = :order_id AND t.task = :task;

-- correction_overtakes (order_id ID, task CODE)
-- What was questioned is answered by a new correction, which waits itself.
UPDATE flow_correction SET waits = 0
WHERE order_id = :order_id AND task = :task AND verdict = 'questioned';

-- correction_review (order_id ID, task CODE, version INT, verdict CODE, reviewed_by TEXT,
--                    reviewed TIME, review_event ID, comment TEXT)
UPDATE flow_correction
SET verdict = :verdict, reviewed_by = :reviewed_by, reviewed = :reviewed,
    review_event = :review_event, comment = :comment,
    waits = CASE WHEN :verdict = 'questioned' AND NOT EXISTS (
                     SELECT 1 FROM flow_correction n WHERE n.order_id = :order_id
                     AND n.task = :task AND n.version > :version) THEN 1 ELSE 0 END
WHERE order_id = :order_id AND task = :task AND version = :version;

-- signatures (order_id ID, task CODE) -> (version INT, place CODE, meaning TEXT, role CODE,
--                                         signed_by TEXT, signed_at TIME)
SELECT version, place, meaning, role, signed_by, signed_at FROM flow_signature
WHERE order_id = :order_id AND task = :task ORDER BY version, signed_at, place;

-- sign (order_id ID, task CODE, version INT, place CODE, meaning TEXT, role CODE, signed_by TEXT,
--       signed_at TIME)
INSERT INTO flow_signature (order_id, task, version, place, meaning, role, signed_by, signed_at)
VALUES (:order_id, :task, :version, :place, :meaning, :role, :signed_by, :signed_at);

-- unsign (order_id ID, task CODE, version INT, place CODE)
DELETE FROM flow_signature
WHERE order_id = :order_id AND task = :task AND version = :version AND place = :place;
