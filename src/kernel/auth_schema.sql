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
    zone         TEXT NOT NULL,
    phone        TEXT,
    phone_later  TEXT,
    address      TEXT,
    latitude     TEXT, -- decimal degrees, WGS 84
    longitude    TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS auth_site_organisation ON auth_site (organisation, name);

CREATE TABLE IF NOT EXISTS auth_account (
    account        TEXT NOT NULL PRIMARY KEY,
    organisation   TEXT NOT NULL,
    kind           TEXT NOT NULL,        -- person service
    login          TEXT NOT NULL UNIQUE, -- for ever: a closed account keeps its own
    name           TEXT NOT NULL,
    password       TEXT,                 -- sealed under the account
    password_event TEXT,                 -- for which it was sealed
    closed         INTEGER NOT NULL,
    sanctioned     INTEGER,              -- when the identity was checked; without it no roles
    sanctioned_by  TEXT,
    sanctioned_how TEXT,
    version        INTEGER NOT NULL      -- of its stream; sessions of another have ended
) STRICT;
CREATE INDEX IF NOT EXISTS auth_account_organisation ON auth_account (organisation, name, account);
CREATE INDEX IF NOT EXISTS auth_account_organisation_login ON auth_account (organisation, login);

CREATE TABLE IF NOT EXISTS auth_account_role (
    account      TEXT NOT NULL,
    role         TEXT NOT NULL,
    organisation TEXT NOT NULL,
    site         TEXT NOT NULL,    -- empty: all sites of the organisation
    product      TEXT NOT NULL,    -- empty: whatever the product
    from_us      INTEGER NOT NULL, -- it holds from then …
    until_us     INTEGER NOT NULL, -- … and before then
    given        INTEGER NOT NULL,
    given_by     TEXT NOT NULL,
    PRIMARY KEY (account, role, organisation, site, product)
) STRICT;
CREATE INDEX IF NOT EXISTS auth_account_role_organisation
    ON auth_account_role (organisation, account);

CREATE TABLE IF NOT EXISTS auth_credential (
    credential TEXT NOT NULL PRIMARY KEY,
    account    TEXT NOT NULL,
    kind       TEXT NOT NULL, -- code token recovery pin badge setup identity; of a
                              -- service: key certificate
    event      TEXT NOT NULL, -- for which name and secret were sealed
    name       TEXT,          -- sealed under the account; of a service's in plain
    secret     TEXT,          -- sealed under the account
    token      TEXT,
    key        TEXT,
    counter    INTEGER,
    digest     TEXT,
    digests    TEXT,
    scopes     TEXT, -- of a service's: permissions with blanks between
    site       TEXT,
    spent      INTEGER NOT NULL, -- what was shown up to this is not taken again
    enrolled   INTEGER NOT NULL,
    used       INTEGER,
    suspected  INTEGER, -- when its counter went back; of a PIN: when it was wrong too often
    expires    INTEGER,
    revoked    INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS auth_credential_account ON auth_credential (account, kind);
CREATE INDEX IF NOT EXISTS auth_credential_digest ON auth_credential (kind, digest);
CREATE INDEX IF NOT EXISTS auth_credential_token ON auth_credential (token);

CREATE TABLE IF NOT EXISTS auth_session (
    session         TEXT NOT NULL PRIMARY KEY,
    account         TEXT NOT NULL,
    account_version INTEGER NOT NULL,
    token           TEXT NOT NULL UNIQUE,
    site            TEXT,
    opened          INTEGER NOT NULL,
    expires         INTEGER NOT NULL,
    strength        TEXT NOT NULL,
    device          TEXT,
    browser         TEXT,
    event           TEXT NOT NULL, -- for which the address was sealed
    address         TEXT,
    station         TEXT,
    period          INTEGER NOT NULL, -- version of its stream since when it has gone on unlocked
    locked          INTEGER,
    closed          INTEGER,
    why             TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS auth_session_account ON auth_session (account, opened);
CREATE INDEX IF NOT EXISTS auth_session_device ON auth_session (device, account);

-- Rights lent in an emergency. Open until somebody else reviewed it.
CREATE TABLE IF NOT EXISTS auth_emergency (
    emergency    TEXT NOT NULL PRIMARY KEY,
    account      TEXT NOT NULL,
    role         TEXT NOT NULL,
    organisation TEXT NOT NULL,
    site         TEXT NOT NULL,
    taken        INTEGER NOT NULL,
    until_us     INTEGER NOT NULL,
    event        TEXT NOT NULL,
    reason       TEXT, -- sealed for that event
    ended        INTEGER,
    how          TEXT,
    reviewed     INTEGER,
    reviewed_by  TEXT, -- actor
    verdict      TEXT,
    review_event TEXT,
    conclusion   TEXT -- sealed for that one
) STRICT;
CREATE INDEX IF NOT EXISTS auth_emergency_account ON auth_emergency (account, ended);
CREATE INDEX IF NOT EXISTS auth_emergency_site ON auth_emergency (organisation, site, reviewed, taken);
CREATE INDEX IF NOT EXISTS auth_emergency_review ON auth_emergency (review_event);

-- Events made under one: those with a link to it.
CREATE TABLE IF NOT EXISTS auth_emergency_act (
    emergency TEXT NOT NULL,
    key       TEXT NOT NULL, -- where the event is in the log
    stream    TEXT NOT NULL,
    version   INTEGER NOT NULL,
    PRIMARY KEY (emergency, stream, version)
) STRICT;
