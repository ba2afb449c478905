-- In F.next alone: how far the projections that are built there have come.
CREATE TABLE IF NOT EXISTS node_beside (
    one  INTEGER NOT NULL PRIMARY KEY,
    next INTEGER NOT NULL, -- place in the log of the first event that is not in them
    leaf TEXT NOT NULL     -- hash of the event before, by which the log is known again
) STRICT;
