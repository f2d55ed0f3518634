//! [`TaskRequest`]: what somebody asks to be done, read and checked. Source: worker runtime spec, section 12.

use std::collections::BTreeMap;
use std::time::Duration;

use carnet_config::Tasks as TasksConfig;
use carnet_store::TaskSpec;
use carnet_ticket::identity::Version;
use carnet_ticket::realm::NodeKey;
use serde_json::{Map, Value};

use crate::members::Members;
use crate::problem::Problem;
use crate::routes::body::number;

/// Nodes that a task may read.
const INPUT_MAX: usize = 64;

/// Bytes that the parameters of a task may have.
const PARAMS_LEN_MAX: usize = 64 << 10;

/// Labels that a task may ask for, and how long a name and a value may be.
const LABELS_MAX: usize = 64;
const LABEL_LEN_MAX: usize = 63;

/// The longest image, provider, network and verb.
const TEXT_LEN_MAX: usize = 256;

/// What is meant when nobody says.
const TIMEOUT: Duration = Duration::from_mins(5);
const OUTPUT_BYTES: u64 = 64 << 20;
const MAX_ATTEMPTS: u32 = 3;

/// The most attempts.
const MAX_ATTEMPTS_MAX: u64 = 10;

/// What somebody asks to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRequest {
    /// What is to be done, with everything that nobody said filled in.
    pub spec: TaskSpec,
    /// The realm, as a path of the content store has it; the caller's home where nobody says.
    pub realm: Option<String>,
}

/// What limits are asked for.
struct Limits {
    timeout: Duration,
    output_bytes: u64,
    max_attempts: u32,
}

impl TaskRequest {
    /// Reads the body of a request, or says which member is wrong.
    pub fn parse(bytes: &[u8], config: &TasksConfig) -> Result<Self, Problem> {
        let mut members = Members::parse(bytes)?;
        let capability = members.take("capability", |value| value.as_str()?.parse().ok())?;
        let capability: carnet_ticket::identity::CapabilityId =
            capability.ok_or_else(|| Problem::invalid("Missing", "capability"))?;
        let version = members.take("version", |value| value.as_str()?.parse().ok())?;
        let version: Version = version.unwrap_or(Version::FIRST);
        let verb = members.take("verb", text)?;
        let realm = members.take("realm", text)?;
        let input = members.take("input", input)?.unwrap_or_default();
        let params = members.take("params", params)?.unwrap_or_default();
        let limits = members.take("limits", |value| value.as_object().cloned())?;
        let limits = Limits::parse(Members::of(limits.unwrap_or_default(), "limits."), config)?;
        let labels = members.take("labels", labels)?.unwrap_or_default();
        let requires_gpu = members.take("requires_gpu", Value::as_bool)?.unwrap_or(false);
        let image = members.take("image", text)?.or_else(|| config.default_image.clone());
        let provider = members.take("provider", text)?.or_else(|| config.default_provider.clone());
        let network = members.take("network", text)?.or_else(|| config.default_network.clone());
        members.finish()?;
        let spec = TaskSpec {
            image: image.unwrap_or_else(|| format!("{capability}@{version}")),
            provider: provider.unwrap_or_else(|| "task".to_owned()),
            network: network.unwrap_or_else(|| "none".to_owned()),
            capability,
            version,
            verb,
            input,
            params,
            labels,
            requires_gpu,
            // Checked to be at most a day.
            timeout_ms: u64::try_from(limits.timeout.as_millis()).unwrap_or(u64::MAX),
            output_bytes: limits.output_bytes,
            max_attempts: limits.max_attempts,
        };
        Ok(Self { spec, realm })
    }
}

impl Limits {
    fn parse(mut members: Members, config: &TasksConfig) -> Result<Self, Problem> {
        let timeout = members.take("timeout", |value| {
            let timeout = carnet_config::parse_duration(value.as_str()?)?;
            let is_in_range = timeout >= Duration::from_millis(1) && timeout <= config.max_timeout;
            is_in_range.then_some(timeout)
        })?;
        let output_bytes = members.take("output_bytes", number)?;
        let max_attempts = members.take("max_attempts", |value| {
            let attempts =
                number(value).filter(|attempts| (1..=MAX_ATTEMPTS_MAX).contains(attempts))?;
            u32::try_from(attempts).ok()
        })?;
        members.finish()?;
        Ok(Self {
            timeout: timeout.unwrap_or_else(|| TIMEOUT.min(config.max_timeout)),
            output_bytes: output_bytes.unwrap_or(OUTPUT_BYTES),
            max_attempts: max_attempts.unwrap_or(MAX_ATTEMPTS),
        })
    }
}

/// A text that says something, and is no longer than it may be.
fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let fits = !text.trim().is_empty() && text.len() <= TEXT_LEN_MAX;
    (fits && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn input(value: &Value) -> Option<Vec<NodeKey>> {
    let keys = value.as_array().filter(|keys| keys.len() <= INPUT_MAX)?;
    keys.iter().map(|key| key.as_str()?.parse().ok()).collect()
}

fn params(value: &Value) -> Option<Map<String, Value>> {
    let params = value.as_object()?;
    (value.to_string().len() <= PARAMS_LEN_MAX).then(|| params.clone())
}

fn labels(value: &Value) -> Option<BTreeMap<String, String>> {
    let labels = value.as_object().filter(|labels| labels.len() <= LABELS_MAX)?;
    let label = |(name, value): (&String, &Value)| {
        let value = value.as_str().filter(|value| value.len() <= LABEL_LEN_MAX)?;
        let fits = (1..=LABEL_LEN_MAX).contains(&name.len());
        fits.then(|| (name.clone(), value.to_owned()))
    };
    labels.iter().map(label).collect()
}
