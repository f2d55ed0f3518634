//! `POST /ui/tasks/{task}/cancel`.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::audit::Trail;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::tasks;
use crate::state::App;
use crate::ui::fields::Fields;

pub(crate) async fn cancel(
    State(app): State<App>,
    Caller(grant): Caller,
    Path(id): Path<String>,
    trail: Trail,
    fields: Fields,
) -> Result<Response, Problem> {
    let reason = fields.text("reason").map(str::to_owned);
    let row = tasks::end(&app, &grant, &trail, &id, reason).await?;
    let location = format!("/ui/tasks/{}", row.task.id);
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}
