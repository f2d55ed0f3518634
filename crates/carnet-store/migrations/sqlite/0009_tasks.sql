-- Leases. A row stays when nobody holds it any more, so that its generation only grows.
CREATE TABLE leases (
    resource_id   TEXT    PRIMARY KEY,
    resource_type TEXT    NOT NULL,
    holder_id     TEXT,
    instance      TEXT,
    generation    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Tasks. What was asked for is a text; what becomes of it, and what tasks are found by, are columns. The generation is
-- that of the lease when the attempt began: what a worker says under an older one is of an attempt that is over.
CREATE TABLE tasks (
    seq               INTEGER PRIMARY KEY,
    id                TEXT    NOT NULL UNIQUE,
    spec              TEXT    NOT NULL,
    capability        TEXT    NOT NULL,
    realm             TEXT    NOT NULL,
    created_by        TEXT    NOT NULL,
    tenant_id         TEXT,
    caller_expires_at INTEGER,
    state             TEXT    NOT NULL,
    attempt           INTEGER NOT NULL,
    worker_id         TEXT,
    generation        INTEGER NOT NULL DEFAULT 0,
    ticket            TEXT,
    failed_on         TEXT    NOT NULL DEFAULT '',
    progress          TEXT,
    error             TEXT,
    output            BLOB,
    created_at        INTEGER NOT NULL,
    pending_since     INTEGER NOT NULL,
    placed_at         INTEGER,
    started_at        INTEGER,
    finished_at       INTEGER,
    deadline          INTEGER
) STRICT;
CREATE INDEX tasks_unfinished ON tasks (state) WHERE state IN ('pending', 'placed', 'running');
CREATE INDEX tasks_by_worker ON tasks (worker_id) WHERE worker_id IS NOT NULL;

CREATE TABLE task_events (
    task TEXT    NOT NULL,
    seq  INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    kind TEXT    NOT NULL,
    data TEXT    NOT NULL,
    PRIMARY KEY (task, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_events_by_kind ON task_events (task, kind, seq);

-- Which task a caller's key made, and the digest of what was asked with it.
CREATE TABLE idempotency_keys (
    actor      TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    digest     BLOB    NOT NULL,
    task       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (actor, key)
) STRICT, WITHOUT ROWID;
