-- Each stay in a queue and each offer of finished calls, from which reports are made, and what the nightly counting anew found.
-- Times in microseconds; the wait also in seconds, rounded up.
CREATE TABLE queue_visit (
    call_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    queue TEXT NOT NULL,
    enqueued_at INTEGER NOT NULL,
    ending TEXT NOT NULL,
    wait_us INTEGER NOT NULL,
    wait_s INTEGER NOT NULL,
    agent TEXT,
    called_back INTEGER NOT NULL CHECK (called_back IN (0, 1)),
    PRIMARY KEY (call_id, position)
) STRICT;
CREATE INDEX queue_visit_enqueued_at ON queue_visit (enqueued_at);
CREATE INDEX queue_visit_queue ON queue_visit (queue, enqueued_at);

CREATE TABLE agent_offer (
    call_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    agent TEXT NOT NULL,
    queue TEXT,
    offered_at INTEGER NOT NULL,
    rang_us INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (call_id, position)
) STRICT;
CREATE INDEX agent_offer_offered_at ON agent_offer (offered_at);
CREATE INDEX agent_offer_agent ON agent_offer (agent, offered_at);

CREATE INDEX agent_state_call_id ON agent_state (call_id) WHERE call_id IS NOT NULL;
CREATE INDEX agent_state_until_at ON agent_state (until_at, agent);

CREATE TABLE report_check (
    day INTEGER NOT NULL PRIMARY KEY,
    checked_at INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    differing INTEGER NOT NULL,
    detail TEXT NOT NULL
) STRICT;
