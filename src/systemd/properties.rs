//! The properties of a transient unit on the wire: names and D-Bus signatures.
//!
//! systemd rejects the whole call for one property of a wrong type, so the types are fixed here once
//! (checked against `dbus-execute.c`, `dbus-cgroup.c` and `dbus-service.c` of 252 and 257). All of them
//! exist since systemd 248; one that is newer than [`super::OLDEST_VERSION`] needs a check of
//! [`super::Systemd::version`] first.

use zbus::Variant;

use crate::domain::unit::Property;

/// Returns a property's name and value.
pub(super) fn encode(property: &Property) -> (&'static str, Variant<'static>) {
    use Property as P;
    match property {
        P::Description(text) => ("Description", string(text)),
        P::Type(text) => ("Type", string(text)),
        P::Slice(text) => ("Slice", string(text)),
        P::User(text) => ("User", string(text)),
        P::WorkingDirectory(text) => ("WorkingDirectory", string(text)),
        P::UMask(mask) => ("UMask", Variant::from(*mask)),
        P::ExecStart(argv) => ("ExecStartEx", exec(argv)),
        P::Restart(text) => ("Restart", string(text)),
        P::RestartUSec(value) => ("RestartUSec", Variant::from(*value)),
        P::StartLimitIntervalUSec(value) => ("StartLimitIntervalUSec", Variant::from(*value)),
        P::StartLimitBurst(count) => ("StartLimitBurst", Variant::from(*count)),
        P::EnvironmentFile(path) => (
            "EnvironmentFiles",
            Variant::from(vec![(path.clone(), false)]),
        ),
        P::KillMode(text) => ("KillMode", string(text)),
        P::OOMPolicy(text) => ("OOMPolicy", string(text)),
        P::TimeoutStartUSec(value) => ("TimeoutStartUSec", Variant::from(*value)),
        P::TimeoutStopUSec(value) => ("TimeoutStopUSec", Variant::from(*value)),
        P::RuntimeDirectory(path) => ("RuntimeDirectory", Variant::from(vec![path.clone()])),
        P::RuntimeDirectoryMode(mode) => ("RuntimeDirectoryMode", Variant::from(*mode)),
        P::MemoryAccounting(on) => ("MemoryAccounting", Variant::from(*on)),
        P::CPUAccounting(on) => ("CPUAccounting", Variant::from(*on)),
        P::TasksAccounting(on) => ("TasksAccounting", Variant::from(*on)),
        P::MemoryMax(bytes) => ("MemoryMax", Variant::from(*bytes)),
        P::MemorySwapMax(bytes) => ("MemorySwapMax", Variant::from(*bytes)),
        P::CPUQuotaPerSecUSec(micros) => ("CPUQuotaPerSecUSec", Variant::from(*micros)),
        P::TasksMax(count) => ("TasksMax", Variant::from(*count)),
        P::NoNewPrivileges(on) => ("NoNewPrivileges", Variant::from(*on)),
        P::PrivateTmp(on) => ("PrivateTmp", Variant::from(*on)),
        P::TemporaryFileSystem(path, options) => {
            let mount = (String::from(*path), String::from(*options));
            ("TemporaryFileSystem", Variant::from(vec![mount]))
        }
        P::ProtectProc(text) => ("ProtectProc", string(text)),
        P::ProtectSystem(text) => ("ProtectSystem", string(text)),
        P::ProtectKernelTunables(on) => ("ProtectKernelTunables", Variant::from(*on)),
        P::ProtectKernelModules(on) => ("ProtectKernelModules", Variant::from(*on)),
        P::ProtectKernelLogs(on) => ("ProtectKernelLogs", Variant::from(*on)),
        P::ProtectControlGroups(on) => ("ProtectControlGroups", Variant::from(*on)),
        P::ProtectClock(on) => ("ProtectClock", Variant::from(*on)),
        P::ProtectHostname(on) => ("ProtectHostname", Variant::from(*on)),
        P::RestrictSUIDSGID(on) => ("RestrictSUIDSGID", Variant::from(*on)),
        P::RestrictRealtime(on) => ("RestrictRealtime", Variant::from(*on)),
        P::LockPersonality(on) => ("LockPersonality", Variant::from(*on)),
        P::PrivateIPC(on) => ("PrivateIPC", Variant::from(*on)),
        P::CapabilityBoundingSet(mask) => ("CapabilityBoundingSet", Variant::from(*mask)),
        P::SystemCallArchitectures(text) => {
            let names = vec![String::from(*text)];
            ("SystemCallArchitectures", Variant::from(names))
        }
        P::PrivateDevices(on) => ("PrivateDevices", Variant::from(*on)),
    }
}

fn string(text: &str) -> Variant<'static> {
    Variant::from(text.to_owned())
}

/// `ExecStartEx` is `a(sasas)`: program, argv, flags. Without `no-env-expand` systemd would put
/// values of the environment in the place of `$NAME` in the arguments.
fn exec(argv: &[String]) -> Variant<'static> {
    let program = argv.first().cloned().unwrap_or_default();
    let flags = vec![String::from("no-env-expand")];
    Variant::from(vec![(program, argv.to_vec(), flags)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_systemd() {
        let table = [
            (Property::UMask(0o77), "UMask", "u"),
            (
                Property::ExecStart(vec!["/bin/true".into()]),
                "ExecStartEx",
                "a(sasas)",
            ),
            (
                Property::EnvironmentFile("/e".into()),
                "EnvironmentFiles",
                "a(sb)",
            ),
            (
                Property::TemporaryFileSystem("/dev/shm", "mode=1777"),
                "TemporaryFileSystem",
                "a(ss)",
            ),
            (
                Property::SystemCallArchitectures("native"),
                "SystemCallArchitectures",
                "as",
            ),
            (
                Property::RuntimeDirectory("a/b".into()),
                "RuntimeDirectory",
                "as",
            ),
            (
                Property::RuntimeDirectoryMode(0o700),
                "RuntimeDirectoryMode",
                "u",
            ),
            (
                Property::CapabilityBoundingSet(0),
                "CapabilityBoundingSet",
                "t",
            ),
            (Property::TasksMax(1), "TasksMax", "t"),
            (Property::Restart("always"), "Restart", "s"),
            (Property::RestartUSec(1), "RestartUSec", "t"),
            (
                Property::StartLimitIntervalUSec(1),
                "StartLimitIntervalUSec",
                "t",
            ),
            (Property::StartLimitBurst(1), "StartLimitBurst", "u"),
            (Property::User("alice".into()), "User", "s"),
            (Property::PrivateTmp(true), "PrivateTmp", "b"),
        ];
        for (property, name, signature) in table {
            let (found, value) = encode(&property);
            assert_eq!(found, name);
            assert_eq!(value.value_signature().to_string(), signature, "{name}");
        }
    }
}
