//! The binary as a user meets it: real processes, real files, real signals.

mod audit;
mod crash;
mod credentials;
mod demo;
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
mod worker_token;
