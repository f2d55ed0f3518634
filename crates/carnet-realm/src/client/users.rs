//! Owners of realms over HTTP, for administrators.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Client, ClientError};

impl Client {
    /// A page of owners, newest first.
    pub async fn list_users(&self, cursor: Option<&str>) -> Result<Value, ClientError> {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        self.call(Method::GET, &format!("/api/admin/users?limit=1000{cursor}"), None).await
    }

    /// Sets the role of an owner.
    pub async fn set_user_role(&self, id: &str, role: &str) -> Result<Value, ClientError> {
        self.update_user(id, &json!({ "role": role })).await
    }

    /// Sets how many bytes the realm of an owner may hold; 0 for no limit.
    pub async fn set_user_quota(&self, id: &str, bytes: u64) -> Result<Value, ClientError> {
        self.update_user(id, &json!({ "quotaLimit": bytes })).await
    }

    async fn update_user(&self, id: &str, body: &Value) -> Result<Value, ClientError> {
        let path = format!("/api/admin/users/{}", in_path(id));
        self.call(Method::PATCH, &path, Some(body)).await
    }
}

/// A text as one segment of a path: a subject may be anything.
fn in_path(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~:".contains(&byte);
    let encoded = |byte: u8| {
        if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(encoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_segment_of_a_path() {
        assert_eq!(in_path("user:6G40"), "user:6G40");
        assert_eq!(in_path("a/../b?c d%ü"), "a%2F..%2Fb%3Fc%20d%25%C3%BC");
    }
}
