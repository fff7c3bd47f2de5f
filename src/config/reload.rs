//! What a reload can change while the hub runs.

use crate::config::settings::Settings;

/// Returns the keys whose change only a restart of the hub brings into effect.
///
/// Everything else is taken over by a reload: open connections keep the bounds they began with,
/// running servers keep theirs until their next start.
pub fn needs_restart(running: &Settings, wanted: &Settings) -> Vec<&'static str> {
    RESTART_KEYS
        .iter()
        .filter(|(_, differs)| differs(running, wanted))
        .map(|(key, _)| *key)
        .collect()
}

/// Returns `wanted` with every key that only a restart changes kept as it is in `running`, which is
/// what the hub is to run with after a reload.
#[must_use]
pub fn watchable(running: &Settings, mut wanted: Settings) -> Settings {
    wanted.hub.base_url.clone_from(&running.hub.base_url);
    wanted.hub.listen.clone_from(&running.hub.listen);
    wanted
        .hub
        .listen_redirect
        .clone_from(&running.hub.listen_redirect);
    wanted.hub.listen_api = running.hub.listen_api;
    wanted.hub.state_dir.clone_from(&running.hub.state_dir);
    wanted.hub.runtime_dir.clone_from(&running.hub.runtime_dir);
    wanted
}

type Differs = fn(&Settings, &Settings) -> bool;

/// The keys that are read once, at the start: they name what the process holds open.
pub(super) const RESTART_KEYS: [(&str, Differs); 6] = [
    ("hub.base_url", |a, b| a.hub.base_url != b.hub.base_url),
    ("hub.listen", |a, b| a.hub.listen != b.hub.listen),
    ("hub.listen_redirect", |a, b| {
        a.hub.listen_redirect != b.hub.listen_redirect
    }),
    ("hub.listen_api", |a, b| {
        a.hub.listen_api != b.hub.listen_api
    }),
    ("hub.state_dir", |a, b| a.hub.state_dir != b.hub.state_dir),
    ("hub.runtime_dir", |a, b| {
        a.hub.runtime_dir != b.hub.runtime_dir
    }),
];

#[cfg(test)]
mod tests {
    use super::*;

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
}
