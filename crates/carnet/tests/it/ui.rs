//! Signing in to the admin UI, from the terminal.

use carnet_ticket::time::Timestamp;
use reqwest::redirect::Policy;

use crate::support::{Server, carnet, run, wait};

/// Presses the button of a link: the status, and the cookie.
fn press(link: &str) -> (u16, String) {
    let (page, code) = link.split_once("?code=").unwrap();
    let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let request = http
        .post(page)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(format!("code={code}"));
    let answer = wait(request.send()).unwrap();
    let cookie = answer.headers().get("set-cookie").map(|cookie| cookie.to_str().unwrap());
    (answer.status().as_u16(), cookie.unwrap_or_default().to_owned())
}

/// Promise: P-8
#[test]
fn a_first_run_prints_one_link_and_a_later_one_prints_none_into_a_log() {
    let server = Server::start();
    let links: Vec<_> =
        server.said().iter().filter_map(|line| line.strip_prefix("sign in, once: ")).collect();
    let [link] = links[..] else { panic!("{:?}", server.said()) };
    assert!(link.starts_with(&format!("{}/auth/link?code=", server.url)), "{link}");
    let (status, cookie) = press(link);
    assert_eq!(status, 303);
    assert!(cookie.starts_with("carnet-session="));
    assert_eq!(press(link).0, 401);
    let code = link.split_once("?code=").unwrap().1;
    assert!(!server.log().contains(code) && !server.log().contains(&cookie[15..58]));

    let again = Server::start_in(server.terminate().1);
    assert!(!again.said().iter().any(|line| line.contains("code=")));
}

#[test]
fn the_operator_asks_for_a_link_when_it_is_wanted() {
    let server = Server::start();
    let ran = server.run(&["ui"]);
    assert!(ran.err.starts_with("good once, until 20"), "{}", ran.err);
    assert_eq!(press(ran.line()).0, 303);
    let made = server.run(&["ui", "--format", "json"]).json();
    assert!(Timestamp::from_rfc3339(made["expires_at"].as_str().unwrap()).is_some());
    assert_eq!(press(made["url"].as_str().unwrap()).0, 303);

    // With the key of an administrator from elsewhere; with another not.
    let elsewhere = tempfile::tempdir().unwrap();
    let ask = |key: &str| {
        let file = server.folder.path().join("carnet-data/secrets").join(key);
        let mut command = carnet(elsewhere.path());
        command.args(["ui", "--server", &server.url, "--token-file"]).arg(file);
        run(&mut command)
    };
    assert_eq!(press(ask("admin_api_key").line()).0, 303);
    assert!(ask("api_key").failed(1).contains("403"));
}
