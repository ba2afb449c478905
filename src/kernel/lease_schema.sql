-- Who works at what just now, how often it failed, how far it is. Enduring and outside the ledger:
-- see lease.h.
CREATE TABLE IF NOT EXISTS lease (
    queue   TEXT NOT NULL,
    item    TEXT NOT NULL,
    token   INTEGER NOT NULL, -- the time when it was first taken; grows with each taking
    runner  TEXT,             -- NULL: free
    expires INTEGER NOT NULL, -- wall clock
    tries   INTEGER NOT NULL, -- that failed
    due     INTEGER NOT NULL, -- wall clock; not before
    code    TEXT,             -- of the last failure
    done    INTEGER NOT NULL, -- progress …
    total   INTEGER NOT NULL, -- … of so much; 0: not known
    PRIMARY KEY (queue, item)
) STRICT;
