//! What to run: the systemd unit of a server or service, as a pure function of the settings and the account.
//!
//! Nothing secret is in a [`UnitSpec`]: every local user may read a unit's properties and argv over
//! D-Bus. The environment goes through a file that only root and PID 1 read.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use thiserror::Error;

use super::{
    account::Account,
    names::{NameError, ServerKey, UnitName},
    profile::Gatekeeper,
    scope::Scope,
    secret::Secret,
};

mod command;
mod environment;
mod property;
mod service;

pub use self::command::Listening;
use self::command::command_line;
use self::property::sandbox;
pub use self::property::{Directive, Property};
pub use self::service::{ServicePlan, service_socket};

/// The longest path of a Unix socket, in bytes (unix(7), `sun_path` without its final NUL).
const MAX_SOCKET_PATH_BYTES: usize = 107;

/// Everything a unit is made from.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// Whom the server runs as.
    pub account: &'a Account,
    /// Which of their servers it is.
    pub key: &'a ServerKey,
    /// The program, found.
    pub program: &'a Path,
    /// Arguments after Carrel's own.
    pub args: &'a [String],
    /// Who finds out whether a visitor may use the server.
    pub gatekeeper: Gatekeeper,
    /// Carrel's own program, which starts those that the hub guards.
    pub launcher: &'a Path,
    /// Folders in which programs are found, beside the system's.
    pub search_path: &'a [PathBuf],
    /// What tokens of the server's visitors may do beside opening it.
    pub oauth_client_allowed_scopes: &'a [Scope],
    /// First page in the server.
    pub default_url: &'a str,
    /// Folder the server shows.
    pub root_dir: &'a str,
    /// Environment that wins over Carrel's, secrets excepted.
    pub environment: BTreeMap<String, String>,
    /// The system's language, `LANG`.
    pub language: &'a str,
    /// Bounds kept by the kernel.
    pub bounds: Bounds,
    /// What the processes are kept from.
    pub sandbox: BTreeSet<Directive>,
    /// How long starting the program may take.
    pub start_timeout: Duration,
    /// How long ending by itself may take.
    pub stop_timeout: Duration,
    /// Whether kernels listen on Unix sockets.
    pub kernel_ipc: bool,
    /// Prefix of every path of the hub; begins and ends with `/`.
    pub base_url: &'a str,
    /// Origin people type into the browser, if it is fixed.
    pub public_url: Option<&'a str>,
    /// Origin of the hub's API on loopback, such as `http://127.0.0.1:8081`.
    pub api_origin: &'a str,
    /// Folder of Carrel's sockets and secrets, `/run/carrel`.
    pub runtime_dir: &'a Path,
}

/// Bounds kept by the kernel through the unit's cgroup; `None` is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bounds {
    /// Bytes of memory, swap included.
    pub memory_bytes: Option<u64>,
    /// Processors.
    pub cpus: Option<f64>,
    /// Processes and threads.
    pub tasks: Option<u64>,
}

/// The unit of a server or service, complete but for its secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitSpec {
    /// The unit's name.
    pub unit: UnitName,
    /// What systemd is told.
    pub properties: Vec<Property>,
    /// The environment without its secrets.
    pub environment: BTreeMap<String, String>,
    /// Where the environment is to be written for PID 1.
    pub environment_file: PathBuf,
    /// Where it is to listen, if it listens on a socket of Carrel's.
    pub socket: PathBuf,
}

/// Why no unit can be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// The names do not fit into a unit's name.
    #[error("the names of user and server do not make a unit name: {0}")]
    Name(#[from] NameError),
    /// The path of the socket does not fit into an address.
    #[error("the socket's path {0} is longer than a socket's path may be")]
    SocketPath(PathBuf),
    /// A path is no UTF-8, which D-Bus wants.
    #[error("the path {0} is no UTF-8")]
    Path(PathBuf),
    /// A variable cannot stand in an environment.
    #[error("the environment variable {0:?} has a name or value that cannot be handed over")]
    Variable(String),
}

/// Where things of one server lie below the runtime folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The folder of all sockets of one person.
    pub user_dir: PathBuf,
    /// The server's socket.
    pub socket: PathBuf,
    /// The file with the server's environment.
    pub environment_file: PathBuf,
}

impl Places {
    /// Returns the places of a server of the account with this `uid`.
    ///
    /// The uid and not the name stands in the paths: it is short, and no character of it needs care.
    pub fn of(runtime_dir: &Path, uid: u32, key: &ServerKey, unit: &UnitName) -> Self {
        let user_dir = runtime_dir.join("user").join(uid.to_string());
        Self {
            socket: user_dir.join(format!("{}.sock", file_stem(key))),
            user_dir,
            environment_file: environment_file(runtime_dir, unit),
        }
    }
}

