//! What a reload can change while the hub runs.

use crate::config::settings::Settings;

/// Returns the keys whose change only a restart of the hub brings into effect.
///
/// Everything else is taken over by a reload; running servers keep their bounds and sandbox until
/// they are started again.
pub fn needs_restart(running: &Settings, wanted: &Settings) -> Vec<&'static str> {
    let differs = |keep: Keep| {
        let mut kept = wanted.clone();
        keep(&mut kept, running);
        kept != *wanted
    };
    RESTART_KEYS
        .into_iter()
        .filter(|(_, keep)| differs(*keep))
        .map(|(key, _)| key)
        .collect()
}

/// Returns `wanted` with every key that only a restart changes kept as it is in `running`, which is
/// what the hub is to run with after a reload.
#[must_use]
pub fn watchable(running: &Settings, mut wanted: Settings) -> Settings {
    for (_, keep) in RESTART_KEYS {
        keep(&mut wanted, running);
    }
    wanted
}

/// Puts the running value of a key into the wanted settings.
type Keep = fn(&mut Settings, &Settings);

/// The keys that are read once, at the start: they name what the process holds open, or stand in
/// counters and deadlines that live as long as it does.
pub(super) const RESTART_KEYS: [(&str, Keep); 18] = [
    ("hub.base_url", |to, from| {
        to.hub.base_url.clone_from(&from.hub.base_url);
    }),
    ("hub.listen", |to, from| {
        to.hub.listen.clone_from(&from.hub.listen);
    }),
    ("hub.listen_redirect", |to, from| {
        to.hub.listen_redirect.clone_from(&from.hub.listen_redirect);
    }),
    ("hub.listen_api", |to, from| {
        to.hub.listen_api = from.hub.listen_api;
    }),
    ("hub.trusted_proxies", |to, from| {
        to.hub.trusted_proxies.clone_from(&from.hub.trusted_proxies);
    }),
    ("hub.state_dir", |to, from| {
        to.hub.state_dir.clone_from(&from.hub.state_dir);
    }),
    ("hub.runtime_dir", |to, from| {
        to.hub.runtime_dir.clone_from(&from.hub.runtime_dir);
    }),
    ("login.pam_timeout", |to, from| {
        to.login.pam_timeout = from.login.pam_timeout;
    }),
    ("login.failures_per_account", |to, from| {
        to.login.failures_per_account = from.login.failures_per_account;
    }),
    ("login.failures_per_address", |to, from| {
        to.login.failures_per_address = from.login.failures_per_address;
    }),
    ("server.start_timeout", |to, from| {
        to.server.start_timeout = from.server.start_timeout;
    }),
    ("server.stop_timeout", |to, from| {
        to.server.stop_timeout = from.server.stop_timeout;
    }),
    ("hub_groups", |to, from| {
        to.hub_groups.clone_from(&from.hub_groups);
    }),
    ("limits.connections", |to, from| {
        to.limits.connections = from.limits.connections;
    }),
    ("limits.connections_per_address", |to, from| {
        to.limits.connections_per_address = from.limits.connections_per_address;
    }),
    ("limits.head_size", |to, from| {
        to.limits.head_bytes = from.limits.head_bytes;
    }),
    ("limits.handshake_timeout", |to, from| {
        to.limits.handshake_timeout = from.limits.handshake_timeout;
    }),
    ("limits.head_timeout", |to, from| {
        to.limits.head_timeout = from.limits.head_timeout;
    }),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse;

    #[test]
    fn what_the_process_holds_open_needs_a_restart() {
        let running = Settings::default();
        let mut wanted = running.clone();
        wanted.hub.base_url = "/x/".to_owned();
        wanted.hub.state_dir = "/srv/carrel".into();
        wanted.hub.named_servers = !running.hub.named_servers;
        assert_eq!(
            needs_restart(&running, &wanted),
            ["hub.base_url", "hub.state_dir"]
        );
        let taken = watchable(&running, wanted);
        assert_eq!(needs_restart(&running, &taken), Vec::<&str>::new());
        assert_ne!(taken.hub.named_servers, running.hub.named_servers);
        assert_eq!(taken.hub.state_dir, running.hub.state_dir);
    }

    #[test]
    fn each_key_keeps_what_it_names() {
        let changed = [
            "hub.base_url = \"/x/\"",
            "hub.listen = []",
            "hub.listen_redirect = []",
            "hub.listen_api = \"127.0.0.1:1\"",
            "hub.trusted_proxies = [\"192.0.2.1\"]",
            "hub.state_dir = \"/x\"",
            "hub.runtime_dir = \"/x\"",
            "login.pam_timeout = \"1s\"",
            "login.failures_per_account = 1",
            "login.failures_per_address = 1",
            "server.start_timeout = \"1s\"",
            "server.stop_timeout = \"1s\"",
            "hub_groups.a = {}",
            "limits.connections = 1",
            "limits.connections_per_address = 1",
            "limits.head_size = \"8K\"",
            "limits.handshake_timeout = \"1s\"",
            "limits.head_timeout = \"1s\"",
        ];
        let running = Settings::default();
        for ((key, _), text) in RESTART_KEYS.into_iter().zip(changed) {
            let wanted = parse(Path::new("c"), text).unwrap();
            assert_eq!(needs_restart(&running, &wanted), [key], "{text}");
            assert_eq!(watchable(&running, wanted), running, "{text}");
        }
        let free = [
            "login.blocked_users = [\"eve\"]",
            "hub.api_page_max_limit = 1000",
            "server.token_scopes = []",
            "culler.enabled = true",
            "roles = [{ name = \"auditors\", scopes = [\"read:users\"] }]",
            "services = [{ name = \"grader\" }]",
            "custom_scopes = [{ name = \"custom:a:b\", description = \"A.\" }]",
        ];
        for text in free {
            let wanted = parse(Path::new("c"), text).unwrap();
            assert_eq!(watchable(&running, wanted.clone()), wanted, "{text}");
            assert_ne!(wanted, running, "{text}");
        }
    }
}
