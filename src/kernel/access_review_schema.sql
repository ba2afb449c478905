-- The round of an organisation's access review that is planned or open.
CREATE TABLE IF NOT EXISTS access_review (
    organisation TEXT NOT NULL PRIMARY KEY,
    due          INTEGER NOT NULL,
    every_days   INTEGER NOT NULL,
    opened       INTEGER,
    overdue      INTEGER NOT NULL,
    last_signed  INTEGER,
    last_signer  TEXT -- actor
) STRICT;

-- What was said of each right in a round; again, when it was said again.
CREATE TABLE IF NOT EXISTS access_review_verdict (
    organisation TEXT NOT NULL,
    due          INTEGER NOT NULL,
    account      TEXT NOT NULL,
    role         TEXT NOT NULL,
    site         TEXT NOT NULL,
    product      TEXT NOT NULL,
    keep         INTEGER NOT NULL,
    judged       INTEGER NOT NULL,
    judged_by    TEXT NOT NULL, -- actor
    PRIMARY KEY (organisation, due, account, role, site, product)
) STRICT;
