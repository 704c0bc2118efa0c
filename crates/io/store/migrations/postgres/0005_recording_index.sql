-- Who was heard when in a recording, what happened and where audio is missing: a private JSON document. Absent of recordings
-- of a version before.
ALTER TABLE recording ADD COLUMN timeline TEXT;
