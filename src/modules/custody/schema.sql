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

-- Temperatures, series by series. Number: version of the stream "temperature/<order>" that gave it.
CREATE TABLE IF NOT EXISTS custody_series (
    order_id     TEXT NOT NULL,
    number       INTEGER NOT NULL,
    corrected    INTEGER, -- by which version; absent: it is in force
    logger       TEXT NOT NULL,
    begins        INTEGER NOT NULL, -- of its first reading
    count        INTEGER NOT NULL,
    readings     TEXT NOT NULL, -- compact
    deviation    TEXT,
    given        INTEGER NOT NULL,
    given_by     TEXT NOT NULL,
    event        TEXT NOT NULL,
    PRIMARY KEY (order_id, number)
) STRICT;

-- For each leg of a unit that it is of: what it was held against, and what came of it.
CREATE TABLE IF NOT EXISTS custody_judged (
    order_id     TEXT NOT NULL,
    number       INTEGER NOT NULL,
    unit         TEXT NOT NULL,
    leg          INTEGER NOT NULL,
    since        INTEGER NOT NULL,
    until        INTEGER,
    low          TEXT,
    high         TEXT,
    alert_low    TEXT,
    alert_high   TEXT,
    every_s      INTEGER,
    coldest      TEXT NOT NULL,
    warmest      TEXT NOT NULL,
    below_s      INTEGER NOT NULL,
    above_s      INTEGER NOT NULL,
    alert_s      INTEGER NOT NULL,
    missing_s    INTEGER NOT NULL,
    longest_s    INTEGER NOT NULL,
    PRIMARY KEY (order_id, number, unit, leg)
) STRICT;
