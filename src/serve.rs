//! The composition root of the hub: settings → certificate → listeners → store → systemd → servers →
//! READY=1 → run → drain.
//!
//! Everything is made and bound before anything is served, so that a fault stops the start with a
//! sentence and never leaves half a hub.
#![forbid(unsafe_code)]

mod key;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow};
use arc_swap::ArcSwap;
use sd_notify::NotifyState;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    auth::{csrf, login::Logins, throttle::Throttle},
    broker::client::Broker,
    config::{self, settings::Settings},
    domain::{entropy::Entropy, secret::Secret, time::Clock},
    handlers,
    hub::{
        Hub,
        authority::Authority,
        culler, housekeeping,
        routes::Routes,
        servers::{self, ProbeError, Servers, Target},
        services::{
            configured,
            keeper::{self, Services},
        },
    },
    net::{self, listen::Listeners, tls::Tls},
    proxy::{self, Proxy},
    server::{App, dispatch::dispatch},
    store::{self, Store, configured_groups::ConfiguredGroup},
    systemd::Systemd,
    telemetry::metrics::{METRICS, labels::Unlabelled},
};

/// How long finding the servers that run may take before the hub serves without them; the rest is
/// found while it serves (SP-26).
const FIRST_LOOK: Duration = Duration::from_secs(10);
/// How long tasks get to end after requests have; what hangs is left behind.
const LAST_TASKS: Duration = Duration::from_secs(5);

/// What ends the hub, and what is waited for then.
struct Life {
    /// Requests, tunnels and everything else that must come to its end.
    tasks: TaskTracker,
    /// No new connections; housekeeping writes what it has.
    drain: CancellationToken,
    /// Connections are dropped.
    cut: CancellationToken,
    /// Tunnels are closed.
    close_tunnels: CancellationToken,
}

/// Runs the hub until it is told to stop.
pub async fn serve(config: &Path, settings: Settings) -> anyhow::Result<()> {
    let life = Life {
        tasks: TaskTracker::new(),
        drain: CancellationToken::new(),
        cut: CancellationToken::new(),
        close_tunnels: CancellationToken::new(),
    };
    let (clock, begun) = (Clock::System, Instant::now());
    METRICS
        .started_at
        .set(&Unlabelled, clock.now().as_micros() / 1_000_000);
    let tls = Tls::load(&settings.tls, &settings.hub.state_dir, clock.now());
    let tls = Arc::new(tls.context("load the certificate")?);
    let listeners = Listeners::open(&settings.hub).context("open the listening sockets")?;
    let mut signals = Signals::new()?;
    let server = net::Server {
        listeners,
        tls: Arc::clone(&tls),
        limits: settings.limits.clone(),
        trusted_proxies: settings.hub.trusted_proxies.clone(),
        drain: life.drain.clone(),
        cut: life.cut.clone(),
    };
    let app = assemble(settings, clock, &life).await?;

    let hub = &app.parts.hub;
    // Servers are found before the first request, so that nobody is told that theirs is stopped.
    let looking = Instant::now();
    match timeout(FIRST_LOOK, hub.servers.reconcile()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(
            "could not look for servers, trying again while serving: {:#}",
            anyhow::Error::new(error)
        ),
        Err(_) => {
            tracing::warn!(
                "not all servers were found in {FIRST_LOOK:?}; looking on while serving"
            );
        }
    }
    METRICS.first_checks.observe(&Unlabelled, looking.elapsed());
    let mut essential = JoinSet::new();
    let servers = hub.servers.clone();
    essential.spawn(async move { Err(servers.follow_units().await.into()) });
    let handler = {
        let app = Arc::clone(&app);
        move |request, peer| dispatch(Arc::clone(&app), request, peer)
    };
    let tasks = life.tasks.clone();
    essential.spawn(async move { Ok(server.run(handler, tasks).await?) });
    start_housekeeping(&app, &life);

    notify(&[NotifyState::Ready]);
    METRICS.hub_starts.observe(&Unlabelled, begun.elapsed());
    tracing::info!("the hub serves");
    let outcome = tokio::select! {
        () = signals.run(config, &app, &tls) => Ok(()),
        Some(ended) = essential.join_next() => match ended {
            Ok(Err(error)) => Err(error),
            Ok(Ok(())) => Err(anyhow!("the listeners closed by themselves")),
            Err(panic) => Err(panic.into()),
        },
    };
    notify(&[NotifyState::Stopping]);
    drain(&app, &life, &mut essential).await;
    outcome
}

