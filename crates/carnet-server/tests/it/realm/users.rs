//! Users of development, their roles and quotas.

use std::time::Duration;

use carnet_ticket::realm::RealmId;
use reqwest::Method;
use serde_json::json;

use crate::support::identity::{dev_token, token};
use crate::support::{As, START, Server, text};

const UUID: &str = "340804d8-50d1-7022-08cc-c93a7198cc99";

async fn role(server: &Server, user: As<'_>) -> String {
    let me = server.get(user, "/api/oauth/me").await.expect(200).json();
    me["role"].as_str().unwrap().to_owned()
}

/// Promise: R-62
#[tokio::test(flavor = "multi_thread")]
async fn a_token_counts_by_its_secret_its_algorithm_and_its_time_alone() {
    let server = Server::start_with_users(&[]).await;
    let now = START.unix_s();
    let me =
        async |token: &str| server.get(As::Bearer(token), "/api/oauth/me").await.status.as_u16();
    let claims = json!({ "sub": "a", "iss": "anybody", "aud": ["anything"] });
    assert_eq!(me(&dev_token(&claims)).await, 200, "without an end too");
    for (claim, offset, status) in
        [("exp", -29, 200), ("exp", -30, 401), ("nbf", 30, 200), ("nbf", 31, 401)]
    {
        let token = dev_token(&json!({ "sub": "a", claim: now + offset }));
        assert_eq!(me(&token).await, status, "{claim} {offset}");
    }
    let secret = "a-secret-of-development-users";
    let of =
        |alg: &str, secret: &str| token(&json!({ "alg": alg }), &json!({ "sub": "a" }), secret);
    for wrong in [
        of("HS256", "another-secret-of-development"),
        of("HS384", secret),
        of("RS256", secret),
        of("none", secret),
        of("none", secret).rsplit_once('.').map(|(signed, _)| format!("{signed}.")).unwrap(),
        dev_token(&json!({ "sub": "" })),
        dev_token(&json!({ "sub": "a\u{7}" })),
        dev_token(&json!({ "sub": 1 })),
        dev_token(&json!({})),
        "eyJ.a.b".to_owned(),
        String::new(),
    ] {
        assert_eq!(me(&wrong).await, 401, "{wrong}");
    }

    let off = Server::start().await;
    let token = dev_token(&json!({ "sub": "root" }));
    for path in ["/api/oauth/me", "/api/v1/me", "/api/realm/self"] {
        off.get(As::Bearer(&token), path).await.expect_error(401, "unauthorized");
    }
    off.get(As::Api, "/api/realm/usr_a").await.expect_error(403, "forbidden");
}

/// Promise: R-47
#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_set_counts_at_once_for_everything_of_the_owner() {
    let server = Server::start_with_users(&[]).await;
    let ann = As::User("ann");
    assert_eq!(
        (role(&server, As::User("root")).await, role(&server, ann).await),
        ("admin".to_owned(), "unauthorized".to_owned())
    );
    for path in ["/api/realm/self", "/api/auth/tokens", "/api/auth/clients"] {
        server.get(ann, path).await.expect_error(403, "forbidden");
    }
    let set = server.set_user("ann", &json!({ "role": "authorized" })).await.expect(200).json();
    let id = RealmId::dev_user("ann").unwrap().to_string();
    assert_eq!(set, json!({ "userId": id, "role": "authorized", "quotaLimit": 0 }));
    assert_eq!(role(&server, ann).await, "authorized");
    let me = server.get(ann, "/api/v1/me").await.expect(200).json();
    assert_eq!(
        (&me["kind"], &me["id"], &me["roles"], &me["home_realm"]),
        (&json!("user"), &json!("ann"), &json!(["api"]), &json!(id))
    );

    let node = text("of ann");
    server.put_node(ann, &node).await.expect(200);
    let agent = server.agent_token(ann).await.0;
    let ticket = server.ticket(ann, json!({ "writable": {} })).await;
    let callers = [ann, As::Agent(&agent), As::Ticket(&ticket)];
    for caller in callers {
        server.get_node(caller, node.key).await.expect(200);
    }
    server.set_user(&id, &json!({ "role": "unauthorized" })).await.expect(200);
    for caller in callers {
        server.get_node(caller, node.key).await.expect_error(403, "forbidden");
        server.put_node(caller, &node).await.expect_error(403, "forbidden");
    }
    server.get(ann, "/api/v1/admin/keys").await.expect_error(403, "forbidden");
    server.set_user(&id, &json!({ "role": "admin" })).await.expect(200);
    for caller in callers {
        server.get_node(caller, node.key).await.expect(200);
    }
    server.get(ann, "/api/v1/admin/keys").await.expect(200);
    server.get(As::Agent(&agent), "/api/v1/admin/keys").await.expect_error(403, "forbidden");
}

