//! From merged files to [`Settings`]: defaults, the rules between keys, and plain types.

mod hub;
mod rules;
mod scopes;
mod server;

use std::path::PathBuf;

use confique::{Config, Layer};
use serde::Deserialize;
use toml::{Spanned, de::DeTable};

use crate::config::{
    Fault, Faults,
    merged::Merged,
    raw::Raw,
    settings::{GroupSettings, Settings},
};

/// Returns the settings when nothing is configured.
pub(super) fn defaults() -> Settings {
    let raw = Raw::from_layer(Layer::default_values())
        .expect("every described key has a default or may be absent");
    settings(raw, Vec::new(), &mut Merged::new(Vec::new()))
}

/// Adds the defaults to what the files say and checks the rules between keys.
pub(super) fn settle(mut merged: Merged<'_>) -> Result<Settings, Faults> {
    let root = std::mem::take(&mut merged.root);
    let groups = std::mem::take(&mut merged.groups);
    let raw = complete::<Raw>(root);
    let groups: Result<Vec<_>, _> = groups
        .into_iter()
        .map(|(name, table)| server::group(name, table))
        .collect();
    match (raw, groups) {
        (Ok(raw), Ok(groups)) => {
            let settings = settings(raw, groups, &mut merged);
            rules::check(&settings, &mut merged);
            if merged.faults.is_empty() {
                return Ok(settings);
            }
        }
        // Every value was read by the same types before, so this is not reached; if a change breaks
        // that, the hub must say so and not start.
        (Err(text), _) | (_, Err(text)) => merged.faults.push(Fault {
            path: PathBuf::new(),
            place: None,
            text,
        }),
    }
    Err(Faults(merged.into_faults()))
}

/// Reads checked values into one described struct, with defaults for the rest.
fn complete<C: Config>(table: DeTable<'_>) -> Result<C, String> {
    let document = toml::de::Deserializer::from(Spanned::new(0..0, table));
    let layer = C::Layer::deserialize(document).map_err(|error| error.message().to_owned())?;
    C::from_layer(layer.with_fallback(Layer::default_values())).map_err(|error| error.to_string())
}

fn settings(raw: Raw, groups: Vec<GroupSettings>, merged: &mut Merged<'_>) -> Settings {
    Settings {
        hub: hub::hub(raw.hub, merged),
        tls: hub::tls(raw.tls),
        login: hub::login(raw.login),
        server: server::server(raw.server, merged),
        groups,
        culler: hub::culler(raw.culler),
        limits: hub::limits(&raw.limits),
    }
}
