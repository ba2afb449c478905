CREATE TABLE IF NOT EXISTS auth_organisation (
    organisation TEXT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS auth_site (
    site         TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    zone         TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS auth_site_organisation ON auth_site (organisation, name);

CREATE TABLE IF NOT EXISTS auth_account (
    account        TEXT NOT NULL PRIMARY KEY,
    organisation   TEXT NOT NULL,
    login          TEXT NOT NULL UNIQUE, -- for ever: a closed account keeps its own
    name           TEXT NOT NULL,
    password       TEXT,                 -- sealed under the account
    password_event TEXT,                 -- for which it was sealed
    closed         INTEGER NOT NULL,
    version        INTEGER NOT NULL      -- of its stream; sessions of another have ended
) STRICT;
CREATE INDEX IF NOT EXISTS auth_account_organisation ON auth_account (organisation, name);

CREATE TABLE IF NOT EXISTS auth_account_role (
    account      TEXT NOT NULL,
    role         TEXT NOT NULL,
    organisation TEXT NOT NULL,
    site         TEXT NOT NULL, -- empty: all sites of the organisation
    PRIMARY KEY (account, role, organisation, site)
) STRICT;

CREATE TABLE IF NOT EXISTS auth_session (
    session         TEXT NOT NULL PRIMARY KEY,
    account         TEXT NOT NULL,
    account_version INTEGER NOT NULL,
    token           TEXT NOT NULL UNIQUE,
    site            TEXT,
    opened          INTEGER NOT NULL,
    expires         INTEGER NOT NULL,
    closed          INTEGER,
    why             TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS auth_session_account ON auth_session (account, opened);
