CREATE TABLE IF NOT EXISTS notify (
    notification TEXT NOT NULL PRIMARY KEY,
    kind         TEXT NOT NULL,
    version      INTEGER NOT NULL,
    cause        TEXT NOT NULL,
    about        TEXT NOT NULL,
    label        TEXT NOT NULL,
    link         TEXT NOT NULL,
    organisation TEXT NOT NULL,
    site         TEXT,
    role         TEXT,
    urgency      TEXT NOT NULL,
    text         TEXT NOT NULL,
    raised       INTEGER NOT NULL,
    state        TEXT NOT NULL,    -- standing acknowledged ended
    rung         INTEGER NOT NULL, -- told last
    repeats      INTEGER NOT NULL,
    next         INTEGER,
    acknowledged INTEGER,
    by_account   TEXT,
    ended        INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS notify_place ON notify (organisation, state, raised, notification);
CREATE INDEX IF NOT EXISTS notify_about ON notify (about, state);

-- Who was told, and at which rung first.
CREATE TABLE IF NOT EXISTS notify_to (
    notification TEXT NOT NULL,
    account      TEXT NOT NULL,
    rung         INTEGER NOT NULL,
    told         INTEGER NOT NULL,
    PRIMARY KEY (notification, account)
) STRICT;
CREATE INDEX IF NOT EXISTS notify_to_account ON notify_to (account, notification);

CREATE TABLE IF NOT EXISTS notify_contact (
    account TEXT NOT NULL PRIMARY KEY,
    mail    TEXT NOT NULL, -- sealed under the account …
    event   TEXT NOT NULL  -- … for this event
) STRICT;
