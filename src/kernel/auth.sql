-- organisation (organisation ID) -> (organisation ID, name TEXT, kind CODE)
SELECT organisation, name, kind FROM auth_organisation WHERE organisation = :organisation;

-- site (site ID) -> (site ID, organisation ID, name TEXT, kind CODE, zone TEXT, phone TEXT,
--                    phone_later TEXT, address TEXT, latitude DECIMAL, longitude DECIMAL)
SELECT site, organisation, name, kind, zone, phone, phone_later, address, latitude, longitude
FROM auth_site WHERE site = :site;

-- account (account ID) -> (account ID, organisation ID, kind CODE, login TEXT, name TEXT,
--                          closed BOOL, sanctioned TIME, version INT)
SELECT account, organisation, kind, login, name, closed, sanctioned, version
FROM auth_account WHERE account = :account;

-- login (login TEXT) -> (account ID, organisation ID, login TEXT, password TEXT,
--                        password_event ID, closed BOOL, version INT)
SELECT account, organisation, login, password, password_event, closed, version
FROM auth_account WHERE login = :login;

-- roles (account ID) -> (role CODE, organisation ID, site ID, product CODE, from_us INT,
--                        until_us INT)
SELECT role, organisation, NULLIF(site, '') AS site, NULLIF(product, '') AS product, from_us,
       until_us
FROM auth_account_role WHERE account = :account
ORDER BY organisation, site, role, product;

-- sites (account ID, now INT) -> (site ID, name TEXT, organisation TEXT)
-- Where the account has a role now, at the site itself or at all of its organisation's, or a right
-- lent in an emergency.
SELECT s.site, s.name, o.name AS organisation
FROM auth_site s JOIN auth_organisation o ON o.organisation = s.organisation
WHERE EXISTS (SELECT 1 FROM auth_account_role r
              WHERE r.account = :account AND r.organisation = s.organisation
                AND r.site IN ('', s.site) AND :now >= r.from_us AND :now < r.until_us)
   OR EXISTS (SELECT 1 FROM auth_emergency x
              WHERE x.account = :account AND x.site = s.site AND x.ended IS NULL
                AND :now < x.until_us)
ORDER BY o.name, s.name, s.site LIMIT 200;

-- works_at (account ID, site ID, now INT) -> (site ID)
SELECT s.site FROM auth_site s
WHERE s.site = :site
  AND (EXISTS (SELECT 1 FROM auth_account_role r
               WHERE r.account = :account AND r.organisation = s.organisation
                 AND r.site IN ('', s.site) AND :now >= r.from_us AND :now < r.until_us)
       OR EXISTS (SELECT 1 FROM auth_emergency x
                  WHERE x.account = :account AND x.site = s.site AND x.ended IS NULL
                    AND :now < x.until_us));

-- session (session ID) -> (session ID, account ID, organisation ID, closed TIME, locked TIME)
SELECT x.session, x.account, a.organisation, x.closed, x.locked
FROM auth_session x JOIN auth_account a ON a.account = x.account
WHERE x.session = :session;

-- token (token HASH) -> (session ID, account ID, organisation ID, person TEXT, login TEXT, site ID,
--                        site_name TEXT, site_organisation ID, zone TEXT, opened TIME,
--                        expires TIME, closed TIME, version INT, account_version INT,
--                        strength CODE, station ID, period INT, locked TIME, device HASH)
SELECT x.session, x.account, a.organisation, a.name AS person, a.login, x.site,
       s.name AS site_name, s.organisation AS site_organisation, s.zone, x.opened, x.expires,
       x.closed, x.account_version AS version, a.version AS account_version, x.strength, x.station,
       x.period, x.locked, x.device
FROM auth_session x
JOIN auth_account a ON a.account = x.account
LEFT JOIN auth_site s ON s.site = x.site
WHERE x.token = :token;

-- organisation_add (organisation ID, name TEXT, kind CODE)
INSERT INTO auth_organisation (organisation, name, kind) VALUES (:organisation, :name, :kind);

-- site_add (site ID, organisation ID, name TEXT, kind CODE, zone TEXT)
INSERT INTO auth_site (site, organisation, name, kind, zone)
VALUES (:site, :organisation, :name, :kind, :zone);

