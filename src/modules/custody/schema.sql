-- Where custody of a unit stands since its first hand-over began; an open offer stands in the same
-- row. A unit without a row is held by the site where it came into being (identity_unit).
CREATE TABLE IF NOT EXISTS custody_unit (
    unit            TEXT NOT NULL PRIMARY KEY,
    organisation    TEXT NOT NULL, -- the holder …
    site            TEXT NOT NULL,
    since           INTEGER, -- absent: since it came into being
    to_organisation TEXT,    -- … and who it is offered to, if anyone
    to_site         TEXT,
    offered         INTEGER,
    giver           TEXT, -- the actor who offered
    offer_event     TEXT, -- opens the condition
    condition       TEXT, -- sealed; in plain from the first version of the event
    container       TEXT,
    seals           TEXT -- JSON array, as offered
) STRICT;
CREATE INDEX IF NOT EXISTS custody_unit_site ON custody_unit (site);
CREATE INDEX IF NOT EXISTS custody_unit_offer ON custody_unit (to_site, offered, unit);

-- Every holder that a unit had behind the first, in order: the chain of custody.
CREATE TABLE IF NOT EXISTS custody_leg (
    unit         TEXT NOT NULL,
    number       INTEGER NOT NULL, -- version of the stream at which it began
    organisation TEXT NOT NULL,
    site         TEXT NOT NULL,
    since        INTEGER NOT NULL,
    giver        TEXT NOT NULL,
    receiver     TEXT NOT NULL,
    event        TEXT NOT NULL, -- opens the condition
    condition    TEXT, -- as above
    container    TEXT,
    seals        TEXT,
    PRIMARY KEY (unit, number)
) STRICT;
