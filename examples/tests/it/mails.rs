//! email-parser.

use serde_json::{Value, json};

use crate::support::{Answer, Fleet};
use crate::workers::email_parser;

async fn parse(fleet: &Fleet, path: &str, file: &[u8], request: &Value) -> Answer {
    let request = request.to_string();
    let parts = [("file", Some("m"), file), ("request_data", None, request.as_bytes())];
    fleet.post_form(path, &parts).await
}

fn refused() -> (u16, String) {
    (400, "INVALID_INPUT".to_owned())
}

fn mail(subject: &str, body: &str) -> String {
    format!("From: a@b.c\r\nSubject: {subject}\r\n\r\n{body}\r\n")
}

fn mailbox() -> String {
    let mails = [
        mail("Your Invoice", "Pay 3."),
        mail("Lunch", "noon?\r\n>From me\r\n>>From you\r\n> From: quoted"),
        mail("x", "The TOTAL is 4, thanks for your purchase"),
    ];
    mails.map(|mail| format!("From a@b.c Mon Nov 23 10:00:00 2026\r\n{mail}\r\n")).concat()
}

/// Promise: K-63
#[tokio::test]
async fn a_mailbox_gives_its_messages_and_which_are_receipts() {
    let fleet = Fleet::start(email_parser::worker(0)).await;
    for path in ["/parse/mbox", "/analyze/archive"] {
        let answer = parse(&fleet, path, mailbox().as_bytes(), &json!({})).await;
        assert_eq!(answer.status, 200);
        let body = answer.json();
        assert_eq!((&body["status"], &body["message_count"]), (&json!("completed"), &json!(3)));
        assert_eq!(body["receipt_count"], 2);
        assert_eq!(body["messages"][0]["matched_keywords"], json!(["invoice"]));
        assert_eq!(body["messages"][2]["matched_keywords"], json!(["purchase", "total"]));
        let quoted = "noon?\r\nFrom me\r\n>From you\r\n> From: quoted";
        assert_eq!(body["messages"][1]["body_snippet"], quoted);
        let counts = json!({ "invoice": 1, "purchase": 1, "total": 1 });
        assert_eq!(body["summary"]["keywords"], counts);
        assert!(body["job_id"].is_string() && body["processing_time_ms"].is_number());
    }
    let request =
        json!({ "keywords": ["NOON"], "max_messages": 2, "snippet_length": 3, "other": null });
    let body = parse(&fleet, "/parse/mbox", mailbox().as_bytes(), &request).await.json();
    assert_eq!((&body["message_count"], &body["receipt_count"]), (&json!(2), &json!(1)));
    assert_eq!(body["messages"][0]["body_snippet"], "Pay...");
    assert_eq!(body["messages"][1]["body_snippet"], "noo...");
    assert_eq!(body["summary"]["is_truncated"], true);
}

/// Promise: K-63
#[tokio::test]
async fn headers_stand_as_they_are_and_bodies_are_decoded() {
    let fleet = Fleet::start(email_parser::worker(0)).await;
    let text = "From: =?utf-8?q?J=C3=BCrgen?= <j@x.y>\r\nSubject: a\r\n  b\r\n\
        MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_B;\"\r\n\r\npreamble\r\n\
        --=_B;\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\nK=E4se=\r\nbrot\r\n\
        --=_B;\r\nContent-Type: text/html\r\n\r\n<b>no</b>\r\n\
        --=_B;\r\n\r\nlast\r\n--=_B;--\r\n";
    let body = parse(&fleet, "/analyze/archive", text.as_bytes(), &json!({})).await.json();
    let message = &body["messages"][0];
    assert_eq!(message["from"], "=?utf-8?q?J=C3=BCrgen?= <j@x.y>");
    assert_eq!(message["subject"], "a\r\n  b");
    assert_eq!(message["body_snippet"], "K\u{e4}sebrot\nlast");
    assert_eq!(message["body_length"], 13);
    assert_eq!((&message["message_id"], &message["date"]), (&json!(""), &json!("")));
}

