//! What the configuration gives one account: the common server settings, changed by its groups.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::{
    config::settings::{Change, ResourceLimits, Sandbox, ServerSettings, Settings},
    domain::{
        account::Account,
        names::ServerKey,
        unit::{Bounds, Directive, Plan},
    },
};

/// A sandbox switch: name in the configuration, meaning, value for everybody.
type Switch = (&'static str, Directive, fn(&Sandbox) -> bool);

/// All sandbox switches.
const SWITCHES: [Switch; 14] = [
    ("no_new_privileges", Directive::NoNewPrivileges, |s| {
        s.no_new_privileges
    }),
    ("private_tmp", Directive::PrivateTmp, |s| s.private_tmp),
    ("private_shm", Directive::PrivateShm, |s| s.private_shm),
    ("hide_processes", Directive::HideProcesses, |s| {
        s.hide_processes
    }),
    ("protect_system", Directive::ProtectSystem, |s| {
        s.protect_system
    }),
    ("protect_kernel", Directive::ProtectKernel, |s| {
        s.protect_kernel
    }),
    (
        "protect_clock_and_hostname",
        Directive::ProtectClockAndHostname,
        |s| s.protect_clock_and_hostname,
    ),
    (
        "restrict_setuid_files",
        Directive::RestrictSetuidFiles,
        |s| s.restrict_setuid_files,
    ),
    ("restrict_realtime", Directive::RestrictRealtime, |s| {
        s.restrict_realtime
    }),
    ("lock_personality", Directive::LockPersonality, |s| {
        s.lock_personality
    }),
    ("private_ipc", Directive::PrivateIpc, |s| s.private_ipc),
    ("drop_capabilities", Directive::DropCapabilities, |s| {
        s.drop_capabilities
    }),
    ("native_system_calls", Directive::NativeSystemCalls, |s| {
        s.native_system_calls
    }),
    ("private_devices", Directive::PrivateDevices, |s| {
        s.private_devices
    }),
];

/// What one account's servers get.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Profile {
    bounds: Bounds,
    sandbox: BTreeSet<Directive>,
    environment: BTreeMap<String, String>,
}

impl Profile {
    /// Applies the overrides of all groups that the account is in; later ones win.
    pub(super) fn of(account: &Account, settings: &Settings) -> Self {
        let common = &settings.server;
        let mut profile = Self::common(common);
        for group in &settings.groups {
            if !account.groups.contains(&group.name) {
                continue;
            }
            let bounds = &mut profile.bounds;
            bounds.memory_bytes = group
                .memory_bytes
                .map_or(bounds.memory_bytes, Change::bound);
            bounds.cpus = group.cpus.map_or(bounds.cpus, Change::bound);
            bounds.tasks = group.tasks.map_or(bounds.tasks, Change::bound);
            profile.environment.extend(group.environment.clone());
            for (name, directive, _) in SWITCHES {
                match group.sandbox.get(name) {
                    Some(true) => profile.sandbox.insert(directive),
                    Some(false) => profile.sandbox.remove(&directive),
                    None => false,
                };
            }
        }
        profile
    }

    fn common(server: &ServerSettings) -> Self {
        Self {
            bounds: bounds(&server.limits),
            sandbox: directives(&server.sandbox),
            environment: server.environment.clone(),
        }
    }
}

/// Returns what a sandbox is made of.
pub(super) fn directives(sandbox: &Sandbox) -> BTreeSet<Directive> {
    let switched_on = SWITCHES.iter().filter(|(_, _, is_on)| is_on(sandbox));
    switched_on.map(|(_, directive, _)| *directive).collect()
}

/// Returns limits as bounds of a unit.
pub(super) fn bounds(limits: &ResourceLimits) -> Bounds {
    Bounds {
        memory_bytes: limits.memory_bytes,
        cpus: limits.cpus,
        tasks: limits.tasks,
    }
}

/// What a plan borrows beside the settings.
pub(super) struct Found<'a> {
    pub(super) account: &'a Account,
    pub(super) key: &'a ServerKey,
    pub(super) program: &'a Path,
    pub(super) language: &'a str,
    pub(super) api_origin: &'a str,
}

