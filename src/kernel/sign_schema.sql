-- That this ledger's people are simulated; empty in any real one.
CREATE TABLE IF NOT EXISTS sign_simulation (
    node  TEXT NOT NULL PRIMARY KEY,
    begun INTEGER NOT NULL
) STRICT;

-- Every signature, by the event that holds it. site: where it was given.
CREATE TABLE IF NOT EXISTS sign_signature (
    event        TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    site         TEXT,
    key          TEXT NOT NULL, -- distribution key of the event
    command      TEXT NOT NULL,
    kind         TEXT NOT NULL,
    id           TEXT NOT NULL,
    place        TEXT,
    version      INTEGER,
    meaning      TEXT NOT NULL,
    words        TEXT,
    signer       TEXT NOT NULL,
    name         TEXT NOT NULL, -- printed, as it was then
    strength     TEXT NOT NULL,
    time         INTEGER NOT NULL,
    text         TEXT NOT NULL -- JSON, as the event has it
) STRICT;
CREATE INDEX IF NOT EXISTS sign_signature_thing ON sign_signature (kind, id, time);

-- Signatures that were withdrawn or rejected.
CREATE TABLE IF NOT EXISTS sign_void (
    signature TEXT NOT NULL PRIMARY KEY,
    how       TEXT NOT NULL, -- withdrawn, rejected
    event     TEXT NOT NULL,
    at        INTEGER NOT NULL,
    reason    TEXT           -- sealed for the event
) STRICT;
