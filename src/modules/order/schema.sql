-- Patients. Everything that names a person is sealed; whoever may see it opens it with the id of the
-- event that holds it.
CREATE TABLE IF NOT EXISTS order_patient (
    patient      TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL, -- treating hospital
    site         TEXT NOT NULL,
    pseudonym    TEXT NOT NULL,
    family       TEXT NOT NULL, -- sealed
    given        TEXT, -- sealed
    birth_date   TEXT NOT NULL, -- sealed
    sex          TEXT NOT NULL,
    source       TEXT,
    event        TEXT NOT NULL, -- that holds the data as they are now
    named        TEXT NOT NULL, -- that last said name, birth date and numbers
    corrected    INTEGER,       -- when it did so anew
    enrolled     INTEGER NOT NULL,
    erasure      TEXT,    -- request that waits or was followed
    erasure_by   TEXT,    -- the actor who asked
    erasure_at   INTEGER,
    erasure_event  TEXT, -- that holds the request and its signature
    erasure_reason TEXT, -- sealed for that event
    erased       INTEGER, -- when it was ordered; the key is destroyed at once
    erased_by    TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS order_patient_erased ON order_patient (patient) WHERE erased IS NOT NULL;
CREATE INDEX IF NOT EXISTS order_patient_pseudonym ON order_patient (pseudonym);
CREATE INDEX IF NOT EXISTS order_patient_site
    ON order_patient (organisation, site, enrolled, patient);
CREATE INDEX IF NOT EXISTS order_patient_site_pseudonym
    ON order_patient (organisation, site, pseudonym, patient);

CREATE TABLE IF NOT EXISTS order_identifier (
    patient TEXT NOT NULL,
    number  INTEGER NOT NULL, -- place in the event's list, from 0
    system  TEXT NOT NULL,
    value   TEXT NOT NULL, -- sealed
    PRIMARY KEY (patient, number)
) STRICT;

CREATE TABLE IF NOT EXISTS order_condition (
    patient TEXT NOT NULL,
    number  INTEGER NOT NULL,
    system  TEXT NOT NULL,
    code    TEXT NOT NULL,
    title   TEXT,
    since   TEXT,
    PRIMARY KEY (patient, number)
) STRICT;

-- One row an order, from its prescription on. How it runs (held, ended) is flow's to say.
CREATE TABLE IF NOT EXISTS order_order (
    order_id         TEXT NOT NULL PRIMARY KEY,
    patient          TEXT NOT NULL,
    coi              TEXT, -- once placed
    organisation     TEXT NOT NULL,
    site             TEXT NOT NULL,
    product          TEXT NOT NULL,
    product_version  INTEGER NOT NULL,
    indication       TEXT NOT NULL,
    jurisdiction     TEXT NOT NULL,
    regime           TEXT NOT NULL,
    weight           TEXT NOT NULL,
    dose             TEXT NOT NULL,
    dose_rule        TEXT NOT NULL,
    state            TEXT NOT NULL, -- prescribed, placed
    workflow         TEXT,
    workflow_version INTEGER,
    prescribed       INTEGER NOT NULL,
    prescriber       TEXT NOT NULL, -- the actor
    placed           INTEGER
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS order_order_coi ON order_order (coi);
CREATE INDEX IF NOT EXISTS order_order_site ON order_order (organisation, site, placed, order_id);
CREATE INDEX IF NOT EXISTS order_order_patient ON order_order (patient, prescribed);

CREATE TABLE IF NOT EXISTS order_date (
    order_id TEXT NOT NULL,
    what     TEXT NOT NULL,
    planned  INTEGER NOT NULL,
    PRIMARY KEY (order_id, what)
) STRICT;