-- site_describe (site ID, phone TEXT, phone_later TEXT, address TEXT, latitude DECIMAL,
--                longitude DECIMAL)
UPDATE auth_site
SET phone = :phone, phone_later = :phone_later, address = :address, latitude = :latitude,
    longitude = :longitude
WHERE site = :site;

-- account_add (account ID, organisation ID, kind CODE, login TEXT, name TEXT, password TEXT,
--              password_event ID, version INT)
INSERT INTO auth_account (account, organisation, kind, login, name, password, password_event,
                          closed, version)
VALUES (:account, :organisation, :kind, :login, :name, :password, :password_event, 0, :version);

-- account_password (account ID, password TEXT, password_event ID, version INT)
UPDATE auth_account
SET password = :password, password_event = :password_event, version = :version
WHERE account = :account;

-- account_close (account ID, version INT)
UPDATE auth_account SET closed = 1, version = :version WHERE account = :account;

-- account_version (account ID, version INT)
UPDATE auth_account SET version = :version WHERE account = :account;

-- role_add (account ID, role CODE, organisation ID, site ID, product CODE, from_us INT,
--           until_us INT, given TIME, given_by TEXT)
INSERT INTO auth_account_role (account, role, organisation, site, product, from_us, until_us,
                               given, given_by)
VALUES (:account, :role, :organisation, COALESCE(:site, ''), COALESCE(:product, ''), :from_us,
        :until_us, :given, :given_by)
ON CONFLICT (account, role, organisation, site, product) DO UPDATE
SET from_us = excluded.from_us, until_us = excluded.until_us, given = excluded.given,
    given_by = excluded.given_by;

-- role_remove (account ID, role CODE, organisation ID, site ID, product CODE)
DELETE FROM auth_account_role
WHERE account = :account AND role = :role AND organisation = :organisation
  AND site = COALESCE(:site, '') AND product = COALESCE(:product, '');

-- account_sanction (account ID, at TIME, by ID, how CODE, version INT)
UPDATE auth_account
SET sanctioned = :at, sanctioned_by = :by, sanctioned_how = :how, version = :version
WHERE account = :account;

-- account_reopen (account ID, version INT)
UPDATE auth_account SET closed = 0, version = :version WHERE account = :account;

-- roles_drop (account ID)
DELETE FROM auth_account_role WHERE account = :account;

-- session_open (session ID, account ID, account_version INT, token HASH, site ID, opened TIME,
--               expires TIME, strength CODE, device HASH, browser CODE, event ID, address TEXT,
--               station ID, period INT)
INSERT INTO auth_session (session, account, account_version, token, site, opened, expires, strength,
                          device, browser, event, address, station, period)
VALUES (:session, :account, :account_version, :token, :site, :opened, :expires, :strength,
        :device, :browser, :event, :address, :station, :period);

-- session_close (session ID, closed TIME, why CODE)
UPDATE auth_session SET closed = :closed, why = :why WHERE session = :session;

-- session_lock (session ID, locked TIME)
UPDATE auth_session SET locked = :locked WHERE session = :session;

-- session_unlock (session ID, period INT)
UPDATE auth_session SET locked = NULL, period = :period WHERE session = :session;

-- device_known (device HASH, account ID, since TIME) -> (session ID)
-- The account signed in there with its password, not by taking over.
SELECT session FROM auth_session
WHERE device = :device AND account = :account AND opened >= :since AND station IS NULL LIMIT 1;

-- account_sessions (account ID, now TIME) -> (session ID, site_name TEXT, opened TIME,
--                   expires TIME, strength CODE, browser CODE, event ID, address TEXT, locked TIME)
-- Those that are open, newest first.
SELECT x.session, s.name AS site_name, x.opened, x.expires, x.strength, x.browser, x.event,
       x.address, x.locked
FROM auth_session x
JOIN auth_account a ON a.account = x.account
LEFT JOIN auth_site s ON s.site = x.site
WHERE x.account = :account AND x.closed IS NULL AND x.account_version = a.version
  AND x.expires > :now
