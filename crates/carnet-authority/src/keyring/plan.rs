//! [`rotation_plan`]: how a key of worker tokens is turned over where the configuration holds it. Source: control
//! plane spec, section 3. Needs no key: it speaks of references alone.

use std::time::Duration;

use carnet_ticket::worker_token::{LIFETIME_MAX, SKEW};
use serde::Serialize;

/// The most characters of a reference.
const REF_LEN_MAX: usize = 256;

/// What a plan is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationPlanOptions {
    /// Where the new key will be.
    pub new_key_ref: String,
    /// Where the previous one will be.
    pub previous_key_ref: String,
    /// The longest life of tokens.
    pub ttl: Duration,
}

/// Why there is no plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RotationPlanError {
    /// Blank, too long, or with other characters than references have.
    #[error("a key reference is 1 to 256 of A-Z a-z 0-9 _ . : / @ [ ] -")]
    Reference,
    /// One reference for two keys.
    #[error("the references of the two keys are the same")]
    SameReference,
    /// Zero, or longer than tokens live.
    #[error("a ttl is longer than 0 and at most 15m")]
    Ttl,
}

/// How a key is turned over without a refused token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RotationPlan {
    /// Where the new key will be.
    pub new_key_ref: String,
    /// Where the previous one will be.
    pub previous_key_ref: String,
    /// The longest life of tokens: `5m0s`.
    pub max_token_ttl: String,
    /// By how much clocks may differ: `30s`.
    pub clock_skew: String,
    /// The phases, in their order.
    pub phases: [RotationPhase; 3],
    /// Every step, in order.
    pub steps: Vec<String>,
    /// The configuration after the promotion.
    pub config_snippet: String,
    /// Commands that tell whether it went well.
    pub validation: Vec<String>,
    /// All of it, for people.
    pub text: String,
}

/// One of the three phases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RotationPhase {
    /// `distribute`, `promote` or `retire`.
    pub name: &'static str,
    /// What is done.
    pub steps: Vec<String>,
    /// The configuration after it.
    pub config_snippet: String,
    /// How long is waited before it.
    pub wait: Option<String>,
    /// What has to hold before the next phase; in the last one, before the key is removed.
    pub check: String,
}

/// The plan for these references.
pub fn rotation_plan(options: &RotationPlanOptions) -> Result<RotationPlan, RotationPlanError> {
    let (new, previous) = (&options.new_key_ref, &options.previous_key_ref);
    if !(is_reference(new) && is_reference(previous)) {
        return Err(RotationPlanError::Reference);
    }
    if new == previous {
        return Err(RotationPlanError::SameReference);
    }
    if options.ttl.is_zero() || options.ttl > LIFETIME_MAX {
        return Err(RotationPlanError::Ttl);
    }
    let wait = go_duration(options.ttl + SKEW);
    let phases = phases(new, previous, wait);
    let steps = phases.iter().flat_map(|phase| phase.steps.clone()).collect();
    let validation = [
        "carnet config lint --production",
        "carnet keys status --require <new key id>",
        "carnet worker token verify - --verification-key-file <file of the previous key>",
    ];
    let mut plan = RotationPlan {
        new_key_ref: new.clone(),
        previous_key_ref: previous.clone(),
        max_token_ttl: go_duration(options.ttl),
        clock_skew: go_duration(SKEW),
        config_snippet: phases[1].config_snippet.clone(),
        phases,
        steps,
        validation: validation.map(str::to_owned).to_vec(),
        text: String::new(),
    };
    plan.text = text(&plan);
    Ok(plan)
}

fn phases(new: &str, previous: &str, wait: String) -> [RotationPhase; 3] {
    let reload = "Reload each of them, and see that none reports an error.";
    [
        RotationPhase {
            name: "distribute",
            steps: vec![
                "Make a new key of at least 32 random bytes, in a file that nobody else reads."
                    .to_owned(),
                "Add it to auth.worker_signing_keys of every control plane and worker: it verifies, \
                 and signs nothing."
                    .to_owned(),
                reload.to_owned(),
            ],
            config_snippet: snippet(previous, Some(new)),
            wait: None,
            check: "every live member reports the new key: carnet keys status --require <new key id>"
                .to_owned(),
        },
        RotationPhase {
            name: "promote",
            steps: vec![
                format!("Let {new} sign: put the new key into auth.worker_signing_key."),
                format!("Keep {previous} verifying: put the old key into auth.worker_signing_keys."),
                reload.to_owned(),
            ],
            config_snippet: snippet(new, Some(previous)),
            wait: None,
            check: "new tokens name the new key: carnet worker token verify -".to_owned(),
        },
        RotationPhase {
            name: "retire",
            steps: vec![
                format!(
                    "Wait {wait} after the last member was promoted: then no token of the old key lives."
                ),
                format!("Remove {previous} from auth.worker_signing_keys."),
                reload.to_owned(),
            ],
            config_snippet: snippet(new, None),
            check: format!("the old key was last used more than {wait} ago"),
            wait: Some(wait),
        },
    ]
}

