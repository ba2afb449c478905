-- bags (order_id ID) -> (
--     unit ID, kind CODE, label TEXT, organisation ID, site ID, thawed TIME, thawed_by TEXT,
--     until TIME, expired BOOL, given TIME, given_by TEXT, finished TIME, finished_by TEXT,
--     volume QUANTITY, safe BOOL, reaction TEXT, event ID, ended TIME, how CODE)
-- Bags of an order that were thawed or given, in that order. A bag is in use until it has ended:
-- given to its end, or discarded. reaction is sealed in the event.
SELECT b.unit, u.kind, u.label, b.organisation, b.site, b.thawed, b.thawed_by, b.until, b.expired,
       b.given, b.given_by, b.finished, b.finished_by, b.volume, b.safe, b.reaction, b.event,
       u.ended, u.how
FROM clinic_bag b JOIN identity_unit u ON u.unit = b.unit
WHERE b.order_id = :order_id
ORDER BY COALESCE(b.thawed, b.given), b.unit;

-- clocks (organisation ID, site ID) -> (unit ID, order_id ID, label TEXT, thawed TIME, until TIME,
--                                       expired BOOL, given TIME)
-- Post-thaw clocks that run at a site, the shortest first: what was thawed and is neither given to
-- its end nor discarded. 200 at most.
SELECT b.unit, b.order_id, u.label, b.thawed, b.until, b.expired, b.given
FROM clinic_bag b JOIN identity_unit u ON u.unit = b.unit
WHERE b.organisation = :organisation AND b.site = :site AND b.finished IS NULL
  AND b.until IS NOT NULL AND u.ended IS NULL
ORDER BY b.until, b.unit LIMIT 200;

-- bag_thaw (unit ID, order_id ID, organisation ID, site ID, thawed TIME, thawed_by TEXT,
--           until TIME)
INSERT INTO clinic_bag (unit, order_id, organisation, site, thawed, thawed_by, until, expired)
VALUES (:unit, :order_id, :organisation, :site, :thawed, :thawed_by, :until, 0);

-- bag_give (unit ID, order_id ID, organisation ID, site ID, given TIME, given_by TEXT)
INSERT INTO clinic_bag (unit, order_id, organisation, site, expired, given, given_by)
VALUES (:unit, :order_id, :organisation, :site, 0, :given, :given_by)
ON CONFLICT (unit) DO UPDATE SET
    organisation = excluded.organisation, site = excluded.site, given = excluded.given,
    given_by = excluded.given_by;

-- bag_finish (unit ID, finished TIME, finished_by TEXT, volume QUANTITY, safe BOOL, reaction TEXT,
--             event ID)
UPDATE clinic_bag
SET finished = :finished, finished_by = :finished_by, volume = :volume, safe = :safe,
    reaction = :reaction, event = :event
WHERE unit = :unit;

-- bag_expire (unit ID)
UPDATE clinic_bag SET expired = 1 WHERE unit = :unit;
