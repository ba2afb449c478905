-- Units: every physical thing that came from a patient, live or ended.
CREATE TABLE IF NOT EXISTS identity_unit (
    unit         TEXT NOT NULL PRIMARY KEY,
    order_id     TEXT NOT NULL,
    task         TEXT NOT NULL, -- in which it was made …
    pass         INTEGER NOT NULL, -- … and in which pass of it: once that is past (flow_past), it is
    kind         TEXT NOT NULL,
    label        TEXT NOT NULL, -- 12 letters; its symbol says "vein:u:<label>"
    din          TEXT,          -- 15 characters
    product_code TEXT,
    quantity     TEXT NOT NULL, -- what is left of it
    organisation TEXT NOT NULL, -- where it came into being
    site         TEXT NOT NULL,
    made         INTEGER NOT NULL,
    made_by      TEXT NOT NULL,
    ended        INTEGER,
    how          TEXT -- used_up discarded given destroyed spilled leaked broken missing
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS identity_unit_label ON identity_unit (label);
CREATE INDEX IF NOT EXISTS identity_unit_din ON identity_unit (din, order_id);
CREATE INDEX IF NOT EXISTS identity_unit_order ON identity_unit (order_id, kind);

-- Genealogy: what a unit was made of.
CREATE TABLE IF NOT EXISTS identity_part (
    order_id TEXT NOT NULL,
    child    TEXT NOT NULL,
    parent   TEXT NOT NULL,
    quantity TEXT NOT NULL, -- taken from the parent
    PRIMARY KEY (order_id, child, parent)
) STRICT;
CREATE INDEX IF NOT EXISTS identity_part_parent ON identity_part (order_id, parent);

-- Acts in which what was taken was held against what was measured after: one row an act.
CREATE TABLE IF NOT EXISTS identity_balance (
    event      TEXT NOT NULL PRIMARY KEY,
    order_id   TEXT NOT NULL,
    unit       TEXT NOT NULL, -- that it took from, or that several became
    task       TEXT NOT NULL,
    act        TEXT NOT NULL, -- split aliquot combine
    taken      TEXT NOT NULL,
    made       TEXT NOT NULL,
    loss       TEXT,
    difference TEXT NOT NULL,
    tolerance  TEXT,          -- per cent
    happened   INTEGER NOT NULL,
    actor      TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS identity_balance_order ON identity_balance (order_id, happened);

-- Who gave the patient's identity out with a bundle of the order.
CREATE TABLE IF NOT EXISTS identity_disclosure (
    event    TEXT NOT NULL PRIMARY KEY,
    order_id TEXT NOT NULL,
    actor    TEXT NOT NULL,
    to_whom  TEXT NOT NULL,
    reason   TEXT, -- sealed
    happened INTEGER NOT NULL,
    recorded INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS identity_disclosure_order ON identity_disclosure (order_id, recorded);

-- Every check, whatever its result.
CREATE TABLE IF NOT EXISTS identity_check (
    check_id TEXT NOT NULL PRIMARY KEY,
    order_id TEXT NOT NULL,
    version  INTEGER NOT NULL, -- of the stream: their order
    task     TEXT NOT NULL,
    pass     INTEGER NOT NULL,
    point    TEXT NOT NULL,
    result   TEXT NOT NULL,
    method   TEXT NOT NULL,
    expected TEXT NOT NULL, -- JSON array
    seen     TEXT NOT NULL, -- JSON array: what was read
    account  TEXT NOT NULL,
    device   TEXT,
    place    TEXT,
    happened INTEGER NOT NULL,
    recorded INTEGER NOT NULL,
    second   INTEGER NOT NULL,
    complete INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS identity_check_order ON identity_check (order_id, version);

-- Who passed a point at a task (in this pass of it), and with which set of things: the last of each
-- person. A fail takes all of the order away.
CREATE TABLE IF NOT EXISTS identity_pass (
    order_id TEXT NOT NULL,
    task     TEXT NOT NULL,
    pass     INTEGER NOT NULL,
    point    TEXT NOT NULL,
    account  TEXT NOT NULL,
    expected TEXT NOT NULL, -- hash of what was expected and read
    has_role INTEGER NOT NULL,
    recorded INTEGER NOT NULL, -- counts with another person's for the time that the point says
    named    TEXT, -- event whose data of the patient were compared; none at points of units alone
    PRIMARY KEY (order_id, task, pass, point, account)
) STRICT, WITHOUT ROWID;

-- Units that a completed point identified at a task: those that the task may act on.
CREATE TABLE IF NOT EXISTS identity_identified (
    order_id TEXT NOT NULL,
    task     TEXT NOT NULL,
    pass     INTEGER NOT NULL,
    point    TEXT NOT NULL,
    unit     TEXT NOT NULL,
    recorded INTEGER NOT NULL, -- when the last check that completed the point was
    named    TEXT, -- as above
    PRIMARY KEY (order_id, task, pass, point, unit)
) STRICT, WITHOUT ROWID;
