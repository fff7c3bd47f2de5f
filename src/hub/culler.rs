//! Stops servers that nobody uses; the rules are in `domain::culling`.
//!
//! Costs follow what runs. Only a server that would be stopped is asked what its kernels do, one at a time.

use std::{
    collections::{HashMap, HashSet},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{Hub, servers::Target};
use crate::{
    config::settings::{Change, CullerSettings, Settings},
    domain::{
        access::{Owner, Permit, StopServer},
        culling::{Connected, Kernels, Reason, Rules, Seen, Verdict, has_leapt, judge},
        entropy::Entropy,
        names::ServerKey,
        profile::Gatekeeper,
        role::Standing,
        secret::Secret,
        server::Life,
        time::Timestamp,
    },
    hub::routes::Route,
    store,
    telemetry::causes::Causes,
};

/// How long a removal waits for its server to have stopped.
const STOPPING: Duration = Duration::from_secs(120);

/// Asks the program behind a socket for a path, with a token; `None` when it gives no good answer.
pub type Ask = Arc<
    dyn Fn(Target, String, Secret<String>) -> Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>>
        + Send
        + Sync,
>;

/// What is known of when servers will be stopped, and why the last ones were.
#[derive(Default)]
pub struct Outlook {
    ahead: ArcSwap<HashMap<ServerKey, (Timestamp, Reason)>>,
    past: Mutex<HashMap<ServerKey, (Timestamp, Reason)>>,
}

impl Outlook {
    /// Returns when a server will be stopped unless it is used, and why.
    pub fn ahead(&self, key: &ServerKey) -> Option<(Timestamp, Reason)> {
        self.ahead.load().get(key).copied()
    }

    /// Returns when and why a server was stopped, if it was for want of use and not started since.
    pub fn past(&self, key: &ServerKey) -> Option<(Timestamp, Reason)> {
        self.past_now().get(key).copied()
    }

    fn past_now(&self) -> MutexGuard<'_, HashMap<ServerKey, (Timestamp, Reason)>> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The system's groups of the accounts behind servers that run, asked for once in each run.
type Accounts = HashMap<ServerKey, Vec<String>>;

/// Looks at servers every so often, until `stop`.
pub async fn keep(hub: &Hub, ask: Ask, stop: CancellationToken) {
    let mut accounts = Accounts::new();
    let mut last = (hub.clock.now(), Instant::now());
    loop {
        let settings = hub.settings.load_full();
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(settings.culler.check_interval) => {}
        }
        let now = (hub.clock.now(), Instant::now());
        if has_leapt(now.0.since(last.0), now.1.duration_since(last.1)) {
            tracing::info!("the clock was set ahead: every server counts as used just now");
            for route in hub.routes.all() {
                route.note_use(now.0);
            }
        }
        last = now;
        if settings.culler.enabled {
            look(hub, &settings, &ask, &mut accounts).await;
        } else {
            hub.outlook.ahead.store(Arc::default());
        }
    }
}

async fn look(hub: &Hub, settings: &Settings, ask: &Ask, accounts: &mut Accounts) {
    let routes = hub.routes.all();
    let servers = routes.iter().filter_map(|route| route.backend.server());
    let running: HashSet<_> = servers.cloned().collect();
    accounts.retain(|key, _| running.contains(key));
    // Whoever runs again was not stopped last.
    hub.outlook
        .past_now()
        .retain(|key, _| !running.contains(key));
    let mut ahead = HashMap::new();
    for route in routes {
        let Some(key) = route.backend.server() else {
            continue;
        };
        match look_at(hub, settings, ask, key, &route, accounts).await {
            Ok(Some(coming)) => {
                ahead.insert(key.clone(), coming);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(server.name = %key, "look whether {key} is used: {causes}", causes = Causes(&error));
            }
        }
    }
    hub.outlook.ahead.store(Arc::new(ahead));
}

/// Judges one server and stops it if need be; returns when it will be, if nobody uses it.
async fn look_at(
    hub: &Hub,
    settings: &Settings,
    ask: &Ask,
    key: &ServerKey,
    route: &Route,
    accounts: &mut Accounts,
) -> Result<Option<(Timestamp, Reason)>, store::Error> {
    let Life::Ready { since, .. } = hub.servers.status(key).life else {
        return Ok(None);
    };
    let Some(rules) = rules_for(hub, settings, key, accounts).await? else {
        return Ok(None);
    };
    let record = hub.store.find_server(key).await?;
    let mut seen = Seen {
        started: record.and_then(|server| server.started).unwrap_or(since),
        // How a server was used before this hub came nobody knows.
        used: route.last_use().max(Some(since)),
        kernels: None,
    };
    let mut verdict = judge(&rules, &seen, hub.clock.now());
    if matches!(verdict, Verdict::Stop(Reason::Unused(_))) {
        seen.kernels = kernels(hub, ask, key, route).await;
        // Somebody may have come while the server was asked.
        seen.used = route.last_use().max(seen.used);
        verdict = judge(&rules, &seen, hub.clock.now());
    }
    match verdict {
        Verdict::Stays => Ok(None),
        Verdict::StaysUntil(at, reason) => Ok(Some((at, reason))),
        Verdict::Stop(reason) => {
            stop(hub, &settings.culler, key, reason).await?;
            Ok(None)
        }
    }
}

/// Returns what holds for a server; `None` when it is left alone.
async fn rules_for(
    hub: &Hub,
    settings: &Settings,
    key: &ServerKey,
    accounts: &mut Accounts,
) -> Result<Option<Rules>, store::Error> {
    let culler = &settings.culler;
    let is_named = !key.server.is_default();
    if (is_named && !culler.cull_named_servers) || culler.exempt_users.contains(&key.user) {
        return Ok(None);
    }
    if !culler.exempt_groups.is_empty() {
        let owner = Owner::User(key.user.clone());
        let standing = hub.store.find_standing(&owner).await?;
        if let Some(Standing::User(user)) = standing
            && culler.exempt_groups.iter().any(|g| user.groups.contains(g))
        {
            return Ok(None);
        }
    }
    let mut timeout = culler.timeout;
    if settings
        .groups
        .iter()
        .any(|group| group.idle_timeout.is_some())
    {
        let groups = system_groups(hub, key, accounts).await;
        for group in settings.groups.iter().filter(|g| groups.contains(&g.name)) {
            timeout = group.idle_timeout.map_or(timeout, Change::bound);
        }
    }
    Ok(Some(Rules {
        timeout,
        max_age: culler.max_age,
        connected: match culler.count_connected {
            true => Connected::Counts,
            false => Connected::Ignored,
        },
    }))
}

async fn system_groups(hub: &Hub, key: &ServerKey, accounts: &mut Accounts) -> Vec<String> {
    if let Some(groups) = accounts.get(key) {
        return groups.clone();
    }
    match hub.servers.account_of(key).await {
        Ok(account) => {
            let groups = account.map(|account| account.groups).unwrap_or_default();
            accounts.insert(key.clone(), groups.clone());
            groups
        }
        Err(error) => {
            tracing::warn!(
                "ask for the groups of {}: {causes}",
                key.user,
                causes = Causes(&error)
            );
            Vec::new()
        }
    }
}

/// Asks a Jupyter server for its kernels and terminals; other programs have no answer.
async fn kernels(hub: &Hub, ask: &Ask, key: &ServerKey, route: &Route) -> Option<Kernels> {
    if route.gatekeeper == Gatekeeper::Hub {
        return None;
    }
    let target = Target::new(route.socket.clone(), route.owner_uid);
    let get = async |path: &str| {
        let visit = hub.authority.visits.begin(key, &Entropy::System);
        let token = Secret::new(visit.token().expose().clone());
        let path = format!("{}{path}", route.prefix);
        let body = ask(target.clone(), path, token).await?;
        serde_json::from_slice::<Vec<Value>>(&body).ok()
    };
    let mut found = Kernels::default();
    let kernels = get("api/kernels").await?;
    let terminals = get("api/terminals").await.unwrap_or_default();
    for item in kernels.iter().chain(&terminals) {
        // A kernel that nobody has connected to says "starting" for as long as it lives.
        let state = item.get("execution_state").and_then(Value::as_str);
        found.busy += usize::from(state == Some("busy"));
        let connections = item.get("connections").and_then(Value::as_u64);
        found.connections += usize::try_from(connections.unwrap_or(0)).unwrap_or(usize::MAX);
        let last = item.get("last_activity").and_then(Value::as_str);
        found.last_activity = found.last_activity.max(last.and_then(Timestamp::parse));
    }
    Some(found)
}

async fn stop(
    hub: &Hub,
    culler: &CullerSettings,
    key: &ServerKey,
    reason: Reason,
) -> Result<(), store::Error> {
    let permit = Permit::<StopServer>::by_hub(key.clone(), "nobody uses it");
    if let Err(error) = hub.servers.stop(&permit) {
        tracing::warn!(server.name = %key, "server {key} is not stopped: {error}");
        return Ok(());
    }
    tracing::info!(
        user.name = %key.user,
        server.name = %key,
        "server {key} is stopped: {reason}"
    );
    let at = hub.clock.now();
    hub.outlook.past_now().insert(key.clone(), (at, reason));
    if culler.remove_named_servers && !key.server.is_default() {
        let status = hub.servers.settled(key, STOPPING).await;
        if matches!(status.life, Life::Stopped { .. }) {
            hub.store.delete_server(key).await?;
        }
    }
    Ok(())
}
