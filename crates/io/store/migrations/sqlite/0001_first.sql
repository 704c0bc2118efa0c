-- Times are microseconds since the Unix epoch, UTC. Ids and hashes are text in lower case.
-- The same tables and columns stand in ../postgres; a test compares the two.

CREATE TABLE app_user (
    name TEXT NOT NULL PRIMARY KEY,
    display_name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('agent', 'admin')),
    agent TEXT,
    password_hash TEXT NOT NULL,
    disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    token_hash TEXT NOT NULL PRIMARY KEY,
    user_name TEXT NOT NULL REFERENCES app_user (name) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('session', 'token')),
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_user_name ON session (user_name);
CREATE INDEX session_expires_at ON session (expires_at);

CREATE TABLE customer (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    company TEXT,
    email TEXT,
    note TEXT,
    -- What a search looks through: name, company, e-mail and numbers in lower case.
    search TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX customer_name ON customer (name, id);

CREATE TABLE customer_number (
    customer TEXT NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    number TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (customer, number)
) STRICT;
CREATE INDEX customer_number_number ON customer_number (number);

CREATE TABLE audit (
    seq INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    -- SHA-256 of the former row.
    previous TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- The end of the audit chain. One row; writers queue up at it.
CREATE TABLE audit_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

-- Finished calls: columns for what lists filter and sort by, and the record as a private JSON document.
CREATE TABLE call (
    id TEXT NOT NULL PRIMARY KEY,
    started_at INTEGER NOT NULL,
    agent TEXT,
    queue TEXT,
    customer TEXT,
    version INTEGER NOT NULL,
    record TEXT NOT NULL
) STRICT;
CREATE INDEX call_started_at ON call (started_at, id);
CREATE INDEX call_agent ON call (agent, started_at, id);
CREATE INDEX call_queue ON call (queue, started_at, id);
CREATE INDEX call_customer ON call (customer, started_at, id);

-- Calls that began and have no record yet: what a restart must finish.
CREATE TABLE open_call (
    call TEXT NOT NULL PRIMARY KEY
) STRICT;

CREATE TABLE call_event (
    seq INTEGER NOT NULL PRIMARY KEY,
    call TEXT,
    at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    payload TEXT NOT NULL
) STRICT;
CREATE INDEX call_event_call ON call_event (call, seq);

CREATE TABLE recording (
    id TEXT NOT NULL PRIMARY KEY,
    call TEXT NOT NULL REFERENCES call (id),
    position INTEGER NOT NULL,
    path TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'finished', 'mended', 'failed')),
    duration INTEGER,
    gap INTEGER,
    bytes INTEGER,
    problem TEXT
) STRICT;
CREATE INDEX recording_call ON recording (call, position);

CREATE TABLE flow_version (
    flow TEXT NOT NULL,
    since INTEGER NOT NULL,
    hash TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (flow, since)
) STRICT;
