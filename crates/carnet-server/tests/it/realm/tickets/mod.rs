//! `/api/realm/{realm}/tickets`.

mod create;
mod end;
mod life;
mod list;
mod quota;
mod wait;
