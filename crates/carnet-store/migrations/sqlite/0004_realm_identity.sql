-- What is known of the owners of realms: users that have signed in, and everybody that an administrator set
-- something for. Whoever has no row has the role of its sign-in and the quota of all.
CREATE TABLE realm_users (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    realm       TEXT    NOT NULL UNIQUE,
    kind        TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    role        TEXT,
    quota_limit INTEGER,
    email       TEXT,
    name        TEXT,
    created_at  INTEGER NOT NULL
) STRICT;

-- Agent tokens: the id is the hash of the token, which is nowhere.
CREATE TABLE realm_tokens (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL UNIQUE,
    owner       TEXT    NOT NULL,
    owner_realm TEXT    NOT NULL,
    realm       TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    description TEXT,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX realm_tokens_by_owner ON realm_tokens (owner, seq);

-- Clients that somebody approved: the key is the public one.
CREATE TABLE realm_clients (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL UNIQUE,
    owner       TEXT    NOT NULL,
    owner_realm TEXT    NOT NULL,
    realm       TEXT    NOT NULL,
    public_key  TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX realm_clients_by_owner ON realm_clients (owner, seq);

-- Clients that wait for somebody to enter their code.
CREATE TABLE realm_client_pending (
    id         TEXT    PRIMARY KEY,
    public_key TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    code       TEXT    NOT NULL,
    tries      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX realm_client_pending_by_end ON realm_client_pending (expires_at);
