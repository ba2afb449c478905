-- How far the policies have followed the log. Enduring: a rebuild sends nothing again.
CREATE TABLE IF NOT EXISTS policy_cursor (
    one      INTEGER NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL
) STRICT;
