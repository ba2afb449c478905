-- Once, on the primary, as postgres: the role and the database of vein.
CREATE ROLE vein LOGIN PASSWORD '@secret.vein@';
CREATE DATABASE vein OWNER vein TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
\connect vein
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE EXTENSION IF NOT EXISTS amcheck;
GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO vein;
