-- unit (unit ID) -> (unit ID, order_id ID, kind CODE, label TEXT, ended TIME, organisation ID,
--                    site ID, since TIME, to_organisation ID, to_site ID, offered TIME, giver TEXT,
--                    offer_event ID, condition TEXT, container TEXT, seals JSON, past BOOL)
-- Who holds a unit now, since when, and who it is offered to. past: of a pass that a loop has undone.
SELECT u.unit, u.order_id, u.kind, u.label, u.ended,
       COALESCE(c.organisation, u.organisation) AS organisation, COALESCE(c.site, u.site) AS site,
       COALESCE(c.since, u.made) AS since, c.to_organisation, c.to_site, c.offered, c.giver,
       c.offer_event, c.condition, c.container, c.seals,
       CASE WHEN p.pass IS NULL THEN 0 ELSE 1 END AS past
FROM identity_unit u
LEFT JOIN custody_unit c ON c.unit = u.unit
LEFT JOIN flow_past p ON p.order_id = u.order_id AND p.task = u.task AND p.pass = u.pass
WHERE u.unit = :unit;

-- of_order (order_id ID, kinds TEXT) -> (unit ID, kind CODE, label TEXT, organisation ID, site ID,
--                                        since TIME, to_organisation ID, to_site ID, offered TIME,
--                                        container TEXT, seals JSON)
-- The same for the live units of an order, of these kinds: ",apheresis_bag,tube,". None that is past.
SELECT u.unit, u.kind, u.label, COALESCE(c.organisation, u.organisation) AS organisation,
       COALESCE(c.site, u.site) AS site, COALESCE(c.since, u.made) AS since, c.to_organisation,
       c.to_site, c.offered, c.container, c.seals
FROM identity_unit u LEFT JOIN custody_unit c ON c.unit = u.unit
WHERE u.order_id = :order_id AND u.ended IS NULL
  AND replace(:kinds, ',' || u.kind || ',', '') <> :kinds
  AND NOT EXISTS (SELECT 1 FROM flow_past p
                  WHERE p.order_id = u.order_id AND p.task = u.task AND p.pass = u.pass)
ORDER BY u.label;

-- held (organisation ID, site ID, after TIME, after_unit TEXT) -> (
--     unit ID, order_id ID, kind CODE, label TEXT, since TIME, to_organisation ID, to_site ID,
--     offered TIME)
-- Live units that a site holds, longest held first, 200 at most. The next page begins behind the
-- last row's since and unit; the first behind 0 and ''.
SELECT unit, order_id, kind, label, since, to_organisation, to_site, offered FROM (
    SELECT u.unit, u.order_id, u.kind, u.label, COALESCE(c.since, u.made) AS since,
           c.to_organisation, c.to_site, c.offered
    FROM custody_unit c JOIN identity_unit u ON u.unit = c.unit
    WHERE c.organisation = :organisation AND c.site = :site AND u.ended IS NULL
    UNION ALL
    SELECT u.unit, u.order_id, u.kind, u.label, u.made, NULL, NULL, NULL
    FROM identity_unit u
    WHERE u.organisation = :organisation AND u.site = :site AND u.ended IS NULL
      AND NOT EXISTS (SELECT 1 FROM custody_unit c WHERE c.unit = u.unit)
) AS held
WHERE (since, unit) > (:after, :after_unit)
ORDER BY since, unit LIMIT 200;

-- offers (to_organisation ID, to_site ID, after TIME, after_unit TEXT) -> (
--     unit ID, order_id ID, kind CODE, label TEXT, organisation ID, site ID, offered TIME,
--     giver TEXT, condition TEXT, container TEXT, seals JSON)
-- What is offered to a site and waits for it, oldest first, paged as above.
SELECT u.unit, u.order_id, u.kind, u.label, c.organisation, c.site, c.offered, c.giver, c.condition,
       c.container, c.seals
FROM custody_unit c JOIN identity_unit u ON u.unit = c.unit
WHERE c.to_organisation = :to_organisation AND c.to_site = :to_site AND u.ended IS NULL
  AND (c.offered, c.unit) > (:after, :after_unit)
ORDER BY c.offered, c.unit LIMIT 200;

-- legs (unit ID) -> (number INT, organisation ID, site ID, since TIME, until TIME, giver TEXT,
--                    receiver TEXT, event ID, condition TEXT, container TEXT, seals JSON)
-- Every holder of a unit, from where it came into being. A leg ends when the next begins or the
-- unit ended; the last of a live unit goes on.
SELECT l.number, l.organisation, l.site, l.since,
       COALESCE(lead(l.since) OVER (ORDER BY l.number),
                (SELECT ended FROM identity_unit WHERE unit = :unit)) AS until,
       l.giver, l.receiver, l.event, l.condition, l.container, l.seals
FROM (
    SELECT 0 AS number, organisation, site, made AS since, NULL AS giver, made_by AS receiver,
           NULL AS event, NULL AS condition, NULL AS container, NULL AS seals
    FROM identity_unit WHERE unit = :unit
    UNION ALL
    SELECT number, organisation, site, since, giver, receiver, event, condition, container, seals
    FROM custody_leg WHERE unit = :unit
) AS l
ORDER BY l.number;

