//! Configuration from every source, and everything that can be wrong with it.

mod lists;
mod load;
mod manifest;
mod reload;
mod secrets;
mod support;
