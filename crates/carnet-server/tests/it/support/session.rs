//! Sessions of the admin UI, as a browser has them.

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};

use super::{Answer, As, Server};

/// A session: its cookie, and what its forms carry.
pub struct Session {
    pub cookie: String,
    pub csrf: String,
}

impl Session {
    /// That of the operator of the machine, by a link.
    pub async fn of_operator(server: &Server) -> Self {
        let code = link_code(server).await;
        Self::of(server, &spend(server, &code).await.expect(303)).await
    }

    /// That of a service, by its key.
    pub async fn of_key(server: &Server, key: &str) -> Self {
        let request = stays().post(format!("{}/auth/key", server.url)).form(&[("key", key)]);
        Self::of(server, &server.send(request).await.expect(303)).await
    }

    /// That which an answer opens.
    pub async fn of(server: &Server, opened: &Answer) -> Self {
        let cookie = opened.header("set-cookie").split(';').next().unwrap().to_owned();
        let page = server.get(As::Cookie(&cookie), "/ui").await.expect(200).text();
        let (_, csrf) = page.split_once("name=\"csrf\" value=\"").unwrap();
        Self { cookie, csrf: csrf.split_once('"').unwrap().0.to_owned() }
    }

    /// A request with what shows that a page of the session sends it.
    pub fn with_csrf(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("X-CSRF-Token", &self.csrf)
    }
}

/// What a form sends.
pub trait Form {
    /// The request with these fields.
    #[must_use]
    fn form(self, fields: &[(&str, &str)]) -> Self;
}

impl Form for RequestBuilder {
    fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.header("Content-Type", "application/x-www-form-urlencoded").body(body)
    }
}

/// A client that goes nowhere by itself.
pub fn stays() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}

/// The code of a fresh sign-in link.
pub async fn link_code(server: &Server) -> String {
    let link = server.app.sign_in_link().await.unwrap().unwrap();
    link.split_once("?code=").unwrap().1.to_owned()
}

/// What presses the button of a link.
pub async fn spend(server: &Server, code: &str) -> Answer {
    let request = stays().post(format!("{}/auth/link", server.url)).form(&[("code", code)]);
    server.send(request).await
}
