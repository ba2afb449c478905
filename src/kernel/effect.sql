-- find (effect ID) -> (
--     effect ID, policy CODE, key TEXT, sequence INT, event CODE, organisation ID, site TEXT,
--     code CODE, tries INT, deaths INT, died TIME, state CODE, decided TIME, decided_by TEXT)
SELECT effect, policy, key, sequence, event, organisation, site, code, tries, deaths, died, state,
       decided, decided_by
FROM effect WHERE effect = :effect;

-- list (organisation ID, site TEXT) -> (
--     effect ID, policy CODE, key TEXT, sequence INT, event CODE, organisation ID, site TEXT,
--     code CODE, tries INT, deaths INT, died TIME, state CODE, decided TIME, decided_by TEXT)
-- Of an organisation, or (site given) of one site of it: dead ones first, then the newest.
SELECT effect, policy, key, sequence, event, organisation, site, code, tries, deaths, died, state,
       decided, decided_by
FROM effect
WHERE organisation = :organisation AND (CAST(:site AS TEXT) IS NULL OR site = :site)
ORDER BY state <> 'dead', died DESC, effect LIMIT 200;

-- die (effect ID, policy CODE, key TEXT, sequence INT, event CODE, organisation ID, site TEXT,
--      code CODE, tries INT, died TIME)
INSERT INTO effect (effect, policy, key, sequence, event, organisation, site, code, tries, deaths,
                    died, state)
VALUES (:effect, :policy, :key, :sequence, :event, :organisation, :site, :code, :tries, 1, :died,
        'dead')
ON CONFLICT (effect) DO UPDATE SET
    code = excluded.code, tries = effect.tries + excluded.tries, deaths = effect.deaths + 1,
    died = excluded.died, state = 'dead', decided = NULL, decided_by = NULL;

-- decide (effect ID, state CODE, decided TIME, decided_by TEXT)
UPDATE effect SET state = :state, decided = :decided, decided_by = :decided_by
WHERE effect = :effect;

-- mend (effect ID, body TEXT, body_event ID)
UPDATE effect SET body = :body, body_event = :body_event WHERE effect = :effect;
