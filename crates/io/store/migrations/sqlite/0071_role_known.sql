-- The permissions that a built-in role has heard of: what comes later is added to it. Of roles that nobody has changed, and of the one of
-- those who run the machine, nothing is known: they get what they have in a new center.
ALTER TABLE role ADD COLUMN known TEXT NOT NULL DEFAULT '';
UPDATE role SET known = '*' WHERE changed_at > 0 AND name <> 'system_admin';