/// Puts everything together that a unit is made from.
pub(super) fn plan<'a>(found: &Found<'a>, settings: &'a Settings) -> Plan<'a> {
    let profile = Profile::of(found.account, settings);
    let server = &settings.server;
    Plan {
        account: found.account,
        key: found.key,
        program: found.program,
        args: &server.args,
        search_path: &server.search_path,
        oauth_client_allowed_scopes: &server.oauth_client_allowed_scopes,
        default_url: &server.default_url,
        root_dir: &server.root_dir,
        environment: profile.environment,
        language: found.language,
        bounds: profile.bounds,
        sandbox: profile.sandbox,
        start_timeout: server.start_timeout,
        stop_timeout: server.stop_timeout,
        kernel_ipc: server.kernel_ipc,
        base_url: &settings.hub.base_url,
        public_url: settings.hub.public_url.as_deref(),
        api_origin: found.api_origin,
        runtime_dir: &settings.hub.runtime_dir,
    }
}

/// Finds the program: an absolute path as it is, a name in the folders in order.
///
/// Whether the account may execute it is for the kernel to say when systemd does.
pub(super) fn find_program(command: &str, search_path: &[PathBuf]) -> Option<PathBuf> {
    let command = Path::new(command);
    if command.is_absolute() {
        return is_program(command).then(|| command.to_owned());
    }
    search_path
        .iter()
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(command))
        .find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    // A path that cannot be looked at cannot be run either.
    std::fs::metadata(path)
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;
    use crate::{config::settings::GroupSettings, domain::names::UserName};

    fn group(name: &str) -> GroupSettings {
        GroupSettings {
            name: name.into(),
            memory_bytes: None,
            cpus: None,
            tasks: None,
            idle_timeout: None,
            environment: BTreeMap::new(),
            sandbox: BTreeMap::new(),
        }
    }

    fn member_of(groups: &[&str]) -> Account {
        Account {
            name: UserName::parse("alice").unwrap(),
            uid: 1000,
            gid: 1000,
            home: "/home/alice".into(),
            shell: "/bin/sh".into(),
            groups: groups.iter().map(|g| (*g).to_owned()).collect(),
            admin: false,
        }
    }

    #[test]
    fn groups_change_what_they_name_and_later_ones_win() {
        let mut settings = Settings::default();
        settings.server.limits.memory_bytes = Some(1);
        settings.groups = vec![
            GroupSettings {
                memory_bytes: Some(Change::To(2)),
                tasks: Some(Change::To(7)),
                sandbox: BTreeMap::from([("no_new_privileges".into(), false)]),
                environment: BTreeMap::from([("A".into(), "first".into())]),
                ..group("staff")
            },
            GroupSettings {
                memory_bytes: Some(Change::To(3)),
                environment: BTreeMap::from([("A".into(), "second".into())]),
                ..group("gpu")
            },
        ];
        let nobody = Profile::of(&member_of(&["users"]), &settings);
        assert_eq!(nobody, Profile::common(&settings.server));
        let both = Profile::of(&member_of(&["gpu", "staff"]), &settings);
        assert_eq!(both.bounds.memory_bytes, Some(3));
        assert_eq!(both.bounds.tasks, Some(7));
        assert_eq!(both.environment["A"], "second");
        assert!(!both.sandbox.contains(&Directive::NoNewPrivileges));
        assert!(both.sandbox.contains(&Directive::PrivateTmp));
        settings.groups.push(GroupSettings {
            memory_bytes: Some(Change::Lift),
            cpus: Some(Change::Lift),
            ..group("users")
        });
        let free = Profile::of(&member_of(&["gpu", "users"]), &settings);
        assert_eq!((free.bounds.memory_bytes, free.bounds.cpus), (None, None));
    }

    #[test]
    fn programs_are_found_in_the_order_of_the_folders() {
        let folder = tempfile::tempdir().unwrap();
        let place = |dir: &str, mode: u32| {
            let path = folder.path().join(dir).join("run");
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        };
        place("a", 0o644);
        let second = place("b", 0o755);
        place("c", 0o755);
        let mut server = Settings::default().server;
        server.command = "run".into();
        server.search_path = ["none", "a", "b", "c"]
            .map(|d| folder.path().join(d))
            .into();
        assert_eq!(
            find_program(&server.command, &server.search_path),
            Some(second.clone())
        );
        server.command = second.display().to_string();
        assert_eq!(
            find_program(&server.command, &server.search_path),
            Some(second)
        );
        server.command = "absent".into();
        assert_eq!(find_program(&server.command, &server.search_path), None);
        server.command = folder.path().join("a/run").display().to_string();
        assert_eq!(find_program(&server.command, &server.search_path), None);
    }
}