/// Makes the hub and everything it is made of.
async fn assemble(settings: Settings, clock: Clock, life: &Life) -> anyhow::Result<Arc<App>> {
    let store = Store::open(&settings.hub.state_dir.join("carrel.sqlite"))?;
    let systemd = Systemd::connect().await.context("connect to systemd")?;
    let csrf = csrf::Key::new(key::load(&settings.hub.state_dir.join("xsrf.key"))?);
    let throttle = Throttle::new(
        settings.login.failures_per_account,
        settings.login.failures_per_address,
    );
    let broker = Broker::new(&settings);
    let logins = Logins::new(broker.clone(), throttle, clock.clone());
    let proxy = Proxy {
        trusted_proxies: settings.hub.trusted_proxies.clone().into(),
        clock: clock.clone(),
        tunnels: life.tasks.clone(),
        close_tunnels: life.close_tunnels.clone(),
    };
    let routes = Arc::new(Routes::default());
    let settings = Arc::new(ArcSwap::from_pointee(settings));
    let authority = Arc::new(Authority::new(store.clone()));
    authority.take_configuration(&settings).await?;
    let groups = configured_groups(&settings.load());
    store.take_configured_groups(groups, clock.now()).await?;
    configured::take(&store, &settings.load(), clock.now()).await?;
    let systemd = Arc::new(systemd);
    let service_news = Arc::new(Notify::new());
    let services = Services::new(keeper::Parts {
        store: store.clone(),
        broker: broker.clone(),
        systemd: Arc::clone(&systemd),
        settings: Arc::clone(&settings),
        routes: Arc::clone(&routes),
        clock: clock.clone(),
        entropy: Entropy::System,
        probe: Arc::new(|target, path| Box::pin(probe(target, path))),
        news: Arc::clone(&service_news),
    });
    let servers = Servers::new(servers::Parts {
        store: store.clone(),
        authority: Arc::clone(&authority),
        broker,
        routes: Arc::clone(&routes),
        settings: Arc::clone(&settings),
        clock: clock.clone(),
        entropy: Entropy::System,
        systemd,
        service_news,
        probe: Arc::new(|target, path| Box::pin(probe(target, path))),
        tracker: life.tasks.clone(),
        stop: life.cut.clone(),
    });
    let hub = Hub {
        settings,
        clock,
        store,
        authority,
        servers,
        services,
        routes,
        outlook: culler::Outlook::default(),
    };
    let parts = handlers::Parts {
        started: hub.clock.now(),
        hub,
        logins,
        csrf,
        entropy: Entropy::System,
        end: CancellationToken::new(),
    };
    Ok(Arc::new(App::new(
        Arc::new(parts),
        proxy,
        life.tasks.clone(),
    )))
}

/// Returns the hub's own groups as the configuration has them.
fn configured_groups(settings: &Settings) -> Vec<ConfiguredGroup> {
    let groups = settings.hub_groups.iter();
    let groups = groups.map(|group| ConfiguredGroup {
        name: group.name.clone(),
        properties: (!group.properties.is_empty())
            .then(|| serde_json::Value::Object(group.properties.clone()).to_string()),
        users: group.users.iter().cloned().collect(),
    });
    groups.collect()
}

/// The proxy's way of asking a server whether it is up, in the hub's words.
async fn probe(target: Target, path: String) -> Result<(), ProbeError> {
    let asked = proxy::probe::probe(&target.socket, target.owner_uid, &path).await;
    asked.map_err(|error| match error {
        proxy::probe::Error::Connect(error) if error.is_foreign() => ProbeError::WrongOwner,
        proxy::probe::Error::Connect(_) => ProbeError::NoSocket,
        proxy::probe::Error::NoAnswer => ProbeError::NoAnswer,
    })
}

/// The proxy's way of asking a server what it is doing.
async fn ask(target: Target, path: String, token: Secret<String>) -> Option<Vec<u8>> {
    let asked = proxy::probe::get(&target.socket, target.owner_uid, &path, &token).await;
    match asked {
        Ok(body) => Some(body.into()),
        // Not every program has an answer; what the hub saw of it must do.
        Err(error) => {
            tracing::debug!("ask for {path}: {error}");
            None
        }
    }
}

