-- What a node knows of itself, made once at creation. The one table whose shape never changes: by
-- its `schema` a program knows what it has before it.
CREATE TABLE IF NOT EXISTS node_self (
    one    INTEGER NOT NULL PRIMARY KEY,
    name   TEXT NOT NULL,
    origin TEXT NOT NULL, -- of its log
    vkey   TEXT NOT NULL, -- verifier key of its log
    schema INTEGER NOT NULL -- version of the enduring tables
) STRICT;

-- The derived tables of each module as they were last built: the hash of their schema's text.
CREATE TABLE IF NOT EXISTS node_projection (
    module TEXT NOT NULL PRIMARY KEY,
    hash   TEXT NOT NULL
) STRICT;
