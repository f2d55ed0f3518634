//! [`Offer`]: something that a worker can do, as far as placement looks at it.

use carnet_ticket::identity::{CapabilityId, Version};
use serde_json::Value;

/// What a worker that describes nothing is taken to offer.
const VERB: &str = "invoke";
const VERSION: Version = Version { major: 1, minor: 0, patch: 0 };

/// Something that a worker can do. It is read once, when the worker registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What.
    pub capability: CapabilityId,
    /// How it is asked for.
    pub verb: String,
    /// In which version.
    pub version: Version,
    /// How often at once.
    pub max_concurrency: u32,
    /// Whether it is done with a GPU.
    pub requires_gpu: bool,
}

impl Offer {
    /// How often at once what says nothing of it is done.
    pub const AT_ONCE: u32 = 10;

    /// What a worker that only names `capability` offers.
    pub fn plain(capability: CapabilityId) -> Self {
        Self {
            capability,
            verb: VERB.to_owned(),
            version: VERSION,
            max_concurrency: Self::AT_ONCE,
            requires_gpu: false,
        }
    }

    /// What a description offers; nothing when it describes nothing that can be asked for. Its members may be left
    /// out, but for its id.
    pub fn read(schema: &Value) -> Option<Self> {
        let mut offer = Self::plain(schema["id"].as_str()?.parse().ok()?);
        if let Some(verb) = given(schema, "verb") {
            verb.as_str().filter(|verb| !verb.is_empty())?.clone_into(&mut offer.verb);
        }
        if let Some(version) = given(schema, "version") {
            offer.version = version.as_str()?.parse().ok()?;
        }
        if let Some(at_once) = given(schema, "max_concurrency") {
            offer.max_concurrency = u32::try_from(at_once.as_u64()?).ok()?;
        }
        if let Some(requires_gpu) = given(schema, "requires_gpu") {
            offer.requires_gpu = requires_gpu.as_bool()?;
        }
        Some(offer)
    }

    /// What a worker offers that names `capabilities` and describes some of them. What it only describes it does not
    /// offer: nobody has looked whether it may.
    pub(super) fn all(capabilities: &[String], schemas: &[Value]) -> Vec<Self> {
        let described: Vec<_> = schemas.iter().filter_map(Self::read).collect();
        let mut offers = Vec::with_capacity(capabilities.len());
        for capability in capabilities.iter().filter_map(|id| id.parse::<CapabilityId>().ok()) {
            let before = offers.len();
            let of_it = described.iter().filter(|offer| offer.capability == capability);
            offers.extend(of_it.cloned());
            if offers.len() == before {
                offers.push(Self::plain(capability));
            }
        }
        offers
    }
}

fn given<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    schema.get(name).filter(|value| !value.is_null())
}
