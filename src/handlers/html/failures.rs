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
        memory_limit_bytes: memory_limit(settings),
        journal: failure.log.clone(),
    }
}

/// Returns everybody's bound of memory; `None` also where groups have bounds of their own, since
/// only the broker knows who is in which.
pub fn memory_limit(settings: &Settings) -> Option<u64> {
    let same_for_all = settings
        .groups
        .iter()
        .all(|group| group.changes.memory_bytes.is_none());
    settings.server.limits.memory_bytes.filter(|_| same_for_all)
}
