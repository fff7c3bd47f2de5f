//! What systemd says about a unit, out of its property maps, and the same in words.

use std::{collections::HashMap, time::Duration};

use zbus::{OwnedVariant, Variant};

use crate::domain::{
    names::{Backend, UnitName},
    server::InvocationId,
};

/// Properties of one D-Bus interface by name.
pub(super) type PropertyMap = HashMap<String, OwnedVariant>;

/// How far a unit is (systemd's `ActiveState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActiveState {
    /// It does not run.
    Inactive,
    /// It is being started.
    Activating,
    /// It runs.
    Active,
    /// It runs and takes a new configuration in.
    Reloading,
    /// It is being stopped.
    Deactivating,
    /// It ended badly.
    Failed,
    /// A state this program does not know, of a newer systemd.
    Other,
}

impl ActiveState {
    fn parse(text: &str) -> Self {
        match text {
            "inactive" => Self::Inactive,
            "activating" => Self::Activating,
            "active" => Self::Active,
            "reloading" | "refreshing" => Self::Reloading,
            "deactivating" => Self::Deactivating,
            "failed" => Self::Failed,
            _ => Self::Other,
        }
    }

    /// Tells whether the unit has processes or is about to.
    pub fn is_up(self) -> bool {
        matches!(
            self,
            Self::Activating | Self::Active | Self::Reloading | Self::Deactivating
        )
    }
}

/// How a server's main process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It returned this status; systemd's own faults are 200 and up.
    Status(i32),
    /// This signal killed it.
    Signal(i32),
}

/// The unit of a server or service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitStatus {
    /// The unit.
    pub unit: UnitName,
    /// What it runs.
    pub backend: Backend,
    /// How far it is.
    pub active: ActiveState,
    /// How the last run ended: `success`, `exit-code`, `signal`, `oom-kill`, `timeout`, …
    pub result: String,
    /// How the main process of the last run ended; `None` while it runs.
    pub exit: Option<Exit>,
    /// The main process, 0 when there is none.
    pub main_pid: u32,
    /// This run, or the last one.
    pub invocation: Option<InvocationId>,
    /// The control group below `/sys/fs/cgroup`, empty when there is none.
    pub control_group: String,
    /// The account the unit runs as, by name.
    pub user: String,
    /// The user id it was started with.
    pub uid: Option<u32>,
    /// Bytes of memory in use when this was read.
    pub memory_bytes: Option<u64>,
    /// How long systemd took from the unit's first step until it was active.
    pub start_took: Option<Duration>,
    /// Whether the unit was made by a call and not by a file.
    pub transient: bool,
}

impl UnitStatus {
    /// Says in a sentence's part how the last run ended: "the server …".
    pub fn in_words(&self) -> String {
        describe_end(&self.result, self.exit)
    }
}

/// A unit's status while signals fill it in.
#[derive(Debug, Clone)]
pub(super) struct UnitRecord {
    pub(super) status: UnitStatus,
    /// Whether a job is queued or under way for the unit.
    pub(super) has_job: bool,
}

impl UnitRecord {
    /// Begins a record of which nothing is known; `None` when `unit` is neither a
    /// server's nor a service's.
    pub(super) fn new(unit: &str) -> Option<Self> {
        let (unit, backend) = UnitName::parse(unit)?;
        Some(Self {
            status: UnitStatus {
                unit,
                backend,
                active: ActiveState::Inactive,
                result: String::from("success"),
                exit: None,
                main_pid: 0,
                invocation: None,
                control_group: String::new(),
                user: String::new(),
                uid: None,
                memory_bytes: None,
                start_took: None,
                transient: false,
            },
            has_job: false,
        })
    }

    /// Reads a whole unit; `None` when it is none of ours or systemd does not have it.
    pub(super) fn read(unit: &str, general: &PropertyMap, service: &PropertyMap) -> Option<Self> {
        if text(general, "LoadState").as_deref() == Some("not-found") {
            return None;
        }
        let mut record = Self::new(unit)?;
        record.merge_service(service);
        record.merge_general(general);
        Some(record)
    }

    /// Tells whether something is still unknown that signals do not carry.
    ///
    /// A unit at rest that did not fail has nothing to tell: what could be read now may belong to
    /// a run that begins.
    pub(super) fn lacks_details(&self) -> bool {
        let status = &self.status;
        let no_group = status.control_group.is_empty() && status.active == ActiveState::Active;
        let matters = status.active.is_up() || status.active == ActiveState::Failed;
        matters && (status.invocation.is_none() || no_group)
    }

    /// Takes what signals do not carry out of a complete record, unless that is of a later run: the
    /// end of one run must never be told with the name of the next.
    pub(super) fn take_details(&mut self, other: Self) {
        let (status, other) = (&mut self.status, other.status);
        if other.active.is_up() && !status.active.is_up() {
            return;
        }
        status.invocation = other.invocation;
        status.control_group = other.control_group;
        status.user = other.user;
        status.uid = other.uid;
        status.memory_bytes = other.memory_bytes;
        status.start_took = other.start_took;
        status.transient = other.transient;
    }

