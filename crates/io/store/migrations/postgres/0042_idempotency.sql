-- What was answered to requests with an `Idempotency-Key`, for a day. `status` is null until it is known.
CREATE TABLE idempotency (
    user_name TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    run TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    status BIGINT,
    headers TEXT,
    body TEXT,
    PRIMARY KEY (user_name, key_hash)
);

CREATE INDEX idempotency_begun_at ON idempotency (begun_at);