ORDER BY x.opened DESC, x.session LIMIT 50;

-- credential (credential ID) -> (credential ID, account ID, kind CODE, counter INT, spent INT,
--                                expires TIME, revoked TIME)
SELECT credential, account, kind, counter, spent, expires, revoked
FROM auth_credential WHERE credential = :credential;

-- credentials (account ID) -> (credential ID, kind CODE, event ID, name TEXT, secret TEXT,
--               token TEXT, key TEXT, counter INT, digest HASH, digests TEXT, scopes TEXT,
--               site ID, site_name TEXT, spent INT, enrolled TIME, used TIME, suspected TIME,
--               expires TIME)
-- Those that hold.
SELECT c.credential, c.kind, c.event, c.name, c.secret, c.token, c.key, c.counter, c.digest,
       c.digests, c.scopes, c.site, s.name AS site_name, c.spent, c.enrolled, c.used, c.suspected,
       c.expires
FROM auth_credential c
LEFT JOIN auth_site s ON s.site = c.site
WHERE c.account = :account AND c.revoked IS NULL
ORDER BY c.kind, c.enrolled, c.credential LIMIT 100;

-- credential_digest (kind CODE, digest HASH) -> (credential ID, account ID, spent INT, expires TIME)
SELECT credential, account, spent, expires
FROM auth_credential WHERE kind = :kind AND digest = :digest AND revoked IS NULL;

-- credential_token (token TEXT) -> (credential ID, account ID)
SELECT credential, account FROM auth_credential WHERE token = :token AND revoked IS NULL;

-- credential_add (credential ID, account ID, kind CODE, event ID, name TEXT, secret TEXT,
--                 token TEXT, key TEXT, counter INT, digest HASH, digests TEXT, scopes TEXT,
--                 site ID, enrolled TIME, expires TIME)
INSERT INTO auth_credential (credential, account, kind, event, name, secret, token, key, counter,
                             digest, digests, scopes, site, spent, enrolled, expires)
VALUES (:credential, :account, :kind, :event, :name, :secret, :token, :key, :counter,
        :digest, :digests, :scopes, :site, 0, :enrolled, :expires);

-- credential_spend (credential ID, spent INT, counter INT, used TIME)
-- Of a PIN: its owner has signed in fully, and it works again.
UPDATE auth_credential
SET spent = :spent, counter = COALESCE(:counter, counter), used = :used,
    suspected = CASE WHEN kind = 'pin' THEN NULL ELSE suspected END
WHERE credential = :credential;

-- pin_spent (account ID) -> (credential ID, organisation ID, spent INT)
-- The account's PIN, where it was wrong too often since; and how often it was before.
SELECT c.credential, a.organisation, c.spent
FROM auth_credential c JOIN auth_account a ON a.account = c.account
WHERE c.account = :account AND c.kind = 'pin' AND c.revoked IS NULL AND c.suspected IS NOT NULL;

-- credential_suspect (credential ID, suspected TIME)
UPDATE auth_credential SET suspected = :suspected WHERE credential = :credential;

-- credential_revoke (credential ID, revoked TIME)
UPDATE auth_credential SET revoked = :revoked, secret = NULL WHERE credential = :credential;

-- all_sites (organisation ID) -> (site ID, organisation ID, name TEXT, kind CODE,
--                                 organisation_name TEXT)
-- Of an organisation; absent: of all, who may take part in an order.
SELECT s.site, s.organisation, s.name, s.kind, o.name AS organisation_name
FROM auth_site s JOIN auth_organisation o ON o.organisation = s.organisation
WHERE CAST(:organisation AS TEXT) IS NULL OR s.organisation = :organisation
ORDER BY s.name, s.site LIMIT 200;

-- described (organisation ID) -> (site ID, organisation ID, name TEXT, kind CODE, zone TEXT,
--     phone TEXT, phone_later TEXT, address TEXT, latitude DECIMAL, longitude DECIMAL)
SELECT site, organisation, name, kind, zone, phone, phone_later, address, latitude, longitude
FROM auth_site WHERE organisation = :organisation ORDER BY name, site LIMIT 200;

