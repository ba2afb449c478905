-- list (organisation ID, site ID, before TIME) -> (
--     site ID, number INT, text TEXT, noted TIME, actor TEXT)
-- Of an organisation, or (site given) of one site of it, newest first.
SELECT site, number, text, noted, actor FROM @name@_entry
WHERE organisation = :organisation AND noted < :before
  AND (CAST(:site AS TEXT) IS NULL OR site = :site)
ORDER BY noted DESC, number DESC LIMIT 200;

-- entry_add (site ID, number INT, organisation ID, text TEXT, noted TIME, actor TEXT)
INSERT INTO @name@_entry (site, number, organisation, text, noted, actor)
VALUES (:site, :number, :organisation, :text, :noted, :actor);
