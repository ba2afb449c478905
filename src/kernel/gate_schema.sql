-- Commands that were accepted, kept for ever: who asks twice gets the first answer. Outside the
-- ledger, because it is how the gate keeps its promise and says nothing of what happened.
CREATE TABLE IF NOT EXISTS gate_command (
    command      TEXT NOT NULL PRIMARY KEY, -- whoever sent it: ids of events and things come from it
    organisation TEXT NOT NULL,
    digest       TEXT NOT NULL, -- keyed, over who asks for what and why
    answer       BLOB,          -- sealed under the node's own key; NULL: the empty answer
    sequence     INTEGER NOT NULL, -- of its first event, -1: it made none
    events       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
