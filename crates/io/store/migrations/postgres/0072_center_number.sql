-- Versions keep their numbers when older ones are forgotten.
ALTER TABLE center_version ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
UPDATE center_version SET number = (SELECT COUNT(*) FROM center_version other WHERE other.since <= center_version.since);
CREATE UNIQUE INDEX center_version_number ON center_version (number);
