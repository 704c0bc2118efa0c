-- What finished calls are found by. A term is a kind, a colon and a value: `n:4930901820` a number in digits, `q:sales` a queue, `w:投诉`
-- a pair of Chinese characters of a note. Both tables are written with the record of their call, in the same transaction.
CREATE TABLE call_search (
    started_at INTEGER NOT NULL,
    call TEXT NOT NULL,
    waited_s INTEGER NOT NULL,
    talked_s INTEGER,
    -- The digits of those outside, each between blanks.
    numbers TEXT NOT NULL,
    PRIMARY KEY (started_at, call)
) STRICT, WITHOUT ROWID;

CREATE TABLE call_term (
    term TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    call TEXT NOT NULL,
    PRIMARY KEY (term, started_at, call)
) STRICT, WITHOUT ROWID;

-- The latest call that was written before there were these tables and is not in them yet: the server goes back from there after its
-- start, and removes the row at the end.
CREATE TABLE call_search_rest (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    started_at INTEGER NOT NULL,
    call TEXT NOT NULL
) STRICT;
INSERT INTO call_search_rest (id, started_at, call)
SELECT 1, started_at, id FROM call ORDER BY started_at DESC, id DESC LIMIT 1;

-- When a recording was erased, and when its file was deleted, which follows.
ALTER TABLE recording ADD COLUMN erased_at INTEGER;
ALTER TABLE recording ADD COLUMN file_deleted_at INTEGER;
CREATE INDEX recording_started_at ON recording (started_at) WHERE erased_at IS NULL;
CREATE INDEX recording_erased_at ON recording (erased_at) WHERE erased_at IS NOT NULL AND file_deleted_at IS NULL;

-- Calls of which nothing is erased, by nobody.
CREATE TABLE legal_hold (
    call TEXT NOT NULL PRIMARY KEY,
    held_at INTEGER NOT NULL,
    held_by TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
