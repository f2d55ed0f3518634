//! Whether policies let a task be: asked when it is submitted, and again each time that it is placed.
//!
//! Source: control plane spec, sections 7 and 9. There are no rules yet but what `policy.default` says.

use carnet_config::{Config, PolicyDefault};
use carnet_store::TaskSpec;
use serde_json::{Value, json};

/// What was decided, value by value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    checks: [Check; 4],
}

/// What was decided of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    /// What kind of value it is.
    pub(crate) resource_type: &'static str,
    /// The value.
    pub(crate) value: String,
    /// Whether it may be.
    pub(crate) is_allowed: bool,
}

impl Decision {
    /// Of the effective values of a task.
    pub(crate) fn of(spec: &TaskSpec, config: &Config) -> Self {
        let is_allowed = config.policy.default == PolicyDefault::Allow;
        let check = |resource_type, value: &str| Check {
            resource_type,
            value: value.to_owned(),
            is_allowed,
        };
        Self {
            checks: [
                check("image", &spec.image),
                check("provider", &spec.provider),
                check("network", &spec.network),
                check("capability", spec.capability.as_str()),
            ],
        }
    }

    /// The first value that may not be.
    pub(crate) fn denied(&self) -> Option<&Check> {
        self.checks.iter().find(|check| !check.is_allowed)
    }

    /// `allow` or `deny`, and why.
    pub(crate) fn to_json(&self) -> Value {
        let checks = self.checks.iter().map(|check| {
            json!({
                "resource_type": check.resource_type,
                "value": check.value,
                "decision": word(check.is_allowed),
                "source": "default",
                "policy_id": null,
                "considered": [],
            })
        });
        json!({ "decision": word(self.denied().is_none()), "checks": checks.collect::<Vec<_>>() })
    }
}

fn word(is_allowed: bool) -> &'static str {
    if is_allowed { "allow" } else { "deny" }
}
