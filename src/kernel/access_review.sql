-- find (organisation ID) -> (due TIME, every_days INT, opened TIME, overdue BOOL,
--                            last_signed TIME, last_signer TEXT, last_due TIME, signed_to TEXT,
--                            last_void BOOL)
SELECT due, every_days, opened, overdue, last_signed, last_signer, last_due, signed_to, last_void
FROM access_review WHERE organisation = :organisation;

-- held (account ID, role CODE, organisation ID, site ID, product CODE, now INT) -> (given TIME)
SELECT given FROM auth_account_role
WHERE account = :account AND role = :role AND organisation = :organisation
  AND site = COALESCE(:site, '') AND product = COALESCE(:product, '') AND until_us > :now;

-- unjudged (organisation ID, due TIME, now INT) -> (n INT)
-- Rights that stand and of which nothing was said in this round since they were given.
SELECT count(*) AS n FROM auth_account_role r
WHERE r.organisation = :organisation AND r.until_us > :now
  AND NOT EXISTS (SELECT 1 FROM access_review_verdict v
                  WHERE v.organisation = r.organisation AND v.due = :due AND v.account = r.account
                    AND v.role = r.role AND v.site = r.site AND v.product = r.product
                    AND v.judged >= r.given);

-- counts (organisation ID, due TIME) -> (kept INT, removed INT)
SELECT CAST(COALESCE(sum(keep), 0) AS BIGINT) AS kept,
       CAST(COALESCE(sum(1 - keep), 0) AS BIGINT) AS removed
FROM access_review_verdict WHERE organisation = :organisation AND due = :due;

-- verdicts (organisation ID, due TIME, signed_to TEXT) -> (account ID, role CODE, site ID,
--     product CODE, keep BOOL, place TEXT)
-- By person, from where it is signed on: a part and one more.
SELECT account, role, NULLIF(site, '') AS site, NULLIF(product, '') AS product, keep, place
FROM access_review_verdict
WHERE organisation = :organisation AND due = :due AND place > COALESCE(:signed_to, '')
ORDER BY place LIMIT 301;

-- rest (organisation ID, due TIME, signed_to TEXT) -> (n INT)
SELECT count(*) AS n FROM access_review_verdict
WHERE organisation = :organisation AND due = :due AND place > COALESCE(:signed_to, '');

-- list (organisation ID, due TIME, now INT, at_site TEXT) -> (account ID, name TEXT, login TEXT, role CODE,
--     site ID, product CODE, from_us TIME, until_us TIME, given TIME, given_by TEXT, judged TIME,
--     judged_by TEXT)
-- Rights that stand, by person, and who kept them in this round; or (at_site given) those at one
-- site alone.
SELECT a.account, a.name, a.login, r.role, NULLIF(r.site, '') AS site,
       NULLIF(r.product, '') AS product, NULLIF(r.from_us, 0) AS from_us,
       NULLIF(r.until_us, 9223372036854775807) AS until_us, r.given, r.given_by, v.judged,
       v.judged_by
FROM auth_account_role r
JOIN auth_account a ON a.account = r.account
LEFT JOIN access_review_verdict v
    ON v.organisation = r.organisation AND v.due = :due AND v.account = r.account
   AND v.role = r.role AND v.site = r.site AND v.product = r.product AND v.judged >= r.given
WHERE r.organisation = :organisation AND r.until_us > :now
  AND (CAST(:at_site AS TEXT) IS NULL OR (r.site <> '' AND r.site = :at_site))
ORDER BY v.judged IS NOT NULL, a.name, a.account, r.role, r.site, r.product LIMIT 1000;

-- plan (organisation ID, due TIME, every_days INT)
INSERT INTO access_review (organisation, due, every_days, overdue)
VALUES (:organisation, :due, :every_days, 0)
ON CONFLICT (organisation) DO UPDATE
SET due = excluded.due, every_days = excluded.every_days, opened = NULL, overdue = 0,
    signed_to = NULL;

-- open (organisation ID, opened TIME)
UPDATE access_review SET opened = :opened WHERE organisation = :organisation;

-- overdue (organisation ID)
UPDATE access_review SET overdue = 1 WHERE organisation = :organisation;

-- judge (organisation ID, due TIME, account ID, role CODE, site ID, product CODE, keep BOOL,
--        judged TIME, judged_by TEXT)
INSERT INTO access_review_verdict (organisation, due, account, role, site, product, place, keep,
                                   judged, judged_by)
VALUES (:organisation, :due, :account, :role, COALESCE(:site, ''), COALESCE(:product, ''),
        :account || ' ' || :role || ' ' || COALESCE(:site, '') || ' ' || COALESCE(:product, ''),
        :keep, :judged, :judged_by)
ON CONFLICT (organisation, due, account, role, site, product) DO UPDATE
SET keep = excluded.keep, judged = excluded.judged, judged_by = excluded.judged_by;

-- take_back (organisation ID, account ID, due TIME)
-- What was said of this person's rights is no longer what was signed: to before them.
UPDATE access_review
SET signed_to = (SELECT max(v.place) FROM access_review_verdict v
                 WHERE v.organisation = :organisation AND v.due = :due AND v.account < :account)
WHERE organisation = :organisation AND due = :due AND signed_to >= :account;

-- sign_part (organisation ID, signed_to TEXT)
UPDATE access_review SET signed_to = :signed_to WHERE organisation = :organisation;

-- sign (organisation ID, next TIME, at TIME, signer TEXT)
UPDATE access_review
SET last_due = due, due = :next, opened = NULL, overdue = 0, last_signed = :at,
    last_signer = :signer, signed_to = NULL, last_void = 0
WHERE organisation = :organisation;

-- signature_add (signature ID, organisation ID, due TIME)
INSERT INTO access_review_signature (signature, organisation, due)
VALUES (:signature, :organisation, :due);

-- signature (signature ID) -> (organisation ID, due TIME)
SELECT organisation, due FROM access_review_signature WHERE signature = :signature;

-- unsign_part (organisation ID, due TIME)
UPDATE access_review SET signed_to = NULL WHERE organisation = :organisation AND due = :due;

-- unsign (organisation ID)
UPDATE access_review SET last_void = 1 WHERE organisation = :organisation;

-- again (organisation ID, due TIME)
UPDATE access_review SET due = :due, opened = NULL, overdue = 0, signed_to = NULL
WHERE organisation = :organisation;
