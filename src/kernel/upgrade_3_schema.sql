-- From version 2 to 3: what waits has rows of its own. Effects that have not happened yet, and who
-- works at which job or message.
CREATE TABLE IF NOT EXISTS policy_held (
    effect   TEXT NOT NULL PRIMARY KEY,
    policy   TEXT NOT NULL,
    key      TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    tries    INTEGER NOT NULL,
    deaths   INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    code     TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS policy_held_order ON policy_held (policy, key, sequence);
CREATE TABLE IF NOT EXISTS lease (
    queue   TEXT NOT NULL,
    item    TEXT NOT NULL,
    token   INTEGER NOT NULL,
    runner  TEXT,
    expires INTEGER NOT NULL,
    tries   INTEGER NOT NULL,
    due     INTEGER NOT NULL,
    code    TEXT,
    done    INTEGER NOT NULL,
    total   INTEGER NOT NULL,
    PRIMARY KEY (queue, item)
) STRICT;
