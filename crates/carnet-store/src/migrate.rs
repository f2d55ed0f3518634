//! Migrations: numbered, embedded, each applied once.

use rusqlite::{Connection, TransactionBehavior, params};

use crate::error::StoreError;
use crate::sql;

/// Every migration, in order. One that was released is never changed.
const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "realm_and_keys",
        sql: include_str!("../migrations/sqlite/0001_realm_and_keys.sql"),
    },
    Migration {
        version: 2,
        name: "ledger_audit_meters",
        sql: include_str!("../migrations/sqlite/0002_ledger_audit_meters.sql"),
    },
    Migration {
        version: 3,
        name: "signing_keys",
        sql: include_str!("../migrations/sqlite/0003_signing_keys.sql"),
    },
    Migration {
        version: 4,
        name: "realm_identity",
        sql: include_str!("../migrations/sqlite/0004_realm_identity.sql"),
    },
    Migration {
        version: 5,
        name: "realm_children_depots",
        sql: include_str!("../migrations/sqlite/0005_realm_children_depots.sql"),
    },
    Migration {
        version: 6,
        name: "realm_gc",
        sql: include_str!("../migrations/sqlite/0006_realm_gc.sql"),
    },
    Migration {
        version: 7,
        name: "certificates",
        sql: include_str!("../migrations/sqlite/0007_certificates.sql"),
    },
    Migration {
        version: 8,
        name: "workers",
        sql: include_str!("../migrations/sqlite/0008_workers.sql"),
    },
    Migration {
        version: 9,
        name: "tasks",
        sql: include_str!("../migrations/sqlite/0009_tasks.sql"),
    },
    Migration {
        version: 10,
        name: "sessions",
        sql: include_str!("../migrations/sqlite/0010_sessions.sql"),
    },
    Migration {
        version: 11,
        name: "worker_states",
        sql: include_str!("../migrations/sqlite/0011_worker_states.sql"),
    },
];

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations \
    (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, \
     applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT";
const SELECT_APPLIED: &str = "SELECT version, checksum FROM schema_migrations ORDER BY version";
const INSERT_APPLIED: &str =
    "INSERT INTO schema_migrations (version, name, checksum) VALUES (?1, ?2, ?3)";

struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

/// Applies what is missing, all under one lock. A changed or a newer schema is refused.
pub(crate) fn run(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    transaction.execute_batch(CREATE_TABLE)?;
    let applied = sql::all(&transaction, SELECT_APPLIED, [], |row| {
        Ok((row.get("version")?, row.get("checksum")?))
    })?;
    check(&applied)?;
    for migration in MIGRATIONS.iter().skip(applied.len()) {
        transaction.execute_batch(migration.sql)?;
        let applied = params![migration.version, migration.name, migration.checksum()];
        sql::execute(&transaction, INSERT_APPLIED, applied)?;
    }
    Ok(transaction.commit()?)
}

/// Whether what was applied is what is known by its number.
fn check(applied: &[(i64, String)]) -> Result<(), StoreError> {
    let known = MIGRATIONS.last().map_or(0, |last| last.version);
    for (version, checksum) in applied {
        let migration = MIGRATIONS.iter().find(|migration| migration.version == *version);
        let migration = migration.ok_or(StoreError::SchemaTooNew { found: *version, known })?;
        if migration.checksum() != *checksum {
            return Err(StoreError::MigrationChanged { version: *version });
        }
    }
    Ok(())
}

impl Migration {
    fn checksum(&self) -> String {
        blake3::hash(self.sql.as_bytes()).to_hex().to_string()
    }
}
