//! `[server]` and `[groups.NAME]` as plain types.

use std::collections::BTreeMap;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::config::{
    merged::Merged,
    raw::{RawGroup, RawResources, RawSandbox, RawServer},
    settings::{GroupSettings, Overrides, ResourceLimits, Sandbox, ServerSettings},
    spelling::{CpuBound, MemoryBound, TaskBound, Text, Variable},
    tables::GROUPS,
    validate::{complete, scopes},
};

pub(super) fn server(raw: RawServer, merged: &mut Merged<'_>) -> ServerSettings {
    ServerSettings {
        command: raw.command.0,
        args: raw.args.into_iter().map(|arg| arg.0).collect(),
        search_path: raw.search_path.into_iter().map(|path| path.0).collect(),
        default_url: raw.default_url.0,
        root_dir: raw.root_dir.0,
        token_scopes: raw
            .token_scopes
            .map(|texts| scopes::read("server.token_scopes", texts, merged)),
        oauth_client_allowed_scopes: scopes::read(
            "server.oauth_client_allowed_scopes",
            raw.oauth_client_allowed_scopes,
            merged,
        ),
        environment: environment(raw.environment),
        start_timeout: raw.start_timeout.0,
        http_timeout: raw.http_timeout.0,
        stop_timeout: raw.stop_timeout.0,
        kernel_ipc: raw.kernel_ipc,
        limits: bounds(raw.limits),
        sandbox: sandbox(&raw.sandbox),
    }
}

pub(super) fn bounds(raw: RawResources) -> ResourceLimits {
    ResourceLimits {
        memory_bytes: raw.memory.0,
        cpus: raw.cpus.0,
        tasks: raw.tasks.0,
    }
}

pub(super) fn sandbox(raw: &RawSandbox) -> Sandbox {
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

/// Reads what members of system groups get instead.
pub(super) fn groups(merged: &mut Merged<'_>) -> Result<Vec<GroupSettings>, String> {
    let tables = merged.hand_out(GROUPS).into_iter();
    tables.map(|(name, table)| group(name, table)).collect()
}

fn group(name: String, mut table: DeTable<'_>) -> Result<GroupSettings, String> {
    let sandbox = set_switches(&mut table);
    let raw: RawGroup = complete(table)?;
    Ok(GroupSettings {
        name,
        idle_timeout: raw.idle_timeout.map(|bound| bound.0.into()),
        changes: Overrides {
            environment: environment(raw.environment),
            sandbox,
            ..bounds_changed(raw.memory, raw.cpus, raw.tasks)
        },
    })
}

/// Takes the sandbox out of a table: of its keys, only those that the files set count.
pub(super) fn set_switches(table: &mut DeTable<'_>) -> BTreeMap<String, bool> {
    match table.remove("sandbox").map(Spanned::into_inner) {
        Some(DeValue::Table(keys)) => keys
            .iter()
            .filter_map(|(key, value)| {
                Some((key.get_ref().to_string(), value.get_ref().as_bool()?))
            })
            .collect(),
        _ => BTreeMap::new(),
    }
}

/// Returns changes of bounds alone.
pub(super) fn bounds_changed(
    memory: Option<MemoryBound>,
    cpus: Option<CpuBound>,
    tasks: Option<TaskBound>,
) -> Overrides {
    Overrides {
        memory_bytes: memory.map(|bound| bound.0.into()),
        cpus: cpus.map(|bound| bound.0.into()),
        tasks: tasks.map(|bound| bound.0.into()),
        ..Overrides::default()
    }
}

pub(super) fn environment(raw: BTreeMap<Variable, Text>) -> BTreeMap<String, String> {
    raw.into_iter()
        .map(|(name, text)| (name.0, text.0))
        .collect()
}
