-- one (vkey TEXT) -> (origin TEXT, asked TIME, size INT, cosigned TIME, tries INT, code CODE)
SELECT origin, asked, size, cosigned, tries, code FROM witness_contact WHERE vkey = :vkey;

-- set (vkey TEXT, place INT, witness TEXT, url TEXT, origin TEXT, asked TIME, size INT, cosigned TIME,
--   tries INT, code CODE)
INSERT INTO witness_contact (vkey, place, witness, url, origin, asked, size, cosigned, tries, code)
VALUES (:vkey, :place, :witness, :url, :origin, :asked, :size, :cosigned, :tries, :code)
ON CONFLICT (vkey) DO UPDATE SET place = excluded.place, witness = excluded.witness,
    url = excluded.url, origin = excluded.origin, asked = excluded.asked, size = excluded.size,
    cosigned = excluded.cosigned, tries = excluded.tries, code = excluded.code;

-- all () -> (vkey TEXT)
SELECT vkey FROM witness_contact ORDER BY vkey LIMIT 1000;

-- drop (vkey TEXT)
DELETE FROM witness_contact WHERE vkey = :vkey;

-- list () -> (witness TEXT, url TEXT, size INT, cosigned TIME, asked TIME, tries INT, code CODE, state CODE,
--   since TIME, says INT)
-- In the order of the configuration, each with what the log says of it.
SELECT c.witness, c.url, c.size, c.cosigned, c.asked, c.tries, c.code, s.state, s.since, s.says
FROM witness_contact c LEFT JOIN witness_standing s ON s.vkey = c.vkey
ORDER BY c.place, c.vkey LIMIT 100;