/// References alone stand in it, so that it can be shown to anybody.
fn snippet(signs: &str, verifies: Option<&str>) -> String {
    let verifies = verifies.map(|key| format!("\"<{key}>\"")).unwrap_or_default();
    format!("[auth]\nworker_signing_key = \"<{signs}>\"\nworker_signing_keys = [{verifies}]\n")
}

fn text(plan: &RotationPlan) -> String {
    let mut lines = vec![
        "Worker signing key rotation plan".to_owned(),
        String::new(),
        "Key references".to_owned(),
        format!("- new key: {}", plan.new_key_ref),
        format!("- previous key: {}", plan.previous_key_ref),
        format!("- longest token life: {}, clock skew {}", plan.max_token_ttl, plan.clock_skew),
    ];
    let mut number = 0;
    for phase in &plan.phases {
        lines.extend([String::new(), phase.name.to_owned()]);
        for step in &phase.steps {
            number += 1;
            lines.push(format!("{number}. {step}"));
        }
        lines.push(format!("   check: {}", phase.check));
    }
    lines.extend([String::new(), "Config sketch".to_owned()]);
    lines.extend(plan.config_snippet.lines().map(|line| format!("    {line}")));
    lines.extend([String::new(), "Validation".to_owned()]);
    lines.extend(plan.validation.iter().map(|command| format!("    {command}")));
    lines.join("\n")
}

fn is_reference(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:/@[]-".contains(&byte);
    (1..=REF_LEN_MAX).contains(&text.len()) && text.bytes().all(is_allowed)
}

/// A duration below an hour as Go prints it: `5m0s`, `1.5s`.
fn go_duration(duration: Duration) -> String {
    let (minutes, rest) = (duration.as_secs() / 60, duration.as_secs() % 60);
    let fraction = format!("{:09}", duration.subsec_nanos());
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    let minutes = if minutes == 0 { String::new() } else { format!("{minutes}m") };
    format!("{minutes}{rest}{dot}{fraction}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(new: &str, previous: &str, ttl: Duration) -> RotationPlanOptions {
        RotationPlanOptions {
            new_key_ref: new.to_owned(),
            previous_key_ref: previous.to_owned(),
            ttl,
        }
    }

    #[test]
    fn a_plan_waits_for_the_longest_token_and_the_skew() {
        let plan = rotation_plan(&options("a", "b", Duration::from_mins(5))).unwrap();
        let waits = plan.phases.each_ref().map(|phase| phase.wait.as_deref());
        assert_eq!(waits, [None, None, Some("5m30s")]);
        assert_eq!((plan.max_token_ttl.as_str(), plan.clock_skew.as_str()), ("5m0s", "30s"));
        assert_eq!(plan.steps.len(), 9);
        assert_eq!(plan.config_snippet, plan.phases[1].config_snippet);
    }

    #[test]
    fn references_and_lives_have_limits() {
        let fault = |new: &str, previous: &str, ttl| {
            rotation_plan(&options(new, previous, ttl)).unwrap_err()
        };
        let five = Duration::from_mins(5);
        let long = "x".repeat(257);
        for wrong in ["", " ", "a b", "a\"b", "é", long.as_str()] {
            assert_eq!(fault(wrong, "b", five), RotationPlanError::Reference, "{wrong:?}");
            assert_eq!(fault("b", wrong, five), RotationPlanError::Reference, "{wrong:?}");
        }
        assert_eq!(fault("a", "a", five), RotationPlanError::SameReference);
        assert_eq!(fault("a", "b", Duration::ZERO), RotationPlanError::Ttl);
        assert_eq!(fault("a", "b", Duration::from_millis(900_001)), RotationPlanError::Ttl);
        assert!(rotation_plan(&options("a", "b", LIFETIME_MAX)).is_ok());
    }

    #[test]
    fn durations_are_written_as_go_does() {
        for (ms, text) in
            [(300_000, "5m0s"), (30_000, "30s"), (1_500, "1.5s"), (90_250, "1m30.25s")]
        {
            assert_eq!(go_duration(Duration::from_millis(ms)), text);
        }
    }
}
