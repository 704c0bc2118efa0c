-- The place in line that a leader has given to who is to be called back.
ALTER TABLE callback ADD COLUMN credit_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE callback ADD COLUMN emergency INTEGER NOT NULL DEFAULT 0;
ALTER TABLE callback ADD COLUMN agent TEXT;
