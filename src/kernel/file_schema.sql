-- Files that events name; the contents lie in F.files.
CREATE TABLE IF NOT EXISTS file_row (
    file         TEXT NOT NULL PRIMARY KEY,
    kind         TEXT NOT NULL, -- of the thing it belongs to
    belongs      TEXT NOT NULL, -- its id
    hash         TEXT NOT NULL, -- of the sealed bytes
    size         INTEGER NOT NULL,
    sealed_size  INTEGER NOT NULL,
    type         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    name         TEXT NOT NULL, -- sealed
    event_id     TEXT NOT NULL, -- that it was sealed for
    organisation TEXT NOT NULL,
    stored       INTEGER NOT NULL,
    stored_by    TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS file_row_belongs ON file_row (kind, belongs, stored);
CREATE INDEX IF NOT EXISTS file_row_hash ON file_row (hash);
