-- That this ledger's people are simulated; empty in any real one.
CREATE TABLE IF NOT EXISTS sign_simulation (
    node  TEXT NOT NULL PRIMARY KEY,
    begun INTEGER NOT NULL
) STRICT;
