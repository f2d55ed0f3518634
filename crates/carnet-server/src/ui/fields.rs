//! [`Fields`]: what a form sends, and filters that a page is asked for.

use axum::body::Body;
use axum::extract::{FromRequest, Query, Request};
use http::Uri;
use serde::de::DeserializeOwned;

use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

/// The fields of a form, as they were sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The text of a field, without space around it; nothing when it is blank or was not sent.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let (_, text) = self.0.iter().find(|(of, _)| of == name)?;
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    /// Every text that was sent for a field, blank ones aside.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let texts = self.0.iter().filter(move |(of, _)| of == name).map(|(_, text)| text.trim());
        texts.filter(|text| !text.is_empty())
    }

    /// Whether a box was ticked.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|text| text == value)
    }

    /// What a field may be, each with whether it was asked for.
    pub(super) fn choices(
        &self,
        name: &str,
        all: impl IntoIterator<Item = &'static str>,
    ) -> Vec<(&'static str, bool)> {
        let asked = self.shown(name);
        all.into_iter().map(|one| (one, one == asked)).collect()
    }

    /// What a page that is shown again fills in: nothing where nothing was sent.
    pub(super) fn shown(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// These as a query, with another value for one of them.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        let others = self.0.iter().filter(|(of, text)| of != name && !text.is_empty());
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(others).append_pair(name, value).finish()
    }

    fn read(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// Those of a query.
    pub(super) fn of_query(uri: &Uri) -> Self {
        Self::read(uri.query().unwrap_or_default().as_bytes())
    }
}

impl FromRequest<App> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, request): (_, Body) = request.into_parts();
        let max = app.config().server.max_body.0;
        Ok(Self::read(&body::read(app, &parts.headers, request, max).await?))
    }
}

/// A query as `T` reads it, but for fields that were left blank: a form sends them all.
pub(super) fn filter<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let fields =
        Fields::of_query(uri).0.into_iter().map(|(name, text)| (name, text.trim().to_owned()));
    let asked = fields.filter(|(_, text)| !text.is_empty());
    let query = form_urlencoded::Serializer::new(String::from("/?")).extend_pairs(asked).finish();
    let uri = query.parse().map_err(|_| Problem::invalid("Query", "query"))?;
    let Query(filter) =
        Query::try_from_uri(&uri).map_err(|_| Problem::invalid("Query", "query"))?;
    Ok(filter)
}
