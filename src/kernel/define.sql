-- version (kind CODE, name CODE, version INT)
--   -> (version INT, title TEXT, effective TIME, hash HASH, json JSON)
SELECT version, title, effective, hash, json FROM define_version
WHERE kind = :kind AND name = :name AND version = :version;

-- effective (kind CODE, name CODE, at TIME)
--   -> (version INT, title TEXT, effective TIME, hash HASH, json JSON)
SELECT version, title, effective, hash, json FROM define_version
WHERE kind = :kind AND name = :name AND effective <= :at
ORDER BY version DESC LIMIT 1;

-- last (kind CODE, name CODE) -> (version INT, organisation ID)
SELECT version, organisation FROM define_version WHERE kind = :kind AND name = :name
ORDER BY version DESC LIMIT 1;

-- hash (kind CODE, name CODE, version INT) -> (hash HASH)
SELECT hash FROM define_version
WHERE kind = :kind AND name = :name AND version = :version;

-- keep (kind CODE, name CODE, version INT, title TEXT, effective TIME, hash HASH, json JSON,
--       organisation ID, loaded TIME)
INSERT INTO define_version (kind, name, version, title, effective, hash, json, organisation, loaded)
VALUES (:kind, :name, :version, :title, :effective, :hash, :json, :organisation, :loaded);

-- list (after_kind TEXT, after_name TEXT, max INT) -> (kind CODE, name CODE, version INT, title TEXT, effective TIME, versions INT,
--             hash HASH)
-- The newest version of each definition, behind a kind and name; the first page behind '' and ''.
SELECT v.kind, v.name, v.version, v.title, v.effective, n.versions, v.hash
FROM define_version v
JOIN (SELECT kind, name, max(version) AS newest, count(*) AS versions FROM define_version
      GROUP BY kind, name) n
    ON n.kind = v.kind AND n.name = v.name AND n.newest = v.version
WHERE (v.kind, v.name) > (:after_kind, :after_name)
ORDER BY v.kind, v.name LIMIT :max;

-- newest (kind CODE, name CODE) -> (version INT, title TEXT, effective TIME)
SELECT version, title, effective FROM define_version WHERE kind = :kind AND name = :name
ORDER BY version DESC LIMIT 1;

-- versions (kind CODE, name CODE) -> (version INT, effective TIME, hash HASH)
SELECT version, effective, hash FROM define_version WHERE kind = :kind AND name = :name
ORDER BY version DESC LIMIT 200;

-- names (kind CODE) -> (name CODE)
SELECT DISTINCT name FROM define_version WHERE kind = :kind ORDER BY name LIMIT 200;
