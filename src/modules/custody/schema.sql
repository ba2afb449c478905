-- Where custody of each unit stands. One row a unit; an open offer stands in the same row.
CREATE TABLE IF NOT EXISTS custody_unit (
    unit            TEXT NOT NULL PRIMARY KEY,
    order_id        TEXT,
    organisation    TEXT NOT NULL, -- the holder …
    site            TEXT NOT NULL,
    since           INTEGER NOT NULL,
    to_organisation TEXT, -- … and who it is offered to, if anyone
    to_site         TEXT,
    offered         INTEGER,
    giver           TEXT, -- the actor who offered
    container       TEXT,
    seals           TEXT -- JSON array, as offered
) STRICT;
CREATE INDEX IF NOT EXISTS custody_unit_site ON custody_unit (site, since);
CREATE INDEX IF NOT EXISTS custody_unit_offer ON custody_unit (to_site, offered);

-- Every holder that a unit had, in order: the chain of custody.
CREATE TABLE IF NOT EXISTS custody_leg (
    unit         TEXT NOT NULL,
    number       INTEGER NOT NULL, -- version of the stream at which it began
    organisation TEXT NOT NULL,
    site         TEXT NOT NULL,
    since        INTEGER NOT NULL,
    giver        TEXT,
    receiver     TEXT NOT NULL,
    condition    TEXT,
    container    TEXT,
    seals        TEXT,
    PRIMARY KEY (unit, number)
) STRICT;
