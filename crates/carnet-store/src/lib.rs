//! Everything durable: SQLite, migrations, group commit.
