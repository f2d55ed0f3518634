//! Tasks, from whoever wants them to workers that are called over real TLS.

mod end;
mod faults;
mod files;
mod foreign;
mod outsider;
mod plain;
mod run;
mod submit;
mod support;
