-- The recordings of each day with the checksums that they had, each day linked to the one before. A day is counted since 1970, in UTC.
CREATE TABLE recording_day (
    day BIGINT NOT NULL PRIMARY KEY,
    recordings BIGINT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    closed_at BIGINT NOT NULL
);

CREATE TABLE recording_day_entry (
    recording TEXT NOT NULL PRIMARY KEY,
    day BIGINT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL
);

CREATE INDEX recording_day_entry_day ON recording_day_entry (day, recording);
