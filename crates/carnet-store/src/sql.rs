//! Statements: prepared once per connection, run, read. Parameters are numbered: `?1`.

use rusqlite::types::Value;
use rusqlite::{Connection, Params, Row, params_from_iter};

use crate::error::StoreError;

/// Runs a statement that changes something; how many rows it changed.
pub(crate) fn execute(
    connection: &Connection,
    statement: &str,
    params: impl Params,
) -> Result<u64, StoreError> {
    Ok(connection.prepare_cached(statement)?.execute(params)? as u64)
}

/// The first row of what a statement finds.
pub(crate) fn one<T>(
    connection: &Connection,
    statement: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(statement)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// Every row of what a statement finds.
pub(crate) fn all<T>(
    connection: &Connection,
    statement: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    connection.prepare_cached(statement)?.query_and_then(params, read)?.collect()
}

/// Whether a statement finds anything.
pub(crate) fn exists(
    connection: &Connection,
    statement: &str,
    params: impl Params,
) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached(statement)?.exists(params)?)
}

/// A statement made of parts, for conditions that are asked for or not.
pub(crate) struct Parts {
    statement: String,
    values: Vec<Value>,
}

impl Parts {
    pub(crate) fn new(statement: &str) -> Self {
        Self { statement: statement.to_owned(), values: Vec::new() }
    }

    /// Adds `text`, and a parameter behind it.
    pub(crate) fn push(&mut self, text: &str, value: impl Into<Value>) -> &mut Self {
        self.statement.push_str(text);
        self.values.push(value.into());
        self.statement.push('?');
        self.statement.push_str(&self.values.len().to_string());
        self
    }

    /// Adds `text` alone.
    pub(crate) fn push_text(&mut self, text: &str) -> &mut Self {
        self.statement.push_str(text);
        self
    }

    /// Every row of what it finds.
    pub(crate) fn all<T>(
        self,
        connection: &Connection,
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        all(connection, &self.statement, params_from_iter(self.values), read)
    }
}
