//! Migrations: numbered, embedded, each applied once.

use sqlx::{Connection, Row, SqliteConnection};

use crate::error::StoreError;

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
];

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations \
    (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, \
     applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT";
const SELECT_APPLIED: &str = "SELECT version, checksum FROM schema_migrations ORDER BY version";
const INSERT_APPLIED: &str =
    "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)";

struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

/// Applies what is missing, all under one lock. A changed or a newer schema is refused.
pub(crate) async fn run(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("BEGIN EXCLUSIVE").await?;
    sqlx::query(CREATE_TABLE).execute(&mut *transaction).await?;
    let applied = sqlx::query(SELECT_APPLIED).fetch_all(&mut *transaction).await?;
    let known = MIGRATIONS.last().map_or(0, |last| last.version);
    for row in &applied {
        let (version, checksum): (i64, &str) = (row.try_get("version")?, row.try_get("checksum")?);
        let migration = MIGRATIONS.iter().find(|migration| migration.version == version);
        let migration = migration.ok_or(StoreError::SchemaTooNew { found: version, known })?;
        if migration.checksum() != checksum {
            return Err(StoreError::MigrationChanged { version });
        }
    }
    for migration in MIGRATIONS.iter().skip(applied.len()) {
        sqlx::raw_sql(migration.sql).execute(&mut *transaction).await?;
        sqlx::query(INSERT_APPLIED)
            .bind(migration.version)
            .bind(migration.name)
            .bind(migration.checksum())
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

impl Migration {
    fn checksum(&self) -> String {
        blake3::hash(self.sql.as_bytes()).to_hex().to_string()
    }
}
