-- Each stay in a queue and each offer of finished calls, from which reports are made, and what the nightly counting anew found.
-- Times in microseconds; the wait also in seconds, rounded up.
CREATE TABLE queue_visit (
    call_id TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    queue TEXT COLLATE "C" NOT NULL,
    enqueued_at BIGINT NOT NULL,
    ending TEXT COLLATE "C" NOT NULL,
    wait_us BIGINT NOT NULL,
    wait_s BIGINT NOT NULL,
    agent TEXT COLLATE "C",
    called_back BOOLEAN NOT NULL,
    PRIMARY KEY (call_id, position)
);
CREATE INDEX queue_visit_enqueued_at ON queue_visit (enqueued_at);
CREATE INDEX queue_visit_queue ON queue_visit (queue, enqueued_at);

CREATE TABLE agent_offer (
    call_id TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    agent TEXT COLLATE "C" NOT NULL,
    queue TEXT COLLATE "C",
    offered_at BIGINT NOT NULL,
    rang_us BIGINT NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (call_id, position)
);
CREATE INDEX agent_offer_offered_at ON agent_offer (offered_at);
CREATE INDEX agent_offer_agent ON agent_offer (agent, offered_at);

-- As the columns with which they are compared, or no index would be used.
ALTER TABLE agent_state ALTER COLUMN agent TYPE TEXT COLLATE "C", ALTER COLUMN call_id TYPE TEXT COLLATE "C";
CREATE INDEX agent_state_call_id ON agent_state (call_id) WHERE call_id IS NOT NULL;
CREATE INDEX agent_state_until_at ON agent_state (until_at, agent);

CREATE TABLE report_check (
    day BIGINT NOT NULL PRIMARY KEY,
    checked_at BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    differing BIGINT NOT NULL,
    detail TEXT COLLATE "C" NOT NULL
);
