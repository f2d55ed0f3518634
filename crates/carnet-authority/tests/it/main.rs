//! What the authority makes, and the audit chain as an auditor meets it.

mod audit;
mod capability;
mod keyring;
mod worker_token;
