//! The binary as a user meets it: real processes, real files, real signals.

mod audit;
mod client;
mod crash;
mod crash_trees;
mod credentials;
mod demo;
mod get_safety;
mod identity;
mod jwt;
mod keys;
mod ledger;
mod offline;
mod realm;
mod reload;
mod role_secrets;
mod secrets;
mod serve;
mod support;
mod ticket;
mod transfers;
mod trees;
mod worker_token;
