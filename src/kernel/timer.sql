-- set (stream TEXT, name TEXT, due TIME, command CODE, body JSON)
INSERT INTO timer_due (stream, name, due, command, body)
VALUES (:stream, :name, :due, :command, :body)
ON CONFLICT (stream, name) DO UPDATE SET
    due = excluded.due, command = excluded.command, body = excluded.body;

-- clear (stream TEXT, name TEXT)
DELETE FROM timer_due WHERE stream = :stream AND name = :name;

-- due_list (now TIME, due TIME, stream TEXT, name TEXT, most INT)
--   -> (stream TEXT, name TEXT, due TIME, command CODE, body JSON)
SELECT stream, name, due, command, body FROM timer_due
WHERE due <= :now AND (due, stream, name) > (:due, :stream, :name) ORDER BY due, stream, name LIMIT :most;

-- next () -> (due TIME)
SELECT due FROM timer_due ORDER BY due LIMIT 1;

-- confirm (confirmed TIME)
INSERT INTO timer_clock (one, confirmed) VALUES (1, :confirmed)
ON CONFLICT (one) DO UPDATE SET confirmed = excluded.confirmed;

-- confirmed () -> (confirmed TIME)
SELECT confirmed FROM timer_clock WHERE one = 1;
