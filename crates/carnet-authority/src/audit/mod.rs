//! The audit chain. Source: control plane spec, section 11; to the byte: `docs/formats/audit.md`.
//!
//! ```text
//! Event --(canonical text)--> Head::append --> Chained: a row of the store, a line of an export
//!                                                 |
//!                        SignedCheckpoint --> Verifier --> Report
//! ```

mod canonical;
mod chain;
mod checkpoint;
mod columns;
mod event;
mod export;
mod text;
mod verify;

pub use canonical::CANONICAL_LEN_MAX;
pub use chain::{ChainHash, Chained, Head, MalformedHash};
pub use checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
pub use columns::Columns;
pub use event::{Actor, Event, Kind, MalformedEvent, Outcome};
pub use export::{BadLine, Lines, to_csv};
pub use text::{Details, Text};
pub use verify::{Extent, Fault, FirstFault, Report, Row, Status, Verifier};
