//! The rules between keys.

use crate::config::{merged::Merged, settings::Settings, spelling::spell_seconds};

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
    let hub = &settings.hub;
    for address in &hub.listen_redirect {
        if address.port() != 0 && hub.listen.contains(address) {
            let text = format!("{address} is in hub.listen and in hub.listen_redirect");
            merged.blame_first(&["hub.listen_redirect", "hub.listen"], text);
        }
    }
}