/// What is under way ends with the role that let it begin.
/// Promise: R-47
#[tokio::test(flavor = "multi_thread")]
async fn a_demotion_ends_what_lives() {
    let server = Server::start_with_users(&[]).await;
    server.authorize("ann").await;
    let ticket = server.ticket(As::User("ann"), json!({})).await;
    let waits = |caller| {
        let request = server.request(
            caller,
            Method::GET,
            &format!("/api/realm/self/tickets/{ticket}?wait=60"),
        );
        tokio::spawn(async move { request.send().await.unwrap().status().as_u16() })
    };
    let waiting = [waits(As::User("ann")), waits(As::Ticket(&ticket))];
    while server.app.gate().live_grants() < 2 {
        tokio::task::yield_now().await;
    }
    server.set_user("ann", &json!({ "role": "unauthorized" })).await.expect(200);
    let [user, ticket] = waiting;
    assert_eq!((user.await.unwrap(), ticket.await.unwrap()), (401, 410), "their grants ended");
}

/// Promise: R-47
#[tokio::test(flavor = "multi_thread")]
async fn services_and_tenants_are_owners_too() {
    let server = Server::start_with_users(&[]).await;
    let (key, id) = server.api_key("viewer").await;
    server.get(As::Key(&key), "/api/realm/self").await.expect(200);
    server.set_user(&id, &json!({ "role": "unauthorized" })).await.expect(200);
    server.get(As::Key(&key), "/api/realm/self").await.expect_error(403, "forbidden");
    server.set_user("key:api", &json!({ "role": "unauthorized" })).await.expect(200);
    server.get(As::Api, "/api/realm/self").await.expect_error(403, "forbidden");
    server.set_user("key:api", &json!({ "role": "authorized" })).await.expect(200);
    server.get(As::Api, "/api/realm/self").await.expect(200);

    let body = json!({ "name": "a", "role": "api", "tenant_id": "blue" });
    let made = server.post(As::Admin, "/api/v1/admin/api-keys", &body).await.expect(201).json();
    let blue = As::Key(made["api_key"].as_str().unwrap());
    server.get(blue, "/api/realm/tenant:blue").await.expect(200);
    server.set_user("tenant:blue", &json!({ "role": "unauthorized" })).await.expect(200);
    server.get(blue, "/api/realm/self").await.expect_error(403, "forbidden");
    server.get(blue, "/api/v1/me").await.expect(200);
}

