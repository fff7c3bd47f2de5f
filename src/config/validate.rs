//! From merged files to [`Settings`]: defaults, the rules between keys, and plain types.

use std::{collections::BTreeMap, path::PathBuf};

use confique::{Config, Layer};
use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::config::{
    Fault, Faults,
    merged::Merged,
    raw::{Raw, RawGroup, RawHub, RawLimits, RawLogin, RawSandbox, RawServer},
    settings::{
        Change, GroupSettings, HubSettings, LimitSettings, LoginSettings, ResourceLimits, Sandbox,
        ServerSettings, Settings, TlsSettings,
    },
    spelling::{AccountName, Text, Variable, spell_seconds},
};

/// Returns the settings when nothing is configured.
pub(super) fn defaults() -> Settings {
    let raw = Raw::from_layer(Layer::default_values())
        .expect("every described key has a default or may be absent");
    settings(raw, Vec::new())
}

/// Adds the defaults to what the files say and checks the rules between keys.
pub(super) fn settle(mut merged: Merged<'_>) -> Result<Settings, Faults> {
    let root = std::mem::take(&mut merged.root);
    let groups = std::mem::take(&mut merged.groups);
    let raw = complete::<Raw>(root);
    let groups: Result<Vec<_>, _> = groups
        .into_iter()
        .map(|(name, table)| group(name, table))
        .collect();
    match (raw, groups) {
        (Ok(raw), Ok(groups)) => {
            let settings = settings(raw, groups);
            check(&settings, &mut merged);
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

/// The rules between keys.
fn check(settings: &Settings, merged: &mut Merged<'_>) {
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

fn settings(raw: Raw, groups: Vec<GroupSettings>) -> Settings {
    Settings {
        hub: hub(raw.hub),
        tls: TlsSettings {
            certificate: raw.tls.certificate.map(|path| path.0),
            key: raw.tls.key.map(|path| path.0),
        },
        login: login(raw.login),
        server: server(raw.server),
        groups,
        limits: limits(&raw.limits),
    }
}

fn hub(raw: RawHub) -> HubSettings {
    HubSettings {
        base_url: raw.base_url.0,
        public_url: raw.public_url.map(|origin| origin.0),
        listen: raw.listen.into_iter().map(|address| address.0).collect(),
        listen_redirect: raw.listen_redirect.into_iter().map(|a| a.0).collect(),
        listen_api: raw.listen_api.0,
        trusted_proxies: raw.trusted_proxies.into_iter().map(|p| p.0).collect(),
        session_lifetime: raw.session_lifetime.0,
        oauth_token_lifetime: raw.oauth_token_lifetime.0,
        redirect_to_server: raw.redirect_to_server,
        default_url: raw.default_url.map(|path| path.0),
        stopped_server_status: raw.stopped_server_status.0,
        shutdown_on_logout: raw.shutdown_on_logout,
        concurrent_spawn_limit: raw.concurrent_spawn_limit.0,
        active_server_limit: raw.active_server_limit.0,
        named_servers: raw.named_servers,
        drain_timeout: raw.drain_timeout.0,
        state_dir: raw.state_dir.0,
        runtime_dir: raw.runtime_dir.0,
    }
}

fn login(raw: RawLogin) -> LoginSettings {
    let names = |list: Vec<AccountName>| list.into_iter().map(|name| name.0).collect();
    LoginSettings {
        min_uid: raw.min_uid.0,
        allowed_groups: names(raw.allowed_groups),
        allowed_users: names(raw.allowed_users),
        blocked_users: names(raw.blocked_users),
        admin_groups: names(raw.admin_groups),
        require_ticket: raw.require_ticket,
        ticket_lifetime: raw.ticket_lifetime.0,
        pam_timeout: raw.pam_timeout.0,
        failures_per_account: raw.failures_per_account.0,
        failures_per_address: raw.failures_per_address.0,
    }
}

fn server(raw: RawServer) -> ServerSettings {
    ServerSettings {
        command: raw.command.0,
        args: raw.args.into_iter().map(|arg| arg.0).collect(),
        search_path: raw.search_path.into_iter().map(|path| path.0).collect(),
        default_url: raw.default_url.0,
        root_dir: raw.root_dir.0,
        environment: environment(raw.environment),
        start_timeout: raw.start_timeout.0,
        http_timeout: raw.http_timeout.0,
        stop_timeout: raw.stop_timeout.0,
        kernel_ipc: raw.kernel_ipc,
        limits: ResourceLimits {
            memory_bytes: raw.limits.memory.0,
            cpus: raw.limits.cpus.0,
            tasks: raw.limits.tasks.0,
        },
        sandbox: sandbox(&raw.sandbox),
    }
}

fn sandbox(raw: &RawSandbox) -> Sandbox {
    Sandbox {
        no_new_privileges: raw.no_new_privileges,
        private_tmp: raw.private_tmp,
        private_shm: raw.private_shm,
        hide_processes: raw.hide_processes,
        protect_system: raw.protect_system,
        protect_kernel: raw.protect_kernel,
        protect_clock_and_hostname: raw.protect_clock_and_hostname,
        restrict_setuid_files: raw.restrict_setuid_files,
        restrict_realtime: raw.restrict_realtime,
        lock_personality: raw.lock_personality,
        private_ipc: raw.private_ipc,
        drop_capabilities: raw.drop_capabilities,
        native_system_calls: raw.native_system_calls,
        private_devices: raw.private_devices,
    }
}

fn limits(raw: &RawLimits) -> LimitSettings {
    LimitSettings {
        connections: raw.connections.0,
        connections_per_address: raw.connections_per_address.0,
        head_bytes: raw.head_size.0,
        body_bytes: raw.body_size.0,
        handshake_timeout: raw.handshake_timeout.0,
        head_timeout: raw.head_timeout.0,
        body_timeout: raw.body_timeout.0,
    }
}

/// Reads one group; of its sandbox only the keys that the files set count.
fn group(name: String, mut table: DeTable<'_>) -> Result<GroupSettings, String> {
    let sandbox = match table.remove("sandbox").map(Spanned::into_inner) {
        Some(DeValue::Table(keys)) => keys
            .iter()
            .filter_map(|(key, value)| {
                Some((key.get_ref().to_string(), value.get_ref().as_bool()?))
            })
            .collect(),
        _ => BTreeMap::new(),
    };
    let raw: RawGroup = complete(table)?;
    Ok(GroupSettings {
        name,
        memory_bytes: raw.memory.map(|bound| change(bound.0)),
        cpus: raw.cpus.map(|bound| change(bound.0)),
        tasks: raw.tasks.map(|bound| change(bound.0)),
        environment: environment(raw.environment),
        sandbox,
    })
}

fn change<T>(bound: Option<T>) -> Change<T> {
    bound.map_or(Change::Lift, Change::To)
}

fn environment(raw: BTreeMap<Variable, Text>) -> BTreeMap<String, String> {
    raw.into_iter()
        .map(|(name, text)| (name.0, text.0))
        .collect()
}
