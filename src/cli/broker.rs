//! `carrel broker`: one request of the hub, served with root's rights.

use std::path::Path;

/// Serves the request on standard input, then ends.
pub(super) fn run(config: &Path) -> anyhow::Result<()> {
    let _settings = super::load_settings(config)?;
    anyhow::bail!("this build has no broker")
}
