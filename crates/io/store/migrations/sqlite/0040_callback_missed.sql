-- Those who were not reached, until somebody has seen to them.
CREATE INDEX callback_missed ON callback (closed_at) WHERE outcome = 'missed';
-- Those that nobody was shown are nobody's work any more.
UPDATE callback SET outcome = 'settled' WHERE outcome = 'missed';