/// Promise: K-65
#[tokio::test]
async fn bad_mime_is_refused_and_the_worker_stays() {
    let fleet = Fleet::start(email_parser::worker(0)).await;
    let part = |at| format!("Content-Type: multipart/mixed; boundary={at}x\r\n\r\n--{at}x\r\n");
    let nested = (0..5_000).map(part).collect::<Vec<_>>().concat();
    let base64 = "Content-Transfer-Encoding: base64\r\n";
    let hostile = [
        String::new(),
        "\0".repeat(100_000),
        "just words\n".to_owned(),
        " continued: x\r\n\r\n".to_owned(),
        format!("Subject: deep\r\n{nested}"),
        format!("{base64}{}", mail("bad", "!!!! not base64 !!!!")),
    ];
    for text in &hostile {
        let answer = parse(&fleet, "/parse/eml", text.as_bytes(), &json!({})).await;
        assert_eq!(answer.refusal(), refused(), "{text:.60}");
    }
    assert_eq!(
        parse(&fleet, "/parse/mbox", b"Subject: x\n\n", &json!({})).await.refusal(),
        refused()
    );
    let inner = "Content-Type: message/rfc822\r\n\r\n".repeat(200_000);
    let parts = "--B\r\nContent-Type: multipart/mixed; boundary=never\r\n\r\n".repeat(50_000);
    let much = [
        mail("nested", &inner),
        format!("Subject: many\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n{parts}"),
        format!("{}\r\nx", "Subject: again\r\n".repeat(200_000)),
        format!("Subject: {}\r\n\r\nx", "=?utf-8?q?".repeat(200_000)),
        format!("Subject: x\r\nContent-Type: {}\r\n\r\nx", "text/plain; a=b; ".repeat(50_000)),
    ];
    for text in &much {
        let answer = parse(&fleet, "/parse/eml", text.as_bytes(), &json!({})).await;
        assert!([200, 400].contains(&answer.status), "{text:.60}");
    }
    let mut mixed = mailbox();
    mixed
        .push_str("From nobody\r\nContent-Transfer-Encoding: base64\r\nSubject: x\r\n\r\n!!!!\r\n");
    let body = parse(&fleet, "/parse/mbox", mixed.as_bytes(), &json!({})).await.json();
    assert_eq!((&body["message_count"], &body["summary"]["unreadable"]), (&json!(3), &json!(1)));
    assert!(fleet.is_up().await);
}

/// Promise: K-65
#[tokio::test]
async fn requests_have_limits() {
    let fleet = Fleet::start(email_parser::worker(0)).await;
    let text = mail("x", "y");
    let bad = [
        json!([]),
        json!(null),
        json!({ "keywords": "a" }),
        json!({ "keywords": [1] }),
        json!({ "keywords": [""] }),
        json!({ "keywords": vec!["a"; 51] }),
        json!({ "keywords": ["a".repeat(101)] }),
        json!({ "snippet_length": -1 }),
        json!({ "snippet_length": 10_001 }),
        json!({ "max_messages": 0 }),
        json!({ "max_messages": 1e9 }),
    ];
    for request in &bad {
        let answer = parse(&fleet, "/parse/eml", text.as_bytes(), request).await;
        assert_eq!(answer.refusal(), refused(), "{request}");
    }
    let no_file = fleet.post_form("/parse/eml", &[("request_data", None, b"{}")]).await;
    assert_eq!(no_file.refusal(), refused());
    assert_eq!(fleet.post("/parse/eml", "text/plain", vec![]).await.refusal(), refused());
    let large = fleet.post_form("/parse/eml", &[("file", Some("m"), &vec![b'x'; 33 << 20])]).await;
    assert_eq!(large.refusal(), (413, "TOO_LARGE".to_owned()));
}
