-- deviation (deviation ID) -> (
--     deviation ID, number TEXT, order_id ID, unit ID, organisation ID, site ID, kind CODE,
--     risk CODE, opened TIME, opener TEXT, opened_event ID, description TEXT, open BOOL,
--     closed TIME, closer TEXT, closed_event ID, cause CODE, conclusion TEXT)
SELECT deviation, number, order_id, unit, organisation, site, kind, risk, opened, opener,
       opened_event, description, open, closed, closer, closed_event, cause, conclusion
FROM quality_deviation WHERE deviation = :deviation;

-- of_order (order_id ID) -> (
--     deviation ID, number TEXT, unit ID, organisation ID, site ID, kind CODE, risk CODE,
--     opened TIME, open BOOL, closed TIME, cause CODE)
-- All of an order, oldest first.
SELECT deviation, number, unit, organisation, site, kind, risk, opened, open, closed, cause
FROM quality_deviation WHERE order_id = :order_id ORDER BY opened, deviation;

-- open_of_order (order_id ID) -> (deviation ID, number TEXT, risk CODE)
-- Open ones of an order, the worst first.
SELECT deviation, number, risk FROM quality_deviation
WHERE order_id = :order_id AND open = 1
ORDER BY CASE risk WHEN 'critical' THEN 0 WHEN 'major' THEN 1 ELSE 2 END, opened, deviation
LIMIT 100;

-- list (organisation ID, site ID, open BOOL, before TIME, before_id TEXT) -> (
--     deviation ID, number TEXT, order_id ID, unit ID, site ID, kind CODE, risk CODE, opened TIME,
--     open BOOL, closed TIME, cause CODE)
-- Of an organisation, or (site given) of one site of it, open or closed, newest first. The next
-- page begins behind the last row's opened and deviation; the first behind the end of time and ''.
SELECT deviation, number, order_id, unit, site, kind, risk, opened, open, closed, cause
FROM quality_deviation
WHERE organisation = :organisation AND open = :open
  AND (CAST(:site AS TEXT) IS NULL OR site = :site)
  AND (opened, deviation) < (:before, :before_id)
ORDER BY opened DESC, deviation DESC LIMIT 200;

-- deviation_open (
--     deviation ID, number TEXT, order_id ID, unit ID, organisation ID, site ID, kind CODE,
--     risk CODE, opened TIME, opener TEXT, opened_event ID, description TEXT)
INSERT INTO quality_deviation (deviation, number, order_id, unit, organisation, site, kind, risk,
                               opened, opener, opened_event, description, open)
VALUES (:deviation, :number, :order_id, :unit, :organisation, :site, :kind, :risk, :opened, :opener,
        :opened_event, :description, 1);

-- deviation_close (deviation ID, closed TIME, closer TEXT, closed_event ID, cause CODE,
--                  conclusion TEXT)
UPDATE quality_deviation
SET open = 0, closed = :closed, closer = :closer, closed_event = :closed_event, cause = :cause,
    conclusion = :conclusion
WHERE deviation = :deviation;
