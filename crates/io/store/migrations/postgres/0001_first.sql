-- Times are microseconds since the Unix epoch, UTC. Ids and hashes are text in lower case.
-- What is sorted by is collated by bytes, as SQLite does, and so is what refers to it: PostgreSQL uses no index
-- to join columns of different collations. JSON is TEXT because JSONB refuses \u0000.
-- The same tables and columns stand in ../sqlite; a test compares the two.

CREATE TABLE app_user (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    display_name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('agent', 'admin')),
    agent TEXT,
    password_hash TEXT NOT NULL,
    disabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE session (
    token_hash TEXT NOT NULL PRIMARY KEY,
    user_name TEXT COLLATE "C" NOT NULL REFERENCES app_user (name) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('session', 'token')),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_seen_at BIGINT NOT NULL
);
CREATE INDEX session_user_name ON session (user_name);
CREATE INDEX session_expires_at ON session (expires_at);

CREATE TABLE customer (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    company TEXT,
    email TEXT,
    note TEXT,
    -- What a search looks through: name, company, e-mail and numbers in lower case.
    search TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX customer_name ON customer (name, id);

CREATE TABLE customer_number (
    customer TEXT COLLATE "C" NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    number TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (customer, number)
);
CREATE INDEX customer_number_number ON customer_number (number);

CREATE TABLE audit (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    -- SHA-256 of the former row.
    previous TEXT NOT NULL
);
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- The end of the audit chain. One row; writers queue up at it.
CREATE TABLE audit_head (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

-- Finished calls: columns for what lists filter and sort by, and the record as a private JSON document.
CREATE TABLE call (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    started_at BIGINT NOT NULL,
    agent TEXT,
    queue TEXT,
    customer TEXT,
    version BIGINT NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX call_started_at ON call (started_at, id);
CREATE INDEX call_agent ON call (agent, started_at, id);
CREATE INDEX call_queue ON call (queue, started_at, id);
CREATE INDEX call_customer ON call (customer, started_at, id);

-- Calls that began and have no record yet: what a restart must finish.
CREATE TABLE open_call (
    call TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

CREATE TABLE call_event (
    seq BIGINT NOT NULL PRIMARY KEY,
    call TEXT COLLATE "C",
    at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX call_event_call ON call_event (call, seq);

CREATE TABLE recording (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    call TEXT COLLATE "C" NOT NULL REFERENCES call (id),
    position BIGINT NOT NULL,
    path TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'finished', 'mended', 'failed')),
    duration BIGINT,
    gap BIGINT,
    bytes BIGINT,
    problem TEXT
);
CREATE INDEX recording_call ON recording (call, position);

CREATE TABLE flow_version (
    flow TEXT NOT NULL,
    since BIGINT NOT NULL,
    hash TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (flow, since)
);
