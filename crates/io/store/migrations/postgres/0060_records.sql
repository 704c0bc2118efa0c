-- What finished calls are found by. A term is a kind, a colon and a value: `n:4930901820` a number in digits, `q:sales` a queue, `w:投诉`
-- a pair of Chinese characters of a note. Both tables are written with the record of their call, in the same transaction.
CREATE TABLE call_search (
    started_at BIGINT NOT NULL,
    call TEXT COLLATE "C" NOT NULL,
    waited_s BIGINT NOT NULL,
    talked_s BIGINT,
    -- The digits of those outside, each between blanks.
    numbers TEXT NOT NULL,
    PRIMARY KEY (started_at, call)
);

CREATE TABLE call_term (
    term TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    call TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (term, started_at, call)
);

-- The latest call that was written before there were these tables and is not in them yet: the server goes back from there after its
-- start, and removes the row at the end.
CREATE TABLE call_search_rest (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    started_at BIGINT NOT NULL,
    call TEXT COLLATE "C" NOT NULL
);
INSERT INTO call_search_rest (id, started_at, call)
SELECT 1, started_at, id FROM call ORDER BY started_at DESC, id DESC LIMIT 1;

-- When a recording was erased, and when its file was deleted, which follows.
ALTER TABLE recording ADD COLUMN erased_at BIGINT;
ALTER TABLE recording ADD COLUMN file_deleted_at BIGINT;
CREATE INDEX recording_started_at ON recording (started_at) WHERE erased_at IS NULL;
CREATE INDEX recording_erased_at ON recording (erased_at) WHERE erased_at IS NOT NULL AND file_deleted_at IS NULL;

-- Calls of which nothing is erased, by nobody.
CREATE TABLE legal_hold (
    call TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    held_at BIGINT NOT NULL,
    held_by TEXT NOT NULL,
    reason TEXT NOT NULL
);
