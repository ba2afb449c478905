-- What each witness said last, as the log has it.
CREATE TABLE IF NOT EXISTS witness_standing (
    vkey         TEXT NOT NULL PRIMARY KEY,
    witness      TEXT NOT NULL,
    node         TEXT NOT NULL, -- id of the stream
    organisation TEXT NOT NULL, -- that founded the node
    state        TEXT NOT NULL, -- agreed silent rolled_back forked resolved
    since        INTEGER NOT NULL,
    size         INTEGER,
    says         INTEGER
) STRICT;

-- Every contradiction there ever was, and what was said to it.
CREATE TABLE IF NOT EXISTS witness_contradiction (
    number   INTEGER NOT NULL PRIMARY KEY, -- version of the stream
    vkey     TEXT NOT NULL,
    witness  TEXT NOT NULL,
    how      TEXT NOT NULL,
    at       INTEGER NOT NULL,
    size     INTEGER NOT NULL,
    root     TEXT NOT NULL,
    says     INTEGER,
    ended    INTEGER, -- when it agreed again, or a person resolved it
    resolver TEXT     -- who; absent: it agreed again
) STRICT;
CREATE INDEX IF NOT EXISTS witness_contradiction_of ON witness_contradiction (vkey, number);
