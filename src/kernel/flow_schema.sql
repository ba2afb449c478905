-- An order under its workflow. due_by, next_number and overdue are of its open tasks; due_by is the
-- end of the year 9999 when none of them has a limit, so that it orders and pages without NULL.
CREATE TABLE IF NOT EXISTS flow_order (
    order_id         TEXT NOT NULL PRIMARY KEY,
    state            TEXT NOT NULL, -- running, held, ended
    how              TEXT,
    material         TEXT, -- of an order that ended unfinished: none, discard, retain
    wish             TEXT, -- of the patient for it
    workflow         TEXT NOT NULL,
    workflow_version INTEGER NOT NULL,
    workflow_hash    TEXT NOT NULL,
    subject          TEXT,
    pins             TEXT NOT NULL, -- JSON: versions of forms that the workflow leaves open
    started          INTEGER NOT NULL,
    ended            INTEGER,
    due_by           INTEGER NOT NULL,
    next_number      INTEGER NOT NULL, -- the open task that holds up the others
    overdue          INTEGER NOT NULL,
    repeats          INTEGER NOT NULL -- loops taken
) STRICT;
CREATE INDEX IF NOT EXISTS flow_order_due ON flow_order (state, due_by, order_id);
-- Those that are late (1), held (2), simply run (3) or have ended (4), each by when they are due: who
-- reads on from a row reads no other. Queries repeat the expression as it stands.
CREATE INDEX IF NOT EXISTS flow_order_rank ON flow_order (
    (CASE WHEN state = 'ended' THEN 4 WHEN state = 'held' THEN 2 WHEN overdue = 1 THEN 1 ELSE 3 END),
    due_by, order_id);

