-- API keys: only the digest of a key is stored.
CREATE TABLE api_keys (
    id         TEXT    PRIMARY KEY,
    name       TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    tenant_id  TEXT,
    hash       BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;

-- Revocations, numbered without gaps from 1.
CREATE TABLE revocations (
    seq           INTEGER PRIMARY KEY,
    kind          TEXT    NOT NULL,
    value         TEXT    NOT NULL,
    worker_id     TEXT,
    issued_before INTEGER,
    at            INTEGER NOT NULL,
    exp           INTEGER,
    reason        TEXT
) STRICT;
CREATE INDEX revocations_by_value ON revocations (kind, value);

-- Nodes, shared by all realms. bytes is NULL where they are a file of the blob storage.
CREATE TABLE blobs (
    key           BLOB    PRIMARY KEY,
    kind          INTEGER NOT NULL,
    size          INTEGER NOT NULL,
    own_bytes     INTEGER NOT NULL,
    content_bytes INTEGER NOT NULL,
    children      BLOB    NOT NULL,
    content_type  TEXT    NOT NULL,
    bytes         BLOB,
    refs          INTEGER NOT NULL,
    is_bad        INTEGER NOT NULL
) STRICT;

-- Which realm has which node.
CREATE TABLE realm_nodes (
    realm      TEXT    NOT NULL,
    key        BLOB    NOT NULL,
    first_by   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    touched_at INTEGER NOT NULL,
    PRIMARY KEY (realm, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE realm_usage (
    realm      TEXT    PRIMARY KEY,
    physical   INTEGER NOT NULL,
    logical    INTEGER NOT NULL,
    nodes      INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE realm_tickets (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    realm      TEXT    NOT NULL,
    issuer     TEXT    NOT NULL,
    purpose    TEXT,
    input      BLOB,
    writable   INTEGER NOT NULL,
    quota      INTEGER,
    used       INTEGER NOT NULL,
    accept     TEXT    NOT NULL,
    output     BLOB,
    revoked_at INTEGER,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX realm_tickets_by_realm ON realm_tickets (realm, seq);

-- What each ticket has uploaded: a key counts once.
CREATE TABLE realm_uploads (
    ticket TEXT    NOT NULL,
    key    BLOB    NOT NULL,
    bytes  INTEGER NOT NULL,
    PRIMARY KEY (ticket, key)
) STRICT, WITHOUT ROWID;

-- Space set aside for uploads whose bytes are still being stored.
CREATE TABLE realm_reservations (
    id       TEXT    PRIMARY KEY,
    realm    TEXT    NOT NULL,
    ticket   TEXT,
    key      BLOB    NOT NULL,
    bytes    INTEGER NOT NULL,
    deadline INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX realm_reservations_by_realm ON realm_reservations (realm);
