//! The builder, the environment, and what is refused before anything starts.

use carnet_worker::{CapabilityDefinition, WorkerApplication, WorkerError};

use crate::health::free_port;
use crate::support::{Machine, NAME, put};

/// Promise: K-30
#[test]
fn a_port_comes_from_its_variable_then_https_port_then_the_default() {
    let mut machine = Machine::new();
    let port = |machine: &Machine| machine.surroundings.port("MY_PORT", 8500);
    assert_eq!(port(&machine).unwrap(), 8500);
    assert_eq!(port(machine.set("HTTPS_PORT", "8600")).unwrap(), 8600);
    assert_eq!(port(machine.set("MY_PORT", "0")).unwrap(), 0);
    for bad in ["65536", "-1", "x", "", " 80"] {
        let error = port(machine.set("MY_PORT", bad)).unwrap_err();
        assert!(matches!(&error, WorkerError::BadPort { var } if var == "MY_PORT"), "{bad:?}");
    }
    let error = port(machine.unset("MY_PORT").set("HTTPS_PORT", "no")).unwrap_err();
    assert!(matches!(&error, WorkerError::BadPort { var } if var == "HTTPS_PORT"));
}

/// Promise: K-29
#[tokio::test]
async fn plain_http_is_refused() {
    for (value, is_refused) in
        [("true", false), ("1", false), ("yes", false), ("false", true), ("", true), ("TRUE", true)]
    {
        let (mut machine, _ca) = Machine::enrolling().await;
        let error = machine.set("HTTPS_ONLY", value);
        let error = error.worker().serve().await.err();
        let refused = matches!(error, Some(WorkerError::PlainHttpRefused { var: "HTTPS_ONLY" }));
        assert_eq!(refused, is_refused, "{value:?}: {error:?}");
    }
    let (mut machine, _ca) = Machine::enrolling().await;
    machine.set("PLATFORM_URL", "http://localhost:9090");
    let error = machine.worker().serve().await.err();
    assert!(matches!(error, Some(WorkerError::PlainHttpRefused { var: "PLATFORM_URL" })));
}

/// Promise: K-27
#[tokio::test]
async fn run_inside_a_runtime_says_what_to_do() {
    let error = WorkerApplication::new(NAME).run().unwrap_err();
    assert!(matches!(error, WorkerError::InsideAsyncRuntime));
    let text = format!("{error:?}");
    assert!(text.contains("fn main") && text.contains("serve().await"), "{text}");
}

/// Promise: K-26
#[tokio::test]
async fn an_id_is_made_once_and_kept_unless_one_is_given() {
    let (mut machine, _ca) = Machine::enrolling().await;
    let id = async |machine: &Machine| {
        let running = machine.worker().serve().await.unwrap();
        let id = running.identity().unwrap().record().worker_id.to_string();
        running.shutdown().await;
        id
    };
    let first = id(&machine).await;
    machine.unset("CA_SERVICE_URL");
    assert_eq!(id(&machine).await, first);

    let (machine, ca) = Machine::enrolling().await;
    let port = free_port();
    let worker = machine.worker().worker_id("mine").https_port(port).serve().await.unwrap();
    assert_eq!(worker.https_url(), format!("https://localhost:{port}"));
    let nobody = crate::support::Caller::nobody(&ca, worker.https_url());
    assert_eq!(nobody.get("/health").await.1["worker_id"], "mine");
    assert_eq!(worker.identity().unwrap().record().worker_id.as_str(), "mine");
}

/// Promise: K-14
#[tokio::test]
async fn in_a_container_a_worker_has_its_name_unless_the_control_plane_is_beside_it() {
    for is_beside in [false, true] {
        let (mut machine, ca) = Machine::enrolling().await;
        put(&machine.path("root/.dockerenv"), "");
        machine.set("CERT_DIR", "certs").set("CARNET_WORKER_HOST", "127.0.0.1");
        if is_beside {
            machine.set("PLATFORM_URL", &ca.url());
        }
        let worker = machine.worker().serve().await.unwrap();
        let host = if is_beside { "localhost" } else { NAME };
        assert!(worker.https_url().starts_with(&format!("https://{host}:")));
    }
}

#[tokio::test]
async fn what_cannot_be_is_said_before_anything_starts() {
    let (machine, ca) = Machine::enrolling().await;
    let surroundings = || machine.surroundings.clone();
    let name = WorkerApplication::new("Not A Name").surroundings(surroundings());
    assert!(matches!(name.serve().await.err(), Some(WorkerError::InvalidName(_))));
    let id = machine.worker().worker_id("not an id");
    assert!(matches!(id.serve().await.err(), Some(WorkerError::InvalidWorkerId(_))));
    let capability = machine.worker().capability(CapabilityDefinition::new("a", "1"));
    assert!(matches!(capability.serve().await.err(), Some(WorkerError::Capability(_))));
    assert!(ca.state.seen.borrow().is_empty());

    let first = machine.worker().serve().await.unwrap();
    let port = first.https_url().rsplit(':').next().unwrap().parse().unwrap();
    let error = machine.worker().https_port(port).serve().await.err().unwrap();
    let WorkerError::AddressInUse { addr } = error else { panic!("{error:?}") };
    assert_eq!(addr.port(), port);
}
