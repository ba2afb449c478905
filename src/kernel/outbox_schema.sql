CREATE TABLE IF NOT EXISTS outbox_message (
    message      TEXT NOT NULL PRIMARY KEY,
    partner      TEXT NOT NULL,
    kind         TEXT NOT NULL,
    about        TEXT NOT NULL,
    organisation TEXT NOT NULL,
    site         TEXT,
    queued       INTEGER NOT NULL,
    place        INTEGER NOT NULL, -- hybrid logical time: the order of messages …
    place_count  INTEGER NOT NULL, -- … of one `about`
    not_before   INTEGER NOT NULL,
    body         TEXT NOT NULL,
    state        TEXT NOT NULL, -- queued delivered dead dropped
    code         TEXT,
    status       INTEGER,
    tries        INTEGER NOT NULL,
    mended       INTEGER NOT NULL, -- how often
    ended        INTEGER,
    ended_by     TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS outbox_waiting
    ON outbox_message (state, partner, about, place, place_count);
CREATE INDEX IF NOT EXISTS outbox_place ON outbox_message (organisation, queued, message);

CREATE TABLE IF NOT EXISTS outbox_received (
    message      TEXT NOT NULL PRIMARY KEY,
    partner      TEXT NOT NULL,
    sender_id    TEXT NOT NULL,
    kind         TEXT NOT NULL,
    organisation TEXT NOT NULL,
    received     INTEGER NOT NULL,
    digest       TEXT NOT NULL,
    content      TEXT NOT NULL, -- sealed …
    event        TEXT NOT NULL  -- … for this event
) STRICT;
CREATE INDEX IF NOT EXISTS outbox_received_place
    ON outbox_received (organisation, received, message);
