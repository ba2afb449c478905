-- organisation (organisation ID) -> (organisation ID, name TEXT, kind CODE)
SELECT organisation, name, kind FROM auth_organisation WHERE organisation = :organisation;

-- site (site ID) -> (site ID, organisation ID, name TEXT, kind CODE, zone TEXT)
SELECT site, organisation, name, kind, zone FROM auth_site WHERE site = :site;

-- account (account ID) -> (account ID, organisation ID, login TEXT, name TEXT, closed BOOL,
--                          version INT)
SELECT account, organisation, login, name, closed, version
FROM auth_account WHERE account = :account;

-- login (login TEXT) -> (account ID, organisation ID, password TEXT, password_event ID, closed BOOL)
SELECT account, organisation, password, password_event, closed
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

-- session (session ID) -> (session ID, account ID, organisation ID, closed TIME)
SELECT x.session, x.account, a.organisation, x.closed
FROM auth_session x JOIN auth_account a ON a.account = x.account
WHERE x.session = :session;

-- token (token HASH) -> (session ID, account ID, organisation ID, person TEXT, site ID,
--                        site_name TEXT, site_organisation ID, zone TEXT, opened TIME,
--                        expires TIME, closed TIME, version INT, account_version INT)
SELECT x.session, x.account, a.organisation, a.name AS person, x.site, s.name AS site_name,
       s.organisation AS site_organisation, s.zone, x.opened, x.expires, x.closed,
       x.account_version AS version, a.version AS account_version
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
--               expires TIME)
INSERT INTO auth_session (session, account, account_version, token, site, opened, expires)
VALUES (:session, :account, :account_version, :token, :site, :opened, :expires);

-- session_close (session ID, closed TIME, why CODE)
UPDATE auth_session SET closed = :closed, why = :why WHERE session = :session;

-- all_sites () -> (site ID, organisation ID, name TEXT, kind CODE, organisation_name TEXT)
-- Of all organisations: who may take part in an order.
SELECT s.site, s.organisation, s.name, s.kind, o.name AS organisation_name
FROM auth_site s JOIN auth_organisation o ON o.organisation = s.organisation
ORDER BY s.name, s.site LIMIT 200;

-- anybody () -> (account ID)
-- Whether there are people yet.
SELECT account FROM auth_account LIMIT 1;
