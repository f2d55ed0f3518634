//! `POST /ui/workers/{id}/cordon` and its like: what is done to a worker.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use carnet_store::WorkerOrder;
use http::{StatusCode, Uri, header};

use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::ca::Because;
use crate::routes::workers;
use crate::state::App;
use crate::ui::fields::Fields;

macro_rules! orders {
    ($($name:ident: $order:ident;)+) => {
        $(pub(crate) async fn $name(
            State(app): State<App>,
            Path(id): Path<String>,
            uri: Uri,
            trail: Trail,
            fields: Fields,
        ) -> Result<Response, Problem> {
            let because = Because::of(fields.text("reason").map(str::to_owned));
            let _shown = workers::apply(&app, &id, WorkerOrder::$order, because, &trail).await?;
            Ok(back(&uri))
        })+
    };
}

orders! {
    cordon: Cordon;
    uncordon: Uncordon;
    drain: Drain;
    quarantine: Quarantine;
    release: Release;
}

/// To the worker, whose path is the one above.
fn back(uri: &Uri) -> Response {
    let worker = uri.path().rsplit_once('/').map_or("/ui/workers", |(worker, _)| worker);
    (StatusCode::SEE_OTHER, [(header::LOCATION, worker)]).into_response()
}
