-- standing (vkey TEXT) -> (node ID, organisation ID, state CODE, witness TEXT)
SELECT node, organisation, state, witness FROM witness_standing WHERE vkey = :vkey;

-- stand (vkey TEXT, witness TEXT, node ID, organisation ID, state CODE, since TIME, size INT, says INT)
INSERT INTO witness_standing (vkey, witness, node, organisation, state, since, size, says)
VALUES (:vkey, :witness, :node, :organisation, :state, :since, :size, :says)
ON CONFLICT (vkey) DO UPDATE SET witness = excluded.witness, state = excluded.state,
    since = excluded.since, size = excluded.size, says = excluded.says;

-- contradict (number INT, vkey TEXT, witness TEXT, how CODE, at TIME, size INT, root HASH, says INT)
INSERT INTO witness_contradiction (number, vkey, witness, how, at, size, root, says)
VALUES (:number, :vkey, :witness, :how, :at, :size, :root, :says);

-- end (vkey TEXT, ended TIME, resolver TEXT)
UPDATE witness_contradiction SET ended = :ended, resolver = :resolver
WHERE vkey = :vkey AND ended IS NULL;

-- standing_contradictions () -> (n INT)
SELECT count(*) AS n FROM witness_standing WHERE state IN ('rolled_back', 'forked');

-- standings () -> (vkey TEXT, witness TEXT, node ID, organisation ID, state CODE, since TIME, size INT, says INT)
SELECT vkey, witness, node, organisation, state, since, size, says FROM witness_standing
ORDER BY witness, vkey LIMIT 100;

-- contradictions () -> (witness TEXT, vkey TEXT, how CODE, at TIME, size INT, root HASH, says INT, ended TIME,
--   resolver TEXT)
-- The newest first.
SELECT witness, vkey, how, at, size, root, says, ended, resolver FROM witness_contradiction
ORDER BY number DESC LIMIT 50;
