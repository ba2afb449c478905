-- Epochs of the log after the first.
CREATE TABLE IF NOT EXISTS epoch_begun (
    number        INTEGER NOT NULL PRIMARY KEY,
    vkey          TEXT NOT NULL,
    previous_vkey TEXT NOT NULL,
    size          INTEGER NOT NULL, -- events taken over
    root          TEXT NOT NULL,
    known_size    INTEGER,
    begun         INTEGER NOT NULL
) STRICT;
