//! Every metric of the hub, as one table; what they mean to a reader stands in docs/metrics.md.
//!
//! Names, labels and buckets are JupyterHub's where dashboards know them (`jupyterhub_…`), and our
//! own elsewhere (`carrel_…`). Labels are closed sets, and no label of this exposition names a
//! person; the one that does is [`servers`].

mod kinds;
pub mod labels;
mod process;
mod registration;
pub mod servers;

use std::sync::LazyLock;

use labels::{
    Answered, Door, Found, Obstacle, Outcome, Period, Phase, Started, Thread, Unlabelled, Verb,
    Version,
};
use registration::Registration;

pub use self::{
    kinds::{BusyTotals, Durations, Levels, Present, Totals},
    registration::Description,
};

/// The type of the exposition (MX-01).
pub const CONTENT_TYPE: &str = "text/plain; version=1.0.0; charset=utf-8";

/// The metrics of this process: like log lines, they come from anywhere and go to one place.
pub static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// Buckets for what takes milliseconds to seconds (MX-31).
const USUAL: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];
/// Buckets for starts, which can take minutes (MX-11).
const STARTS: &[f64] = &[
    0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0,
];
/// Buckets for what takes microseconds to milliseconds.
const QUICK: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0,
];

/// Makes the struct, and registers each metric of the table.
macro_rules! metrics {
    ($($field:ident: $kind:ident $(<$label:ty>)? = $name:literal $(in $buckets:ident)?, $help:literal;)+) => {
        /// Every metric that is counted as things happen.
        #[derive(Debug)]
        pub struct Metrics {
            $(#[doc = $help] pub $field: $kind $(<$label>)?,)+
            registration: Registration,
        }

        impl Metrics {
            fn register() -> Self {
                let mut all = Registration::default();
                Self {
                    $($field: $kind::register(&mut all, ($name, $help) $(, $buckets)?),)+
                    registration: all,
                }
            }
        }
    };
}

#[rustfmt::skip]
metrics! {
    // The names of JupyterHub.
    requests: Durations<Answered> = "jupyterhub_request_duration_seconds" in USUAL,
        "Time until a request to the hub was answered, by the path of its row in the table of routes";
    starts: Durations<Started> = "jupyterhub_server_spawn_duration_seconds" in STARTS,
        "Time from the request for a server until it answered or failed";
    running_servers: Levels<Unlabelled> = "jupyterhub_running_servers",
        "Servers that run, start or stop";
    total_users: Levels<Unlabelled> = "jupyterhub_total_users",
        "Users that the hub knows, counted every minute";
    active_users: Levels<Period> = "jupyterhub_active_users",
        "Users who were active in the period, counted every hour";
    checks: Durations<Unlabelled> = "jupyterhub_check_routes_duration_seconds" in USUAL,
        "Time to compare all units with the records of servers";
    hub_starts: Durations<Unlabelled> = "jupyterhub_hub_startup_duration_seconds" in USUAL,
        "Time from the start of the hub until it served";
    first_checks: Durations<Unlabelled> = "jupyterhub_init_spawners_duration_seconds" in USUAL,
        "Time to find the servers that ran before the hub started";
    route_polls: Durations<Unlabelled> = "jupyterhub_proxy_poll_duration_seconds" in USUAL,
        "Time to write down when each routed server was last used";
    logins: Durations<Outcome> = "jupyterhub_login_duration_seconds" in USUAL,
        "Time of a login's last round, told or refused";
    logouts: Durations<Unlabelled> = "jupyterhub_logout_duration_seconds" in USUAL,
        "Time of a logout";
    csp_reports: Totals<Unlabelled> = "jupyterhub_csp_reports_total",
        "Reports of browsers about the content security policy";
    routes_added: Durations<Outcome> = "jupyterhub_proxy_add_duration_seconds" in USUAL,
        "Time to make a server reachable";
    routes_removed: Durations<Outcome> = "jupyterhub_proxy_delete_duration_seconds" in USUAL,
        "Time to make a server unreachable";
    polls: Durations<Found> = "jupyterhub_server_poll_duration_seconds" in USUAL,
        "Time to ask systemd whether a server runs";
    stops: Durations<Outcome> = "jupyterhub_server_stop_seconds" in USUAL,
        "Time from the request until a server was stopped";

    // The name that every exporter has for it; more of these come from the process itself.
    started_at: Levels<Unlabelled> = "process_start_time_seconds",
        "When the hub started, in seconds since 1970";

    // Our own.
    build: Levels<Version> = "carrel_build_info",
        "Always 1; its label tells the version that runs";
    present_users: Levels<Unlabelled> = "carrel_active_users",
        "Users who were active within `hub.active_user_window`, counted every minute";
    connections: Levels<Door> = "carrel_connections",
        "Connections that are open, websockets included";
    connections_refused: Totals<Door> = "carrel_connections_refused_total",
        "Connections that were closed at once because too many were open, in all or from one address";
    tunnels: Levels<Unlabelled> = "carrel_tunnels",
        "Websockets to servers that are open";
    proxied: BusyTotals = "carrel_proxied_requests_total",
        "Requests that were for a server, by the first digit of the reply's status";
    proxy_failures: Totals<Obstacle> = "carrel_proxy_failures_total",
        "Requests that did not get to their server";
    logins_throttled: Totals<Unlabelled> = "carrel_logins_throttled_total",
        "Attempts to log in that were sent away to wait";
    broker_requests: Durations<Verb> = "carrel_broker_request_duration_seconds" in USUAL,
        "Time until the broker had answered";
    broker_failures: Totals<Verb> = "carrel_broker_failures_total",
        "Requests that the broker did not answer, or not as it should";
    database_calls: Durations<Thread> = "carrel_database_call_duration_seconds" in QUICK,
        "Time of a call of the database, waiting for its turn included";
    database_queue: Levels<Thread> = "carrel_database_queue_length",
        "Calls of the database that wait for their turn";
    start_phases: Durations<Phase> = "carrel_start_phase_duration_seconds" in STARTS,
        "Time of a part of a server's start";
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Makes all of them, with nothing counted.
    pub fn new() -> Self {
        let metrics = Self::register();
        metrics.build.set(&Version, 1);
        metrics
    }

    /// Returns the exposition: what was counted, and what this process uses.
    pub async fn text(&self) -> String {
        let mut text = self.registration.text();
        text.push_str(&process::text().await);
        text
    }

    /// Returns what is said about each metric, in the order of the exposition.
    pub fn described(&self) -> Vec<Description> {
        let counted = self.registration.described().iter().copied();
        counted.chain(process::described()).collect()
    }
}

#[cfg(test)]
mod tests;
