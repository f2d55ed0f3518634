-- Everything minted for somebody. The token itself is nowhere.
CREATE TABLE ledger (
    id         TEXT    PRIMARY KEY,
    class      TEXT    NOT NULL,
    content_id BLOB    NOT NULL,
    token_id   TEXT,
    subject    TEXT    NOT NULL,
    audience   TEXT,
    scopes     TEXT    NOT NULL,
    key_id     BLOB    NOT NULL,
    parent_id  BLOB,
    tenant_id  TEXT,
    issued_by  TEXT    NOT NULL,
    issued_at  INTEGER NOT NULL,
    not_before INTEGER,
    expires_at INTEGER,
    request_id TEXT    NOT NULL
) STRICT;
CREATE INDEX ledger_by_content ON ledger (content_id);
CREATE INDEX ledger_by_token ON ledger (token_id);
CREATE INDEX ledger_by_subject ON ledger (subject, id);
CREATE INDEX ledger_by_end ON ledger (expires_at);

-- The audit chain. What stands after hash is taken out of canonical, for queries.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY,
    canonical  TEXT    NOT NULL,
    prev_hash  BLOB    NOT NULL,
    hash       BLOB    NOT NULL,
    at         INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    outcome    TEXT    NOT NULL,
    status     INTEGER,
    path       TEXT,
    tenant_id  TEXT,
    request_id TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_by_tenant ON audit (tenant_id, seq);
CREATE INDEX audit_by_request ON audit (request_id);

CREATE TABLE audit_checkpoints (
    seq INTEGER PRIMARY KEY,
    jws TEXT    NOT NULL
) STRICT;

-- What is spent under a credential, and of how much.
CREATE TABLE meters (
    content_id BLOB    NOT NULL,
    kind       TEXT    NOT NULL,
    used       INTEGER NOT NULL,
    "limit"    INTEGER,
    expires_at INTEGER,
    PRIMARY KEY (content_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX meters_by_end ON meters (expires_at);
