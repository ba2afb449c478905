-- Who looked at whose personal data. Enduring and outside the ledger, append only: look.h.
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
