//! `/auth/link`: a link shows a button, and the button spends it. Whatever looks at links before people do, as mail
//! filters and previews, does not use them up.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};

use super::{refuse_elsewhere, signed_in};
use crate::audit::Trail;
use crate::problem::Problem;
use crate::sessions;
use crate::state::App;
use crate::ui::fields::Fields;
use crate::ui::page;

#[derive(Template)]
#[template(path = "link.html")]
struct Page<'a> {
    code: &'a str,
}

pub(crate) async fn show(uri: Uri) -> Result<Response, Problem> {
    let fields = Fields::of_query(&uri);
    page::answer(StatusCode::OK, &Page { code: fields.shown("code") })
}

pub(crate) async fn open(
    State(app): State<App>,
    trail: Trail,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    refuse_elsewhere(&headers)?;
    let secret = sessions::open_by_link(&app, &trail, fields.shown("code")).await?;
    Ok(signed_in(&app, &secret, fields.shown("return_to")))
}
