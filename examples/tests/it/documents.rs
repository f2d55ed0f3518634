//! doc-converter.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::json;

use crate::support::{Answer, Fleet};
use crate::workers::doc_converter;

async fn convert(fleet: &Fleet, name: Option<&str>, text: &[u8], output: &str) -> Answer {
    let parts = [("output_format", None, output.as_bytes()), ("file", name, text)];
    fleet.post_form("/convert", &parts).await
}

/// What a document becomes.
async fn converted(fleet: &Fleet, name: &str, text: &str, output: &str) -> String {
    let answer = convert(fleet, Some(name), text.as_bytes(), output).await;
    let body = answer.json();
    assert_eq!((answer.status, &body["status"]), (200, &json!("completed")), "{body}");
    assert_eq!(body["output_format"], output);
    let content = BASE64_STANDARD.decode(body["content"].as_str().unwrap()).unwrap();
    String::from_utf8(content).unwrap()
}

const HTML: &str = "<h1>Fleet</h1><p>Two <b>workers</b> &amp; <a href='https://a.b/c'>more</a></p>\
    <ul><li>one</li><li>two</li></ul><table><tr><th>a</th><th>b|c</th></tr>\
    <tr><td>1</td><td><p>2</p></td></tr></table><script>alert(1)</script>";

/// Promise: K-63
#[tokio::test]
async fn each_format_becomes_each_other() {
    let fleet = Fleet::start(doc_converter::worker(0)).await;
    let markdown = converted(&fleet, "a.html", HTML, "markdown").await;
    assert_eq!(
        markdown,
        "# Fleet\n\nTwo **workers** & [more](https://a.b/c)\n\n*   one\n*   two\n\n\
         | a | b\\|c |\n| --- | --- |\n| 1 | 2 |"
    );
    let plain = converted(&fleet, "a.htm", HTML, "plain").await;
    assert_eq!(plain, "Fleet\n\nTwo workers & more\n\n- one\n- two\n\na\tb|c\n1\t2\n");
    assert_eq!(converted(&fleet, "a.md", &markdown, "plain").await, plain);
    let html = converted(&fleet, "a.md", &markdown, "html").await;
    assert!(html.starts_with("<h1>Fleet</h1>\n<p>Two <strong>workers</strong> &amp; "), "{html}");
    assert!(html.contains("<td>1</td><td>2</td>"), "{html}");
    let text = "1. not a list\n* <b>nor</b> this # at all\n2) a_b_c & \\ [x](y) | ~~z~~\n";
    assert_eq!(converted(&fleet, "a.txt", text, "plain").await, text);
    let markdown = converted(&fleet, "a.txt", text, "markdown").await;
    assert_eq!(converted(&fleet, "a.md", &markdown, "plain").await, text);
    let html = converted(&fleet, "a.txt", text, "html").await;
    let lines: Vec<_> = text.lines().collect();
    let one_line = format!("{}\n", lines.join(" "));
    assert_eq!(converted(&fleet, "a.html", &html, "plain").await, one_line);
    let formats = ["markdown", "html", "plain"];
    let expected = json!({ "input_formats": formats, "output_formats": formats });
    assert_eq!(fleet.get("/formats").await.json(), expected);
}

/// Promise: K-63
#[tokio::test]
async fn raw_html_in_markdown_runs_nothing() {
    let fleet = Fleet::start(doc_converter::worker(0)).await;
    let text = "<script>alert(1)</script>\n\nSee <img src=x onerror=alert(1)>\n\n\
        [a](javascript:alert(1)) [b](JaVaScRiPt:x) ![c](data:text/html,x) [d](/e) [f](mailto:g@h.i)\n";
    let html = converted(&fleet, "a.md", text, "html").await;
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{html}");
    assert!(!html.contains("<script") && !html.contains("<img src=\"x"), "{html}");
    let targets: Vec<_> = html.split("href=\"").skip(1).collect();
    assert!(targets[0].starts_with('"') && targets[1].starts_with('"'), "{html}");
    assert!(targets[2].starts_with("/e\"") && targets[3].starts_with("mailto:g@h.i\""), "{html}");
    assert!(html.contains("<img src=\"\" alt=\"c\""), "{html}");
}

