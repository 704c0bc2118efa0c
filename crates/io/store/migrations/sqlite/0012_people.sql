-- What people may do: roles that grant permissions, users who have several, teams that they oversee; passwords that age, users
-- who are locked, second factors; sessions that can be listed and limited.
CREATE TABLE role (
    name TEXT NOT NULL PRIMARY KEY,
    label TEXT NOT NULL,
    -- A JSON object: permission to scope. Empty until a server that knows the built-in role has filled it.
    grants TEXT NOT NULL,
    -- False for programs, which do not sign in to the pages.
    pages INTEGER NOT NULL CHECK (pages IN (0, 1)),
    -- True if whoever has it must have a second factor.
    second_factor INTEGER NOT NULL CHECK (second_factor IN (0, 1)),
    built_in INTEGER NOT NULL CHECK (built_in IN (0, 1)),
    changed_at INTEGER NOT NULL
) STRICT;
INSERT INTO role (name, label, grants, pages, second_factor, built_in, changed_at) VALUES
    ('agent', 'Agent', '', TRUE, FALSE, TRUE, 0),
    ('team_leader', 'Team leader', '', TRUE, FALSE, TRUE, 0),
    ('supervisor', 'Supervisor', '', TRUE, FALSE, TRUE, 0),
    ('quality', 'Quality', '', TRUE, FALSE, TRUE, 0),
    ('api_client', 'API client', '', FALSE, FALSE, TRUE, 0),
    ('system_admin', 'System administrator', '', TRUE, FALSE, TRUE, 0),
    ('admin', 'Administrator', '', TRUE, FALSE, TRUE, 0);

CREATE TABLE user_role (
    user_name TEXT NOT NULL REFERENCES app_user (name) ON DELETE CASCADE,
    role TEXT NOT NULL REFERENCES role (name),
    PRIMARY KEY (user_name, role)
) STRICT;
CREATE INDEX user_role_role ON user_role (role);
INSERT INTO user_role (user_name, role) SELECT name, role FROM app_user;
ALTER TABLE app_user DROP COLUMN role;

CREATE TABLE user_team (
    user_name TEXT NOT NULL REFERENCES app_user (name) ON DELETE CASCADE,
    team TEXT NOT NULL,
    PRIMARY KEY (user_name, team)
) STRICT;

-- The version of a user, for changes that must not overwrite one another.
ALTER TABLE app_user ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE app_user ADD COLUMN password_changed_at INTEGER NOT NULL DEFAULT 0;
-- True if somebody else made the password: it must be changed at the first sign-in.
ALTER TABLE app_user ADD COLUMN password_temporary INTEGER NOT NULL DEFAULT 0 CHECK (password_temporary IN (0, 1));
ALTER TABLE app_user ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE app_user ADD COLUMN locked_until INTEGER;
ALTER TABLE app_user ADD COLUMN totp_secret TEXT;
ALTER TABLE app_user ADD COLUMN totp_active INTEGER NOT NULL DEFAULT 0 CHECK (totp_active IN (0, 1));
-- The last step whose code was used.
ALTER TABLE app_user ADD COLUMN totp_step INTEGER;
-- The age of passwords counts from here on.
UPDATE app_user SET password_changed_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000000;

CREATE TABLE former_password (
    user_name TEXT NOT NULL REFERENCES app_user (name) ON DELETE CASCADE,
    replaced_at INTEGER NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (user_name, replaced_at)
) STRICT;

CREATE TABLE recovery_code (
    user_name TEXT NOT NULL REFERENCES app_user (name) ON DELETE CASCADE,
    -- SHA-256; the codes are random.
    hash TEXT NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (user_name, hash)
) STRICT;

-- Names a session or token without giving it away.
ALTER TABLE session ADD COLUMN id TEXT NOT NULL DEFAULT '';
UPDATE session SET id = substr(token_hash, 1, 16);
CREATE UNIQUE INDEX session_id ON session (id);
-- True if it may do nothing but change the password or add the second factor.
ALTER TABLE session ADD COLUMN limited INTEGER NOT NULL DEFAULT 0 CHECK (limited IN (0, 1));
-- What a token is limited to, as in role.grants; absent for no limit.
ALTER TABLE session ADD COLUMN grants TEXT;
-- Where it was made from.
ALTER TABLE session ADD COLUMN address TEXT;

-- Counts changes to people, roles and sessions, so that open pages are looked at again.
CREATE TABLE people_version (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
) STRICT;
INSERT INTO people_version (id, version) VALUES (1, 0);
