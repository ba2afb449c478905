-- The trail's index, written by its follower (trail.h): 64 bits of a hash of what the event concerns,
-- and its place in the log.
CREATE TABLE IF NOT EXISTS trail_token (
    token    INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (token, sequence)
) STRICT, WITHOUT ROWID;

-- The next event to follow.
CREATE TABLE IF NOT EXISTS trail_cursor (
    one      INTEGER NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL
) STRICT;
