-- Statements of the ledger. Only ledger.c writes these tables.

-- head (stream TEXT) -> (key TEXT, version INT, hash BLOB)
SELECT key, version, hash FROM ledger_head WHERE stream = :stream;

-- version (stream TEXT) -> (version INT)
SELECT version FROM ledger_head WHERE stream = :stream;

-- head_set (stream TEXT, key TEXT, version INT, hash BLOB)
INSERT INTO ledger_head (stream, key, version, hash) VALUES (:stream, :key, :version, :hash)
ON CONFLICT (stream) DO UPDATE SET version = excluded.version, hash = excluded.hash;

-- append (seq INT, key TEXT, stream TEXT, version INT, leaf TEXT)
INSERT INTO ledger_event (seq, key, stream, version, leaf)
VALUES (:seq, :key, :stream, :version, :leaf);

-- last () -> (seq INT)
SELECT max(seq) AS seq FROM ledger_event;

-- written (first INT) -> (seq INT, key TEXT, stream TEXT, version INT, leaf TEXT, later INT,
--   head_version INT, head_hash BLOB)
-- The newest events as they are stored, each beside its stream's head, and whether it has one after.
SELECT e.seq AS seq, e.key AS key, e.stream AS stream, e.version AS version, e.leaf AS leaf,
    (SELECT count(*) FROM ledger_event n
     WHERE n.key = e.key AND n.stream = e.stream AND n.version = e.version + 1) AS later,
    h.version AS head_version, h.hash AS head_hash
FROM ledger_event e LEFT JOIN ledger_head h ON h.stream = e.stream AND h.key = e.key
WHERE e.seq >= :first ORDER BY e.seq;

-- read (first INT, max INT) -> (seq INT, leaf TEXT)
SELECT seq, leaf FROM ledger_event WHERE seq >= :first ORDER BY seq LIMIT :max;

-- read_stream (stream TEXT, first INT, max INT) -> (seq INT, leaf TEXT)
SELECT e.seq AS seq, e.leaf AS leaf
FROM ledger_head h JOIN ledger_event e ON e.key = h.key AND e.stream = h.stream
WHERE h.stream = :stream AND e.version >= :first ORDER BY e.version LIMIT :max;

-- read_key (key TEXT, before INT, max INT) -> (seq INT, leaf TEXT)
-- The inner query is answered by the index alone: only the leaves of one page are touched.
SELECT seq, leaf FROM ledger_event WHERE seq IN (
    SELECT seq FROM ledger_event WHERE key = :key AND seq < :before ORDER BY seq DESC LIMIT :max)
ORDER BY seq DESC;

-- read_key_on (key TEXT, after INT, max INT) -> (seq INT, leaf TEXT)
-- The same, from a place on.
SELECT seq, leaf FROM ledger_event WHERE seq IN (
    SELECT seq FROM ledger_event WHERE key = :key AND seq > :after ORDER BY seq LIMIT :max)
ORDER BY seq;

-- read_key_ahead (key TEXT, after INT, max INT) -> (seq INT, leaf TEXT, ahead TEXT)
-- The same with the leaf of the event ahead in the log, where it is not the row before.
SELECT e.seq AS seq, e.leaf AS leaf,
       CASE WHEN p.key <> :key OR p.seq <= :after THEN p.leaf END AS ahead
FROM ledger_event e LEFT JOIN ledger_event p ON p.seq = e.seq - 1
WHERE e.seq IN (
    SELECT seq FROM ledger_event WHERE key = :key AND seq > :after ORDER BY seq LIMIT :max)
ORDER BY e.seq;

-- tile (level INT, idx INT) -> (hashes BLOB)
SELECT hashes FROM ledger_tile WHERE level = :level AND idx = :idx;

-- tile_set (level INT, idx INT, hashes BLOB)
INSERT INTO ledger_tile (level, idx, hashes) VALUES (:level, :idx, :hashes)
ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes;

-- checkpoint () -> (size INT, note TEXT)
SELECT size, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1;

-- checkpoint_add (size INT, note TEXT)
INSERT INTO ledger_checkpoint (size, note) VALUES (:size, :note);

-- checkpoint_drop (below INT)
DELETE FROM ledger_checkpoint WHERE size < :below;

-- epoch () -> (number INT, vkey TEXT)
SELECT number, vkey FROM ledger_epoch ORDER BY number DESC LIMIT 1;

-- epoch_add (number INT, vkey TEXT)
INSERT INTO ledger_epoch (number, vkey) VALUES (:number, :vkey);

-- cosigned () -> (size INT, note TEXT)
SELECT size, note FROM ledger_cosigned WHERE one = 1;

-- cosigned_set (size INT, note TEXT)
INSERT INTO ledger_cosigned (one, size, note) VALUES (1, :size, :note)
ON CONFLICT (one) DO UPDATE SET size = excluded.size, note = excluded.note;

-- cosigned_clear ()
DELETE FROM ledger_cosigned;

-- checkpoint_clear ()
DELETE FROM ledger_checkpoint;

-- cut_streams (size INT) -> (key TEXT, stream TEXT, version INT)
-- Streams that have events from `size` on, each with the first version that goes.
SELECT key, stream, min(version) AS version FROM ledger_event
WHERE seq >= :size GROUP BY key, stream ORDER BY key, stream;

-- cut_last (key TEXT, stream TEXT, version INT) -> (leaf TEXT)
SELECT leaf FROM ledger_event WHERE key = :key AND stream = :stream AND version = :version;

-- cut_head (stream TEXT)
DELETE FROM ledger_head WHERE stream = :stream;

-- cut_events (size INT)
DELETE FROM ledger_event WHERE seq >= :size;

-- cut_tiles (level INT, idx INT)
DELETE FROM ledger_tile WHERE level = :level AND idx >= :idx;
