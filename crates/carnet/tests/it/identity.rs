//! `carnet realm token`, `client` and `user`, against a real server.

use carnet_realm::client::{Client, Credential, Endpoint};

use crate::support::{Server, carnet, run, run_with, wait};

const DEV: [&str; 2] = ["--set", "auth.dev_admin_subs=root"];

/// A point that nobody knows the secret of any more.
const KEY: &str =
    "QroNiiRubgjKZqSChksK-Hx-fTkfxWJ8Y4mz1_Xk238.8OO-wyvOhljL0TLySK-rnmpBgEfdL341jaoWBGMQ67I";

#[test]
fn a_token_is_made_listed_used_and_revoked() {
    let server = Server::start();
    let made = server.run(&["realm", "token", "create", "nightly", "-d", "for tests", "-t", "1h"]);
    let token = made.line().to_owned();
    assert!(token.starts_with("casfa_") && made.err.is_empty(), "the token alone");
    let list = server.run(&["realm", "token", "list"]).out;
    assert!(list.contains("nightly") && list.contains("for tests") && !list.contains(&token));
    let list = server.run(&["realm", "token", "list", "--format", "json"]).json();
    let id = list["tokens"][0]["id"].as_str().unwrap().to_owned();

    let agent = |args: &[&str]| {
        let mut command = carnet(server.folder.path());
        command.args(args).env("CARNET_TOKEN", &token).env("CARNET_SERVER", &server.url);
        run(&mut command)
    };
    let own = server.run(&["realm", "info", "--format", "json"]).json();
    assert_eq!(agent(&["realm", "info", "--format", "json"]).json(), own);
    let ticket = agent(&["realm", "ticket", "create", "--all"]).line().to_owned();
    assert!(agent(&["realm", "token", "list"]).failed(1).contains("403"));
    assert!(agent(&["realm", "user", "list"]).failed(1).contains("403"));

    assert!(
        server
            .run(&["realm", "token", "revoke", &token])
            .failed(2)
            .contains("secret in an argument")
    );
    server.run(&["realm", "token", "revoke", "token:x"]).failed(2);
    assert_eq!(server.run(&["realm", "token", "revoke", &id]).line(), "revoked");
    assert!(agent(&["realm", "info"]).failed(1).contains("401"));
    let show = server.run(&["realm", "ticket", "show", &ticket, "--format", "json"]).json();
    assert_eq!((&show["issuerId"], &show["live"]), (&id.as_str().into(), &false.into()));
    assert!(server.run(&["realm", "token", "revoke", &id]).failed(1).contains("404"));
    assert!(!server.log().contains(&token[6..]));
}

/// Whatever one has found can be ended, whosever it is.
#[test]
fn revoke_ends_agents_of_anybody() {
    let server = Server::start();
    let token = server.run(&["realm", "token", "create", "mine"]).line().to_owned();
    let revoked =
        run_with(&mut server.carnet(&["revoke", "-", "--format", "json"]), token.as_bytes());
    assert_eq!(revoked.json()["kind"], "agent_token");

    let key =
        std::fs::read_to_string(server.folder.path().join("carnet-data/secrets/api_key")).unwrap();
    let by_key = |args: &[&str], credential: &str| {
        let mut command = carnet(server.folder.path());
        command.args(args).env("CARNET_TOKEN", credential.trim()).env("CARNET_SERVER", &server.url);
        run(&mut command)
    };
    let token = by_key(&["realm", "token", "create", "theirs"], &key).line().to_owned();
    assert_eq!(by_key(&["realm", "info"], &token).code, 0);
    let preview = run_with(&mut server.carnet(&["revoke", "-", "--preview"]), token.as_bytes());
    assert!(preview.line().starts_with("would end 0 of content_id"));
    assert_eq!(run_with(&mut server.carnet(&["revoke", "-"]), token.as_bytes()).code, 0);
    assert!(by_key(&["realm", "info"], &token).failed(1).contains("401"));
}

#[test]
fn a_client_is_approved_by_its_code_listed_and_revoked() {
    let server = Server::start();
    let client = Client::new(&Endpoint::Url(server.url.clone()), Credential::None).unwrap();
    let asked = wait(client.init_client(KEY, "a laptop")).unwrap();
    let id = asked["clientId"].as_str().unwrap();
    assert_eq!(wait(client.client_state(id)).unwrap()["status"], "pending");
    assert!(server.run(&["realm", "client", "approve", id, "AAA-AAA"]).failed(1).contains("400"));
    let code = asked["displayCode"].as_str().unwrap();
    assert!(
        server
            .run(&["realm", "client", "approve", id, code])
            .line()
            .starts_with("approved until 2")
    );
    assert_eq!(wait(client.client_state(id)).unwrap()["status"], "authorized");
    assert!(server.run(&["realm", "client", "list"]).out.contains("a laptop"));
    let list = server.run(&["realm", "client", "list", "--format", "json"]).json();
    assert_eq!(list["items"][0]["pubkey"], KEY);
    assert_eq!(server.run(&["realm", "client", "revoke", id]).line(), "revoked");
    assert!(server.run(&["realm", "client", "revoke", id]).failed(1).contains("404"));
    assert!(wait(client.client_state(id)).is_err());
    server.run(&["realm", "client", "revoke", "client:x"]).failed(2);
}

/// Users of development are an administrator's to let in; the log warns that there are any.
#[test]
fn roles_and_quotas_are_set_and_shown() {
    let secret = [("CARNET_AUTH_DEV_JWT_SECRET", "a-secret-of-development-users")];
    let server = Server::start_in_under(tempfile::tempdir().unwrap(), &DEV, &secret);
    assert!(server.log().contains("whoever has it signs in as any user"));
    assert!(!server.log().contains(secret[0].1));
    assert_eq!(
        server.run(&["realm", "user", "role", "ann/lee", "authorized"]).line(),
        "authorized"
    );
    assert_eq!(server.run(&["realm", "user", "quota", "ann/lee", "10MiB"]).line(), "10.00 MiB");
    let list = server.run(&["realm", "user", "list", "--format", "json"]).json();
    let id = carnet_ticket::realm::RealmId::dev_user("ann/lee").unwrap().to_string();
    assert_eq!(
        list["users"][0],
        serde_json::json!({
            "userId": id, "role": "authorized", "quotaLimit": 10 << 20,
        })
    );
    assert!(server.run(&["realm", "user", "list"]).out.contains("10.00 MiB"));
    assert!(
        server.run(&["realm", "user", "role", "root", "unauthorized"]).failed(1).contains("409")
    );
    server.run(&["realm", "user", "role", "ann", "root"]).failed(2);
}
