//! `carrel broker`: what needs root's rights, done for the hub.

use std::path::Path;

use anyhow::Context;

use crate::{
    broker::{gate, serve},
    telemetry::logs,
};

/// What the broker is asked to do.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Serve the one request on standard input, then end; the broker starts itself so for each
    #[arg(long)]
    request: bool,
}

/// Gives each connection a process of its own, or is that process.
pub(super) fn run(config: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    logs::start();
    if arguments.request {
        let settings = super::load_settings(config)?;
        return serve::serve(&settings).context("serve a request of the hub");
    }
    gate::keep(config).context("keep the broker's gate")
}
