-- The place in line that a leader has given to who is to be called back.
ALTER TABLE callback ADD COLUMN credit_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE callback ADD COLUMN emergency BIGINT NOT NULL DEFAULT 0;
ALTER TABLE callback ADD COLUMN agent TEXT;
