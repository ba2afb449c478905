-- What was noted at each site.
CREATE TABLE IF NOT EXISTS @name@_entry (
    site         TEXT NOT NULL,
    number       INTEGER NOT NULL, -- version of the stream
    organisation TEXT NOT NULL,
    text         TEXT NOT NULL,
    noted        INTEGER NOT NULL,
    actor        TEXT NOT NULL,
    PRIMARY KEY (site, number)
) STRICT;
CREATE INDEX IF NOT EXISTS @name@_entry_place ON @name@_entry (organisation, noted);
