-- The enduring part of the database: what happened, and what proves it. Everything else is derived.
--
-- Events lie in the order of the log, which is the order of time: appending touches the last page.
-- The index tells a stream by its distribution key first, and holds a stream to one event a version.
CREATE TABLE IF NOT EXISTS ledger_event (
    seq INTEGER PRIMARY KEY, -- place in the log, from 0 without gaps
    key TEXT NOT NULL,       -- distribution key
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    leaf TEXT NOT NULL       -- canonical JSON, the very bytes that are hashed
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS ledger_event_stream ON ledger_event (key, stream, version);

-- Where a stream stands. Finds a stream whose key is not known, and spares the append a second
-- look at the leaf before.
CREATE TABLE IF NOT EXISTS ledger_head (
    stream TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    hash BLOB NOT NULL       -- leaf hash of the stream's last event
) STRICT, WITHOUT ROWID;

-- Tiles of 256 hashes. Of level 0 only full ones are kept, since the leaves stand beside them; of
-- each level above, the newest may be partial and grows.
CREATE TABLE IF NOT EXISTS ledger_tile (
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

-- The last signed checkpoint. It covers all before it, so that only one is kept.
CREATE TABLE IF NOT EXISTS ledger_checkpoint (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
) STRICT;

-- The newest checkpoint that as many witnesses cosigned as the configuration asks for, with their
-- cosignatures.
CREATE TABLE IF NOT EXISTS ledger_cosigned (
    one INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT;

-- Who signs this log: name+id+key. The name is the log's origin.
CREATE TABLE IF NOT EXISTS ledger_epoch (
    number INTEGER PRIMARY KEY,
    vkey TEXT NOT NULL
) STRICT;
