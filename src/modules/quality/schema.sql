-- Deviations as they stand. Sealed texts stay sealed; whoever may see them opens them with the id
-- of the event that holds them.
CREATE TABLE IF NOT EXISTS quality_deviation (
    deviation    TEXT NOT NULL PRIMARY KEY,
    number       TEXT NOT NULL,
    order_id     TEXT,
    unit         TEXT,
    organisation TEXT NOT NULL,
    site         TEXT,
    kind         TEXT NOT NULL,
    risk         TEXT NOT NULL,
    rank         INTEGER NOT NULL, -- of the risk: 0 critical, 1 major, 2 minor
    opened       INTEGER NOT NULL,
    opener       TEXT NOT NULL, -- the actor
    opened_event TEXT NOT NULL,
    description  TEXT, -- sealed
    told         TEXT, -- a text of the catalogue, …
    instrument   TEXT,
    figures      TEXT, -- … and what goes into it: {"coldest":"0.5"}
    open         INTEGER NOT NULL, -- 1: not closed
    closed       INTEGER,
    closer       TEXT,
    closed_event TEXT,
    cause        TEXT,
    conclusion   TEXT -- sealed
) STRICT;
CREATE INDEX IF NOT EXISTS quality_deviation_order ON quality_deviation (order_id, opened);
CREATE INDEX IF NOT EXISTS quality_deviation_place
    ON quality_deviation (organisation, open, opened, deviation);
CREATE INDEX IF NOT EXISTS quality_deviation_rank
    ON quality_deviation (organisation, open, rank, opened, deviation);
CREATE INDEX IF NOT EXISTS quality_deviation_number ON quality_deviation (number);
