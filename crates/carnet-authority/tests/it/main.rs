//! What the authority makes.

mod capability;
mod keyring;
mod worker_token;