-- anybody () -> (account ID)
-- Whether there are people yet.
SELECT account FROM auth_account LIMIT 1;

-- emergencies (account ID) -> (emergency ID, role CODE, organisation ID, site ID, taken TIME,
--                              until_us TIME)
-- Of an account, that nobody ended.
SELECT emergency, role, organisation, site, taken, until_us FROM auth_emergency
WHERE account = :account AND ended IS NULL ORDER BY taken DESC, emergency LIMIT 8;

-- emergency (emergency ID) -> (emergency ID, account ID, role CODE, organisation ID, site ID,
--     taken TIME, until_us TIME, event ID, reason TEXT, ended TIME, how CODE, reviewed TIME,
--     reviewed_by TEXT, verdict CODE, review_event ID, conclusion TEXT)
SELECT emergency, account, role, organisation, site, taken, until_us, event, reason, ended, how,
       reviewed, reviewed_by, verdict, review_event, conclusion
FROM auth_emergency WHERE emergency = :emergency;

-- emergency_list (organisation ID, site ID) -> (emergency ID, account ID, role CODE,
--     organisation ID, site ID, taken TIME, until_us TIME, event ID, reason TEXT, ended TIME,
--     how CODE, reviewed TIME, reviewed_by TEXT, verdict CODE, review_event ID, conclusion TEXT)
-- Of an organisation, or one site of it: those not reviewed first, the newest first.
SELECT emergency, account, role, organisation, site, taken, until_us, event, reason, ended, how,
       reviewed, reviewed_by, verdict, review_event, conclusion
FROM auth_emergency
WHERE organisation = :organisation AND (CAST(:site AS TEXT) IS NULL OR site = :site)
ORDER BY reviewed IS NOT NULL, taken DESC, emergency LIMIT 200;

-- emergency_add (emergency ID, account ID, role CODE, organisation ID, site ID, taken TIME,
--                until_us TIME, event ID, reason TEXT)
INSERT INTO auth_emergency (emergency, account, role, organisation, site, taken, until_us, event,
                            reason)
VALUES (:emergency, :account, :role, :organisation, :site, :taken, :until_us, :event, :reason);

-- emergency_end (emergency ID, ended TIME, how CODE)
UPDATE auth_emergency SET ended = :ended, how = :how WHERE emergency = :emergency;

-- emergency_review (emergency ID, reviewed TIME, reviewed_by TEXT, verdict CODE, review_event ID,
--                   conclusion TEXT)
UPDATE auth_emergency
SET reviewed = :reviewed, reviewed_by = :reviewed_by, verdict = :verdict,
    review_event = :review_event, conclusion = :conclusion
WHERE emergency = :emergency;

-- emergency_unsign (emergency ID)
UPDATE auth_emergency
SET reviewed = NULL, reviewed_by = NULL, verdict = NULL, review_event = NULL, conclusion = NULL
WHERE emergency = :emergency;

-- emergency_signed (signature ID) -> (emergency ID)
-- Whose review this signature is.
SELECT emergency FROM auth_emergency WHERE review_event = :signature;

-- emergency_act_add (emergency TEXT, key TEXT, stream TEXT, version INT)
INSERT INTO auth_emergency_act (emergency, key, stream, version)
VALUES (:emergency, :key, :stream, :version);

-- emergency_acts (emergency ID) -> (at INT)
-- Places in the log, in its order.
SELECT e.seq AS at FROM auth_emergency_act a
JOIN ledger_event e ON e.key = a.key AND e.stream = a.stream AND e.version = a.version
WHERE a.emergency = :emergency ORDER BY e.seq LIMIT 1000;

-- emergency_acts_all (emergency ID) -> (n INT)
SELECT count(*) AS n FROM auth_emergency_act WHERE emergency = :emergency;

