-- begin (number INT, vkey TEXT, previous_vkey TEXT, size INT, root HASH, known_size INT, begun TIME)
INSERT INTO epoch_begun (number, vkey, previous_vkey, size, root, known_size, begun)
VALUES (:number, :vkey, :previous_vkey, :size, :root, :known_size, :begun);

-- last () -> (number INT)
SELECT max(number) AS number FROM epoch_begun;

-- list () -> (number INT, vkey TEXT, previous_vkey TEXT, size INT, root HASH, known_size INT,
--   begun TIME)
SELECT number, vkey, previous_vkey, size, root, known_size, begun FROM epoch_begun ORDER BY number;
