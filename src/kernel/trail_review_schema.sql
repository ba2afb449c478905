-- Reviews of the trails of orders.
CREATE TABLE IF NOT EXISTS trail_review (
    order_id    TEXT NOT NULL,
    version     INTEGER NOT NULL, -- of the stream
    from_seq    INTEGER NOT NULL, -- behind this place in the log …
    up_to       INTEGER NOT NULL, -- … up to this one
    exceptions  INTEGER NOT NULL,
    reviewed    INTEGER NOT NULL,
    reviewed_by TEXT NOT NULL, -- actor
    reason      TEXT, -- sealed …
    event       TEXT NOT NULL, -- … for this event
    PRIMARY KEY (order_id, version)
) STRICT;

-- What was said of each exception, before a review covers it.
CREATE TABLE IF NOT EXISTS trail_verdict (
    order_id  TEXT NOT NULL,
    sequence  INTEGER NOT NULL, -- of the exception
    verdict   TEXT NOT NULL,
    judged    INTEGER NOT NULL,
    judged_by TEXT NOT NULL, -- actor
    reason    TEXT, -- sealed …
    event     TEXT NOT NULL, -- … for this event
    PRIMARY KEY (order_id, sequence)
) STRICT;
