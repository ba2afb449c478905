-- duty (duty ID) -> (duty ID, organisation ID, site ID, role CODE, account ID, from_us TIME,
--                    to_us TIME)
SELECT duty, organisation, site, role, account, from_us, to_us FROM rota_duty WHERE duty = :duty;

-- at (site ID, role CODE, at TIME) -> (account ID)
SELECT account FROM rota_duty
WHERE site = :site AND role = :role AND from_us <= :at AND to_us > :at
ORDER BY from_us DESC, duty LIMIT 1;

-- overlaps (site ID, role CODE, from_us TIME, to_us TIME) -> (duty ID)
SELECT duty FROM rota_duty
WHERE site = :site AND role = :role AND from_us < :to_us AND to_us > :from_us
ORDER BY from_us, duty LIMIT 1;

-- list (site ID, now TIME) -> (duty ID, role CODE, account ID, from_us TIME, to_us TIME)
-- Of a site, what has not ended, by role and time.
SELECT duty, role, account, from_us, to_us FROM rota_duty
WHERE site = :site AND to_us > :now ORDER BY role, from_us, duty LIMIT 200;

-- site (site ID) -> (organisation ID)
SELECT organisation FROM auth_site WHERE site = :site;

-- has_role (account ID, role CODE, organisation ID, site ID, now INT) -> (account ID)
SELECT r.account FROM auth_account_role r JOIN auth_account a ON a.account = r.account
WHERE r.account = :account AND r.role = :role AND r.organisation = :organisation
  AND r.site IN ('', :site) AND a.closed = 0 AND :now >= r.from_us AND :now < r.until_us
ORDER BY r.site LIMIT 1;

-- plan (duty ID, organisation ID, site ID, role CODE, account ID, from_us TIME, to_us TIME)
INSERT INTO rota_duty (duty, organisation, site, role, account, from_us, to_us)
VALUES (:duty, :organisation, :site, :role, :account, :from_us, :to_us);

-- hand_over (duty ID, next ID, account ID, at TIME)
INSERT INTO rota_duty (duty, organisation, site, role, account, from_us, to_us)
SELECT :next, organisation, site, role, :account, :at, to_us FROM rota_duty WHERE duty = :duty;

-- shorten (duty ID, at TIME)
UPDATE rota_duty SET to_us = :at WHERE duty = :duty;

-- withdraw (duty ID)
DELETE FROM rota_duty WHERE duty = :duty;

-- people (site ID, now INT) -> (account ID, name TEXT, role CODE)
-- Who holds which role at a site now.
SELECT DISTINCT a.account, a.name, r.role
FROM auth_site s JOIN auth_account_role r
    ON r.organisation = s.organisation AND r.site IN ('', s.site)
JOIN auth_account a ON a.account = r.account
WHERE s.site = :site AND a.closed = 0 AND :now >= r.from_us AND :now < r.until_us
ORDER BY r.role, a.name, a.account LIMIT 200;
