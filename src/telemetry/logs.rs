//! Log lines: to the journal with their fields where systemd runs us, else to standard error.
//!
//! In the journal every field of an event can be asked for: `user.name` becomes
//! `CARREL_USER_NAME`, so `journalctl CARREL_USER_NAME=alice` finds all that concerns alice.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{
    EnvFilter, Layer, filter::LevelFilter, layer::SubscriberExt, util::SubscriberInitExt,
};

/// The variable that says what is logged, such as `debug` or `carrel::hub=debug,info`.
pub const FILTER_VARIABLE: &str = "CARREL_LOG";

const FIELD_PREFIX: &str = "CARREL";

/// Directs every log line of this process; call once, first thing in a service.
///
/// The level is `info` unless `CARREL_LOG` says otherwise.
pub fn start() {
    let (filter, mistake) = filter(std::env::var(FILTER_VARIABLE).ok().as_deref());
    let (layer, trouble) = match journal() {
        Some(Ok(layer)) => (layer.boxed(), None),
        Some(Err(error)) => (plain(), Some(error)),
        None => (plain(), None),
    };
    let installed = tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .try_init();
    if installed.is_err() {
        tracing::debug!("log lines were directed before");
    }
    if let Some(error) = trouble {
        tracing::warn!(%error, "the journal's socket cannot be used, logging to standard error");
    }
    if let Some(error) = mistake {
        tracing::warn!(%error, "{FILTER_VARIABLE} cannot be read, logging at level info");
    }
}

/// Reads a filter; what cannot be read is told and leaves the default.
fn filter(text: Option<&str>) -> (EnvFilter, Option<String>) {
    let builder = || EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    match text {
        None | Some("") => (builder().parse_lossy(""), None),
        Some(text) => match builder().parse(text) {
            Ok(filter) => (filter, None),
            Err(error) => (builder().parse_lossy(""), Some(error.to_string())),
        },
    }
}

/// Returns the layer to the journal when systemd has connected our standard error to it.
fn journal() -> Option<std::io::Result<tracing_journald::Layer>> {
    let stream = std::env::var("JOURNAL_STREAM").ok()?;
    let status = nix::sys::stat::fstat(stderr()).ok()?;
    if stream != format!("{}:{}", status.st_dev, status.st_ino) {
        return None;
    }
    Some(tracing_journald::layer().map(|layer| {
        layer
            .with_field_prefix(Some(FIELD_PREFIX.to_owned()))
            .with_syslog_identifier("carrel".to_owned())
    }))
}

/// Returns the layer to standard error; whoever started us as a service keeps the time already.
fn plain<S>() -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let layer = tracing_subscriber::fmt::layer()
        .compact()
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal());
    if std::env::var_os("INVOCATION_ID").is_some() {
        layer.without_time().boxed()
    } else {
        layer.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_cannot_be_read_is_told() {
        for (text, told) in [
            (None, false),
            (Some(""), false),
            (Some("debug"), false),
            (Some("carrel::hub=trace,warn"), false),
            (Some("carrel=loud"), true),
        ] {
            assert_eq!(filter(text).1.is_some(), told, "{text:?}");
        }
        assert_eq!(filter(None).0.to_string(), "info");
    }
}
