-- Those who were not reached, until somebody has seen to them.
CREATE INDEX callback_missed ON callback (closed_at) WHERE outcome = 'missed';
