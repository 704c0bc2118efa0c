-- When an agent has come back to a call.
ALTER TABLE call_disposition ADD COLUMN follow_up_done_at BIGINT;
