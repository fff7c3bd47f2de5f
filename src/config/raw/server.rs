//! `[server]` with its bounds and sandbox, and what members of a group get instead.

use std::collections::BTreeMap;

use confique::Config;

use crate::config::{
    raw::{DAY, HOUR},
    spelling::{
        AbsolutePath, Command, CpuBound, Folder, LocalPath, MemoryBound, Period, PeriodBound,
        ScopeText, TaskBound, Text, Variable,
    },
};

/// `[server]`
#[derive(Config)]
pub(crate) struct RawServer {
    /// The program: a name that is looked up in `search_path`, or an absolute path.
    #[config(default = "jupyterhub-singleuser")]
    pub command: Command,
    /// Arguments after the ones Carrel gives.
    #[config(default = [])]
    pub args: Vec<Text>,
    /// Folders in which `command` is looked for, in order; they also lead the server's `PATH`.
    #[config(default = ["/opt/carrel/venv/bin", "/opt/conda/bin", "/opt/miniconda3/bin", "/opt/miniforge3/bin", "/usr/local/bin", "/usr/bin"])]
    pub search_path: Vec<AbsolutePath>,
    /// First page in the server; `{username}` stands for the account's name.
    #[config(default = "/lab")]
    pub default_url: LocalPath,
    /// Folder the server shows; `~` is the home, `{username}` stands for the account's name.
    #[config(default = "~")]
    pub root_dir: Folder,
    /// How long until the server's process must have started and opened its socket.
    #[config(default = "60s")]
    pub start_timeout: Period<1, HOUR>,
    /// How long until the server must have answered a request after that.
    #[config(default = "30s")]
    pub http_timeout: Period<1, HOUR>,
    /// How long a server gets to end by itself before it is killed.
    #[config(default = "20s")]
    pub stop_timeout: Period<1, HOUR>,
    /// Whether kernels listen on Unix sockets. On loopback ports, as Jupyter's own default has it,
    /// other accounts of the machine can reach them.
    #[config(default = true)]
    pub kernel_ipc: bool,
    /// Scopes of the token that a server gets, as far as its owner has them; `!server` stands for
    /// the server itself. Without it, the scopes of the role `server`.
    ///
    /// Example: `["users:activity!user", "access:servers!server", "shares!server"]`
    pub token_scopes: Option<Vec<ScopeText>>,
    /// Scopes that a visitor's token has in a server, as far as the visitor has them: with them,
    /// code in the browser can use the hub's API.
    ///
    /// Example: `["read:users!user"]`
    #[config(default = [])]
    pub oauth_client_allowed_scopes: Vec<ScopeText>,
    /// Additional environment; wins over what Carrel sets. No secrets: every account of the
    /// machine can read it.
    ///
    /// Example: `{ OMP_NUM_THREADS = "4" }`
    #[config(default = {})]
    pub environment: BTreeMap<Variable, Text>,
    /// Bounds on each server, kept by the kernel.
    #[config(nested)]
    pub limits: RawResources,
    /// What a server's processes are kept from; each key stands for systemd directives.
    #[config(nested)]
    pub sandbox: RawSandbox,
}

/// `[server.limits]`
#[derive(Config)]
pub(crate) struct RawResources {
    /// Memory, swap included (MemoryMax=).
    #[config(default = "unlimited")]
    pub memory: MemoryBound,
    /// Processors; 1.5 is one and a half (CPUQuota=).
    #[config(default = "unlimited")]
    pub cpus: CpuBound,
    /// Processes and threads (TasksMax=).
    #[config(default = 4096)]
    pub tasks: TaskBound,
}

/// `[server.sandbox]`
#[derive(Config)]
pub(crate) struct RawSandbox {
    /// Setuid programs such as sudo do not work (NoNewPrivileges=).
    #[config(default = true)]
    pub no_new_privileges: bool,
    /// A /tmp and /var/tmp of its own (PrivateTmp=).
    #[config(default = true)]
    pub private_tmp: bool,
    /// A /dev/shm of its own, so that the end of another session does not remove its files.
    #[config(default = true)]
    pub private_shm: bool,
    /// Other people's processes cannot be seen (ProtectProc=invisible).
    #[config(default = true)]
    pub hide_processes: bool,
    /// /usr, /boot and /etc are read-only (ProtectSystem=full).
    #[config(default = true)]
    pub protect_system: bool,
    /// Kernel settings, modules, log and control groups are out of reach (ProtectKernelTunables=,
    /// ProtectKernelModules=, ProtectKernelLogs=, ProtectControlGroups=).
    #[config(default = true)]
    pub protect_kernel: bool,
    /// Clock and host name cannot be changed (ProtectClock=, ProtectHostname=).
    #[config(default = true)]
    pub protect_clock_and_hostname: bool,
    /// Files cannot be made setuid or setgid (RestrictSUIDSGID=).
    #[config(default = true)]
    pub restrict_setuid_files: bool,
    /// No real-time scheduling (RestrictRealtime=).
    #[config(default = true)]
    pub restrict_realtime: bool,
    /// The execution domain cannot be changed (LockPersonality=).
    #[config(default = true)]
    pub lock_personality: bool,
    /// System V IPC of its own (PrivateIPC=).
    #[config(default = true)]
    pub private_ipc: bool,
    /// No capability can ever be gained (CapabilityBoundingSet=).
    #[config(default = true)]
    pub drop_capabilities: bool,
    /// Only system calls of the machine's own architecture (SystemCallArchitectures=native).
    #[config(default = true)]
    pub native_system_calls: bool,
    /// No devices (PrivateDevices=). GPUs are devices too, hence the default.
    #[config(default = false)]
    pub private_devices: bool,
}

/// `[groups.NAME]`
///
/// Changes for members of a system group, in the order of the files: where several of somebody's
/// groups set the same key, the last one wins. `"unlimited"` lifts a bound.
#[derive(Config)]
pub(crate) struct RawGroup {
    /// Changes `server.limits.memory`.
    ///
    /// Example: `"4G"`
    pub memory: Option<MemoryBound>,
    /// Changes `server.limits.cpus`.
    ///
    /// Example: `1.5`
    pub cpus: Option<CpuBound>,
    /// Changes `server.limits.tasks`.
    ///
    /// Example: `1024`
    pub tasks: Option<TaskBound>,
    /// Changes `culler.timeout`; `"unlimited"` keeps these people's servers.
    ///
    /// Example: `"8h"`
    pub idle_timeout: Option<PeriodBound<1, { 400 * DAY }>>,
    /// Adds to `server.environment`.
    ///
    /// Example: `{ COURSE = "statistics" }`
    #[config(default = {})]
    pub environment: BTreeMap<Variable, Text>,
    /// Takes the keys of `[server.sandbox]`; keys that it does not name stay as they are.
    #[config(nested)]
    #[expect(
        dead_code,
        reason = "only the keys that are set count; see validate::group"
    )]
    pub sandbox: RawSandbox,
}
