//! `GET /ui/assets/{name}`: styles, scripts and the icon, which are part of the program. Their names carry a hash of what
//! is in them, so browsers keep them.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use carnet_ticket::id::UniqueId;
use http::header;

use crate::problem::Problem;

/// A file of the UI.
struct Asset {
    name: &'static str,
    kind: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

const ASSETS: [Asset; 4] = [
    Asset {
        name: "carnet",
        kind: "css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../assets/carnet.css"),
    },
    Asset {
        name: "carnet",
        kind: "js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/carnet.js"),
    },
    Asset {
        name: "htmx",
        kind: "js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/htmx/htmx.min.js"),
    },
    Asset {
        name: "icon",
        kind: "svg",
        content_type: "image/svg+xml",
        bytes: include_bytes!("../../assets/icon.svg"),
    },
];

/// What each is called.
static NAMES: LazyLock<[String; 4]> = LazyLock::new(|| {
    ASSETS.map(|Asset { name, kind, bytes, .. }| {
        format!("{name}.{}.{kind}", UniqueId::hash(bytes).fingerprint())
    })
});

pub(crate) async fn show(Path(name): Path<String>) -> Result<Response, Problem> {
    let at = NAMES.iter().position(|known| *known == name).ok_or_else(Problem::not_found)?;
    let Asset { content_type, bytes, .. } = ASSETS[at];
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, bytes).into_response())
}

/// Where `carnet.css` and the others are.
pub(super) fn url(name: &str) -> String {
    let is = |asset: &Asset| {
        name.strip_prefix(asset.name).and_then(|rest| rest.strip_prefix('.')) == Some(asset.kind)
    };
    let at = ASSETS.iter().position(is);
    format!("/ui/assets/{}", at.map_or(name, |at| NAMES[at].as_str()))
}
