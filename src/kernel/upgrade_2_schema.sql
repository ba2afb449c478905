-- From version 1 to 2. Commands lay in the order of their arrival with an index by their id beside
-- them: now they lie by their id alone, which mostly grows with time. One tree less to write in.
ALTER TABLE gate_command RENAME TO gate_command_1;
CREATE TABLE gate_command (
    command      TEXT NOT NULL PRIMARY KEY, -- whoever sent it: ids of events and things come from it
    organisation TEXT NOT NULL,
    digest       TEXT NOT NULL, -- keyed, over who asks for what and why
    answer       BLOB,          -- sealed under the node's own key; NULL: the empty answer
    sequence     INTEGER NOT NULL, -- of its first event, -1: it made none
    events       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO gate_command (command, organisation, digest, answer, sequence, events)
SELECT command, organisation, digest, answer, sequence, events FROM gate_command_1
ORDER BY command;
DROP TABLE gate_command_1;
