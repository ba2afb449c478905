-- fridge (fridge ID) -> (
--     fridge ID, organisation ID, site ID, name TEXT, lowest DECIMAL, highest DECIMAL, in_use BOOL)
SELECT fridge, organisation, site, name, lowest, highest, in_use
FROM fridge_fridge WHERE fridge = :fridge;

-- list (organisation ID, site ID) -> (
--     fridge ID, name TEXT, lowest DECIMAL, highest DECIMAL, temperature DECIMAL, within BOOL,
--     checked TIME)
-- In use, of an organisation or (site given) of one site of it, by name, 200 at most.
SELECT fridge, name, lowest, highest, temperature, within, checked
FROM fridge_fridge
WHERE organisation = :organisation AND in_use = 1
  AND (CAST(:site AS TEXT) IS NULL OR site = :site)
ORDER BY name, fridge LIMIT 200;

-- checks (fridge ID, before INT) -> (
--     number INT, temperature DECIMAL, within BOOL, note TEXT, checked TIME, checker TEXT)
-- Newest first; the next page begins behind the last row's number.
SELECT number, temperature, within, note, checked, checker
FROM fridge_check WHERE fridge = :fridge AND number < :before
ORDER BY number DESC LIMIT 200;

-- fridge_add (fridge ID, organisation ID, site ID, name TEXT, lowest DECIMAL, highest DECIMAL)
INSERT INTO fridge_fridge (fridge, organisation, site, name, lowest, highest, in_use)
VALUES (:fridge, :organisation, :site, :name, :lowest, :highest, 1);

-- fridge_read (fridge ID, temperature DECIMAL, within BOOL, checked TIME)
UPDATE fridge_fridge SET temperature = :temperature, within = :within, checked = :checked
WHERE fridge = :fridge;

-- check_add (fridge ID, number INT, temperature DECIMAL, within BOOL, note TEXT, checked TIME,
--            checker TEXT)
INSERT INTO fridge_check (fridge, number, temperature, within, note, checked, checker)
VALUES (:fridge, :number, :temperature, :within, :note, :checked, :checker);

-- fridge_retire (fridge ID)
UPDATE fridge_fridge SET in_use = 0 WHERE fridge = :fridge;
