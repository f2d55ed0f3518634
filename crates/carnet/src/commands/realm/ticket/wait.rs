//! `carnet realm ticket wait`.

use std::time::Duration;

use carnet_gate::Clock;

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::output;

/// Waits for a ticket's result and prints its key.
pub async fn run(
    id: &str,
    timeout: Duration,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let ticket = tokio::select! {
        ticket = client.wait_for(id) => ticket?,
        () = Clock::System.sleep(timeout) => {
            return Err(Failure::Check("the ticket has no result yet".to_owned()).into());
        }
    };
    output::show(server.format, &ticket, |ticket| output::text(&ticket["output"]))?;
    if ticket["output"].is_null() {
        return Err(Failure::Check(format!(
            "the ticket ended without a result: {}",
            output::text(&ticket["status"])
        ))
        .into());
    }
    Ok(())
}
