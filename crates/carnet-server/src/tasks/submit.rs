//! Submitting a task: policy, inputs, limits, then one transaction.

use std::collections::BTreeSet;

use carnet_authority::audit::Event;
use carnet_store::{Inserted, NewTask, StoreError, TaskRow, TaskSpec};
use carnet_ticket::realm::{NodeKey, RealmId};
use carnet_ticket::task::TaskId;
use carnet_ticket::time::Timestamp;
use serde_json::{Value, json};

use super::policy::{Check, Decision};
use super::queue::{self, Waiting};
use crate::random;
use crate::state::App;

/// Who submits what.
#[derive(Debug, Clone)]
pub(crate) struct Submission {
    pub(crate) spec: TaskSpec,
    pub(crate) realm: RealmId,
    pub(crate) created_by: String,
    pub(crate) tenant_id: Option<String>,
    /// When whoever submits it stops counting.
    pub(crate) caller_expires_at: Option<Timestamp>,
    /// The caller's key for it, and the digest of the body that it came with.
    pub(crate) key: Option<(String, [u8; 32])>,
}

/// What came of a submission.
#[derive(Debug)]
pub(crate) enum Submitted {
    /// A task was made.
    New(Box<TaskRow>),
    /// It was made before, with the same key.
    Same(Box<TaskRow>),
}

/// Why no task was made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubmitError {
    /// A policy forbids a value.
    #[error("a policy forbids a value")]
    Policy(Check),
    /// The realm does not have an input.
    #[error("the realm does not have an input")]
    Input,
    /// There are as many tasks as may be.
    #[error("there are as many tasks as may be")]
    Full,
    /// The key was used for something else.
    #[error("the key was used for something else")]
    OtherBody,
    /// No id could be made.
    #[error("no randomness")]
    NoRandomness,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a task, and has it placed.
pub(crate) async fn submit(
    app: &App,
    submission: Submission,
    event: impl FnOnce(TaskId) -> Event,
) -> Result<Submitted, SubmitError> {
    let (config, now) = (app.config(), app.clock().now());
    let Submission { spec, realm, created_by, tenant_id, caller_expires_at, key } = submission;
    if let Some((key, digest)) = &key
        && let Some((row, known)) = app.store().task_of_key(created_by.clone(), key.clone()).await?
    {
        // What was let in once is answered again, whatever has become of policies, inputs and limits.
        let is_same = known == *digest;
        return is_same.then(|| Submitted::Same(Box::new(row))).ok_or(SubmitError::OtherBody);
    }
    check(app, &spec, &realm).await?;
    let id = TaskId::new(now, random::bytes().map_err(|_| SubmitError::NoRandomness)?);
    let task = NewTask {
        id,
        spec,
        realm,
        created_by,
        tenant_id: tenant_id.clone(),
        caller_expires_at,
        created_at: now,
    };
    let release = || app.tasks().queue.lock().release(tenant_id.as_deref());
    let reserved = app.tasks().queue.lock().reserve(tenant_id.as_deref(), &config.tasks);
    reserved.map_err(|queue::Full| SubmitError::Full)?;
    match app.store().audited(event(id)).insert_task(task, key).await {
        Ok(Inserted::New(row)) => {
            app.tasks().queue.lock().wait(Waiting::of(&row));
            app.tasks().wake.notify_one();
            Ok(Submitted::New(row))
        }
        Ok(Inserted::Same(row)) => {
            release();
            Ok(Submitted::Same(row))
        }
        Ok(Inserted::Other) => {
            release();
            Err(SubmitError::OtherBody)
        }
        Err(error) => {
            release();
            Err(error.into())
        }
    }
}

/// What would come of a submission: the decision, and who could do it now. Nothing is stored.
pub(crate) async fn dry_run(app: &App, submission: &Submission) -> Result<Value, SubmitError> {
    let config = app.config();
    let decision = Decision::of(&submission.spec, &config);
    has_input(app, &submission.spec.input, &submission.realm).await?;
    let want = queue::want(&submission.spec);
    let candidates = app.registry().candidates(&want, &BTreeSet::new(), config.registry.lost_after);
    let mut answer = decision.to_json();
    answer["candidates"] = json!(candidates);
    Ok(answer)
}

async fn check(app: &App, spec: &TaskSpec, realm: &RealmId) -> Result<(), SubmitError> {
    let decision = Decision::of(spec, &app.config());
    if let Some(check) = decision.denied() {
        return Err(SubmitError::Policy(check.clone()));
    }
    has_input(app, &spec.input, realm).await
}

/// Whether the realm, all of which the caller may read, has every input.
async fn has_input(app: &App, input: &[NodeKey], realm: &RealmId) -> Result<(), SubmitError> {
    let wanted: Vec<_> = input.iter().filter(|key| **key != NodeKey::EMPTY_DICT).copied().collect();
    let known = app.store().node_facts(realm, &wanted).await?;
    let has_all = wanted.iter().all(|key| known.contains_key(key));
    if has_all { Ok(()) } else { Err(SubmitError::Input) }
}
