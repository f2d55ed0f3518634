-- Managed keys: the secret sealed with keys.seal_key, never in the clear.
CREATE TABLE signing_keys (
    kid         BLOB    PRIMARY KEY,
    purpose     TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    sealed      BLOB    NOT NULL,
    created_at  INTEGER,
    promoted_at INTEGER,
    demoted_at  INTEGER,
    retired_at  INTEGER
) STRICT, WITHOUT ROWID;
-- Whatever else happens, one key signs for a purpose.
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (purpose) WHERE state = 'active';

-- For whom an issuer key may mint: globs, one a line.
ALTER TABLE api_keys ADD COLUMN subjects TEXT NOT NULL DEFAULT '';
