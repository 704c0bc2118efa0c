-- What callers left: for a mailbox, an agent's or a queue's, or for the flow itself. The sound is a file below the directory of recordings.
CREATE TABLE message (
    id TEXT NOT NULL PRIMARY KEY,
    call_id TEXT NOT NULL,
    mailbox TEXT,
    caller TEXT NOT NULL,
    path TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    heard_at INTEGER,
    heard_by TEXT
) STRICT;
CREATE INDEX message_mailbox ON message (mailbox, id);
