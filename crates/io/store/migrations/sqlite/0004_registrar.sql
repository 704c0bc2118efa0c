-- Where each SIP user is reached: a private document, replaced as a whole whenever it changes.
CREATE TABLE sip_contacts (
    sip_user TEXT NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    payload TEXT NOT NULL
) STRICT;
CREATE INDEX sip_contacts_expires_at ON sip_contacts (expires_at);

-- Small things that a server must find again, such as the secret of its nonces.
CREATE TABLE server_state (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
