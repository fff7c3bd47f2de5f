//! `carrel hub`: the hub itself.

use std::path::Path;

/// Runs the hub until it is told to stop.
pub(super) fn run(config: &Path) -> anyhow::Result<()> {
    let _settings = super::load_settings(config)?;
    anyhow::bail!("this build has no hub")
}
