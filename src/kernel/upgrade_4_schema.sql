-- From version 3 to 4: who looked at whose personal data.
CREATE TABLE IF NOT EXISTS look_entry (
    seq          INTEGER PRIMARY KEY, -- from 1 without gaps
    subject      TEXT NOT NULL,
    actor        TEXT NOT NULL,
    organisation TEXT NOT NULL,
    leaf         TEXT NOT NULL, -- canonical JSON, the very bytes that are hashed
    hash         BLOB NOT NULL  -- SHA-256 of the hash before (32 zero bytes) and the leaf
) STRICT;
CREATE INDEX IF NOT EXISTS look_entry_subject ON look_entry (subject, seq);
CREATE INDEX IF NOT EXISTS look_entry_organisation ON look_entry (organisation, seq);
-- From version 3 to 4: what witnesses outside say of the log.
CREATE TABLE IF NOT EXISTS ledger_cosigned (
    one INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS witness_contact (
    vkey     TEXT NOT NULL PRIMARY KEY,
    place    INTEGER NOT NULL,
    witness  TEXT NOT NULL,
    url      TEXT NOT NULL,
    origin   TEXT NOT NULL,
    asked    INTEGER NOT NULL,
    size     INTEGER,
    cosigned INTEGER,
    tries    INTEGER NOT NULL,
    code     TEXT
) STRICT;
