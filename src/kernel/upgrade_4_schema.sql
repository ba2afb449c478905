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
