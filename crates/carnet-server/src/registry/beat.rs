//! [`Beat`]: what a worker says each time that it is there, as a form. Source: worker runtime spec, section 9.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request};
use bytes::Bytes;
use http::{HeaderMap, header};
use serde_json::Value;

use super::form;
use super::state::Reported;
use crate::problem::Problem;

/// What a worker says of itself now.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Beat {
    /// What it is for; has to be what it registered as.
    pub(crate) service_type: String,
    /// How busy it is, from 0 to 1.
    pub(crate) load_score: f64,
    /// Whether it takes work.
    pub(crate) state: Option<Reported>,
    /// Tasks that it runs.
    pub(crate) active: Option<u32>,
    /// Tasks that it could run.
    pub(crate) capacity: Option<u32>,
    /// The process that it is.
    pub(crate) instance: Option<String>,
    /// The number of the trust bundle that it has.
    pub(crate) bundle: Option<u64>,
    /// The keys that it knows.
    pub(crate) key_ids: Vec<String>,
    /// The number of the newest revocation that it heard.
    pub(crate) revocations: Option<u64>,
}

/// Fields of one form, and bytes of one field.
const FIELDS_MAX: usize = 32;
const FIELD_LEN_MAX: usize = 4 << 10;

impl Beat {
    /// Reads the form in a body; what is none has no field.
    pub(crate) async fn read(headers: &HeaderMap, body: Bytes) -> Result<Self, Problem> {
        let fields = fields(headers, body).await;
        let field = |name: &str| {
            fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        };
        let mut faults = Vec::new();
        let service_type = field("service_type").unwrap_or_else(|| {
            faults.push(form::missing(&["service_type".into()], &Value::Null));
            ""
        });
        let load = field("load_score").map_or(Ok(0.0), |text| {
            let load: Option<f64> = text.trim().parse().ok().filter(|load: &f64| load.is_finite());
            load.ok_or(text)
        });
        if let Err(text) = load {
            faults.push(form::no_number(&["load_score".into()], &text.into()));
        }
        let state = field("state").map(Reported::parse).transpose();
        if state.is_err() {
            let said = field("state").unwrap_or_default();
            faults.push(form::no_text(&["state".into()], &said.into()));
        }
        if !faults.is_empty() {
            return Err(form::unprocessable(faults));
        }
        let number = |name: &str| field(name).and_then(|text| text.parse().ok());
        let keys = field("keys").unwrap_or_default().split(',').filter(|key| !key.is_empty());
        Ok(Self {
            service_type: service_type.to_owned(),
            load_score: load.unwrap_or(0.0).clamp(0.0, 1.0),
            state: state.unwrap_or_default(),
            active: number("active"),
            capacity: number("capacity"),
            instance: field("instance").map(str::to_owned),
            bundle: field("bundle").and_then(|text| text.parse().ok()),
            key_ids: keys.take(FIELDS_MAX).map(str::to_owned).collect(),
            revocations: field("revocations").and_then(|text| text.parse().ok()),
        })
    }

    /// What of it placement goes by.
    pub(super) fn placed_by(&self) -> (Reported, f64, Option<u32>, Option<&str>) {
        let state = self.state.unwrap_or_default();
        (state, self.load_score, self.capacity, self.instance.as_deref())
    }
}

/// The fields of a form of either kind.
async fn fields(headers: &HeaderMap, body: Bytes) -> Vec<(String, String)> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default();
    if kind.starts_with("multipart/form-data") {
        return multipart(kind, body).await.unwrap_or_default();
    }
    if kind.starts_with("application/x-www-form-urlencoded") {
        let pairs = form_urlencoded::parse(&body).take(FIELDS_MAX);
        let fits = |(_, value): &(_, Cow<'_, str>)| value.len() <= FIELD_LEN_MAX;
        let pairs = pairs.filter(fits);
        return pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    }
    Vec::new()
}

async fn multipart(kind: &str, body: Bytes) -> Option<Vec<(String, String)>> {
    let request = Request::post("/").header(header::CONTENT_TYPE, kind).body(Body::from(body));
    let mut form = Multipart::from_request(request.ok()?, &()).await.ok()?;
    let mut fields = Vec::new();
    while let Some(field) = form.next_field().await.ok()? {
        let name = field.name()?.to_owned();
        let value = field.text().await.ok()?;
        if fields.len() == FIELDS_MAX || value.len() > FIELD_LEN_MAX {
            return None;
        }
        fields.push((name, value));
    }
    Some(fields)
}
