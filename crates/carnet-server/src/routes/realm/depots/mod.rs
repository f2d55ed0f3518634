//! `/api/realm/{realm}/depots`.

mod commit;
mod create;
mod delete;
mod list;
mod show;
mod update;

pub(in crate::routes) use commit::commit;
pub(in crate::routes) use create::create;
pub(in crate::routes) use delete::delete;
pub(in crate::routes) use list::list;
pub(in crate::routes) use show::show;
pub(in crate::routes) use update::update;

use carnet_authority::audit::{Event, Kind};
use carnet_realm::realms::{DepotError, DepotFields};
use carnet_store::DepotRow;
use carnet_ticket::realm::DepotId;
use carnet_ticket::verify::Reason;
use serde_json::{Map, Value, json};

use super::missing_nodes;
use crate::audit::Trail;
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

/// The depot that a path names.
fn depot_in_path(text: &str) -> Result<DepotId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// A depot as answers tell it.
fn shown(depot: &DepotRow) -> Value {
    json!({
        "depotId": depot.id.to_string(),
        "title": depot.state.title,
        "root": depot.state.root,
        "maxHistory": depot.state.max_history,
        "history": depot.state.history,
        "createdAt": depot.created_at.0,
        "updatedAt": depot.updated_at.0,
    })
}

/// Makes the main depot of the caller's realm, on the first use of any.
async fn make_main(app: &App, caller: &InRealm, trail: &Trail) -> Result<(), Problem> {
    let made = app.realms().make_main_depot(caller.realm, |id| event(trail, "depot.create", id));
    made.await.map_err(|error| problem(caller, error))
}

fn event(trail: &Trail, action: &str, id: &DepotId) -> Event {
    trail.event(Kind::Db, action, &id.to_string())
}

/// What a body sets; fields that are not known are passed over.
fn fields(bytes: &[u8]) -> Result<DepotFields, Problem> {
    let members = object(bytes)?;
    let member = |name: &str| members.get(name).filter(|value| !value.is_null());
    let wrong = |name: &str| Problem::invalid("WrongType", name);
    let title = member("title").map(|title| title.as_str().ok_or_else(|| wrong("title")));
    let kept =
        member("maxHistory").map(|kept| body::number(kept).ok_or_else(|| wrong("maxHistory")));
    Ok(DepotFields { title: title.transpose()?.map(str::to_owned), max_history: kept.transpose()? })
}

/// The JSON object in a body.
fn object(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(Problem::invalid("Json", "body")),
    }
}

fn problem(caller: &InRealm, error: DepotError) -> Problem {
    match error {
        DepotError::Invalid(error) => Problem::invalid("OutOfRange", error.field()),
        DepotError::Unknown => Problem::not_found(),
        DepotError::Main => caller.grant.deny(Reason::Scope).into(),
        DepotError::TitleTaken => Problem::conflict(),
        DepotError::OtherRoot(root) => Problem::conflict().with(json!({ "root": root })),
        DepotError::MissingRoot(root) => missing_nodes(&[root]),
        DepotError::Store(error) => error.into(),
        _ => Problem::internal(),
    }
}
