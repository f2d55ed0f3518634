//! `ca-and-registry.json`: what becomes of a lease.

use std::time::Duration;

use carnet_store::{LeaseFault, Store};
use carnet_ticket::task::LeaseMark;
use serde_json::{Value, json};

use crate::contract::NOW;
use crate::contract::leases::leasing;
use crate::runner::{self, Input, Outcome, error, variant};
use crate::sqlite;

const OPS: &[(&str, runner::Op)] = &[("lease_sequence", lease_sequence)];

/// Promise: K-47
#[test]
fn vectors_ca_and_registry() {
    runner::run("ca-and-registry.json", OPS);
}

fn lease_sequence(input: &mut Input) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let store = sqlite::open(directory.path()).unwrap();
    let mut state = json!(null);
    for op in input.take("ops").as_array().unwrap() {
        let did = runtime.block_on(run(&store, op.as_array().unwrap()));
        if let Some(lease) = did.map_err(|fault| error(&variant(&fault)))? {
            state = lease;
        }
    }
    Ok(state)
}

/// `[verb, holder, second, ttl]`; what the lease then says.
async fn run(store: &Store, op: &[Value]) -> Result<Option<Value>, LeaseFault> {
    let holder = leasing(op[1].as_str().unwrap_or("nobody"));
    let now = NOW.after(Duration::from_secs(op[2].as_u64().unwrap()));
    let ttl = Duration::from_secs(op.get(3).and_then(Value::as_u64).unwrap_or(0));
    let (resource, instance) = (holder.resource_id.clone(), holder.instance.clone());
    let lease = match op[0].as_str().unwrap() {
        "acquire" => store.acquire_lease(holder, ttl, now).await?,
        "renew" => {
            let mark = LeaseMark { instance, generation: 0 };
            store.renew_lease(resource, holder.holder, mark, ttl, now).await?
        }
        "release" => {
            store.release_lease(resource, holder.holder).await?;
            return Ok(None);
        }
        "fence" => {
            store.fence_lease(resource).await?;
            return Ok(None);
        }
        other => panic!("no such operation: {other}"),
    };
    Ok(Some(json!({ "generation": lease.generation, "holder": lease.holder.as_str() })))
}
