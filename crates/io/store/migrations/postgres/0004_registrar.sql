-- Where each SIP user is reached: a private document, replaced as a whole whenever it changes.
CREATE TABLE sip_contacts (
    sip_user TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX sip_contacts_expires_at ON sip_contacts (expires_at);

-- Small things that a server must find again, such as the secret of its nonces.
CREATE TABLE server_state (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
