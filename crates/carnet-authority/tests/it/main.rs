//! What the authority makes.

mod capability;
mod keyring;
