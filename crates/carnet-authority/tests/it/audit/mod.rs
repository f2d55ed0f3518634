//! The chain as an auditor meets it: canonical texts, faults of every kind, exports, checkpoints.

mod canonical;
mod checkpoint;
mod export;
mod support;
mod verify;
