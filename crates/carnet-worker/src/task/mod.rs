//! Tasks: work that the control plane hands to a worker. Source: worker runtime spec, sections 8, 10 and 12.
//!
//! A [`TaskHandler`] does tasks of one capability. For each there is an attempt: it holds a lease, which it renews, and
//! a ticket, with which it reads its input and commits its output. It ends when its lease does.

mod attempt;
mod context;
mod deliver;
mod error;
mod handler;
mod input;
mod offers;
mod output;
mod reporter;
mod store;
mod tasks;
mod tenure;
mod voice;

pub use carnet_ticket::task::TaskId;
pub use context::TaskContext;
pub use error::TaskError;
pub use handler::TaskHandler;
pub use input::InputReader;
pub use output::{OutputWriter, TaskOutput};

pub(crate) use attempt::Attempt;
pub(crate) use handler::AnyHandler;
pub(crate) use offers::{Offer, Offers};
pub(crate) use tasks::{Asked, Tasks};
