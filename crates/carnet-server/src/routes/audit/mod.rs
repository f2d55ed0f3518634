//! `/api/v1/admin/audit`.

mod export;
mod head;
mod list;

pub(super) use head::head;
pub(super) use list::list;
