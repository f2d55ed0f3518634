//! What is written down of requests: changes with their transaction, denials and reads beside.

mod outcome;
mod recorder;
mod trail;

pub(crate) use outcome::{Asked, Written};
pub(crate) use recorder::Recorder;
pub(crate) use trail::{Trail, actor_of, nobody};
