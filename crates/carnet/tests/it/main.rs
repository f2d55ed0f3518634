//! The binary as a user meets it: real processes, real files, real signals.

mod crash;
mod credentials;
mod demo;
mod jwt;
mod offline;
mod realm;
mod serve;
mod support;
mod ticket;
mod worker_token;
