-- simulation () -> (node ID)
SELECT node FROM sign_simulation ORDER BY node LIMIT 1;

-- simulation_begin (node ID, begun TIME)
INSERT INTO sign_simulation (node, begun) VALUES (:node, :begun) ON CONFLICT (node) DO NOTHING;

-- anyone () -> (account ID)
SELECT account FROM auth_account ORDER BY account LIMIT 1;

-- add (event ID, organisation ID, site TEXT, key TEXT, command CODE, kind CODE, id TEXT, place CODE,
--      version INT, meaning CODE, words TEXT, signer ID, name TEXT, strength CODE, time TIME,
--      text JSON)
INSERT INTO sign_signature (event, organisation, site, key, command, kind, id, place, version,
                            meaning, words, signer, name, strength, time, text)
VALUES (:event, :organisation, :site, :key, :command, :kind, :id, :place, :version, :meaning,
        :words, :signer, :name, :strength, :time, :text);

-- signature (event ID) -> (event ID, organisation ID, site TEXT, key TEXT, command CODE, kind CODE,
--     id TEXT, place CODE, version INT, meaning CODE, words TEXT, signer ID, name TEXT,
--     strength CODE, time TIME, text JSON, how CODE)
SELECT s.event, s.organisation, s.site, s.key, s.command, s.kind, s.id, s.place, s.version,
       s.meaning, s.words, s.signer, s.name, s.strength, s.time, s.text, v.how
FROM sign_signature s LEFT JOIN sign_void v ON v.signature = s.event
WHERE s.event = :event;

-- of (kind CODE, id TEXT) -> (event ID, organisation ID, site TEXT, place CODE, version INT,
--     meaning CODE, words TEXT, signer ID, name TEXT, strength CODE, time TIME, how CODE,
--     reason TEXT, reason_event ID)
-- Of one thing, the first first.
SELECT s.event, s.organisation, s.site, s.place, s.version, s.meaning, s.words, s.signer, s.name,
       s.strength, s.time, v.how, v.reason, v.event AS reason_event
FROM sign_signature s LEFT JOIN sign_void v ON v.signature = s.event
WHERE s.kind = :kind AND s.id = :id ORDER BY s.time, s.event LIMIT 200;

-- upon (id TEXT, signer ID, meaning CODE) -> (event ID)
-- A person's own signature upon a signature.
SELECT event FROM sign_signature
WHERE kind = 'signature' AND id = :id AND signer = :signer AND meaning = :meaning
ORDER BY time, event LIMIT 1;

-- void (signature ID, how CODE, event ID, at TIME, reason TEXT)
INSERT INTO sign_void (signature, how, event, at, reason)
VALUES (:signature, :how, :event, :at, :reason) ON CONFLICT (signature) DO NOTHING;
