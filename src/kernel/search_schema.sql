-- The index, written by its follower (search.h). Of sealed rules a token is a keyed digest.
CREATE TABLE IF NOT EXISTS search_token (
    rule  TEXT NOT NULL,
    scope TEXT NOT NULL, -- id of an organisation or site, or "*"
    token TEXT NOT NULL, -- "i…" of an identifier, "w…" of a word
    thing TEXT NOT NULL,
    PRIMARY KEY (rule, scope, token, thing)
) STRICT, WITHOUT ROWID;

-- What stands in it of each thing: every token below every scope. Both sorted, parted by blanks.
CREATE TABLE IF NOT EXISTS search_thing (
    rule   TEXT NOT NULL,
    thing  TEXT NOT NULL,
    scopes TEXT NOT NULL,
    tokens TEXT NOT NULL,
    PRIMARY KEY (rule, thing)
) STRICT, WITHOUT ROWID;

-- The next event to follow.
CREATE TABLE IF NOT EXISTS search_cursor (
    one      INTEGER NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL
) STRICT;
