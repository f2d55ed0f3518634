//! Reading rows: columns by name, as the types they were written as.

use bytes::Bytes;
use carnet_authority::audit::ChainHash;
use carnet_ticket::id::UniqueId;
use carnet_ticket::realm::NodeKey;
use carnet_ticket::time::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::StoreError;

/// A text that was written by `Display`.
pub(crate) fn parsed<T: std::str::FromStr>(
    row: &SqliteRow,
    column: &'static str,
) -> Result<T, StoreError> {
    row.try_get::<&str, _>(column)?.parse().map_err(|_| StoreError::BadRow { column })
}

/// A count or a size.
pub(crate) fn unsigned(row: &SqliteRow, column: &'static str) -> Result<u64, StoreError> {
    u64::try_from(row.try_get::<i64, _>(column)?).map_err(|_| StoreError::BadRow { column })
}

/// A count or a size that may be missing.
pub(crate) fn maybe_unsigned(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<u64>, StoreError> {
    let value: Option<i64> = row.try_get(column)?;
    value.map(|value| u64::try_from(value).map_err(|_| StoreError::BadRow { column })).transpose()
}

/// A moment.
pub(crate) fn moment(row: &SqliteRow, column: &'static str) -> Result<Timestamp, StoreError> {
    Ok(Timestamp(row.try_get(column)?))
}

/// A moment that may be missing.
pub(crate) fn maybe_moment(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp))
}

/// A node key.
pub(crate) fn key(row: &SqliteRow, column: &'static str) -> Result<NodeKey, StoreError> {
    maybe_key(row, column)?.ok_or(StoreError::BadRow { column })
}

/// A node key that may be missing.
pub(crate) fn maybe_key(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<NodeKey>, StoreError> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    let key = |bytes: &[u8]| {
        bytes.try_into().map(NodeKey::from_bytes).map_err(|_| StoreError::BadRow { column })
    };
    bytes.map(key).transpose()
}

/// Node keys, 16 bytes each.
pub(crate) fn maybe_keys(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<Vec<NodeKey>>, StoreError> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    bytes.map(|bytes| split_keys(bytes).ok_or(StoreError::BadRow { column })).transpose()
}

/// The id of a content.
pub(crate) fn content(row: &SqliteRow, column: &'static str) -> Result<UniqueId, StoreError> {
    maybe_content(row, column)?.ok_or(StoreError::BadRow { column })
}

/// The id of a content that may be missing.
pub(crate) fn maybe_content(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<UniqueId>, StoreError> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    let id = |bytes: &[u8]| {
        bytes.try_into().map(UniqueId::from_bytes).map_err(|_| StoreError::BadRow { column })
    };
    bytes.map(id).transpose()
}

/// A hash of the audit chain.
pub(crate) fn chain_hash(row: &SqliteRow, column: &'static str) -> Result<ChainHash, StoreError> {
    row.try_get::<&[u8], _>(column)?.try_into().map_err(|_| StoreError::BadRow { column })
}

/// Bytes that may be missing.
pub(crate) fn maybe_bytes(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<Bytes>, StoreError> {
    Ok(row.try_get::<Option<Vec<u8>>, _>(column)?.map(Bytes::from))
}

/// Node keys as they are stored.
pub(crate) fn join_keys(keys: &[NodeKey]) -> Vec<u8> {
    keys.iter().flat_map(|key| *key.as_bytes()).collect()
}

/// What SQLite and JSON can say of a size: the rest is cut, and never reached.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn split_keys(bytes: &[u8]) -> Option<Vec<NodeKey>> {
    let (keys, rest) = bytes.as_chunks::<16>();
    rest.is_empty().then(|| keys.iter().map(|key| NodeKey::from_bytes(*key)).collect())
}
