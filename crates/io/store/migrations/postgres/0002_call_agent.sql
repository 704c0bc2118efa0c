-- The agents of a call: who took it and whom it was offered to. Replaces the index on call.agent, whose name it
-- takes over; that column stays what it is, the agent who took the call last.
DROP INDEX call_agent;
CREATE TABLE call_agent (
    agent TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    call TEXT COLLATE "C" NOT NULL REFERENCES call (id),
    PRIMARY KEY (agent, started_at, call)
);

-- PostgreSQL's JSON functions refuse \u0000, which a caller's name may hold.
INSERT INTO call_agent (agent, started_at, call)
SELECT agent, started_at, id FROM call WHERE agent IS NOT NULL
UNION
SELECT offer.value ->> 'agent', call.started_at, call.id
FROM call, json_array_elements(replace(call.record, '\u0000', '\ufffd')::json -> 'offers') AS offer;
