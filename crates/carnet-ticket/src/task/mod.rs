//! Tasks and leases, as the control plane and its workers speak of them. Source: worker runtime spec, sections 10
//! to 12.
//!
//! A task is the scheduling of one ticket per attempt. Who works on it holds its lease: the lease's generation only
//! grows, so that whoever held it before is told from whoever holds it now.

mod id;
mod lease;
mod life;
mod report;

pub use id::{MalformedTaskId, TaskId};
pub use lease::{Lease, LeaseError, LeaseMark};
pub use life::{Life, LifeError, Step, TaskState};
pub use report::{LEASE_HEADER, Report};
