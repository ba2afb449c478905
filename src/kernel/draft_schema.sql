-- Definitions on their way into force, and everything that was done to them.
CREATE TABLE IF NOT EXISTS draft_draft (
    draft        TEXT NOT NULL PRIMARY KEY,
    kind         TEXT NOT NULL,
    name         TEXT NOT NULL,
    version      INTEGER NOT NULL,
    title        TEXT NOT NULL,
    planned      INTEGER NOT NULL, -- not before, as the document says
    hash         TEXT NOT NULL,    -- of the whole document
    json         TEXT NOT NULL,    -- canonical, of the body
    organisation TEXT NOT NULL,
    author       TEXT NOT NULL,    -- actor
    drafted      INTEGER NOT NULL,
    state        TEXT NOT NULL,    -- drafted, reviewed, approved, released; rejected, withdrawn, replaced
    trial        TEXT NOT NULL,    -- none, passed or failed: the last one
    in_force     INTEGER           -- from then on, when it is released
) STRICT;
CREATE INDEX IF NOT EXISTS draft_draft_of ON draft_draft (organisation, kind, name);

CREATE TABLE IF NOT EXISTS draft_act (
    draft    TEXT NOT NULL,
    number   INTEGER NOT NULL, -- version of the stream
    act      TEXT NOT NULL,    -- drafted, tried, accepted, rejected, approved, released, withdrawn, replaced
    actor    TEXT NOT NULL,
    happened INTEGER NOT NULL,
    role     TEXT,    -- in which it was approved
    passed   INTEGER, -- of a trial
    input    TEXT,    -- sealed, for this event
    report   TEXT,    -- sealed
    reason   TEXT,    -- sealed
    event    TEXT NOT NULL,
    PRIMARY KEY (draft, number)
) STRICT;
