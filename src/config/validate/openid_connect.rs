//! `[openid_connect]` as a plain type, and its rules.

use crate::config::{
    merged::Merged,
    raw::RawOpenIdConnect,
    settings::{HubSettings, OpenIdConnectSettings, Settings},
    spelling::Text,
};

const ISSUER: &str = "openid_connect.issuer";
const CLIENT_ID: &str = "openid_connect.client_id";
const PUBLIC_URL: &str = "hub.public_url";

/// Returns the provider, once all that it takes is there.
pub(super) fn provider(raw: RawOpenIdConnect, hub: &HubSettings) -> Option<OpenIdConnectSettings> {
    let issuer = raw.issuer?.0;
    let host = |issuer: &str| {
        let (_, rest) = issuer.split_once("://")?;
        rest.split('/').next().map(str::to_owned)
    };
    let text = |text: Option<Text>| text.map(|text| text.0);
    Some(OpenIdConnectSettings {
        client_id: raw.client_id?.0,
        name: text(raw.name).or_else(|| host(&issuer)).unwrap_or_default(),
        scopes: raw.scopes.into_iter().map(|scope| scope.0).collect(),
        username_claim: raw.username_claim.0,
        strip_domain: text(raw.strip_domain),
        ca_file: raw.ca_file.0,
        auto: raw.auto,
        redirect_uri: format!(
            "{}{}hub/oauth_callback",
            hub.public_url.as_ref()?,
            hub.base_url
        ),
        issuer,
    })
}

/// Finds what is missing, and what leaves nobody a way in.
pub(super) fn check(settings: &Settings, merged: &mut Merged<'_>) {
    for needed in [CLIENT_ID, PUBLIC_URL] {
        if merged.sets(ISSUER) && !merged.sets(needed) {
            merged.blame(ISSUER, format!("{ISSUER} needs {needed} as well"));
        }
    }
    if merged.sets(CLIENT_ID) && !merged.sets(ISSUER) {
        merged.blame(CLIENT_ID, format!("{CLIENT_ID} needs {ISSUER} as well"));
    }
    let public_url = settings.hub.public_url.as_deref().unwrap_or_default();
    if merged.sets(ISSUER) && public_url.starts_with("http:") {
        let text = format!("{PUBLIC_URL} must begin with https:// where {ISSUER} is set");
        merged.blame(PUBLIC_URL, text);
    }
    if !settings.login.passwords && settings.openid_connect.is_none() {
        let text = format!("login.passwords = false needs {ISSUER}: nobody could log in");
        merged.blame("login.passwords", text);
    }
}
