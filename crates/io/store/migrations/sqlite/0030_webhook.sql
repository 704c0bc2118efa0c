-- How far each webhook has been told of the journal, and the events that it did not take yet.
CREATE TABLE webhook (
    name TEXT NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL
) STRICT;

CREATE TABLE webhook_parked (
    webhook TEXT NOT NULL,
    seq INTEGER NOT NULL,
    call_id TEXT,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    PRIMARY KEY (webhook, seq)
) STRICT;
