-- Every version of every definition that was ever loaded; what runs is pinned to one of them.
CREATE TABLE IF NOT EXISTS define_version (
    kind         TEXT NOT NULL,
    name         TEXT NOT NULL,
    version      INTEGER NOT NULL,
    title        TEXT NOT NULL,
    effective    INTEGER NOT NULL,
    hash         TEXT NOT NULL, -- of the whole document
    json         TEXT NOT NULL, -- canonical, of the body
    organisation TEXT NOT NULL, -- that loaded it
    loaded       INTEGER NOT NULL,
    PRIMARY KEY (kind, name, version)
) STRICT;
