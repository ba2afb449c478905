-- version (kind CODE, name CODE, version INT) -> (version INT, ended TIME, hash HASH)
SELECT version, ended, hash FROM define_version
WHERE kind = :kind AND name = :name AND version = :version;

-- effective (kind CODE, name CODE, at TIME) -> (version INT, ended TIME, hash HASH)
SELECT version, ended, hash FROM define_version
WHERE kind = :kind AND name = :name AND effective <= :at AND (ended IS NULL OR ended > :at)
ORDER BY version DESC LIMIT 1;

-- document (kind CODE, name CODE, version INT)
--   -> (title TEXT, effective TIME, hash HASH, json JSON, organisation ID, house BOOL)
-- house: its organisation holds definitions that the program loaded.
SELECT title, effective, hash, json, organisation,
       CASE WHEN organisation IN (SELECT w.organisation FROM define_version w WHERE w.draft IS NULL)
            THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS house
FROM define_version
WHERE kind = :kind AND name = :name AND version = :version;

-- in_force (kind CODE, at TIME) -> (name CODE, version INT, hash HASH)
-- Of a kind, by name: which they are, without what they say.
SELECT v.name, v.version, v.hash FROM define_version v
WHERE v.kind = :kind AND v.version = (
    SELECT max(w.version) FROM define_version w
    WHERE w.kind = v.kind AND w.name = v.name AND w.effective <= :at
      AND (w.ended IS NULL OR w.ended > :at))
ORDER BY v.name LIMIT 200;

-- stands (kind CODE, name CODE, at TIME) -> (version INT, ended TIME, waiting INT)
-- The version in force, when that ends, and the highest that waits for its date.
SELECT v.version, v.ended,
       (SELECT max(w.version) FROM define_version w
        WHERE w.kind = v.kind AND w.name = v.name AND w.effective > :at
            AND (w.ended IS NULL OR w.ended > :at)) AS waiting
FROM define_version v
WHERE v.kind = :kind AND v.name = :name AND v.effective <= :at
    AND (v.ended IS NULL OR v.ended > :at)
ORDER BY v.version DESC LIMIT 1;

-- last (kind CODE, name CODE) -> (version INT, organisation ID)
SELECT version, organisation FROM define_version WHERE kind = :kind AND name = :name
ORDER BY version DESC LIMIT 1;

-- by_people (kind CODE, name CODE) -> (draft ID)
SELECT draft FROM define_version
WHERE kind = :kind AND name = :name AND draft IS NOT NULL LIMIT 1;

-- hash (kind CODE, name CODE, version INT) -> (hash HASH)
SELECT hash FROM define_version
WHERE kind = :kind AND name = :name AND version = :version;

-- keep (kind CODE, name CODE, version INT, title TEXT, effective TIME, hash HASH, json JSON,
--       organisation ID, draft ID, loaded TIME)
INSERT INTO define_version (kind, name, version, title, effective, hash, json, organisation, draft,
                            loaded)
VALUES (:kind, :name, :version, :title, :effective, :hash, :json, :organisation, :draft, :loaded);

-- retire (kind CODE, name CODE, version INT, from_us TIME)
UPDATE define_version SET ended = :from_us
WHERE kind = :kind AND name = :name AND version <= :version AND ended IS NULL;

-- recall (kind CODE, name CODE, version INT)
UPDATE define_version SET ended = 0
WHERE kind = :kind AND name = :name AND version = :version;

-- {listed}
-- Of each definition the version in force, or its newest. Which of them, and in which order, stands
-- within, so that no other is read.
SELECT v.kind, v.name, v.version, v.title, v.effective, v.ended,
       CASE WHEN n.now IS NULL THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END AS in_force,
       n.versions, v.hash
FROM (SELECT kind, name, count(*) AS versions, max(version) AS newest,
             max(CASE WHEN effective <= :at AND (ended IS NULL OR ended > :at)
                      THEN version END) AS now
      FROM define_version;

-- {listed_version}
) n
JOIN define_version v
    ON v.kind = n.kind AND v.name = n.name AND v.version = coalesce(n.now, n.newest);

-- list (after_kind TEXT, after_name TEXT, last TEXT, at TIME, max INT)
--   -> (kind CODE, name CODE, version INT, title TEXT, effective TIME, ended TIME, in_force BOOL,
--       versions INT, hash HASH)
-- By kind and name, behind these (the first page: '' and ''), up to the kind :last.
{listed}
      WHERE (kind, name) > (:after_kind, :after_name) AND kind <= :last
      GROUP BY kind, name ORDER BY kind, name LIMIT :max
{listed_version}
ORDER BY v.kind, v.name;

-- list_back (after_kind TEXT, after_name TEXT, last TEXT, at TIME, max INT)
--   -> (kind CODE, name CODE, version INT, title TEXT, effective TIME, ended TIME, in_force BOOL,
--       versions INT, hash HASH)
-- The other way round, down to the kind :last.
{listed}
      WHERE (kind, name) < (:after_kind, :after_name) AND kind >= :last
      GROUP BY kind, name ORDER BY kind DESC, name DESC LIMIT :max
{listed_version}
ORDER BY v.kind DESC, v.name DESC;

-- newest (kind CODE, name CODE) -> (version INT, title TEXT, effective TIME)
SELECT version, title, effective FROM define_version WHERE kind = :kind AND name = :name
ORDER BY version DESC LIMIT 1;

-- versions (kind CODE, name CODE)
--   -> (version INT, effective TIME, ended TIME, hash HASH, organisation ID, draft ID, loaded TIME)
SELECT version, effective, ended, hash, organisation, draft, loaded FROM define_version
WHERE kind = :kind AND name = :name
ORDER BY version DESC LIMIT 200;

-- names (kind CODE) -> (name CODE)
SELECT DISTINCT name FROM define_version WHERE kind = :kind ORDER BY name LIMIT 200;