-- access (organisation ID, site ID, after ID, most INT) -> (account ID,
--     name TEXT, login TEXT, closed BOOL, sanctioned TIME, sanctioned_by ID, sanctioned_how CODE,
--     role CODE, site ID, product CODE, from_us TIME, until_us TIME, given TIME, given_by TEXT)
-- Who has which role in an organisation, or (site given) at one site of it: each right that has not
-- ended by itself, and accounts of it that have none. By name, behind the account `after`, so many
-- rows at most.
SELECT a.account, a.name, a.login, a.closed, a.sanctioned, a.sanctioned_by, a.sanctioned_how,
       r.role, NULLIF(r.site, '') AS site, NULLIF(r.product, '') AS product,
       NULLIF(r.from_us, 0) AS from_us, NULLIF(r.until_us, 9223372036854775807) AS until_us,
       r.given, r.given_by
FROM auth_account a
LEFT JOIN auth_account_role r ON r.account = a.account AND r.organisation = :organisation
WHERE (r.role IS NOT NULL OR (a.organisation = :organisation AND CAST(:site AS TEXT) IS NULL))
  AND (CAST(:site AS TEXT) IS NULL OR r.site IN ('', :site))
  AND (CAST(:after AS TEXT) IS NULL
       OR (a.name, a.account) > (SELECT x.name, x.account FROM auth_account x
                                 WHERE x.account = :after))
ORDER BY a.name, a.account, r.role, r.site, r.product LIMIT :most;

-- {accounts_of}
-- Of an organisation.
SELECT account, name, login, closed FROM auth_account WHERE organisation = :organisation;

-- accounts (organisation ID, id TEXT, most INT, start TEXT) -> (
--     account ID, name TEXT, login TEXT, closed BOOL)
-- By name, behind the account :id; on the first page, of which there is none, behind :start.
{accounts_of} AND (name, account) > (
    COALESCE((SELECT x.name FROM auth_account x WHERE x.account = :id), :start), :id)
ORDER BY name, account LIMIT :most;

-- accounts_back (organisation ID, id TEXT, most INT, start TEXT) -> (
--     account ID, name TEXT, login TEXT, closed BOOL)
{accounts_of} AND (name, account) < (
    COALESCE((SELECT x.name FROM auth_account x WHERE x.account = :id), :start), :id)
ORDER BY name DESC, account DESC LIMIT :most;

-- accounts_by_login (organisation ID, id TEXT, most INT, start TEXT) -> (
--     account ID, name TEXT, login TEXT, closed BOOL)
{accounts_of} AND login > COALESCE(
    (SELECT x.login FROM auth_account x WHERE x.account = :id), :start)
ORDER BY login LIMIT :most;

-- accounts_by_login_back (organisation ID, id TEXT, most INT, start TEXT) -> (
--     account ID, name TEXT, login TEXT, closed BOOL)
{accounts_of} AND login < COALESCE(
    (SELECT x.login FROM auth_account x WHERE x.account = :id), :start)
ORDER BY login DESC LIMIT :most;

-- guests (organisation ID, id TEXT, most INT) -> (
--     account ID, name TEXT, login TEXT, closed BOOL)
-- Accounts of others that have a role in the organisation, by their ids.
SELECT account, name, login, closed FROM auth_account
WHERE organisation <> :organisation AND account > :id
  AND account IN (SELECT r.account FROM auth_account_role r WHERE r.organisation = :organisation)
ORDER BY account LIMIT :most;

-- key (credential ID) -> (credential ID, account ID, organisation ID, person TEXT, login TEXT,
--      kind CODE, digest HASH, scopes TEXT, site ID, site_name TEXT, site_organisation ID,
--      zone TEXT, spent INT, expires TIME, revoked TIME, closed BOOL, version INT)
-- What a service account acts by, with its account and site.
SELECT c.credential, c.account, a.organisation, a.name AS person, a.login, c.kind, c.digest,
       c.scopes, c.site, s.name AS site_name, s.organisation AS site_organisation, s.zone, c.spent,
       c.expires, c.revoked, a.closed, a.version
FROM auth_credential c
JOIN auth_account a ON a.account = c.account
LEFT JOIN auth_site s ON s.site = c.site
WHERE c.credential = :credential AND c.kind IN ('key', 'certificate');

-- keys_end (account ID, revoked TIME)
UPDATE auth_credential SET revoked = :revoked
WHERE account = :account AND kind IN ('key', 'certificate') AND revoked IS NULL;
