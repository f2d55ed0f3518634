//! The binary as a user meets it: real processes, real files, real signals.

mod crash;
mod demo;
mod offline;
mod realm;
mod serve;
mod support;
