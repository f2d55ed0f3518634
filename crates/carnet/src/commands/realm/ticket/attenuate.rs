//! `carnet realm ticket attenuate`.

use super::{checked, create};
use crate::cli::AttenuateArgs;
use crate::connect::{self, Surroundings};

/// Makes a child of a ticket and prints its id alone.
pub async fn run(args: AttenuateArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let id = checked(&args.id)?;
    let client = connect::client(&args.server, surroundings)?;
    let request = create::request((!args.input.is_empty()).then_some(args.input), args.limits);
    create::show(&args.server, &client.attenuate(id, &request).await?)
}
