-- How far each webhook has been told of the journal, and the events that it did not take yet.
CREATE TABLE webhook (
    name TEXT NOT NULL PRIMARY KEY,
    place BIGINT NOT NULL
);

CREATE TABLE webhook_parked (
    webhook TEXT NOT NULL,
    seq BIGINT NOT NULL,
    call_id TEXT,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    PRIMARY KEY (webhook, seq)
);
