//! `GET /auth/login`: the page that signs in.

use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use super::SignIn;
use crate::problem::Problem;
use crate::state::App;
use crate::ui::fields::Fields;
use crate::ui::page;

pub(crate) async fn show(State(_): State<App>, uri: Uri) -> Result<Response, Problem> {
    let fields = Fields::of_query(&uri);
    page::answer(StatusCode::OK, &SignIn::again(fields.shown("return_to"), false, ""))
}
