CREATE TABLE IF NOT EXISTS job (
    job          TEXT NOT NULL PRIMARY KEY,
    kind         TEXT NOT NULL,
    organisation TEXT NOT NULL,
    site         TEXT,
    owner        TEXT NOT NULL, -- the actor who asked for it
    queued       INTEGER NOT NULL,
    state        TEXT NOT NULL, -- queued finished failed cancelled
    input        TEXT,
    result       TEXT,
    code         TEXT,          -- why it was given up
    tries        INTEGER NOT NULL,
    ended        INTEGER,
    ended_by     TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS job_waiting ON job (state, queued, job);
CREATE INDEX IF NOT EXISTS job_place ON job (organisation, queued, job);
