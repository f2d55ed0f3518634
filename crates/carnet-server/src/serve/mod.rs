//! Listeners and connections.
//!
//! HTTP/1.1 over TCP, over TLS, and over the local socket. One task per connection; a connection is cut, not
//! closed politely, when a grant that something on it rests on has ended: what the peer has not read yet is
//! gone.

mod connection;
mod linger;
mod listen;
mod socket;
mod tls;

pub use connection::{Cutoff, Peer, ServedAt};
pub(crate) use listen::tls_of;
pub use listen::{Listening, ServeError, listen};
pub use tls::TlsError;
