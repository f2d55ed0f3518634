//! Enrollment tokens and what carries them.

#![no_main]

use carnet_ticket::enrollment::{EnrollmentId, EnrollmentToken, carrier};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(token) = EnrollmentToken::decode(text) {
        assert_eq!(*token.encode(), text, "a token has one text");
        assert_eq!(text.len(), 104);
        assert!(!format!("{token:?}").contains(&text[17..60]));
        let path = format!("/enroll/{text}/health");
        assert_eq!(carrier::from_path(&path), Some((text, "/health")));
        let bearer = carrier::from_authorization(&format!("Bearer {text}"));
        assert_eq!(bearer.as_deref().map(String::as_str), Some(text));
        assert!(carrier::url(&token, "::1", 1).ends_with("@[::1]:1"));
    }
    if let Some(carried) = carrier::from_authorization(text) {
        assert!(carried.len() < text.len());
    }
    if let Some((token, path)) = carrier::from_path(text) {
        assert_eq!(format!("/enroll/{token}{path}"), text);
        assert!(path.starts_with('/') && !token.contains('/'));
    }
    if let Ok(id) = text.parse::<EnrollmentId>() {
        assert_eq!(id.to_string(), text);
    }
});
