-- last () -> (seq INT, hash BLOB)
SELECT seq, hash FROM look_entry ORDER BY seq DESC LIMIT 1;

-- add (seq INT, subject TEXT, actor TEXT, organisation ID, leaf TEXT, hash BLOB)
INSERT INTO look_entry (seq, subject, actor, organisation, leaf, hash)
VALUES (:seq, :subject, :actor, :organisation, :leaf, :hash);

-- walk (after INT, most INT) -> (seq INT, leaf TEXT, hash BLOB)
SELECT seq, leaf, hash FROM look_entry WHERE seq > :after ORDER BY seq LIMIT :most;

-- at (seq INT) -> (hash BLOB)
SELECT hash FROM look_entry WHERE seq = :seq;

-- of_subject (subject TEXT, before INT, most INT) -> (seq INT, leaf TEXT)
SELECT seq, leaf FROM look_entry WHERE subject = :subject AND seq < :before
ORDER BY seq DESC LIMIT :most;

-- of_organisation (organisation TEXT, before INT, most INT) -> (seq INT, leaf TEXT)
SELECT seq, leaf FROM look_entry WHERE organisation = :organisation AND seq < :before
ORDER BY seq DESC LIMIT :most;

-- anchor_add (node CODE, sequence INT, count INT, head HASH, recorded TIME)
INSERT INTO look_anchor (node, sequence, count, head, recorded)
VALUES (:node, :sequence, :count, :head, :recorded);

-- anchor_last () -> (sequence INT, head HASH, recorded TIME)
SELECT sequence, head, recorded FROM look_anchor ORDER BY sequence DESC LIMIT 1;

-- anchors (after INT, most INT) -> (sequence INT, head HASH)
SELECT sequence, head FROM look_anchor WHERE sequence > :after ORDER BY sequence LIMIT :most;
