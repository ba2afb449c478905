-- add (draft ID, kind CODE, name CODE, version INT, title TEXT, planned TIME, hash HASH, json JSON,
--      organisation ID, author TEXT, drafted TIME)
INSERT INTO draft_draft (draft, kind, name, version, title, planned, hash, json, organisation,
                         author, drafted, state, trial)
VALUES (:draft, :kind, :name, :version, :title, :planned, :hash, :json, :organisation, :author,
        :drafted, 'drafted', 'none');

-- act_add (draft ID, number INT, act CODE, actor TEXT, happened TIME, role CODE, passed BOOL,
--          input TEXT, report TEXT, reason TEXT, event ID)
INSERT INTO draft_act (draft, number, act, actor, happened, role, passed, input, report, reason,
                       event)
VALUES (:draft, :number, :act, :actor, :happened, :role, :passed, :input, :report, :reason, :event);

-- state (draft ID, state CODE)
UPDATE draft_draft SET state = :state WHERE draft = :draft;

-- accept (draft ID)
UPDATE draft_draft SET state = 'reviewed' WHERE draft = :draft AND state = 'drafted';

-- trial (draft ID, trial CODE)
UPDATE draft_draft SET trial = :trial WHERE draft = :draft;

-- release (draft ID, in_force TIME)
UPDATE draft_draft SET state = 'released', in_force = :in_force WHERE draft = :draft;

-- one (draft ID)
--   -> (draft ID, kind CODE, name CODE, version INT, title TEXT, planned TIME, hash HASH, json JSON,
--       organisation ID, author TEXT, drafted TIME, state CODE, trial CODE, in_force TIME)
SELECT draft, kind, name, version, title, planned, hash, json, organisation, author, drafted, state,
       trial, in_force
FROM draft_draft WHERE draft = :draft;

-- open (organisation ID, kind CODE, name CODE) -> (draft ID, author TEXT, state CODE)
-- The one that is on its way.
SELECT draft, author, state FROM draft_draft
WHERE organisation = :organisation AND kind = :kind AND name = :name
      AND state IN ('drafted', 'reviewed', 'approved')
ORDER BY drafted DESC LIMIT 1;

-- acts (draft ID)
--   -> (number INT, act CODE, actor TEXT, happened TIME, role CODE, passed BOOL, input TEXT,
--       report TEXT, reason TEXT, event ID)
SELECT number, act, actor, happened, role, passed, input, report, reason, event
FROM draft_act WHERE draft = :draft ORDER BY number LIMIT 500;

-- deciders (draft ID) -> (act CODE, actor TEXT, role CODE)
-- Whose signature stands: what was withdrawn or rejected counts no more.
SELECT a.act, a.actor, a.role
FROM draft_act a LEFT JOIN sign_void v ON v.signature = a.event
WHERE a.draft = :draft AND a.act IN ('accepted', 'approved') AND v.signature IS NULL
ORDER BY a.number LIMIT 200;

-- list (organisation ID, before TIME, before_draft ID, max INT)
--   -> (draft ID, kind CODE, name CODE, version INT, title TEXT, planned TIME, hash HASH,
--       author TEXT, drafted TIME, state CODE, trial CODE, in_force TIME)
-- Newest first, behind a time and an id.
SELECT draft, kind, name, version, title, planned, hash, author, drafted, state, trial, in_force
FROM draft_draft
WHERE organisation = :organisation AND (drafted, draft) < (:before, :before_draft)
ORDER BY drafted DESC, draft DESC LIMIT :max;

-- waiting (organisation ID)
--   -> (draft ID, kind CODE, name CODE, version INT, title TEXT, planned TIME, hash HASH,
--       author TEXT, drafted TIME, state CODE, trial CODE, in_force TIME)
-- What is on its way, oldest first.
SELECT draft, kind, name, version, title, planned, hash, author, drafted, state, trial, in_force
FROM draft_draft
WHERE organisation = :organisation AND state IN ('drafted', 'reviewed', 'approved')
ORDER BY drafted, draft LIMIT 200;
