-- Callers who want to be called back: one wish of each number and queue at a time.
CREATE TABLE callback (
    id TEXT NOT NULL PRIMARY KEY,
    call_id TEXT NOT NULL,
    queue TEXT NOT NULL,
    number TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    closed_at INTEGER
) STRICT;
CREATE UNIQUE INDEX callback_once ON callback (queue, number) WHERE closed_at IS NULL;
CREATE INDEX callback_open ON callback (requested_at) WHERE closed_at IS NULL;