/// Promise: K-65
#[tokio::test]
async fn formats_are_names_and_nothing_else() {
    let fleet = Fleet::start(doc_converter::worker(0)).await;
    let refused = (400, "INVALID_FORMAT".to_owned());
    for output in ["--version", "-o/etc/passwd", "html;id", "$(id)", "markdown\n", "pdf", " html"] {
        let answer = convert(&fleet, Some("a.md"), b"x", output).await;
        assert_eq!(answer.refusal(), refused, "{output:?}");
    }
    for name in ["a.PDF", "a.md.docx", "--help.rtf", "x.odt", "x.doc"] {
        assert_eq!(convert(&fleet, Some(name), b"x", "html").await.refusal(), refused, "{name}");
    }
    assert_eq!(convert(&fleet, Some("--help"), b"# x", "html").await.status, 200);
    assert_eq!(convert(&fleet, Some("a.txt"), b"\xff\xfe", "html").await.refusal(), refused);
    let parts: [crate::support::Part<'_>; 3] = [
        ("file", Some("a.pdf"), b"<p>x</p>"),
        ("output_format", None, b"plain"),
        ("input_format", None, b"html"),
    ];
    let told = fleet.post_form("/convert", &parts).await.json();
    assert_eq!(told["message"], "Converted from html to plain");
    let parts = [parts[0], parts[1], ("input_format", None, b"--from=html")];
    assert_eq!(fleet.post_form("/convert", &parts).await.refusal(), refused);
    assert_eq!(fleet.post_form("/convert", &parts[1..2]).await.status, 400);
    let large = convert(&fleet, None, &vec![b'x'; 2 << 20], "html").await;
    assert_eq!(large.refusal(), (413, "TOO_LARGE".to_owned()));
}

/// Promise: K-65
#[tokio::test]
async fn html_that_asks_for_too_much_is_refused() {
    let fleet = Fleet::start(doc_converter::worker(0)).await;
    let marked = (0..60).map(|id| format!("<b id={id}>")).collect::<Vec<_>>().concat();
    let hostile = [
        "<div>".repeat(150_000),
        "<table><tr><td>".repeat(50_000),
        "<svg><g>".repeat(80_000),
        format!("<p>{marked}</p>{}", "<p>x</p>".repeat(50_000)),
    ];
    for html in hostile {
        let answer = convert(&fleet, Some("a.html"), html.as_bytes(), "plain").await;
        assert_eq!(answer.refusal(), (400, "INVALID_FORMAT".to_owned()), "{html:.40}");
    }
    assert!(fleet.is_up().await);
}

/// Promise: K-65
#[tokio::test]
async fn much_of_everything_is_converted_or_refused_and_the_worker_stays() {
    let fleet = Fleet::start(doc_converter::worker(0)).await;
    let wide = format!("<tr><th>{}</th></tr>", "x".repeat(300_000));
    let rows = "<tr><td>y</td></tr>".repeat(10_000);
    let many = "<td></td>".repeat(10_000);
    let html = [
        format!("<table>{wide}{rows}</table>"),
        format!("<table><tr>{many}</tr>{rows}</table>"),
        format!("<ol start=2147483647>{}</ol>", "<li>".repeat(10_000)),
        format!("<pre>{}</pre>", "`".repeat(200_000)),
        "<".repeat(200_000),
        "&".repeat(200_000),
        format!(
            "<a {}>x</a>",
            (0..50_000).map(|id| format!("a{id}")).collect::<Vec<_>>().join(" ")
        ),
    ];
    for html in html {
        let answer = convert(&fleet, Some("a.html"), html.as_bytes(), "markdown").await;
        assert!([200, 400].contains(&answer.status), "{answer:?}");
        assert!(answer.body.len() < 10 << 20, "{}", answer.body.len());
    }
    let markdown =
        ["[", "![", ">", "`", "*_", "| a |\n", "- ", "<!--", "[a](", "\\", "&#0;", "a**b__"];
    for mark in markdown {
        let text = mark.repeat(200_000 / mark.len());
        for output in ["html", "plain"] {
            let answer = convert(&fleet, Some("a.md"), text.as_bytes(), output).await;
            assert_eq!(answer.status, 200, "{mark}");
        }
    }
    assert!(fleet.is_up().await);
}
