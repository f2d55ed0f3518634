-- Workers that have registered. The identity of a worker id is its own for good; one that deregistered has no
-- registration. How a worker is right now is in memory; when it was last heard is written behind.
CREATE TABLE workers (
    worker_id      TEXT    PRIMARY KEY,
    identity       TEXT    NOT NULL,
    registration   TEXT,
    last_heartbeat INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX workers_by_identity ON workers (identity);
