//! The rules between keys.

use std::time::Duration;

use crate::config::{
    merged::Merged, settings::Settings, spelling::spell_seconds, validate::openid_connect,
};

/// Finds what no key could be blamed for alone.
pub(super) fn check(settings: &Settings, merged: &mut Merged<'_>) {
    let pairs = [
        ("tls.certificate", "tls.key"),
        ("tls.key", "tls.certificate"),
    ];
    for (given, needed) in pairs {
        if merged.sets(given) && !merged.sets(needed) {
            merged.blame(given, format!("{given} needs {needed} as well"));
        }
    }
    let login = &settings.login;
    let session = settings.hub.session_lifetime;
    if login.require_ticket && login.ticket_lifetime < session {
        let session = spell_seconds(session.as_secs());
        let text = format!(
            "login.ticket_lifetime is shorter than hub.session_lifetime ({session}): people who \
             are still logged in could not start their servers"
        );
        merged.blame_first(&["login.ticket_lifetime", "hub.session_lifetime"], text);
    }
    for user in &login.blocked_users {
        if login.allowed_users.contains(user) {
            let text = format!("{user:?} is in login.allowed_users and in login.blocked_users");
            merged.blame_first(&["login.allowed_users", "login.blocked_users"], text);
        }
    }
    check_pages_and_tokens(settings, merged);
    openid_connect::check(settings, merged);
    let hub = &settings.hub;
    for address in &hub.listen_redirect {
        if address.port() != 0 && hub.listen.contains(address) {
            let text = format!("{address} is in hub.listen and in hub.listen_redirect");
            merged.blame_first(&["hub.listen_redirect", "hub.listen"], text);
        }
    }
}

fn check_pages_and_tokens(settings: &Settings, merged: &mut Merged<'_>) {
    let hub = &settings.hub;
    if hub.api_page_default_limit > hub.api_page_max_limit {
        let text = format!(
            "hub.api_page_default_limit ({}) is more than hub.api_page_max_limit ({})",
            hub.api_page_default_limit, hub.api_page_max_limit
        );
        merged.blame_first(
            &["hub.api_page_default_limit", "hub.api_page_max_limit"],
            text,
        );
    }
    let lifetimes = (hub.token_lifetime_default, hub.token_lifetime_max);
    if let (Some(default), Some(max)) = lifetimes
        && default > max
    {
        let spell = |duration: Duration| spell_seconds(duration.as_secs());
        let text = format!(
            "hub.token_lifetime_default ({}) is longer than hub.token_lifetime_max ({})",
            spell(default),
            spell(max)
        );
        merged.blame_first(
            &["hub.token_lifetime_default", "hub.token_lifetime_max"],
            text,
        );
    }
}