/// Promise
#[tokio::test(flavor = "multi_thread")]
async fn everybody_has_a_realm_and_no_other() {
    let server = Server::start_with_users(&[]).await;
    let uuid: RealmId = "user:6G409P2GT5R2426CS4X7366CK4".parse().unwrap();
    assert_eq!(RealmId::dev_user(UUID), Ok(uuid));
    let realm = async |caller| {
        server.get(caller, "/api/oauth/me").await.expect(200).json()["realm"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    server.authorize("ann").await;
    server.authorize(UUID).await;
    assert_eq!(realm(As::User(UUID)).await, uuid.to_string());
    assert_eq!(realm(As::User("ann")).await, RealmId::dev_user("ann").unwrap().to_string());
    assert_eq!(realm(As::Api).await, RealmId::service("api").to_string());
    assert_eq!(realm(As::Admin).await, RealmId::service("admin").to_string());

    let callers = [As::User("root"), As::User("ann"), As::User(UUID), As::Api, As::Admin];
    for (place, caller) in callers.into_iter().enumerate() {
        for (other_place, other) in callers.into_iter().enumerate() {
            let path = format!("/api/realm/{}/usage", realm(other).await);
            let expected = if place == other_place { 200 } else { 403 };
            server.get(caller, &path).await.expect(expected);
        }
    }
    for spelling in ["usr_ann", &format!("usr_{}", realm(As::User("ann")).await)] {
        let info = server.get(As::User("ann"), &format!("/api/realm/{spelling}")).await.expect(200);
        assert_eq!(info.json()["realm"], *spelling, "echoed as it was spelt");
        server
            .get(As::User("root"), &format!("/api/realm/{spelling}"))
            .await
            .expect_error(403, "forbidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_see_who_signed_in_and_set_roles_of_the_unknown() {
    let server = Server::start_with_users(&[]).await;
    let claims = json!({ "sub": "ann", "email": "ann@example.org", "name": "Ann\u{1b}[2J" });
    let me = server.get(As::Bearer(&dev_token(&claims)), "/api/oauth/me").await.expect(200).json();
    assert_eq!((&me["email"], me.get("name")), (&json!("ann@example.org"), None));
    server
        .set_user("user:bob", &json!({ "role": "authorized", "quotaLimit": 10 }))
        .await
        .expect(200);
    server.set_user(UUID, &json!({ "quotaLimit": 20 })).await.expect(200);

    let mut seen = Vec::new();
    let mut path = "/api/admin/users?limit=1".to_owned();
    loop {
        let page = server.get(As::User("root"), &path).await.expect(200).json();
        seen.extend(page["users"].as_array().unwrap().clone());
        let Some(next) = page["nextCursor"].as_str() else { break };
        path = format!("/api/admin/users?limit=1&cursor={next}");
    }
    let id = |subject| RealmId::dev_user(subject).unwrap().to_string();
    assert_eq!(
        seen,
        [
            json!({ "userId": id(UUID), "role": "unauthorized", "quotaLimit": 20 }),
            json!({ "userId": id("bob"), "role": "authorized", "quotaLimit": 10 }),
            json!({ "userId": id("root"), "role": "admin", "quotaLimit": 0 }),
            json!({ "userId": id("ann"), "role": "unauthorized", "quotaLimit": 0, "email": "ann@example.org" }),
        ]
    );
    for (body, field) in [
        (json!({ "role": "root" }), "role"),
        (json!({ "quotaLimit": -1 }), "body"),
        (json!({ "quotaLimit": 1_u64 << 53 }), "body"),
        (json!([]), "body"),
    ] {
        let problem = server.set_user("bob", &body).await.expect_error(400, "invalid_request");
        assert_eq!(problem["details"]["field"], field);
    }
    let long = "x".repeat(257);
    server.set_user(&long, &json!({ "role": "admin" })).await.expect_error(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_and_the_operator_stay() {
    let server = Server::start_with_users(&[]).await;
    let demote = json!({ "role": "authorized" });
    server.set_user("root", &demote).await.expect_error(409, "conflict");
    server
        .set_user(&RealmId::local_admin().to_string(), &demote)
        .await
        .expect_error(409, "conflict");
    server.set_user("ann", &json!({ "role": "admin" })).await.expect(200);
    server.set_user("root", &demote).await.expect(200);
    server.set_user("ann", &demote).await.expect_error(403, "forbidden");
    let path = "/api/admin/users/ann";
    let by_ann = server.request(As::User("ann"), Method::PATCH, path).json(&demote);
    server.send(by_ann).await.expect_error(409, "conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_of_its_own_counts_instead_of_that_of_all() {
    let server = Server::start_with_users(&[("realm.default_quota", "100")]).await;
    server.authorize("ann").await;
    let (small, large) = (text("small"), text(&"large".repeat(20)));
    server.put_node(As::User("ann"), &small).await.expect(200);
    let problem =
        server.put_node(As::User("ann"), &large).await.expect_error(413, "quota_exceeded");
    assert_eq!(problem["details"]["limit"], 100);
    server.set_user("ann", &json!({ "quotaLimit": 1000 })).await.expect(200);
    let usage = server.get(As::User("ann"), "/api/realm/self/usage").await.json();
    assert_eq!(usage["quotaLimit"], 1000);
    server.put_node(As::User("ann"), &large).await.expect(200);
    server.set_user("ann", &json!({ "quotaLimit": 1 })).await.expect(200);
    server.put_node(As::User("ann"), &large).await.expect(200);
    server.put_node(As::User("ann"), &text("x")).await.expect_error(413, "quota_exceeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_with_a_token_can_be_turned_off_for_the_store() {
    let server = Server::start_with_users(&[("realm.jwt_auth", "false")]).await;
    server.get(As::User("root"), "/api/oauth/me").await.expect_error(401, "unauthorized");
    server.get(As::User("root"), "/api/realm/self").await.expect_error(401, "unauthorized");
    server.get(As::User("root"), "/api/v1/me").await.expect(200);
    let info = server.get(As::Nobody, "/api/info").await.json();
    assert_eq!((&info["auth"], &info["features"]["jwtAuth"]), (&json!("mock"), &json!(false)));
}

/// Whoever was let in by the configuration is not let in any more once it says otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn administrators_of_the_configuration_change_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("carnet.toml");
    let write = |subs: &str, secret: &str| {
        let text = format!("[auth]\ndev_jwt_secret = \"{secret}\"\ndev_admin_subs = [{subs}]\n");
        std::fs::write(&config, text).unwrap();
        std::fs::set_permissions(&config, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
    };
    let secret = "a-secret-of-development-users";
    write("\"ann\"", secret);
    let server = Server::start_in(directory, &[]).await;
    assert_eq!(role(&server, As::User("ann")).await, "admin");
    write("\"bob\"", secret);
    server.app.reload().await.unwrap();
    assert_eq!(role(&server, As::User("ann")).await, "unauthorized");
    assert_eq!(role(&server, As::User("bob")).await, "admin");
    write("\"bob\"", "another-secret-of-all-users");
    server.app.reload().await.unwrap();
    server.get(As::User("bob"), "/api/oauth/me").await.expect_error(401, "unauthorized");
    server.hand.advance(Duration::from_secs(1));
}
