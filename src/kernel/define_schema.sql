-- Every version of every definition that is or was to be in force; what runs is pinned to one of
-- them. Drafts stand in draft_schema.sql.
CREATE TABLE IF NOT EXISTS define_version (
    kind         TEXT NOT NULL,
    name         TEXT NOT NULL,
    version      INTEGER NOT NULL,
    title        TEXT NOT NULL,
    effective    INTEGER NOT NULL, -- from when it is in force
    ended        INTEGER, -- in force no more from then on: retired; 0: it never was
    hash         TEXT NOT NULL, -- of the whole document
    json         TEXT NOT NULL, -- canonical, of the body
    organisation TEXT NOT NULL, -- whose it is
    draft        TEXT, -- as which people made it; NULL: the program loaded it
    loaded       INTEGER NOT NULL,
    PRIMARY KEY (kind, name, version)
) STRICT;
