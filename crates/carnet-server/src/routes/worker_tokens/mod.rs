//! `/api/v1/admin/worker-tokens`.

mod create;

pub(super) use create::{Input, create, duration, mint, random_id};
