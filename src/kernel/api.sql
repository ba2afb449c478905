-- scan (first INT, max INT) -> (seq INT, key TEXT)
-- Events by their place in the log, without what they say: what concerns nobody who asks is passed
-- over unread.
SELECT seq, key FROM ledger_event WHERE seq >= :first ORDER BY seq LIMIT :max;

-- end () -> (seq INT)
SELECT max(seq) AS seq FROM ledger_event;
