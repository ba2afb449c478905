-- How far the policies have followed the log. Enduring: a rebuild sends nothing again.
CREATE TABLE IF NOT EXISTS policy_cursor (
    one      INTEGER NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL
) STRICT;

-- Effects behind the cursor that have not happened yet. Enduring and outside the ledger, because it
-- says only how often was tried and when next; what dies is an event (effect.h).
CREATE TABLE IF NOT EXISTS policy_held (
    effect   TEXT NOT NULL PRIMARY KEY, -- id of its command
    policy   TEXT NOT NULL,
    key      TEXT NOT NULL,    -- distribution key of the event
    sequence INTEGER NOT NULL, -- of the event
    tries    INTEGER NOT NULL, -- failed since it was last alive
    deaths   INTEGER NOT NULL,
    due      INTEGER NOT NULL, -- wall clock; not before
    code     TEXT              -- of the last failure; NULL: it waits behind another
) STRICT;
CREATE INDEX IF NOT EXISTS policy_held_order ON policy_held (policy, key, sequence);
