-- What a ticket was made of. A child counts only as long as everything above it does.
ALTER TABLE realm_tickets ADD COLUMN parent TEXT;
ALTER TABLE realm_tickets ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
ALTER TABLE realm_tickets ADD COLUMN delegable INTEGER NOT NULL DEFAULT 0;
CREATE INDEX realm_tickets_by_parent ON realm_tickets (parent) WHERE parent IS NOT NULL;

-- An upload is set aside under its ticket and everything above that: a row for each. What an earlier version had set
-- aside belongs to uploads that are over.
DROP TABLE realm_reservations;
CREATE TABLE realm_reservations (
    id       TEXT    NOT NULL,
    realm    TEXT    NOT NULL,
    ticket   TEXT,
    key      BLOB    NOT NULL,
    bytes    INTEGER NOT NULL,
    deadline INTEGER NOT NULL
) STRICT;
CREATE INDEX realm_reservations_by_id ON realm_reservations (id);
CREATE INDEX realm_reservations_by_realm ON realm_reservations (realm);
CREATE INDEX realm_reservations_by_ticket ON realm_reservations (ticket);

-- Names for roots that move. history is node keys, newest first.
CREATE TABLE realm_depots (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL UNIQUE,
    realm       TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    root        BLOB    NOT NULL,
    history     BLOB    NOT NULL,
    max_history INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (realm, title)
) STRICT;
CREATE INDEX realm_depots_by_realm ON realm_depots (realm, seq);
