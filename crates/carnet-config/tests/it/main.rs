//! Configuration from every source, and everything that can be wrong with it.

mod fleet;
mod lists;
mod load;
mod manifest;
mod reload;
mod rpc_tls;
mod secrets;
mod support;
