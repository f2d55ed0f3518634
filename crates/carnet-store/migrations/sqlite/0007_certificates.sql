-- CA certificates. Their keys are files. Rows stay after their certificate was removed from the bundle: the greatest
-- sequence is the bundle's.
CREATE TABLE ca_certificates (
    sha256       BLOB    PRIMARY KEY,
    certificate  BLOB    NOT NULL,
    state        TEXT    NOT NULL,
    sequence     INTEGER NOT NULL,
    prepared_at  INTEGER NOT NULL,
    activated_at INTEGER,
    retiring_at  INTEGER
) STRICT;
CREATE UNIQUE INDEX ca_certificates_one_active ON ca_certificates (state) WHERE state = 'active';
CREATE UNIQUE INDEX ca_certificates_one_next ON ca_certificates (state) WHERE state = 'next';

-- The number of the newest revocation list.
CREATE TABLE ca_crl (number INTEGER NOT NULL) STRICT;
INSERT INTO ca_crl (number) VALUES (0);

-- Who may come into the fleet, once. Of the token its secret's digest alone.
CREATE TABLE enrollments (
    id           TEXT    PRIMARY KEY,
    name         TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    dns          TEXT    NOT NULL,
    ip           TEXT    NOT NULL,
    capabilities TEXT    NOT NULL,
    labels       TEXT    NOT NULL,
    cert_ttl     INTEGER NOT NULL,
    secret       BLOB    NOT NULL UNIQUE,
    expires_at   INTEGER NOT NULL,
    created_by   TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    revoked_at   INTEGER,
    used_at      INTEGER,
    used_by      TEXT,
    serial       TEXT,
    spki_sha256  BLOB
) STRICT;
CREATE INDEX enrollments_by_end ON enrollments (expires_at);

-- Members of the fleet, as kind/name: what their certificates say, and how many there were.
CREATE TABLE worker_identities (
    identity          TEXT    PRIMARY KEY,
    generation        INTEGER NOT NULL,
    dns               TEXT    NOT NULL,
    ip                TEXT    NOT NULL,
    capabilities      TEXT    NOT NULL,
    labels            TEXT    NOT NULL,
    cert_ttl          INTEGER NOT NULL,
    enrolled_at       INTEGER NOT NULL,
    quarantined_at    INTEGER,
    clone_seen_at     INTEGER
) STRICT, WITHOUT ROWID;

-- Their certificates. One that was superseded ends at superseded_at.
CREATE TABLE certificates (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    serial        TEXT    NOT NULL UNIQUE,
    identity      TEXT    NOT NULL,
    generation    INTEGER NOT NULL,
    origin        TEXT    NOT NULL,
    certificate   BLOB    NOT NULL,
    spki_sha256   BLOB    NOT NULL,
    ca_sha256     BLOB    NOT NULL,
    issued_at     INTEGER NOT NULL,
    renew_after   INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    used_at       INTEGER,
    superseded_at INTEGER,
    revoked_at    INTEGER,
    reason        TEXT,
    UNIQUE (identity, generation)
) STRICT;
CREATE INDEX certificates_by_end ON certificates (expires_at);
CREATE INDEX certificates_by_ca ON certificates (ca_sha256, expires_at);
CREATE INDEX certificates_superseded ON certificates (superseded_at)
    WHERE superseded_at IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX certificates_revoked ON certificates (expires_at) WHERE revoked_at IS NOT NULL;
