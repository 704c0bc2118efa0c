-- People of a demonstration, whose passwords are published.
CREATE TABLE demo_user (
    name TEXT NOT NULL PRIMARY KEY REFERENCES app_user (name) ON DELETE CASCADE
) STRICT;
