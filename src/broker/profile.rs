//! What the configuration gives one account: the common server settings, changed by its groups.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::{
    config::settings::{
        Change, Overrides, ResourceLimits, Sandbox, ServerSettings, Settings,
        profiles::ProfileSettings,
    },
    domain::{
        account::Account,
        names::ServerKey,
        profile::Gatekeeper,
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
    /// Applies the overrides of all groups that the account is in, later ones winning, then those of the
    /// kind of server that was chosen, then those of what was answered.
    pub(super) fn of(
        account: &Account,
        chosen: Option<&ProfileSettings>,
        answered: &[Overrides],
        settings: &Settings,
    ) -> Self {
        let mut profile = Self::common(&settings.server);
        let groups = settings.groups.iter();
        let own = groups.filter(|group| account.groups.contains(&group.name));
        let changes = own.map(|group| &group.changes);
        let chosen = chosen.map(|chosen| &chosen.changes);
        for changes in changes.chain(chosen).chain(answered) {
            profile.change(changes);
        }
        profile
    }

    fn change(&mut self, changes: &Overrides) {
        let bounds = &mut self.bounds;
        bounds.memory_bytes = changes
            .memory_bytes
            .map_or(bounds.memory_bytes, Change::bound);
        bounds.cpus = changes.cpus.map_or(bounds.cpus, Change::bound);
        bounds.tasks = changes.tasks.map_or(bounds.tasks, Change::bound);
        self.environment.extend(changes.environment.clone());
        for (name, directive, _) in SWITCHES {
            match changes.sandbox.get(name) {
                Some(true) => self.sandbox.insert(directive),
                Some(false) => self.sandbox.remove(&directive),
                None => false,
            };
        }
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
    pub(super) chosen: Option<&'a ProfileSettings>,
    pub(super) answered: &'a [Overrides],
    pub(super) server: &'a ServerSettings,
    pub(super) program: &'a Path,
    pub(super) launcher: &'a Path,
    pub(super) language: &'a str,
    pub(super) api_origin: &'a str,
}

/// Puts everything together that a unit is made from.
pub(super) fn plan<'a>(found: &Found<'a>, settings: &'a Settings) -> Plan<'a> {
    let profile = Profile::of(found.account, found.chosen, found.answered, settings);
    let server = found.server;
    Plan {
        account: found.account,
        key: found.key,
        program: found.program,
        args: &server.args,
        gatekeeper: found
            .chosen
            .map_or(Gatekeeper::Program, |chosen| chosen.gatekeeper),
        launcher: found.launcher,
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
    use crate::{
        config::settings::GroupSettings,
        domain::{names::UserName, profile::ProfileName},
    };

    fn group(name: &str, changes: Overrides) -> GroupSettings {
        GroupSettings {
            name: name.into(),
            idle_timeout: None,
            changes,
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
        let first = Overrides {
            memory_bytes: Some(Change::To(2)),
            tasks: Some(Change::To(7)),
            sandbox: BTreeMap::from([("no_new_privileges".into(), false)]),
            environment: BTreeMap::from([("A".into(), "first".into())]),
            ..Overrides::default()
        };
        let second = Overrides {
            memory_bytes: Some(Change::To(3)),
            environment: BTreeMap::from([("A".into(), "second".into())]),
            ..Overrides::default()
        };
        settings.groups = vec![group("staff", first), group("gpu", second)];
        let nobody = Profile::of(&member_of(&["users"]), None, &[], &settings);
        assert_eq!(nobody, Profile::common(&settings.server));
        let both = Profile::of(&member_of(&["gpu", "staff"]), None, &[], &settings);
        assert_eq!(both.bounds.memory_bytes, Some(3));
        assert_eq!(both.bounds.tasks, Some(7));
        assert_eq!(both.environment["A"], "second");
        assert!(!both.sandbox.contains(&Directive::NoNewPrivileges));
        assert!(both.sandbox.contains(&Directive::PrivateTmp));
        let lifted = Overrides {
            memory_bytes: Some(Change::Lift),
            cpus: Some(Change::Lift),
            ..Overrides::default()
        };
        settings.groups.push(group("users", lifted));
        let free = Profile::of(&member_of(&["gpu", "users"]), None, &[], &settings);
        assert_eq!((free.bounds.memory_bytes, free.bounds.cpus), (None, None));
    }

    #[test]
    fn the_chosen_kind_of_server_has_the_last_word() {
        let changes = Overrides {
            memory_bytes: Some(Change::To(9)),
            ..Overrides::default()
        };
        let smaller = Overrides {
            memory_bytes: Some(Change::To(2)),
            cpus: Some(Change::To(1.0)),
            ..Overrides::default()
        };
        let settings = Settings {
            groups: vec![group("staff", smaller)],
            ..Settings::default()
        };
        let chosen = ProfileSettings {
            name: ProfileName::parse("big").unwrap(),
            title: "Big".into(),
            description: String::new(),
            groups: Vec::new(),
            gatekeeper: Gatekeeper::Program,
            command: None,
            args: None,
            default_url: None,
            root_dir: None,
            changes,
        };
        let profile = Profile::of(&member_of(&["staff"]), Some(&chosen), &[], &settings);
        assert_eq!(profile.bounds.memory_bytes, Some(9));
        assert_eq!(profile.bounds.cpus, Some(1.0));
        let answer = Overrides {
            memory_bytes: Some(Change::To(5)),
            ..Overrides::default()
        };
        let profile = Profile::of(&member_of(&["staff"]), Some(&chosen), &[answer], &settings);
        assert_eq!(profile.bounds.memory_bytes, Some(5));
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
