-- The agents of a call: who took it and whom it was offered to. Replaces the index on call.agent, whose name it
-- takes over; that column stays what it is, the agent who took the call last.
DROP INDEX call_agent;
CREATE TABLE call_agent (
    agent TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    call TEXT NOT NULL REFERENCES call (id),
    PRIMARY KEY (agent, started_at, call)
) STRICT;

INSERT INTO call_agent (agent, started_at, call)
SELECT agent, started_at, id FROM call WHERE agent IS NOT NULL
UNION
SELECT json_extract(offer.value, '$.agent'), call.started_at, call.id
FROM call, json_each(call.record, '$.offers') AS offer;