/// Returns where a unit's environment is written for PID 1.
///
/// systemd takes the path for a glob, to which a backslash is an escape; `+`, which no unit name has,
/// stands in its place.
pub fn environment_file(runtime_dir: &Path, unit: &UnitName) -> PathBuf {
    let stem = unit
        .as_str()
        .strip_suffix(".service")
        .unwrap_or(unit.as_str())
        .replace('\\', "+");
    runtime_dir.join("secrets").join(format!("{stem}.env"))
}

/// No server can be called `_default`: names begin with a letter.
fn file_stem(key: &ServerKey) -> &str {
    if key.server.is_default() {
        "_default"
    } else {
        key.server.as_str()
    }
}

impl UnitSpec {
    /// Makes the unit of a server.
    pub fn make(plan: &Plan<'_>) -> Result<Self, PlanError> {
        let unit = UnitName::for_server(plan.key)?;
        let places = Places::of(plan.runtime_dir, plan.account.uid, plan.key, &unit);
        if places.socket.as_os_str().len() > MAX_SOCKET_PATH_BYTES {
            return Err(PlanError::SocketPath(places.socket));
        }
        let has_kernels = plan.kernel_ipc && plan.gatekeeper == Gatekeeper::Program;
        let kernels = has_kernels.then(|| kernel_directory(plan));
        let mut properties = identity(plan, &places)?;
        properties.extend(life(plan));
        if let Some(kernels) = &kernels {
            properties.push(Property::RuntimeDirectory(kernels.clone()));
            properties.push(Property::RuntimeDirectoryMode(0o700));
        }
        properties.extend(bounds(plan.bounds));
        properties.extend(sandbox(&plan.sandbox));
        let environment = environment::build(plan, &places, kernels.as_deref())?;
        Ok(Self {
            unit,
            properties,
            environment,
            environment_file: places.environment_file,
            socket: places.socket,
        })
    }

    /// Returns the text of the environment file, with the token that the server shows to the hub.
    pub fn environment_text(&self, token: &Secret<String>) -> Secret<String> {
        environment::write(&self.environment, token)
    }
}

/// The folder below `/run` for kernels' sockets and connection files. It is short for the sake of
/// `sun_path`: a kernel's socket adds 49 bytes to it. systemd makes it, gives it to the account and
/// removes it with the unit.
fn kernel_directory(plan: &Plan<'_>) -> String {
    format!("carrel/k/{}/{}", plan.account.uid, file_stem(plan.key))
}

fn identity(plan: &Plan<'_>, places: &Places) -> Result<Vec<Property>, PlanError> {
    let description = if plan.key.server.is_default() {
        format!("Notebook server of {}", plan.key.user)
    } else {
        format!("Notebook server {} of {}", plan.key.server, plan.key.user)
    };
    Ok(vec![
        Property::Description(description),
        Property::Slice(format!("carrel-u{}.slice", plan.account.uid)),
        Property::User(plan.account.name.as_str().to_owned()),
        Property::WorkingDirectory(text_of(&plan.account.home)?),
        Property::UMask(0o077),
        Property::ExecStart(command_line(plan, places)?),
        Property::EnvironmentFile(text_of(&places.environment_file)?),
    ])
}

/// Type=exec makes the start job fail when the program cannot be executed. KillMode=mixed lets the
/// server save and end its kernels itself; OOMPolicy=continue lets it survive one that ate too much.
fn life(plan: &Plan<'_>) -> [Property; 5] {
    [
        Property::Type("exec"),
        Property::KillMode("mixed"),
        Property::OOMPolicy("continue"),
        Property::TimeoutStartUSec(micros(plan.start_timeout)),
        Property::TimeoutStopUSec(micros(plan.stop_timeout)),
    ]
}

/// A bound on memory without one on swap would only make the machine slow.
fn bounds(bounds: Bounds) -> Vec<Property> {
    let mut properties = vec![
        Property::MemoryAccounting(true),
        Property::CPUAccounting(true),
        Property::TasksAccounting(true),
    ];
    if let Some(bytes) = bounds.memory_bytes {
        properties.push(Property::MemoryMax(bytes));
        properties.push(Property::MemorySwapMax(0));
    }
    if let Some(cpus) = bounds.cpus {
        let quota = micros(Duration::try_from_secs_f64(cpus).unwrap_or_default());
        properties.push(Property::CPUQuotaPerSecUSec(quota.max(1)));
    }
    if let Some(tasks) = bounds.tasks {
        properties.push(Property::TasksMax(tasks));
    }
    properties
}

fn text_of(path: &Path) -> Result<String, PlanError> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| PlanError::Path(path.to_owned()))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