fn start_housekeeping(app: &Arc<App>, life: &Life) {
    let (parts, stop) = (Arc::clone(&app.parts), life.drain.clone());
    life.tasks
        .spawn(async move { housekeeping::keep(&parts.hub, stop).await });
    let (parts, stop) = (Arc::clone(&app.parts), life.drain.clone());
    let ask: culler::Ask = Arc::new(|target, path, token| Box::pin(ask(target, path, token)));
    life.tasks
        .spawn(async move { culler::keep(&parts.hub, ask, stop).await });
    let (parts, stop) = (Arc::clone(&app.parts), life.drain.clone());
    life.tasks
        .spawn(async move { parts.hub.services.keep(stop).await });
    let (parts, stop) = (Arc::clone(&app.parts), life.drain.clone());
    let proxy = app.proxy.clone();
    life.tasks
        .spawn(async move { proxy.tend(&parts.hub.routes, stop).await });
}

/// Ends what is under way: requests first, then websockets, then whatever still holds on. User
/// servers go on without the hub.
async fn drain(app: &App, life: &Life, listeners: &mut JoinSet<anyhow::Result<()>>) {
    life.drain.cancel();
    // A websocket would go on for hours, and its page connects again by itself.
    life.close_tunnels.cancel();
    let patience = app.hub().settings.load().hub.drain_timeout;
    // Of the two tasks, the listeners end when their last connection has.
    if timeout(patience, listeners.join_next()).await.is_err() {
        tracing::info!("requests were still under way after {patience:?}");
    }
    life.cut.cancel();
    life.tasks.close();
    if timeout(LAST_TASKS, life.tasks.wait()).await.is_err() {
        tracing::warn!("{} tasks did not end; leaving them", life.tasks.len());
    }
}

/// What the hub is told from outside while it runs.
struct Signals {
    reload: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("listen for signals");
        Ok(Self {
            reload: listen(SignalKind::hangup())?,
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Reloads when told to and feeds the watchdog; returns when the hub is told to stop.
    async fn run(&mut self, config: &Path, app: &App, tls: &Tls) {
        let mut watchdog = interval(watchdog_interval());
        watchdog.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                () = app.parts.end.cancelled() => return,
                _ = self.reload.recv() => reload(config, app, tls).await,
                _ = watchdog.tick() => notify(&[NotifyState::Watchdog]),
            }
        }
    }
}

/// Half of what systemd waits (sd_watchdog_enabled(3)); rarely when it does not watch.
fn watchdog_interval() -> Duration {
    sd_notify::watchdog_enabled().map_or(Duration::from_secs(3600), |limit| limit / 2)
}

/// Takes a new configuration and certificate in; a fault leaves the old ones in place.
async fn reload(config: &Path, app: &App, tls: &Tls) {
    let mut begun = vec![NotifyState::Reloading];
    begun.extend(NotifyState::monotonic_usec_now());
    notify(&begun);
    match config::load_with_logo(config) {
        Ok(wanted) => {
            let settings = &app.parts.hub.settings;
            let running = settings.load_full();
            for key in config::reload::needs_restart(&running, &wanted) {
                tracing::warn!("{key} has changed: only a restart brings that into effect");
            }
            settings.store(Arc::new(config::reload::watchable(&running, wanted)));
            match timeout(LAST_TASKS, take_over(app.hub())).await {
                Ok(Ok(())) => tracing::info!("took the configuration in"),
                Ok(Err(error)) => {
                    tracing::error!(
                        "kept the old roles and services: {:#}",
                        anyhow::Error::new(error)
                    );
                }
                Err(_) => {
                    tracing::error!(
                        "kept the old roles and services: the database does not answer"
                    );
                }
            }
        }
        Err(faults) => tracing::error!("kept the old configuration: {faults}"),
    }
    let settings = app.hub().settings.load();
    match tls.reload(&settings.tls, app.hub().clock.now()) {
        Ok(()) => {}
        Err(error) => tracing::error!("kept the old certificate: {:#}", anyhow::Error::new(error)),
    }
    notify(&[NotifyState::Ready]);
}

/// Takes over of a new configuration what is recorded or computed from it.
async fn take_over(hub: &Hub) -> Result<(), store::Error> {
    hub.authority.take_configuration(&hub.settings).await?;
    configured::take(&hub.store, &hub.settings.load_full(), hub.clock.now()).await?;
    hub.services.look_again();
    Ok(())
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("tell systemd how the hub is: {error}");
    }
}
