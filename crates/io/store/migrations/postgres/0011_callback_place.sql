-- Where who is to be called back stands in line, how often nobody was reached, and what became of it.
ALTER TABLE callback ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE callback ADD COLUMN enqueued_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE callback ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE callback ADD COLUMN not_before BIGINT;
ALTER TABLE callback ADD COLUMN outcome TEXT;
UPDATE callback SET enqueued_at = requested_at;
-- Ids were those of the call with a number behind.
UPDATE callback SET id = call_id WHERE id IN (SELECT MIN(id) FROM callback GROUP BY call_id);
UPDATE callback SET closed_at = requested_at WHERE id <> call_id AND closed_at IS NULL;