    /// Takes in what changed of the service part.
    pub(super) fn merge_service(&mut self, map: &PropertyMap) {
        let status = &mut self.status;
        if let Some(result) = text(map, "Result") {
            status.result = result;
        }
        if let Some(pid) = number32(map, "MainPID") {
            status.main_pid = pid;
        }
        if let (Some(code), Some(value)) = (
            signed32(map, "ExecMainCode"),
            signed32(map, "ExecMainStatus"),
        ) {
            status.exit = read_exit(code, value);
        }
        if let Some(group) = text(map, "ControlGroup") {
            status.control_group = group;
        }
        if let Some(user) = text(map, "User") {
            status.user = user;
        }
        // The property goes back to "none" when the unit ends; what it ran as stays true.
        if let Some(uid) = number32(map, "UID").filter(|uid| *uid != u32::MAX) {
            status.uid = Some(uid);
        }
        if let Some(bytes) = number64(map, "MemoryCurrent") {
            status.memory_bytes = (bytes != u64::MAX).then_some(bytes);
        }
    }

    /// Takes in what changed of the general part.
    pub(super) fn merge_general(&mut self, map: &PropertyMap) {
        let status = &mut self.status;
        if let Some(state) = text(map, "ActiveState") {
            let before = std::mem::replace(&mut status.active, ActiveState::parse(&state));
            // A new run has a new invocation, which no signal of older systemds carries.
            if status.active == ActiveState::Activating && !before.is_up() {
                status.invocation = None;
                status.control_group.clear();
            }
        }
        if let Some(value) = map.get("InvocationID") {
            let bytes = Vec::<u8>::try_from(value.clone()).unwrap_or_default();
            status.invocation = InvocationId::from_bytes(&bytes);
        }
        // A pair of job number and object path; number 0 is "none".
        if let Some(Variant::Structure(job)) = map.get("Job").map(|value| &**value) {
            self.has_job = !matches!(job.fields().first(), Some(Variant::U32(0)));
        }
        let began = number64(map, "InactiveExitTimestampMonotonic");
        let active = number64(map, "ActiveEnterTimestampMonotonic");
        if let (Some(began), Some(active)) = (began, active) {
            // Zero is "not yet", and an earlier time is of an earlier run.
            let took = active.checked_sub(began).filter(|_| began != 0);
            status.start_took = took.map(Duration::from_micros);
        }
        if let Some(value) = map.get("Transient") {
            status.transient = bool::try_from(value).unwrap_or(false);
        }
    }
}

/// Codes of waitid(2): 1 is CLD_EXITED, 2 CLD_KILLED, 3 CLD_DUMPED, 0 "has not ended".
fn read_exit(code: i32, value: i32) -> Option<Exit> {
    match code {
        1 => Some(Exit::Status(value)),
        2 | 3 => Some(Exit::Signal(value)),
        _ => None,
    }
}

/// Words for a unit's `Result` and its main process's end (systemd.exec(5), "Process exit codes").
fn describe_end(result: &str, exit: Option<Exit>) -> String {
    match (result, exit) {
        ("oom-kill", _) => "used more memory than it may have and was stopped".into(),
        ("timeout", _) => "did not start or stop in the time it is given".into(),
        ("watchdog", _) => "stopped answering the watchdog".into(),
        ("start-limit-hit", _) => "was started too often in a short time".into(),
        ("resources", _) => "could not get the resources it needs from the system".into(),
        ("exec-condition", _) => "was held back by a condition of its unit".into(),
        (_, Some(Exit::Status(status))) => describe_status(status),
        (_, Some(Exit::Signal(9))) => {
            "was killed (signal 9), as happens when memory runs out".into()
        }
        (_, Some(Exit::Signal(11))) => "crashed (signal 11, segmentation fault)".into(),
        (_, Some(Exit::Signal(signal))) => format!("was ended by signal {signal}"),
        ("success", None) => "ended".into(),
        (other, None) => format!("ended with \"{other}\""),
    }
}

fn describe_status(status: i32) -> String {
    let cause = match status {
        0 => return "ended by itself".into(),
        200 => "its home folder could not be entered",
        203 => "its program could not be executed",
        206 => "its environment file could not be read",
        216 => "its group does not exist",
        217 => "its account does not exist",
        218 => "its capabilities could not be set",
        219 => "its control group could not be made",
        226 => "its private view of the file system could not be set up",
        228 => "its system call filter could not be set up",
        233 => "its runtime folder could not be made",
        126 => "its program is not executable",
        127 => "a program it needs was not found",
        _ => return format!("ended with status {status}"),
    };
    format!("could not run: {cause} (status {status})")
}

fn text(map: &PropertyMap, name: &str) -> Option<String> {
    let value: &str = map.get(name)?.try_into().ok()?;
    Some(value.to_owned())
}

fn number32(map: &PropertyMap, name: &str) -> Option<u32> {
    map.get(name)?.try_into().ok()
}

fn signed32(map: &PropertyMap, name: &str) -> Option<i32> {
    map.get(name)?.try_into().ok()
}

fn number64(map: &PropertyMap, name: &str) -> Option<u64> {
    map.get(name)?.try_into().ok()
}
