-- organisation (organisation ID) -> (organisation ID, name TEXT, kind CODE)
SELECT organisation, name, kind FROM auth_organisation WHERE organisation = :organisation;

-- site (site ID) -> (site ID, organisation ID, name TEXT, kind CODE, zone TEXT)
SELECT site, organisation, name, kind, zone FROM auth_site WHERE site = :site;

-- account (account ID) -> (account ID, organisation ID, login TEXT, name TEXT, closed BOOL,
--                          version INT)
SELECT account, organisation, login, name, closed, version
FROM auth_account WHERE account = :account;

-- login (login TEXT) -> (account ID, organisation ID, login TEXT, password TEXT,
--                        password_event ID, closed BOOL, version INT)
SELECT account, organisation, login, password, password_event, closed, version
FROM auth_account WHERE login = :login;

-- roles (account ID) -> (role CODE, organisation ID, site ID)
SELECT role, organisation, NULLIF(site, '') AS site
FROM auth_account_role WHERE account = :account
ORDER BY organisation, site, role;

-- sites (account ID) -> (site ID, name TEXT, organisation TEXT)
-- Where the account has a role, at the site itself or at all of its organisation's.
SELECT s.site, s.name, o.name AS organisation
FROM auth_site s JOIN auth_organisation o ON o.organisation = s.organisation
WHERE EXISTS (SELECT 1 FROM auth_account_role r
              WHERE r.account = :account AND r.organisation = s.organisation
                AND r.site IN ('', s.site))
ORDER BY o.name, s.name, s.site LIMIT 200;

-- works_at (account ID, site ID) -> (site ID)
SELECT s.site FROM auth_site s
WHERE s.site = :site
  AND EXISTS (SELECT 1 FROM auth_account_role r
              WHERE r.account = :account AND r.organisation = s.organisation
                AND r.site IN ('', s.site));

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

-- account_add (account ID, organisation ID, login TEXT, name TEXT, password TEXT,
--              password_event ID, version INT)
INSERT INTO auth_account (account, organisation, login, name, password, password_event, closed,
                          version)
VALUES (:account, :organisation, :login, :name, :password, :password_event, 0, :version);

-- account_password (account ID, password TEXT, password_event ID, version INT)
UPDATE auth_account
SET password = :password, password_event = :password_event, version = :version
WHERE account = :account;

-- account_close (account ID, version INT)
UPDATE auth_account SET closed = 1, version = :version WHERE account = :account;

-- account_version (account ID, version INT)
UPDATE auth_account SET version = :version WHERE account = :account;

-- role_add (account ID, role CODE, organisation ID, site ID)
INSERT INTO auth_account_role (account, role, organisation, site)
VALUES (:account, :role, :organisation, COALESCE(:site, ''))
ON CONFLICT (account, role, organisation, site) DO NOTHING;

-- role_remove (account ID, role CODE, organisation ID, site ID)
DELETE FROM auth_account_role
WHERE account = :account AND role = :role AND organisation = :organisation
  AND site = COALESCE(:site, '');

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
--               spent INT, enrolled TIME, used TIME, suspected TIME, expires TIME)
-- Those that hold.
SELECT credential, kind, event, name, secret, token, key, counter, digest, digests, scopes, spent,
       enrolled, used, suspected, expires
FROM auth_credential WHERE account = :account AND revoked IS NULL
ORDER BY kind, enrolled, credential LIMIT 100;

-- credential_digest (kind CODE, digest HASH) -> (credential ID, account ID, spent INT, expires TIME)
SELECT credential, account, spent, expires
FROM auth_credential WHERE kind = :kind AND digest = :digest AND revoked IS NULL;

-- credential_token (token TEXT) -> (credential ID, account ID)
SELECT credential, account FROM auth_credential WHERE token = :token AND revoked IS NULL;

-- credential_add (credential ID, account ID, kind CODE, event ID, name TEXT, secret TEXT,
--                 token TEXT, key TEXT, counter INT, digest HASH, digests TEXT, scopes TEXT,
--                 enrolled TIME, expires TIME)
INSERT INTO auth_credential (credential, account, kind, event, name, secret, token, key, counter,
                             digest, digests, scopes, spent, enrolled, expires)
VALUES (:credential, :account, :kind, :event, :name, :secret, :token, :key, :counter,
        :digest, :digests, :scopes, 0, :enrolled, :expires);

-- credential_spend (credential ID, spent INT, counter INT, used TIME)
UPDATE auth_credential
SET spent = :spent, counter = COALESCE(:counter, counter), used = :used
WHERE credential = :credential;

-- credential_suspect (credential ID, suspected TIME)
UPDATE auth_credential SET suspected = :suspected WHERE credential = :credential;

-- credential_revoke (credential ID, revoked TIME)
UPDATE auth_credential SET revoked = :revoked, secret = NULL WHERE credential = :credential;

-- all_sites () -> (site ID, organisation ID, name TEXT, kind CODE, organisation_name TEXT)
-- Of all organisations: who may take part in an order.
SELECT s.site, s.organisation, s.name, s.kind, o.name AS organisation_name
FROM auth_site s JOIN auth_organisation o ON o.organisation = s.organisation
ORDER BY s.name, s.site LIMIT 200;

-- anybody () -> (account ID)
-- Whether there are people yet.
SELECT account FROM auth_account LIMIT 1;
