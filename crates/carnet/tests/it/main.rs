//! The binary as a user meets it: real processes, real files, real signals.

#[path = "../../../carnet-server/tests/it/support/s3.rs"]
#[expect(dead_code, reason = "here the bucket always works")]
mod s3;

mod audit;
mod browser;
mod ca;
mod client;
mod crash;
mod crash_trees;
mod credentials;
mod cut_off;
mod demo;
mod dev;
mod disk;
mod enroll;
mod get_safety;
mod howto;
mod identity;
mod jwt;
mod keys;
mod ledger;
mod offline;
mod own_certificates;
mod packaging;
mod realm;
mod reload;
mod role_secrets;
mod secrets;
mod serve;
mod support;
mod task_faults;
mod task_run;
mod tasks;
mod ticket;
mod transfers;
mod trees;
mod ui;
mod worker_enroll;
mod worker_run;
mod worker_token;
mod workers;
