-- More of customers: marks, tags, who looks after them, fields that the center adds, what they have bought.
ALTER TABLE customer ADD COLUMN vip INTEGER NOT NULL DEFAULT 0 CHECK (vip IN (0, 1));
ALTER TABLE customer ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0 CHECK (blocked IN (0, 1));
ALTER TABLE customer ADD COLUMN agent TEXT;
-- JSON of tags, values of fields and assets: nothing is searched in them.
ALTER TABLE customer ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
-- Duplicates are found by it.
CREATE INDEX customer_email ON customer (lower(email));

CREATE TABLE customer_field (
    name TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL,
    -- JSON.
    definition TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

-- Customers that were merged into others: calls that end later are counted for those.
CREATE TABLE customer_merge (
    other TEXT NOT NULL PRIMARY KEY,
    kept TEXT NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX customer_merge_kept ON customer_merge (kept);

-- When the agent wants to come back to a call.
ALTER TABLE call_disposition ADD COLUMN follow_up_at INTEGER;
CREATE INDEX call_disposition_follow_up ON call_disposition (agent, follow_up_at, call_id) WHERE follow_up_at IS NOT NULL;
