-- add (order_id ID, version INT, up_to INT, exceptions INT, reviewed TIME, reviewed_by TEXT,
--      reason TEXT, event ID)
INSERT INTO trail_review (order_id, version, up_to, exceptions, reviewed, reviewed_by, reason, event)
VALUES (:order_id, :version, :up_to, :exceptions, :reviewed, :reviewed_by, :reason, :event);

-- last (order_id ID) -> (version INT, up_to INT, exceptions INT, reviewed TIME, reviewed_by TEXT,
--                        reason TEXT, event ID)
SELECT version, up_to, exceptions, reviewed, reviewed_by, reason, event
FROM trail_review WHERE order_id = :order_id ORDER BY version DESC LIMIT 1;
