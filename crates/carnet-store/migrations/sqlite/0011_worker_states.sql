-- What an administrator has set of a worker, and why; a worker that is no member of the fleet by certificate is
-- quarantined by its own row. Why a member is quarantined.
ALTER TABLE workers ADD COLUMN cordoned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN draining INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN quarantined INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN reason TEXT;
ALTER TABLE worker_identities ADD COLUMN quarantine_reason TEXT;
