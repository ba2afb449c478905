-- deviation (deviation ID) -> (
--     deviation ID, number TEXT, order_id ID, unit ID, organisation ID, site ID, kind CODE,
--     risk CODE, opened TIME, opener TEXT, opened_event ID, description TEXT, told CODE,
--     instrument TEXT, figures JSON, open BOOL, closed TIME, closer TEXT, closed_event ID, cause CODE,
--     conclusion TEXT)
SELECT deviation, number, order_id, unit, organisation, site, kind, risk, opened, opener,
       opened_event, description, told, instrument, figures, open, closed, closer, closed_event,
       cause, conclusion
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
ORDER BY rank, opened, deviation
LIMIT 100;

-- gravest (order_id ID) -> (organisation ID, site ID, risk CODE)
-- The gravest open one of an order.
SELECT organisation, site, risk FROM quality_deviation
WHERE order_id = :order_id AND open = 1
ORDER BY rank, opened, deviation
LIMIT 1;

-- {listed}
-- Of an organisation, or (site given) of one site of it, open or closed.
SELECT deviation, number, order_id, unit, site, kind, risk, opened, open, closed, cause
FROM quality_deviation
WHERE organisation = :organisation AND open = :open
  AND (CAST(:site AS TEXT) IS NULL OR site = :site);

-- list (organisation ID, site ID, open BOOL, at TIME, id TEXT, most INT) -> (
--     deviation ID, number TEXT, order_id ID, unit ID, site ID, kind CODE, risk CODE, opened TIME,
--     open BOOL, closed TIME, cause CODE)
-- The newest first. Each list goes on behind its last row's opened and deviation.
{listed} AND (opened, deviation) < (:at, :id)
ORDER BY opened DESC, deviation DESC LIMIT :most;

-- list_oldest (organisation ID, site ID, open BOOL, at TIME, id TEXT, most INT) -> (
--     deviation ID, number TEXT, order_id ID, unit ID, site ID, kind CODE, risk CODE, opened TIME,
--     open BOOL, closed TIME, cause CODE)
{listed} AND (opened, deviation) > (:at, :id)
ORDER BY opened, deviation LIMIT :most;

-- list_worst (organisation ID, site ID, open BOOL, at TIME, id TEXT, most INT, rank INT, last INT) -> (
--     deviation ID, number TEXT, order_id ID, unit ID, site ID, kind CODE, risk CODE, opened TIME,
--     open BOOL, closed TIME, cause CODE)
-- The worst first, and of those the oldest; behind the last row's rank as well, up to the rank :last
-- (0 critical, 1 major, 2 minor).
{listed} AND (rank, opened, deviation) > (:rank, :at, :id) AND rank <= :last
ORDER BY rank, opened, deviation LIMIT :most;

-- list_mildest (organisation ID, site ID, open BOOL, at TIME, id TEXT, most INT, rank INT, last INT) -> (
--     deviation ID, number TEXT, order_id ID, unit ID, site ID, kind CODE, risk CODE, opened TIME,
--     open BOOL, closed TIME, cause CODE)
{listed} AND (rank, opened, deviation) < (:rank, :at, :id) AND rank >= :last
ORDER BY rank DESC, opened DESC, deviation DESC LIMIT :most;

-- deviation_open (
--     deviation ID, number TEXT, order_id ID, unit ID, organisation ID, site ID, kind CODE,
--     risk CODE, rank INT, opened TIME, opener TEXT, opened_event ID, description TEXT,
--     told CODE, instrument TEXT, figures JSON)
INSERT INTO quality_deviation (deviation, number, order_id, unit, organisation, site, kind, risk,
                               rank, opened, opener, opened_event, description, told, instrument,
                               figures, open)
VALUES (:deviation, :number, :order_id, :unit, :organisation, :site, :kind, :risk, :rank, :opened,
        :opener, :opened_event, :description, :told, :instrument, :figures, 1);

-- deviation_close (deviation ID, closed TIME, closer TEXT, closed_event ID, cause CODE,
--                  conclusion TEXT)
UPDATE quality_deviation
SET open = 0, closed = :closed, closer = :closer, closed_event = :closed_event, cause = :cause,
    conclusion = :conclusion
WHERE deviation = :deviation;
