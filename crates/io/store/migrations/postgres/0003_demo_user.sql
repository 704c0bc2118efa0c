-- People of a demonstration, whose passwords are published.
CREATE TABLE demo_user (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES app_user (name) ON DELETE CASCADE
);
