-- The recordings of each day with the checksums that they had, each day linked to the one before. A day is counted since 1970, in UTC.
CREATE TABLE recording_day (
    day INTEGER NOT NULL PRIMARY KEY,
    recordings INTEGER NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    closed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE recording_day_entry (
    recording TEXT NOT NULL PRIMARY KEY,
    day INTEGER NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL
) STRICT;

CREATE INDEX recording_day_entry_day ON recording_day_entry (day, recording);
