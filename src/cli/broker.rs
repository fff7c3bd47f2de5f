//! `carrel broker`: one request of the hub, served with root's rights.

use std::path::Path;

use anyhow::Context;

use crate::{broker::serve, telemetry::logs};

/// Serves the request on standard input, then ends.
pub(super) fn run(config: &Path) -> anyhow::Result<()> {
    logs::start();
    let settings = super::load_settings(config)?;
    serve::serve(&settings).context("serve a request of the hub")
}
