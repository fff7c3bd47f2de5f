//! The properties of a unit, in systemd's names and types, and what a sandbox is made of.

use std::collections::BTreeSet;

/// One thing a server's processes are kept from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Directive {
    /// NoNewPrivileges=.
    NoNewPrivileges,
    /// PrivateTmp=.
    PrivateTmp,
    /// A /dev/shm of its own.
    PrivateShm,
    /// ProtectProc=invisible.
    HideProcesses,
    /// ProtectSystem=full.
    ProtectSystem,
    /// ProtectKernelTunables=, ProtectKernelModules=, ProtectKernelLogs=, ProtectControlGroups=.
    ProtectKernel,
    /// ProtectClock=, ProtectHostname=.
    ProtectClockAndHostname,
    /// RestrictSUIDSGID=.
    RestrictSetuidFiles,
    /// RestrictRealtime=.
    RestrictRealtime,
    /// LockPersonality=.
    LockPersonality,
    /// PrivateIPC=.
    PrivateIpc,
    /// CapabilityBoundingSet= empty.
    DropCapabilities,
    /// SystemCallArchitectures=native.
    NativeSystemCalls,
    /// PrivateDevices=.
    PrivateDevices,
}

impl Directive {
    /// Those that systemd can only keep by setting the no-new-privileges flag of an unprivileged
    /// process (systemd.exec(5), NoNewPrivileges=), or that leave a setuid program without rights.
    /// Whoever is to use sudo gets none of them.
    const AGAINST_SETUID: [Self; 8] = [
        Self::ProtectKernel,
        Self::ProtectClockAndHostname,
        Self::RestrictSetuidFiles,
        Self::RestrictRealtime,
        Self::LockPersonality,
        Self::DropCapabilities,
        Self::NativeSystemCalls,
        Self::PrivateDevices,
    ];
}

/// One property of a transient unit, in the type that systemd wants (org.freedesktop.systemd1(5)).
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the variants are systemd's own names")]
pub enum Property {
    Description(String),
    Type(&'static str),
    Slice(String),
    User(String),
    WorkingDirectory(String),
    UMask(u32),
    /// The command line; `$` in it stays as it is.
    ExecStart(Vec<String>),
    EnvironmentFile(String),
    Restart(&'static str),
    RestartUSec(u64),
    StartLimitIntervalUSec(u64),
    StartLimitBurst(u32),
    KillMode(&'static str),
    OOMPolicy(&'static str),
    TimeoutStartUSec(u64),
    TimeoutStopUSec(u64),
    RuntimeDirectory(String),
    RuntimeDirectoryMode(u32),
    MemoryAccounting(bool),
    CPUAccounting(bool),
    TasksAccounting(bool),
    MemoryMax(u64),
    MemorySwapMax(u64),
    CPUQuotaPerSecUSec(u64),
    TasksMax(u64),
    NoNewPrivileges(bool),
    PrivateTmp(bool),
    TemporaryFileSystem(&'static str, &'static str),
    ProtectProc(&'static str),
    ProtectSystem(&'static str),
    ProtectKernelTunables(bool),
    ProtectKernelModules(bool),
    ProtectKernelLogs(bool),
    ProtectControlGroups(bool),
    ProtectClock(bool),
    ProtectHostname(bool),
    RestrictSUIDSGID(bool),
    RestrictRealtime(bool),
    LockPersonality(bool),
    PrivateIPC(bool),
    CapabilityBoundingSet(u64),
    SystemCallArchitectures(&'static str),
    PrivateDevices(bool),
}

/// Returns the properties of a sandbox.
pub(super) fn sandbox(wanted: &BTreeSet<Directive>) -> Vec<Property> {
    let setuid_works = !wanted.contains(&Directive::NoNewPrivileges);
    wanted
        .iter()
        .filter(|directive| !(setuid_works && Directive::AGAINST_SETUID.contains(directive)))
        .flat_map(|directive| properties_of(*directive))
        .collect()
}

fn properties_of(directive: Directive) -> Vec<Property> {
    match directive {
        Directive::NoNewPrivileges => vec![Property::NoNewPrivileges(true)],
        Directive::PrivateTmp => vec![Property::PrivateTmp(true)],
        Directive::PrivateShm => vec![Property::TemporaryFileSystem("/dev/shm", "mode=1777")],
        Directive::HideProcesses => vec![Property::ProtectProc("invisible")],
        Directive::ProtectSystem => vec![Property::ProtectSystem("full")],
        Directive::ProtectKernel => vec![
            Property::ProtectKernelTunables(true),
            Property::ProtectKernelModules(true),
            Property::ProtectKernelLogs(true),
            Property::ProtectControlGroups(true),
        ],
        Directive::ProtectClockAndHostname => {
            vec![
                Property::ProtectClock(true),
                Property::ProtectHostname(true),
            ]
        }
        Directive::RestrictSetuidFiles => vec![Property::RestrictSUIDSGID(true)],
        Directive::RestrictRealtime => vec![Property::RestrictRealtime(true)],
        Directive::LockPersonality => vec![Property::LockPersonality(true)],
        Directive::PrivateIpc => vec![Property::PrivateIPC(true)],
        Directive::DropCapabilities => vec![Property::CapabilityBoundingSet(0)],
        Directive::NativeSystemCalls => vec![Property::SystemCallArchitectures("native")],
        Directive::PrivateDevices => vec![Property::PrivateDevices(true)],
    }
}
