//! What the routes that manage the fleet's members take and give. Source: worker runtime spec, section 13.

use serde_json::Value;

use super::operation::{Operation, op};
use super::schema::{
    flag, form, int, limit, list, map, object, or_null, text, text_of, time, words,
};

const ENROLLMENT: &str = "^enroll:[0-7][0-9A-HJKMNP-TV-Z]{25}$";

/// A route of enrollments, certificates or the CA.
pub(super) fn describe(method: &str, path: &str) -> Option<Operation> {
    enrollments(method, path).or_else(|| ca(method, path)).or_else(|| certificates(method, path))
}

fn enrollments(method: &str, path: &str) -> Option<Operation> {
    Some(match (method, path) {
        ("GET", "/api/v1/admin/enrollments") => op("Enrollments, newest first, without tokens")
            .query("all", flag())
            .query("limit", limit())
            .query("cursor", form(ENROLLMENT, "enroll:01HQXK5V8N3Y7M2P4R6T9W0ABC"))
            .gives(
                200,
                &object([
                    ("enrollments", list(object(enrollment()))),
                    ("next_cursor", or_null(text())),
                ]),
            ),
        ("POST", "/api/v1/admin/enrollments") => op("Make a token for a new member, shown once")
            .takes(&object([
                ("name", text_of(1, 63)),
                ("dns?", list(text())),
                ("ip?", list(text())),
                ("localhost?", or_null(flag())),
                ("capabilities?", list(text())),
                ("labels?", map(text())),
                ("ttl?", or_null(text())),
                ("cert_ttl?", or_null(text())),
            ]))
            .gives(201, &with_token()),
        ("DELETE", "/api/v1/admin/enrollments/{enrollment}") => op("Withdraw an enrollment")
            .gives_nothing(204, "Its token is good for nothing.")
            .refuses(&[404, 409]),
        _ => return None,
    })
}

fn ca(method: &str, path: &str) -> Option<Operation> {
    let reason = object([("reason?", or_null(text_of(0, 512)))]);
    Some(match (method, path) {
        ("GET", "/api/v1/admin/ca") => {
            op("The CA certificates that are trusted, and how many certificates there are")
                .gives(200, &authority())
        }
        ("POST", "/api/v1/admin/ca/rotate") => op("Make the next CA certificate, or let it sign")
            .may_take(&object([("activate?", flag()), ("force?", flag())]))
            .gives(200, &authority())
            .refuses(&[409]),
        ("POST", "/api/v1/admin/ca/issue") => op("Certify a signing request")
            .takes(&object([
                ("csr", text()),
                ("name", text_of(1, 63)),
                ("kind?", or_null(words(&["worker", "control-plane", "operator"]))),
                ("dns?", list(text())),
                ("ip?", list(text())),
                ("localhost?", or_null(flag())),
                ("cert_ttl?", or_null(text())),
            ]))
            .gives(
                201,
                &object([
                    ("certificate", text()),
                    ("ca_certificate", text()),
                    ("serial_number", text()),
                    ("spiffe_id", text()),
                    ("generation", int()),
                    ("issued_at", time()),
                    ("renew_after", time()),
                    ("expires_at", time()),
                ]),
            )
            .refuses(&[409]),
        ("POST", "/api/v1/admin/ca/identities/{kind}/{name}/revoke") => {
            op("Quarantine a member, and revoke everything that it has")
                .may_take(&reason)
                .gives(
                    200,
                    &object([
                        ("member", text()),
                        ("quarantined", flag()),
                        ("revoked", list(text())),
                    ]),
                )
                .refuses(&[404, 409])
        }
        ("POST", "/api/v1/admin/ca/identities/{kind}/{name}/release") => {
            op("Let a quarantined member be enrolled again")
                .gives(200, &object([("member", text()), ("quarantined", flag())]))
                .refuses(&[404, 409])
        }
        _ => return None,
    })
}

fn certificates(method: &str, path: &str) -> Option<Operation> {
    Some(match (method, path) {
        ("GET", "/api/v1/admin/certificates") => {
            op("Certificates of members, newest first").paged().gives(
                200,
                &object([("certificates", list(certificate())), ("next_cursor", or_null(text()))]),
            )
        }
        ("POST", "/api/v1/admin/certificates/{serial}/revoke") => op("Revoke a certificate")
            .may_take(&object([("reason?", or_null(text_of(0, 512)))]))
            .gives(200, &object([("certificate", certificate())]))
            .refuses(&[404]),
        _ => return None,
    })
}

fn enrollment() -> [(&'static str, Value); 15] {
    [
        ("id", form(ENROLLMENT, "enroll:01HQXK5V8N3Y7M2P4R6T9W0ABC")),
        ("name", text()),
        ("spiffe_id", text()),
        ("dns", list(text())),
        ("ip", list(text())),
        ("capabilities", list(text())),
        ("labels", map(text())),
        ("cert_ttl", text()),
        ("expires_at", time()),
        ("created_by", text()),
        ("created_at", time()),
        ("status", words(&["open", "used", "revoked", "expired"])),
        ("used_at", or_null(time())),
        ("used_by", or_null(text())),
        ("serial", or_null(text())),
    ]
}

/// An enrollment, and what is shown of it once.
fn with_token() -> Value {
    let mut schema = object(enrollment());
    for name in ["token", "url", "ca_sha256"] {
        schema["properties"][name] = text();
        if let Some(required) = schema["required"].as_array_mut() {
            required.push(name.into());
        }
    }
    schema
}

fn authority() -> Value {
    let ca = object([
        ("certificate", text()),
        ("sha256", text()),
        ("state", words(&["active", "next", "retiring"])),
        ("not_after", time()),
    ]);
    let bundle = object([
        ("trust_domain", text()),
        ("sequence", int()),
        ("refresh_hint_seconds", int()),
        ("certificates", list(ca)),
    ]);
    object([("bundle", bundle), ("certificates", object([("live", int()), ("revoked", int())]))])
}

fn certificate() -> Value {
    object([
        ("serial", text()),
        ("subject", text()),
        ("generation", int()),
        ("issued_at", time()),
        ("not_after", time()),
        ("status", words(&["live", "revoked", "expired"])),
        ("used_at", or_null(time())),
        ("revoked_at", or_null(time())),
        ("reason", or_null(text())),
    ])
}
