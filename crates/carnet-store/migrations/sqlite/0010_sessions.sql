-- Sessions of the admin UI, and the links that open one. Of a cookie or a link only its digest is kept. What a
-- session may do is not kept: that is what its subject may do at the time. A session rests on the key that opened it.
CREATE TABLE sessions (
    digest       BLOB    PRIMARY KEY,
    subject      TEXT    NOT NULL,
    rests_on     BLOB,
    created_at   INTEGER NOT NULL,
    idle_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_subject ON sessions (subject, created_at);

CREATE TABLE sign_in_links (
    digest     BLOB    PRIMARY KEY,
    subject    TEXT    NOT NULL,
    rests_on   BLOB,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
