//! Reading rows: columns by name, as the types they were written as.

use bytes::Bytes;
use carnet_authority::audit::ChainHash;
use carnet_ticket::id::UniqueId;
use carnet_ticket::realm::NodeKey;
use carnet_ticket::time::Timestamp;
use rusqlite::Row;

use crate::error::StoreError;

/// A text, borrowed from its row.
pub(crate) fn text<'r>(row: &'r Row<'_>, column: &'static str) -> Result<&'r str, StoreError> {
    maybe_text(row, column)?.ok_or(StoreError::BadRow { column })
}

/// A text that may be missing, borrowed from its row.
pub(crate) fn maybe_text<'r>(
    row: &'r Row<'_>,
    column: &'static str,
) -> Result<Option<&'r str>, StoreError> {
    row.get_ref(column)?.as_str_or_null().map_err(|_| StoreError::BadRow { column })
}

/// A text that was written by `Display`.
pub(crate) fn parsed<T: std::str::FromStr>(
    row: &Row<'_>,
    column: &'static str,
) -> Result<T, StoreError> {
    text(row, column)?.parse().map_err(|_| StoreError::BadRow { column })
}

/// A text that was written by `Display` and may be missing.
pub(crate) fn maybe_parsed<T: std::str::FromStr>(
    row: &Row<'_>,
    column: &'static str,
) -> Result<Option<T>, StoreError> {
    let parse = |text: &str| text.parse().map_err(|_| StoreError::BadRow { column });
    maybe_text(row, column)?.map(parse).transpose()
}

/// Texts that were written by [`join_texts`].
pub(crate) fn texts<T: std::str::FromStr>(
    row: &Row<'_>,
    column: &'static str,
) -> Result<Vec<T>, StoreError> {
    let lines = text(row, column)?.lines();
    lines.map(|line| line.parse().map_err(|_| StoreError::BadRow { column })).collect()
}

/// A count or a size.
pub(crate) fn unsigned(row: &Row<'_>, column: &'static str) -> Result<u64, StoreError> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| StoreError::BadRow { column })
}

/// A count or a size that may be missing.
pub(crate) fn maybe_unsigned(
    row: &Row<'_>,
    column: &'static str,
) -> Result<Option<u64>, StoreError> {
    let value: Option<i64> = row.get(column)?;
    value.map(|value| u64::try_from(value).map_err(|_| StoreError::BadRow { column })).transpose()
}

/// A moment.
pub(crate) fn moment(row: &Row<'_>, column: &'static str) -> Result<Timestamp, StoreError> {
    Ok(Timestamp(row.get(column)?))
}

/// A moment that may be missing.
pub(crate) fn maybe_moment(
    row: &Row<'_>,
    column: &'static str,
) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp))
}

/// Bytes of a fixed length, which `T` is.
pub(crate) fn bytes_as<'r, T: TryFrom<&'r [u8]>>(
    row: &'r Row<'_>,
    column: &'static str,
) -> Result<T, StoreError> {
    let bytes = blob(row, column)?.ok_or(StoreError::BadRow { column })?;
    bytes.try_into().map_err(|_| StoreError::BadRow { column })
}

/// A node key.
pub(crate) fn key(row: &Row<'_>, column: &'static str) -> Result<NodeKey, StoreError> {
    bytes_as(row, column).map(NodeKey::from_bytes)
}

/// A node key that may be missing.
pub(crate) fn maybe_key(
    row: &Row<'_>,
    column: &'static str,
) -> Result<Option<NodeKey>, StoreError> {
    let key = |bytes: &[u8]| {
        bytes.try_into().map(NodeKey::from_bytes).map_err(|_| StoreError::BadRow { column })
    };
    blob(row, column)?.map(key).transpose()
}

/// Node keys, 16 bytes each.
pub(crate) fn maybe_keys(
    row: &Row<'_>,
    column: &'static str,
) -> Result<Option<Vec<NodeKey>>, StoreError> {
    let bytes = blob(row, column)?;
    bytes.map(|bytes| split_keys(bytes).ok_or(StoreError::BadRow { column })).transpose()
}

/// The id of a content.
pub(crate) fn content(row: &Row<'_>, column: &'static str) -> Result<UniqueId, StoreError> {
    bytes_as(row, column).map(UniqueId::from_bytes)
}

/// The id of a content that may be missing.
pub(crate) fn maybe_content(
    row: &Row<'_>,
    column: &'static str,
) -> Result<Option<UniqueId>, StoreError> {
    let id = |bytes: &[u8]| {
        bytes.try_into().map(UniqueId::from_bytes).map_err(|_| StoreError::BadRow { column })
    };
    blob(row, column)?.map(id).transpose()
}

/// A hash of the audit chain.
pub(crate) fn chain_hash(row: &Row<'_>, column: &'static str) -> Result<ChainHash, StoreError> {
    bytes_as(row, column)
}

/// Bytes that may be missing.
pub(crate) fn maybe_bytes(
    row: &Row<'_>,
    column: &'static str,
) -> Result<Option<Bytes>, StoreError> {
    Ok(blob(row, column)?.map(Bytes::copy_from_slice))
}

/// Texts as they are stored: a line for each. None of them has a line break.
pub(crate) fn join_texts<T: ToString>(texts: &[T]) -> String {
    texts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Node keys as they are stored.
pub(crate) fn join_keys(keys: &[NodeKey]) -> Vec<u8> {
    keys.iter().flat_map(|key| *key.as_bytes()).collect()
}

/// What SQLite and JSON can say of a size: the rest is cut, and never reached.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn blob<'r>(row: &'r Row<'_>, column: &'static str) -> Result<Option<&'r [u8]>, StoreError> {
    row.get_ref(column)?.as_blob_or_null().map_err(|_| StoreError::BadRow { column })
}

fn split_keys(bytes: &[u8]) -> Option<Vec<NodeKey>> {
    let (keys, rest) = bytes.as_chunks::<16>();
    rest.is_empty().then(|| keys.iter().map(|key| NodeKey::from_bytes(*key)).collect())
}
