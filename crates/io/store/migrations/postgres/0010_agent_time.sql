-- What agents did: sessions, every finished span of them, help that they asked for, and what leaders booked beside.
-- A session without an end is open, or was when the server stopped; the next start closes it.
CREATE TABLE agent_session (
    agent TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (agent, started_at)
);
CREATE INDEX agent_session_open ON agent_session (agent) WHERE ended_at IS NULL;

CREATE TABLE agent_state (
    agent TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    -- The reason of not_ready, the direction of talking, disposition_missing of wrap_up.
    detail TEXT,
    call_id TEXT,
    PRIMARY KEY (agent, from_at)
);
CREATE INDEX agent_state_from_at ON agent_state (from_at);

CREATE TABLE agent_help (
    agent TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    call_id TEXT,
    answered_at BIGINT,
    answered_by TEXT,
    ended_at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (agent, asked_at)
);

-- Spans that a leader says were a fault of the system. What was measured stays.
CREATE TABLE agent_booking (
    id TEXT NOT NULL PRIMARY KEY,
    agent TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    note TEXT NOT NULL,
    booked_by TEXT NOT NULL,
    booked_at BIGINT NOT NULL
);
CREATE INDEX agent_booking_agent ON agent_booking (agent, from_at);

-- What became of calls, in the words of each agent who had it.
CREATE TABLE call_disposition (
    call_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    queue TEXT,
    code TEXT NOT NULL,
    note TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (call_id, agent)
);
