-- The anchors of the table of looks, as the ledger has them.
CREATE TABLE IF NOT EXISTS look_anchor (
    node     TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    count    INTEGER NOT NULL,
    head     TEXT NOT NULL,
    recorded INTEGER NOT NULL,
    PRIMARY KEY (node, sequence)
) STRICT;
