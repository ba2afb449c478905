-- Fridges as they stand, and every check of them.
CREATE TABLE IF NOT EXISTS fridge_fridge (
    fridge       TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    site         TEXT NOT NULL,
    name         TEXT NOT NULL,
    lowest       TEXT NOT NULL, -- decimals keep their digits as text
    highest      TEXT NOT NULL,
    in_use       INTEGER NOT NULL, -- 0: retired
    temperature  TEXT, -- of the last check
    within       INTEGER,
    checked      INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS fridge_fridge_site ON fridge_fridge (organisation, site, name);

CREATE TABLE IF NOT EXISTS fridge_check (
    fridge      TEXT NOT NULL,
    number      INTEGER NOT NULL, -- version of the stream
    temperature TEXT NOT NULL,
    within      INTEGER NOT NULL,
    note        TEXT,
    checked     INTEGER NOT NULL,
    checker     TEXT NOT NULL, -- the actor
    PRIMARY KEY (fridge, number)
) STRICT;
