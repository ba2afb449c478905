-- add (order_id ID, version INT, from_seq INT, up_to INT, exceptions INT, reviewed TIME,
--      reviewed_by TEXT, reason TEXT, event ID)
INSERT INTO trail_review (order_id, version, from_seq, up_to, exceptions, reviewed, reviewed_by,
                          reason, event)
VALUES (:order_id, :version, :from_seq, :up_to, :exceptions, :reviewed, :reviewed_by, :reason,
        :event);

-- standing (order_id ID) -> (version INT, from_seq INT, up_to INT, exceptions INT, reviewed TIME,
--                            reviewed_by TEXT, reason TEXT, event ID)
-- Those whose signature was neither withdrawn nor rejected, the first first.
SELECT r.version, r.from_seq, r.up_to, r.exceptions, r.reviewed, r.reviewed_by, r.reason, r.event
FROM trail_review r LEFT JOIN sign_void v ON v.signature = r.event
WHERE r.order_id = :order_id AND v.signature IS NULL ORDER BY r.version LIMIT 1000;

-- judge (order_id ID, sequence INT, verdict CODE, judged TIME, judged_by TEXT, reason TEXT, event ID)
INSERT INTO trail_verdict (order_id, sequence, verdict, judged, judged_by, reason, event)
VALUES (:order_id, :sequence, :verdict, :judged, :judged_by, :reason, :event)
ON CONFLICT (order_id, sequence) DO UPDATE SET verdict = excluded.verdict,
    judged = excluded.judged, judged_by = excluded.judged_by, reason = excluded.reason,
    event = excluded.event;

-- verdicts (order_id ID, from_seq INT, up_to INT) -> (sequence INT, verdict CODE, judged TIME,
--   judged_by TEXT, reason TEXT, event ID)
SELECT sequence, verdict, judged, judged_by, reason, event FROM trail_verdict
WHERE order_id = :order_id AND sequence > :from_seq AND sequence <= :up_to
ORDER BY sequence LIMIT 200;
