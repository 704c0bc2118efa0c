-- Who brought a flow's text into force, and that a flow was taken away.
ALTER TABLE flow_version ADD COLUMN author TEXT NOT NULL DEFAULT 'file';
ALTER TABLE flow_version ADD COLUMN removed BOOLEAN NOT NULL DEFAULT FALSE;
-- How often calls left a step by an exit, by the day (since 1970, UTC) on which the call began.
CREATE TABLE flow_step_count (
    flow TEXT NOT NULL,
    day BIGINT NOT NULL,
    step TEXT NOT NULL,
    exit TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (flow, day, step, exit)
);
-- Calls that began with a flow, and those of them that no person was needed for.
CREATE TABLE flow_call_count (
    flow TEXT NOT NULL,
    day BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    contained BIGINT NOT NULL,
    PRIMARY KEY (flow, day)
);
