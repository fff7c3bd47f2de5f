//! A server's failure as its owner and administrators are told it.

use crate::{
    config::settings::Settings,
    domain::{
        names::{ServerKey, UnitName},
        server::Failure,
    },
    pages::failure::FailureView,
};

/// Returns a failure with what belongs to it.
pub fn view(key: &ServerKey, failure: &Failure, settings: &Settings) -> FailureView {
    FailureView {
        cause: failure.cause.clone(),
        unit: UnitName::for_server(key).ok().map(|unit| unit.to_string()),
        memory_limit_bytes: settings.server.limits.memory_bytes,
        journal: failure.log.clone(),
    }
}
