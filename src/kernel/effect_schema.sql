-- Effects that died: what a page shows and a person decides on.
CREATE TABLE IF NOT EXISTS effect (
    effect       TEXT NOT NULL PRIMARY KEY,
    policy       TEXT NOT NULL,
    key          TEXT NOT NULL,
    sequence     INTEGER NOT NULL,
    event        TEXT NOT NULL, -- type of the event that it follows from
    organisation TEXT NOT NULL,
    site         TEXT,
    code         TEXT NOT NULL,
    tries        INTEGER NOT NULL, -- in all
    deaths       INTEGER NOT NULL,
    died         INTEGER NOT NULL,
    state        TEXT NOT NULL, -- dead replayed dropped
    decided      INTEGER,
    decided_by   TEXT,
    body         TEXT,          -- sealed, of a mended one …
    body_event   TEXT           -- … for this event
) STRICT;
CREATE INDEX IF NOT EXISTS effect_place ON effect (organisation, died, effect);
