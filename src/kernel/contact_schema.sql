-- How it stands with each witness of the configuration. Enduring and outside the ledger: what is
-- said by others is no event until it changes something.
CREATE TABLE IF NOT EXISTS witness_contact (
    vkey     TEXT NOT NULL PRIMARY KEY,
    place    INTEGER NOT NULL, -- in the configuration
    witness  TEXT NOT NULL,
    url      TEXT NOT NULL,
    origin   TEXT NOT NULL,    -- of the log that it was asked about
    asked    INTEGER NOT NULL, -- since when
    size     INTEGER,          -- of ours, that it cosigned last
    cosigned INTEGER,          -- when
    tries    INTEGER NOT NULL, -- that failed since
    code     TEXT              -- of the last failure
) STRICT;
