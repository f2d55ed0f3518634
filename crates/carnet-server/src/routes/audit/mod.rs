//! `/api/v1/admin/audit`.

mod export;
mod head;
mod list;

pub(super) use head::head;
pub(crate) use head::state;
pub(super) use list::list;
pub(crate) use list::{filter, one_page};
