//! What fuzzing begins with: inputs out of the vectors.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use crate::run;

/// Where a vector holds an input for a target: the file, and a JSON pointer into a case.
const PLACES: &[(&str, &str, &str)] = &[
    ("capability", "capability", "/input/token"),
    ("capability", "capability", "/expect/ok/token"),
    ("capability", "capability", "/expect/ok/payload_hex"),
    ("worker_token", "worker-token", "/input/headers/X-Worker-Token"),
    ("worker_token", "worker-token", "/expect/ok/token"),
    ("worker_token", "worker-token", "/expect/ok/payload_json"),
    ("jwt", "validators", "/input/token"),
    ("jwt", "validators", "/expect/ok/token"),
    ("jwk", "validators", "/input/jwk"),
    ("jwk", "validators", "/input/validator"),
    ("wire", "validators", "/input/json"),
    ("wire", "validators", "/input/text"),
    ("wire", "validators", "/input/postcard_hex"),
    ("wire", "validators", "/expect/ok/postcard_hex"),
    ("realm_node", "realm-nodes", "/input/bytes_hex"),
    ("realm_node", "realm-nodes", "/expect/ok/bytes_hex"),
    ("realm_ids", "realm-nodes", "/input/text"),
    ("realm_ids", "realm-nodes", "/input/path_segment"),
    ("realm_ids", "realm-nodes", "/input/header_value"),
    ("realm_ids", "realm-nodes", "/expect/ok/client_id"),
    ("realm_ids", "realm-nodes", "/expect/ok/token_id"),
    ("p256", "realm-nodes", "/input/pubkey"),
    ("p256", "realm-nodes", "/expect/ok/string_to_sign"),
    ("headers", "realm-nodes", "/input/range"),
    ("headers", "realm-nodes", "/input/accept"),
    ("headers", "realm-nodes", "/input/content_type"),
    ("headers", "realm-nodes", "/input/headers/Content-MD5"),
    ("enrollment", "ca-and-registry", "/input/token"),
    ("csr", "ca-and-registry", "/input/csr"),
    ("spiffe", "ca-and-registry", "/input/uri_sans"),
    ("spiffe", "ca-and-registry", "/input/name"),
    ("revocation_feed", "revocation-feed", "/input/text"),
    ("revocation_feed", "revocation-feed", "/expect/ok/payload_json"),
];

/// What no vector holds.
const OTHERS: &[(&str, &str)] = &[
    (
        "worker_token",
        r#"{"worker_id":"worker-a","jti":"t","aud":"worker:control-plane","scopes":["worker:lease"],"exp":1778321100,"iat":1778320800,"nbf":1778320800}"#,
    ),
    (
        "jwt",
        r#"{"iss":"i","sub":"s","aud":["a","b"],"exp":1778321100,"nbf":1778320800,"iat":1778320800,"jti":"j","x":{"y":[1,null,1.5]}}"#,
    ),
    (
        "jwt",
        "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"kid\":\"k\"}\0{\"aud\":\"a\",\"exp\":1778321100,\"iat\":0,\"jti\":\"j\"}",
    ),
    (
        "key_file",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
    ),
    ("mcp", r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#),
    (
        "mcp",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"cas_get_ticket","arguments":{"input":["node:000B5PHBGEC2A705WTKKMVRS30"],"writable":true,"expiresIn":60}}}"#,
    ),
    (
        "mcp",
        r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"cas_read","arguments":{"realmId":"self","ticketId":"t","key":"node:000B5PHBGEC2A705WTKKMVRS30","path":"a/b"}}}"#,
    ),
    (
        "mcp",
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"cas_write","arguments":{"realmId":"self","ticketId":"t","content":"AAEC","contentType":"a/b"}}}"#,
    ),
    ("config", "[limits]\n[server]\nhost = \"127.0.0.1\"\n"),
    (
        "manifest",
        "[[tickets]]\nrole = \"queen\"\nsecret_env = \"SECRET\"\n[[tickets]]\nrole = \"worker-gpu\"\nsecret = \"a-secret-of-fuzz-targets-of-over-32-bytes\"\nprevious_secret_files = []\n[ticket_limits]\nmax_scopes = 4\n",
    ),
];

/// Writes the seeds of every target into its folder below `corpus`.
pub fn write(corpus: &Path) -> anyhow::Result<()> {
    for (target, file, pointer) in PLACES {
        let path = run::root().join(format!("vectors/{file}.json"));
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let vectors: Value = serde_json::from_str(&text)?;
        let cases = vectors["cases"].as_array().map(Vec::as_slice).unwrap_or_default();
        let field = pointer.rsplit('/').next().unwrap_or_default();
        for (number, value) in cases.iter().filter_map(|case| case.pointer(pointer)).enumerate() {
            let name = format!("{file}-{field}-{number}");
            put(corpus, target, &name, &bytes(value, field.ends_with("_hex")))?;
        }
    }
    for (number, (target, text)) in OTHERS.iter().enumerate() {
        put(corpus, target, &format!("other-{number}"), text.as_bytes())?;
    }
    Ok(())
}

fn put(corpus: &Path, target: &str, name: &str, seed: &[u8]) -> anyhow::Result<()> {
    let folder = corpus.join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), seed)?)
}

/// A text as it is or as the bytes that it spells, a list of texts with commas between, all else as JSON.
fn bytes(value: &Value, is_hex: bool) -> Vec<u8> {
    match value {
        Value::String(text) if is_hex => unhex(text),
        Value::String(text) => text.clone().into_bytes(),
        Value::Array(items) => {
            let texts: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            texts.join(",").into_bytes()
        }
        other => other.to_string().into_bytes(),
    }
}

/// The bytes that hex digits spell, as far as they do.
fn unhex(digits: &str) -> Vec<u8> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.as_bytes().chunks(2).map_while(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_holds_a_seed() {
        let folder = std::env::temp_dir().join(format!("carnet-seeds-{}", std::process::id()));
        write(&folder).unwrap();
        for (target, file, pointer) in PLACES {
            let field = pointer.rsplit('/').next().unwrap();
            let first = folder.join(target).join(format!("{file}-{field}-0"));
            assert!(first.exists(), "{}: nothing at {pointer}", first.display());
        }
        assert_eq!(unhex("00fFx1"), [0, 255]);
        fs::remove_dir_all(folder).unwrap();
    }
}
