-- The round of an organisation's access review that is planned or open.
CREATE TABLE IF NOT EXISTS access_review (
    organisation TEXT NOT NULL PRIMARY KEY,
    due          INTEGER NOT NULL,
    every_days   INTEGER NOT NULL,
    opened       INTEGER,
    overdue      INTEGER NOT NULL,
    last_signed  INTEGER,
    last_signer  TEXT,   -- actor
    last_due     INTEGER, -- the round that was signed last …
    last_void    INTEGER NOT NULL DEFAULT 0, -- … whose signature was withdrawn or rejected
    signed_to    TEXT -- place of the last verdict that is signed in this round; absent: none is
) STRICT;

-- What was said of each right in a round; again, when it was said again.
CREATE TABLE IF NOT EXISTS access_review_verdict (
    organisation TEXT NOT NULL,
    due          INTEGER NOT NULL,
    account      TEXT NOT NULL,
    role         TEXT NOT NULL,
    site         TEXT NOT NULL,
    product      TEXT NOT NULL,
    place        TEXT NOT NULL, -- order in which they are signed: by person, then by right
    keep         INTEGER NOT NULL,
    judged       INTEGER NOT NULL,
    judged_by    TEXT NOT NULL, -- actor
    PRIMARY KEY (organisation, due, account, role, site, product)
) STRICT;
CREATE INDEX IF NOT EXISTS access_review_verdict_place
    ON access_review_verdict (organisation, due, place);

-- Which round a signature is of, or of a part of which.
CREATE TABLE IF NOT EXISTS access_review_signature (
    signature    TEXT NOT NULL PRIMARY KEY, -- event that holds it
    organisation TEXT NOT NULL,
    due          INTEGER NOT NULL
) STRICT;
