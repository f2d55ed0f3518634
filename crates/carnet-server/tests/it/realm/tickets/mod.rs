//! `/api/realm/{realm}/tickets`.

mod children;
mod create;
mod end;
mod life;
mod list;
mod quota;
mod wait;