-- Keyed by the organisation before the part, for the question that is asked most: has it one here?
CREATE TABLE IF NOT EXISTS flow_party (
    order_id     TEXT NOT NULL,
    organisation TEXT NOT NULL,
    part         TEXT NOT NULL,
    site         TEXT NOT NULL,
    ended        INTEGER NOT NULL, -- the order has
    PRIMARY KEY (order_id, organisation, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS flow_party_site ON flow_party (organisation, ended, site, order_id);

-- Under which workflows, at which stages and sites something was ever open in the orders that an
-- organisation has a part in: what its people can choose from, without looking at all orders.
CREATE TABLE IF NOT EXISTS flow_seen (
    organisation     TEXT NOT NULL,
    workflow         TEXT NOT NULL,
    workflow_version INTEGER NOT NULL,
    workflow_hash    TEXT NOT NULL,
    stage            TEXT NOT NULL,
    site             TEXT NOT NULL,
    PRIMARY KEY (organisation, workflow, workflow_version, workflow_hash, stage, site)
) STRICT, WITHOUT ROWID;

-- Who of a role at a part's site is meant in this order.
CREATE TABLE IF NOT EXISTS flow_person (
    order_id TEXT NOT NULL,
    role     TEXT NOT NULL,
    part     TEXT NOT NULL,
    account  TEXT NOT NULL,
    PRIMARY KEY (order_id, role, part)
) STRICT;

-- Tasks that have opened, or were skipped, in their present pass. open: neither done nor skipped nor
-- ended with the order.
CREATE TABLE IF NOT EXISTS flow_task (
    order_id       TEXT NOT NULL,
    number         INTEGER NOT NULL,
    task           TEXT NOT NULL,
    title          TEXT NOT NULL,
    stage          TEXT NOT NULL,
    role           TEXT NOT NULL,
    part           TEXT NOT NULL,
    organisation   TEXT NOT NULL,
    site           TEXT NOT NULL,
    form           TEXT,
    form_version   INTEGER,
    late           INTEGER NOT NULL,
    pass           INTEGER NOT NULL, -- from 1
    skipped        TEXT, -- the condition that did not hold
    ladder         INTEGER NOT NULL, -- it has one
    opened         INTEGER NOT NULL,
    due_by         INTEGER NOT NULL, -- as in flow_order
    overdue        INTEGER NOT NULL,
    open           INTEGER NOT NULL,
    done           INTEGER, -- when
    done_by        TEXT,    -- actor
    record_version INTEGER, -- of flow_record, as last corrected
    PRIMARY KEY (order_id, number)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS flow_task_name ON flow_task (order_id, task);
CREATE INDEX IF NOT EXISTS flow_task_site
    ON flow_task (organisation, site, open, due_by, order_id, number);
CREATE INDEX IF NOT EXISTS flow_task_organisation
    ON flow_task (organisation, open, due_by, order_id, number);

-- Who did something at which task, for ever: what a loop, a correction or a withdrawal takes out of
-- the rows beside it was done all the same (segregate.h).
CREATE TABLE IF NOT EXISTS flow_did (
    order_id TEXT NOT NULL,
    actor    TEXT NOT NULL,
    task     TEXT NOT NULL,
    PRIMARY KEY (order_id, actor, task)
) STRICT, WITHOUT ROWID;

-- What became of each task whose turn came, for ever: how long it was open until it was done, or that
-- it was skipped. What a loop undoes took its time all the same. Read by forecasts, the newest of a
-- workflow first.
CREATE TABLE IF NOT EXISTS flow_took (
    workflow TEXT NOT NULL, -- name, of whatever version
    settled  INTEGER NOT NULL,
    order_id TEXT NOT NULL,
    task     TEXT NOT NULL,
    took     INTEGER, -- NULL: skipped
    PRIMARY KEY (workflow, settled, order_id, task)
) STRICT, WITHOUT ROWID;

-- Earlier passes of tasks, undone by a loop. What was made in such a pass is past as well: a unit is
-- of the present exactly when no row here has its order, task and pass.
CREATE TABLE IF NOT EXISTS flow_past (
    order_id       TEXT NOT NULL,
    task           TEXT NOT NULL,
    pass           INTEGER NOT NULL,
    title          TEXT NOT NULL,
    opened         INTEGER NOT NULL,
    done           INTEGER,
    done_by        TEXT,
    record_version INTEGER,
    loop           TEXT NOT NULL,
    loop_title     TEXT NOT NULL,
    units          TEXT NOT NULL, -- what becomes of those made in it: discard, quarantine, keep
    undone         INTEGER NOT NULL,
    PRIMARY KEY (order_id, task, pass)
) STRICT;

-- The move to another version of its workflow that was proposed for an order last.
CREATE TABLE IF NOT EXISTS flow_move (
    order_id     TEXT NOT NULL PRIMARY KEY,
    from_version INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    hash         TEXT NOT NULL,
    pins         TEXT NOT NULL, -- JSON, as in flow_order
    added        TEXT NOT NULL, -- JSON arrays of tasks
    gone         TEXT NOT NULL,
    changed      TEXT NOT NULL,
    proposed     INTEGER NOT NULL,
    proposed_by  TEXT NOT NULL, -- actor
    reason       TEXT,          -- sealed
    event        TEXT NOT NULL,
    approved     INTEGER,
    approved_by  TEXT,
    declined     INTEGER,
    declined_by  TEXT,
    declined_why TEXT,          -- sealed …
    declined_event TEXT         -- … for this event
) STRICT;

-- What modules noted for a task; the first who noted it stands.
CREATE TABLE IF NOT EXISTS flow_fact (
    order_id TEXT NOT NULL,
    task     TEXT NOT NULL,
    fact     TEXT NOT NULL,
    noted    INTEGER NOT NULL,
    noted_by TEXT NOT NULL, -- actor
    PRIMARY KEY (order_id, task, fact)
) STRICT, WITHOUT ROWID;

-- Every version of every record: the first, then each correction. version is the stream's.
CREATE TABLE IF NOT EXISTS flow_record (
    order_id     TEXT NOT NULL,
    task         TEXT NOT NULL,
    pass         INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    event        TEXT NOT NULL,
    form         TEXT NOT NULL,
    form_version INTEGER NOT NULL,
    record       TEXT NOT NULL, -- JSON of form_record without secrets
    secrets      TEXT,          -- JSON of form_record with nothing but sealed secrets
    entered_by   TEXT NOT NULL, -- actor
    happened     INTEGER NOT NULL,
    recorded     INTEGER NOT NULL,
    reason       TEXT, -- sealed
    PRIMARY KEY (order_id, task, version)
) STRICT;

-- What each person entered where two enter unseen. version is the stream's; entries with one below
-- the task's record are of a round that is over.
CREATE TABLE IF NOT EXISTS flow_entry (
    order_id     TEXT NOT NULL,
    task         TEXT NOT NULL,
    version      INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    event        TEXT NOT NULL,
    record       TEXT NOT NULL, -- JSON of form_record without secrets
    secrets      TEXT,          -- JSON of form_record with nothing but sealed secrets
    differs      TEXT,          -- names of fields, separated by blanks
    entered_by   TEXT NOT NULL, -- actor
    happened     INTEGER NOT NULL,
    recorded     INTEGER NOT NULL,
    PRIMARY KEY (order_id, task, version)
) STRICT;

-- What somebody has entered so far into the form of an open task, and has not sent yet.
CREATE TABLE IF NOT EXISTS flow_kept (
    order_id     TEXT NOT NULL,
    task         TEXT NOT NULL,
    entered_by   TEXT NOT NULL, -- actor
    part         INTEGER NOT NULL, -- of the form
    event        TEXT NOT NULL,
    secrets      TEXT NOT NULL, -- JSON of form_record with nothing but sealed secrets
    recorded     INTEGER NOT NULL,
    PRIMARY KEY (order_id, task, entered_by, part)
) STRICT;

-- Corrections and what was said of them. waits: not reviewed yet, or questioned and not corrected
-- anew.
CREATE TABLE IF NOT EXISTS flow_correction (
    order_id     TEXT NOT NULL,
    task         TEXT NOT NULL,
    version      INTEGER NOT NULL, -- of flow_record
    title        TEXT NOT NULL,
    organisation TEXT NOT NULL,
    site         TEXT NOT NULL,
    corrected_by TEXT NOT NULL, -- actor
    corrected    INTEGER NOT NULL,
    waits        INTEGER NOT NULL,
    verdict      TEXT,
    reviewed_by  TEXT, -- actor
    reviewed     INTEGER,
    review_event TEXT,
    comment      TEXT, -- sealed
    PRIMARY KEY (order_id, task, version)
) STRICT;
CREATE INDEX IF NOT EXISTS flow_correction_waits
    ON flow_correction (organisation, waits, corrected, order_id, version);

CREATE TABLE IF NOT EXISTS flow_signature (
    order_id     TEXT NOT NULL,
    task         TEXT NOT NULL,
    version      INTEGER NOT NULL, -- of flow_record
    place        TEXT NOT NULL,
    meaning      TEXT NOT NULL,
    role         TEXT NOT NULL,
    signed_by    TEXT NOT NULL, -- actor
    signed_at    INTEGER NOT NULL,
    PRIMARY KEY (order_id, task, version, place)
) STRICT;
