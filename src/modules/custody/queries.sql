-- unit (unit ID) -> (unit ID, order_id ID, organisation ID, site ID, since TIME,
--                    to_organisation ID, to_site ID, offered TIME, giver TEXT, container TEXT,
--                    seals JSON)
SELECT unit, order_id, organisation, site, since, to_organisation, to_site, offered, giver,
       container, seals
FROM custody_unit WHERE unit = :unit;

-- legs (unit ID) -> (number INT, organisation ID, site ID, since TIME, giver TEXT, receiver TEXT,
--                    condition TEXT, container TEXT, seals JSON)
SELECT number, organisation, site, since, giver, receiver, condition, container, seals
FROM custody_leg WHERE unit = :unit ORDER BY number;

-- unit_begin (unit ID, order_id ID, organisation ID, site ID, since TIME)
INSERT INTO custody_unit (unit, order_id, organisation, site, since)
VALUES (:unit, :order_id, :organisation, :site, :since);

-- unit_offer (unit ID, to_organisation ID, to_site ID, offered TIME, giver TEXT, container TEXT,
--             seals JSON)
UPDATE custody_unit
SET to_organisation = :to_organisation, to_site = :to_site, offered = :offered, giver = :giver,
    container = :container, seals = :seals
WHERE unit = :unit;

-- unit_pass (unit ID, organisation ID, site ID, since TIME)
UPDATE custody_unit
SET organisation = :organisation, site = :site, since = :since, to_organisation = NULL,
    to_site = NULL, offered = NULL, giver = NULL, container = NULL, seals = NULL
WHERE unit = :unit;

-- unit_keep (unit ID)
UPDATE custody_unit
SET to_organisation = NULL, to_site = NULL, offered = NULL, giver = NULL, container = NULL,
    seals = NULL
WHERE unit = :unit;

-- leg_add (unit ID, number INT, organisation ID, site ID, since TIME, giver TEXT, receiver TEXT,
--          condition TEXT, container TEXT, seals JSON)
INSERT INTO custody_leg (unit, number, organisation, site, since, giver, receiver, condition,
                         container, seals)
VALUES (:unit, :number, :organisation, :site, :since, :giver, :receiver, :condition, :container,
        :seals);