-- order_legs (order_id ID) -> (
--     unit ID, kind CODE, label TEXT, number INT, organisation ID, site ID, since TIME, ended TIME,
--     giver TEXT, receiver TEXT, event ID, condition TEXT, container TEXT, seals JSON)
-- Of all units of an order, unit by unit, each leg behind the one before: it ends when the next
-- begins, the last when its unit ended. 2,000 at most.
SELECT u.unit, u.kind, u.label, 0 AS number, u.organisation, u.site, u.made AS since, u.ended,
       NULL AS giver, u.made_by AS receiver, NULL AS event, NULL AS condition, NULL AS container,
       NULL AS seals
FROM identity_unit u WHERE u.order_id = :order_id
UNION ALL
SELECT u.unit, u.kind, u.label, l.number, l.organisation, l.site, l.since, u.ended, l.giver,
       l.receiver, l.event, l.condition, l.container, l.seals
FROM identity_unit u JOIN custody_leg l ON l.unit = u.unit
WHERE u.order_id = :order_id
ORDER BY 1, 4 LIMIT 2000;

-- unit_offer (unit ID, organisation ID, site ID, to_organisation ID, to_site ID, offered TIME,
--             giver TEXT, offer_event ID, condition TEXT, container TEXT, seals JSON)
-- The holder stands in every offer; from the second on it is in the row already.
INSERT INTO custody_unit (unit, organisation, site, to_organisation, to_site, offered, giver,
                          offer_event, condition, container, seals)
VALUES (:unit, :organisation, :site, :to_organisation, :to_site, :offered, :giver, :offer_event,
        :condition, :container, :seals)
ON CONFLICT (unit) DO UPDATE SET
    to_organisation = excluded.to_organisation, to_site = excluded.to_site,
    offered = excluded.offered, giver = excluded.giver, offer_event = excluded.offer_event,
    condition = excluded.condition, container = excluded.container, seals = excluded.seals;

-- unit_pass (unit ID, organisation ID, site ID, since TIME)
UPDATE custody_unit
SET organisation = :organisation, site = :site, since = :since, to_organisation = NULL,
    to_site = NULL, offered = NULL, giver = NULL, offer_event = NULL, condition = NULL,
    container = NULL, seals = NULL
WHERE unit = :unit;

-- unit_keep (unit ID)
UPDATE custody_unit
SET to_organisation = NULL, to_site = NULL, offered = NULL, giver = NULL, offer_event = NULL,
    condition = NULL, container = NULL, seals = NULL
WHERE unit = :unit;

-- leg_add (unit ID, number INT, organisation ID, site ID, since TIME, giver TEXT, receiver TEXT,
--          event ID, condition TEXT, container TEXT, seals JSON)
INSERT INTO custody_leg (unit, number, organisation, site, since, giver, receiver, event,
                         condition, container, seals)
VALUES (:unit, :number, :organisation, :site, :since, :giver, :receiver, :event, :condition,
        :container, :seals);

-- series (order_id ID) -> (number INT, corrected INT, logger TEXT, begins TIME, count INT,
--                          readings TEXT, deviation ID, given TIME, given_by TEXT, event ID)
-- All temperatures given for an order, corrected ones too.
SELECT number, corrected, logger, begins, count, readings, deviation, given, given_by, event
FROM custody_series WHERE order_id = :order_id ORDER BY number;

-- judged (order_id ID) -> (number INT, unit ID, leg INT, since TIME, until TIME, low DECIMAL,
--                          high DECIMAL, alert_low DECIMAL, alert_high DECIMAL, every_s INT,
--                          coldest DECIMAL, warmest DECIMAL, below_s INT, above_s INT,
--                          alert_s INT, missing_s INT, longest_s INT)
SELECT number, unit, leg, since, until, low, high, alert_low, alert_high, every_s, coldest, warmest,
       below_s, above_s, alert_s, missing_s, longest_s
FROM custody_judged WHERE order_id = :order_id ORDER BY number, unit, leg;

-- series_add (order_id ID, number INT, logger TEXT, begins TIME, count INT, readings TEXT,
--             deviation ID, given TIME, given_by TEXT, event ID)
INSERT INTO custody_series (order_id, number, logger, begins, count, readings, deviation, given,
                            given_by, event)
VALUES (:order_id, :number, :logger, :begins, :count, :readings, :deviation, :given, :given_by,
        :event);

-- series_correct (order_id ID, number INT, corrected INT)
UPDATE custody_series SET corrected = :corrected WHERE order_id = :order_id AND number = :number;

-- judged_add (order_id ID, number INT, unit ID, leg INT, since TIME, until TIME, low DECIMAL,
--             high DECIMAL, alert_low DECIMAL, alert_high DECIMAL, every_s INT, coldest DECIMAL,
--             warmest DECIMAL, below_s INT, above_s INT, alert_s INT, missing_s INT,
--             longest_s INT)
INSERT INTO custody_judged (order_id, number, unit, leg, since, until, low, high, alert_low,
                            alert_high, every_s, coldest, warmest, below_s, above_s, alert_s,
                            missing_s, longest_s)
VALUES (:order_id, :number, :unit, :leg, :since, :until, :low, :high, :alert_low, :alert_high,
        :every_s, :coldest, :warmest, :below_s, :above_s, :alert_s, :missing_s, :longest_s);
