//! From merged files to [`Settings`]: defaults, the rules between keys, and plain types.

mod access;
mod hub;
mod openid_connect;
mod options;
mod profiles;
mod rules;
mod scopes;
mod server;
mod services;
mod site;

use std::path::PathBuf;

use confique::{Config, Layer};
use serde::Deserialize;
use toml::{Spanned, de::DeTable};

use crate::config::{Fault, Faults, merged::Merged, raw::Raw, settings::Settings};

/// Returns the settings when nothing is configured.
pub(super) fn defaults() -> Settings {
    settings(&mut Merged::new(Vec::new()))
        .expect("every described key has a default or may be absent")
}

/// What becomes of files that the configuration names and the hub shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NamedFiles {
    /// They are read, and must be what they should.
    Read,
    /// They are left alone.
    Leave,
}

/// Adds the defaults to what the files say and checks the rules between keys.
pub(super) fn settle(mut merged: Merged<'_>, named: NamedFiles) -> Result<Settings, Faults> {
    match settings(&mut merged) {
        Ok(mut settings) => {
            rules::check(&settings, &mut merged);
            if named == NamedFiles::Read {
                site::read_logo(&mut settings.site, &mut merged);
            }
            if merged.faults.is_empty() {
                return Ok(settings);
            }
        }
        // Every value was read by the same types before, so this is not reached; if a change breaks
        // that, the hub must say so and not start.
        Err(text) => merged.faults.push(Fault {
            path: PathBuf::new(),
            place: None,
            text,
        }),
    }
    Err(Faults(merged.into_faults()))
}

fn settings(merged: &mut Merged<'_>) -> Result<Settings, String> {
    let mut raw: Raw = complete(std::mem::take(&mut merged.root))?;
    let extra = std::mem::take(&mut raw.hub.extra_user_scopes);
    let extra = scopes::read("hub.extra_user_scopes", extra, merged);
    let hub = hub::hub(raw.hub);
    let profiles = profiles::profiles(merged)?;
    Ok(Settings {
        openid_connect: openid_connect::provider(raw.openid_connect, &hub),
        hub,
        site: site::site(raw.site, merged),
        tls: hub::tls(raw.tls),
        login: hub::login(raw.login),
        server: server::server(raw.server, merged),
        groups: server::groups(merged)?,
        options: options::options(merged, &profiles)?,
        profiles,
        hub_groups: access::hub_groups(merged)?,
        services: services::services(merged)?,
        roles: access::roles(extra, merged)?,
        culler: hub::culler(raw.culler),
        limits: hub::limits(&raw.limits),
    })
}

/// Reads checked values into one described struct, with defaults for the rest.
fn complete<C: Config>(table: DeTable<'_>) -> Result<C, String> {
    let document = toml::de::Deserializer::from(Spanned::new(0..0, table));
    let layer = C::Layer::deserialize(document).map_err(|error| error.message().to_owned())?;
    C::from_layer(layer.with_fallback(Layer::default_values())).map_err(|error| error.to_string())
}
