CREATE TABLE IF NOT EXISTS stop_order (
    order_id     TEXT NOT NULL PRIMARY KEY,
    standing     INTEGER NOT NULL,
    point        TEXT NOT NULL,
    safe_state   TEXT NOT NULL,
    acts         TEXT NOT NULL, -- commands, each followed by a blank
    expected     TEXT,
    read         TEXT,
    organisation TEXT NOT NULL,
    site         TEXT,
    raised       INTEGER NOT NULL,
    respond_by   INTEGER,
    decision     TEXT,
    resolved     INTEGER,
    resolved_by  TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS stop_order_standing ON stop_order (organisation, standing, raised);
CREATE INDEX IF NOT EXISTS stop_order_stands ON stop_order (order_id) WHERE standing = 1;

-- What was stopped and is still there: after the resolution "discard" nothing of the order goes on
-- until the last of it has ended.
CREATE TABLE IF NOT EXISTS stop_thing (
    order_id TEXT NOT NULL,
    thing    TEXT NOT NULL,
    PRIMARY KEY (order_id, thing)
) STRICT;

-- Who took part in what was stopped since the last resolution: none of them can resolve it.
CREATE TABLE IF NOT EXISTS stop_involved (
    order_id TEXT NOT NULL,
    account  TEXT NOT NULL,
    PRIMARY KEY (order_id, account)
) STRICT;
