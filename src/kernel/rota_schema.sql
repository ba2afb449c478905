CREATE TABLE IF NOT EXISTS rota_duty (
    duty         TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    site         TEXT NOT NULL,
    role         TEXT NOT NULL,
    account      TEXT NOT NULL,
    from_us      INTEGER NOT NULL,
    to_us        INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS rota_duty_place ON rota_duty (site, role, from_us);
