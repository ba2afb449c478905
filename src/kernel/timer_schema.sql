CREATE TABLE IF NOT EXISTS timer_due (
    stream  TEXT NOT NULL,
    name    TEXT NOT NULL,
    due     INTEGER NOT NULL,
    command TEXT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (stream, name)
) STRICT;
CREATE INDEX IF NOT EXISTS timer_due_order ON timer_due (due, stream, name);

-- When the clock was last confirmed.
CREATE TABLE IF NOT EXISTS timer_clock (
    one       INTEGER NOT NULL PRIMARY KEY,
    confirmed INTEGER NOT NULL
) STRICT;
