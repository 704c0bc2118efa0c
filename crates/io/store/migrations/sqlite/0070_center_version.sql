-- Every configuration of the center that was in force.
CREATE TABLE center_version (
    since INTEGER NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    text TEXT NOT NULL,
    author TEXT NOT NULL,
    change TEXT NOT NULL
) STRICT;
