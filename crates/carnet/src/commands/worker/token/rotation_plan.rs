//! `carnet worker token rotation-plan`.

use std::time::Duration;

use carnet_authority::keyring::{RotationPlanOptions, rotation_plan};

use crate::failure::Failure;
use crate::output::{self, Format};

/// Prints the plan. It speaks of references: no key and no configuration is read.
pub fn run(
    new_key_ref: String,
    previous_key_ref: String,
    ttl: Duration,
    format: Format,
) -> anyhow::Result<()> {
    let plan = rotation_plan(&RotationPlanOptions { new_key_ref, previous_key_ref, ttl })
        .map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(output::show(format, &plan, |plan| plan.text.clone())?)
}
