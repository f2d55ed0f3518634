//! Users, agents and clients.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carnet_ticket::realm::p256::{Body, Head, SignedRequest};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Request, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, As, Server};

const DEV_SECRET: &str = "a-secret-of-development-users";

/// Settings of a server with development users, of whom `root` is an administrator.
pub const DEV_USERS: [(&str, &str); 2] =
    [("auth.dev_jwt_secret", DEV_SECRET), ("auth.dev_admin_subs", "root")];

/// A token of a development user.
pub fn dev_token(claims: &Value) -> String {
    token(&json!({ "alg": "HS256", "typ": "JWT" }), claims, DEV_SECRET)
}

/// A token with this header, whatever it says, and an HMAC of this secret.
pub fn token(header: &Value, claims: &Value, secret: &str) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mac = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
    format!("{signed}.{mac}")
}

/// A client with a key of its own.
pub struct Client {
    pair: EcdsaKeyPair,
    pub public_key: String,
}

/// How a request is signed.
#[derive(Clone, Copy)]
pub struct Signing<'a> {
    pub nonce: Option<&'a str>,
    /// Unix seconds; none for now.
    pub timestamp: Option<i64>,
    /// None for the one that the request goes to.
    pub host: Option<&'a str>,
}

impl Client {
    pub fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let public_key = format!("{}.{}", URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        Self { pair, public_key }
    }

    /// A client that `user` has approved, and its id.
    pub async fn approved(server: &Server, user: As<'_>) -> (Self, String) {
        let client = Self::new();
        let asked = server.init_client(&client.public_key).await;
        server.complete_client(user, &asked).await.expect(200);
        (client, asked["clientId"].as_str().unwrap().to_owned())
    }

    /// The request, signed with a nonce of its own.
    pub fn sign(&self, server: &Server, request: RequestBuilder) -> Request {
        let nonce = carnet_ticket::id::UniqueId::hash(&rand()).to_string();
        self.sign_as(server, request, Signing { nonce: Some(&nonce), timestamp: None, host: None })
    }

    pub fn sign_as(&self, server: &Server, request: RequestBuilder, how: Signing<'_>) -> Request {
        let mut request = request.build().unwrap();
        let body = request.body().and_then(|body| body.as_bytes()).unwrap_or_default().to_vec();
        let timestamp =
            how.timestamp.unwrap_or_else(|| server.app.gate().clock().now().unix_s()).to_string();
        let url = request.url().clone();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let head = Head {
            public_key: &self.public_key,
            timestamp: &timestamp,
            nonce: how.nonce,
            signature: "",
            method: request.method().as_str(),
            host: how.host.unwrap_or(url.authority()),
            target: &format!("{}{query}", url.path()),
        };
        let text = SignedRequest { head, body: Body::of(&body) }.string_to_sign();
        let signature = self.pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        let signature = URL_SAFE_NO_PAD.encode(signature);
        let headers = [
            ("x-awp-pubkey", Some(self.public_key.as_str())),
            ("x-awp-timestamp", Some(&timestamp)),
            ("x-awp-nonce", how.nonce),
            ("x-awp-signature", Some(&signature)),
        ];
        for (name, value) in headers {
            if let Some(value) = value {
                let value = HeaderValue::from_str(value).unwrap();
                request.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        request
    }
}

fn rand() -> [u8; 16] {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    bytes
}

impl Server {
    /// Starts with development users.
    pub async fn start_with_users(settings: &[(&str, &str)]) -> Self {
        Self::start_with(&[&DEV_USERS[..], settings].concat()).await
    }

    /// Sends a request as it is.
    pub async fn execute(&self, request: Request) -> Answer {
        Answer::of(self.http.execute(request).await.unwrap()).await
    }

    /// What `init` answers a client with this key.
    pub async fn init_client(&self, public_key: &str) -> Value {
        let body = json!({ "pubkey": public_key, "clientName": "a client" });
        self.post(As::Nobody, "/api/auth/clients/init", &body).await.expect(200).json()
    }

    /// Enters the code that `init` answered.
    pub async fn complete_client(&self, user: As<'_>, asked: &Value) -> Answer {
        let body =
            json!({ "clientId": asked["clientId"], "verificationCode": asked["displayCode"] });
        self.post(user, "/api/auth/clients/complete", &body).await
    }

    /// Makes an agent token: its text and its id.
    pub async fn agent_token(&self, user: As<'_>) -> (String, String) {
        let made = self.post(user, "/api/auth/tokens", &json!({ "name": "an agent" })).await;
        let made = made.expect(201).json();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("token"), text("id"))
    }

    /// Sets something for an owner, as `root`.
    pub async fn set_user(&self, user: &str, body: &Value) -> Answer {
        let path = format!("/api/admin/users/{user}");
        self.send(self.request(As::User("root"), Method::PATCH, &path).json(body)).await
    }

    /// Gives a development user its realm.
    pub async fn authorize(&self, subject: &str) {
        self.set_user(subject, &json!({ "role": "authorized" })).await.expect(200);
    }
}
