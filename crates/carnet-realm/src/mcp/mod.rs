//! What is said to the tools of the content store: JSON-RPC 2.0 as the Model Context Protocol uses it. Source: realm
//! spec, section 9.
//!
//! Only reading: nothing here does what is asked for.

mod message;
mod tool;

pub use message::{Message, PROTOCOL, Request, RpcError, parse, reply, reply_error};
pub use tool::{Call, GetTicket, READ_MAX, Read, Write, tools};
