//! `carrel oidc`: what is asked of an OpenID Connect provider.

use std::path::Path;

use anyhow::Context;

use crate::{oidc::serve, telemetry::logs};

/// Answers the one question on standard input.
pub(super) fn run(config: &Path) -> anyhow::Result<()> {
    logs::start();
    let settings = super::load_settings(config)?;
    let provider = settings.openid_connect.as_ref();
    let provider = provider.context("openid_connect.issuer is not set")?;
    serve::serve(provider).context("answer a question of the broker")
}
