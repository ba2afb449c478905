-- find (job ID) -> (
--     job ID, kind CODE, organisation ID, site ID, owner TEXT, queued TIME, state CODE, input JSON,
--     result JSON, code CODE, tries INT, ended TIME, ended_by TEXT)
SELECT job, kind, organisation, site, owner, queued, state, input, result, code, tries, ended,
       ended_by
FROM job WHERE job = :job;

-- list (organisation ID, owner TEXT) -> (
--     job ID, kind CODE, site ID, owner TEXT, queued TIME, state CODE, result JSON, code CODE,
--     tries INT, ended TIME, runner CODE, failed INT, due TIME, failure CODE, done INT, total INT)
-- Of an organisation, or (owner given) one person's own: what waits or runs first, then the newest;
-- each with its lease.
SELECT j.job, j.kind, j.site, j.owner, j.queued, j.state, j.result, j.code, j.tries, j.ended,
       l.runner, l.tries AS failed, l.due, l.code AS failure, l.done, l.total
FROM job j LEFT JOIN lease l ON l.queue = 'job' AND l.item = j.job
WHERE j.organisation = :organisation AND (CAST(:owner AS TEXT) IS NULL OR j.owner = :owner)
ORDER BY j.state <> 'queued', j.queued DESC, j.job LIMIT 100;

-- next (now TIME, latest TIME, most INT) -> (job ID, kind CODE, input JSON, tries INT)
-- What may be taken: free or left behind, and due (or due later than any wait: the clock was set
-- back).
SELECT j.job, j.kind, j.input, COALESCE(l.tries, 0) AS tries
FROM job j LEFT JOIN lease l ON l.queue = 'job' AND l.item = j.job
WHERE j.state = 'queued'
  AND (l.item IS NULL OR ((l.runner IS NULL OR l.expires <= :now)
                          AND (l.due <= :now OR l.due > :latest)))
ORDER BY j.queued, j.job LIMIT :most;

-- due () -> (due TIME)
-- When the next is due or its lease expires.
SELECT COALESCE(CASE WHEN l.runner IS NULL THEN l.due ELSE l.expires END, 0) AS due
FROM job j LEFT JOIN lease l ON l.queue = 'job' AND l.item = j.job
WHERE j.state = 'queued' ORDER BY due LIMIT 1;

-- queue (job ID, kind CODE, organisation ID, site ID, owner TEXT, queued TIME, input JSON)
INSERT INTO job (job, kind, organisation, site, owner, queued, state, input, tries)
VALUES (:job, :kind, :organisation, :site, :owner, :queued, 'queued', :input, 0);

-- end (job ID, state CODE, result JSON, code CODE, tries INT, ended TIME, ended_by TEXT)
UPDATE job SET state = :state, result = :result, code = :code, tries = tries + :tries,
               ended = :ended, ended_by = :ended_by
WHERE job = :job;

-- again (job ID)
UPDATE job SET state = 'queued', code = NULL, ended = NULL, ended_by = NULL WHERE job = :job;

-- free (runner CODE)
-- At start: what this runner held when it died is free.
UPDATE lease SET runner = NULL, expires = 0 WHERE runner = :runner AND queue = 'job';

-- tidy ()
-- Leases of jobs that are over.
DELETE FROM lease WHERE queue = 'job' AND item IN (SELECT job FROM job WHERE state <> 'queued');
