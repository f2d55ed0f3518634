//! `/api/v1/admin/sign-in-links`.

mod create;

pub(super) use create::create;
