//! What a worker can do: [`CapabilityDefinition`].

mod definition;

pub use carnet_ticket::identity::{InvalidVersion, Version};
pub(crate) use definition::is_error_code;
pub use definition::{CapabilityDefinition, CapabilityError, ErrorCode};

use carnet_ticket::identity::CapabilityId;

/// What a worker without capabilities is.
const GENERIC: &str = "generic_worker";

/// The kind of a worker: what stands before the first dot of its first capability.
pub fn service_type(capabilities: &[CapabilityId]) -> &str {
    let first = capabilities.first().map(CapabilityId::as_str);
    first.map_or(GENERIC, |id| id.split_once('.').map_or(id, |(kind, _)| kind))
}
