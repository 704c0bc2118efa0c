-- Records of calls can be forgotten: who had a call is found by the call then, and the chain of recordings knows which were let go.
CREATE INDEX call_agent_call ON call_agent (call);
ALTER TABLE recording_day_entry ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1));
