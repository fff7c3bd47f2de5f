//! `carrel hub`: the hub itself.

use std::path::Path;

use anyhow::Context;

use crate::{cli::FAULTY, config, serve, telemetry::logs};

/// Runs the hub until it is told to stop.
pub(super) fn run(config: &Path) -> anyhow::Result<()> {
    logs::start();
    let settings = config::load_with_logo(config).context(FAULTY)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("carrel")
        .build()
        .context("start the runtime")?;
    let outcome = runtime.block_on(serve::serve(config, settings));
    if outcome.is_err() {
        tracing::error!("the hub ends; `carrel doctor` knows more than the reason that follows");
    }
    outcome
}
