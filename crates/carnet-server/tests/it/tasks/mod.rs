//! Tasks, from whoever wants them to workers that are called over real TLS.

mod end;
mod faults;
mod run;
mod submit;
mod support;
