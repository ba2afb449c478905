-- command_find (command ID) -> (digest HASH, answer BLOB, sequence INT, events INT, organisation ID)
SELECT digest, answer, sequence, events, organisation FROM gate_command WHERE command = :command;

-- command_all () -> (command ID, digest HASH, answer BLOB, sequence INT, events INT)
SELECT command, digest, answer, sequence, events FROM gate_command ORDER BY command;

-- command_keep (organisation ID, command ID, digest HASH, answer BLOB, sequence INT, events INT)
INSERT INTO gate_command (organisation, command, digest, answer, sequence, events)
VALUES (:organisation, :command, :digest, :answer, :sequence, :events);

-- command_cut (size INT)
DELETE FROM gate_command WHERE sequence >= :size OR sequence = -1;
