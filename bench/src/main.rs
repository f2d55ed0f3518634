//! Measures Carnet, and beside it what bounds it: all numbers of one run come from one machine at one time.
//!
//! `cargo xtask bench [filter]`. Every measurement is bounded in time.

#![expect(clippy::disallowed_methods, reason = "measuring is what this program is for")]

mod authority;
mod certificates;
mod fleet;
mod gate;
mod http;
mod report;
mod revocation;
mod tickets;
mod world;

use crate::report::Report;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments == [fleet::WORKER] {
        return Ok(fleet::work()?);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let [verifier, address, grants] = &arguments[..]
        && verifier == revocation::VERIFIER
    {
        return runtime.block_on(revocation::verify(address, grants));
    }
    let filter = arguments.into_iter().next().unwrap_or_default();
    let mut report = Report::new(&filter);
    runtime.block_on(async {
        gate::run(&mut report).await?;
        tickets::run(&mut report);
        authority::run(&mut report).await?;
        certificates::run(&mut report).await?;
        fleet::run(&mut report).await?;
        http::run(&mut report).await?;
        revocation::run(&mut report).await
    })?;
    report.print();
    Ok(())
}
