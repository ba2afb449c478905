-- self () -> (name CODE, origin TEXT, vkey TEXT, schema INT)
SELECT name, origin, vkey, schema FROM node_self WHERE one = 1;

-- self_set (name CODE, origin TEXT, vkey TEXT, schema INT)
INSERT INTO node_self (one, name, origin, vkey, schema)
VALUES (1, :name, :origin, :vkey, :schema);

-- self_upgrade (schema INT)
UPDATE node_self SET schema = :schema WHERE one = 1;

-- projection (module CODE) -> (hash HASH)
SELECT hash FROM node_projection WHERE module = :module;

-- projection_set (module CODE, hash HASH)
INSERT INTO node_projection (module, hash) VALUES (:module, :hash)
ON CONFLICT (module) DO UPDATE SET hash = excluded.hash;

-- self_origin (origin TEXT, vkey TEXT)
UPDATE node_self SET origin = :origin, vkey = :vkey WHERE one = 1;

-- beside () -> (next INT, leaf HASH)
SELECT next, leaf FROM node_beside WHERE one = 1;

-- beside_set (next INT, leaf HASH)
INSERT INTO node_beside (one, next, leaf) VALUES (1, :next, :leaf)
ON CONFLICT (one) DO UPDATE SET next = excluded.next, leaf = excluded.leaf;
