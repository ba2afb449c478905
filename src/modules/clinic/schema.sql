-- Bags of an order that were thawed or given: how far each has come. A bag that was discarded on
-- the way has ended in identity_unit; the row stays as it was.
CREATE TABLE IF NOT EXISTS clinic_bag (
    unit         TEXT NOT NULL PRIMARY KEY,
    order_id     TEXT NOT NULL,
    organisation TEXT NOT NULL,
    site         TEXT NOT NULL,
    thawed       INTEGER,
    thawed_by    TEXT, -- actor
    until        INTEGER, -- end of the post-thaw limit
    expired      INTEGER NOT NULL,
    given        INTEGER, -- when its infusion began
    given_by     TEXT,
    finished     INTEGER,
    finished_by  TEXT,
    volume       TEXT,
    safe         INTEGER,
    reaction     TEXT, -- sealed
    event        TEXT  -- that holds the reaction
) STRICT;
CREATE INDEX IF NOT EXISTS clinic_bag_order ON clinic_bag (order_id);
CREATE INDEX IF NOT EXISTS clinic_bag_clock ON clinic_bag (organisation, site, finished, until);
