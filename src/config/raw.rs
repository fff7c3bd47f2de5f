//! The configuration as written: every key, its documentation, its default and its spelling.
//!
//! This is the one place where a key is described. The shipped sample, docs/configuration.md and
//! the faults of `carrel check-config` are made from these comments and types. The first paragraph
//! of a comment is what people read; a line `Example:` gives the sample something to show for a
//! key that has no default.
#![expect(
    unused_qualifications,
    reason = "confique's derive writes out `<T as confique::Config>` with the span of T"
)]

use std::collections::BTreeMap;

use confique::Config;

use crate::config::spelling::{
    AbsolutePath, AccountName, BaseUrl, Command, Count, CpuBound, Folder, Listen, LocalPath,
    LoopbackListen, MemoryBound, Origin, Peer, Period, Size, StoppedStatus, TaskBound, Text,
    Variable, WholeNumber,
};

pub(super) const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;
const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The whole file.
#[derive(Config)]
pub(super) struct Raw {
    /// Addresses, pages and sessions.
    #[config(nested)]
    pub hub: RawHub,
    /// The certificate.
    #[config(nested)]
    pub tls: RawTls,
    /// Who may log in, and how often one may fail.
    #[config(nested)]
    pub login: RawLogin,
    /// What a server runs, for everybody.
    #[config(nested)]
    pub server: RawServer,
    /// Bounds on what clients may send.
    #[config(nested)]
    pub limits: RawLimits,
}

/// `[hub]`
#[derive(Config)]
pub(super) struct RawHub {
    /// Prefix of every path.
    #[config(default = "/")]
    pub base_url: BaseUrl,
    /// Origin people type into the browser, when it is not what their requests say.
    ///
    /// Example: `"https://lab.example"`
    pub public_url: Option<Origin>,
    /// Where HTTPS listens when systemd passes no socket. The package's units pass sockets: there,
    /// change the address with `systemctl edit carrel.socket`.
    #[config(default = ["[::]:443"])]
    pub listen: Vec<Listen>,
    /// Where plain HTTP listens, only to redirect to HTTPS, when systemd passes no socket
    /// (`carrel-http.socket`).
    #[config(default = ["[::]:80"])]
    pub listen_redirect: Vec<Listen>,
    /// Where the API for servers and local scripts listens when systemd passes no socket
    /// (`carrel-api.socket`).
    #[config(default = "127.0.0.1:8081")]
    pub listen_api: LoopbackListen,
    /// Peers whose `X-Forwarded-*` and `Forwarded` headers are believed. From everybody else these
    /// headers are replaced.
    #[config(default = [])]
    pub trusted_proxies: Vec<Peer>,
    /// How long a login lasts.
    #[config(default = "14d")]
    pub session_lifetime: Period<MINUTE, { 400 * DAY }>,
    /// How long a server's OAuth token lasts, which a browser gets when it opens a server.
    #[config(default = "14d")]
    pub oauth_token_lifetime: Period<MINUTE, { 400 * DAY }>,
    /// Whether the hub's address leads to one's server and not to the home page.
    #[config(default = true)]
    pub redirect_to_server: bool,
    /// Where the hub's address leads instead of either.
    ///
    /// Example: `"/hub/home"`
    pub default_url: Option<LocalPath>,
    /// Status of a visit to a stopped server; newer releases of JupyterHub answer 424.
    #[config(default = 503)]
    pub stopped_server_status: StoppedStatus,
    /// Whether logging out stops one's servers.
    #[config(default = false)]
    pub shutdown_on_logout: bool,
    /// How many servers may be starting at once; 0 is no bound.
    #[config(default = 100)]
    pub concurrent_spawn_limit: Count<0, 100_000>,
    /// How many servers may run at once; 0 is no bound.
    #[config(default = 0)]
    pub active_server_limit: Count<0, 1_000_000>,
    /// Whether people may have servers beside the default one.
    #[config(default = false)]
    pub named_servers: bool,
    /// How long running requests and tunnels get to end when the hub stops. Servers go on.
    #[config(default = "10s")]
    pub drain_timeout: Period<0, { 10 * MINUTE }>,
    /// Where the database, the keys and the self-signed certificate lie.
    #[config(default = "/var/lib/carrel")]
    pub state_dir: AbsolutePath,
    /// Where the sockets lie.
    #[config(default = "/run/carrel")]
    pub runtime_dir: AbsolutePath,
}

/// `[tls]`
#[derive(Config)]
pub(super) struct RawTls {
    /// PEM file with the certificate and its chain, readable by the account `carrel`. Without it
    /// Carrel makes a self-signed certificate in `hub.state_dir`. Needs `tls.key`.
    ///
    /// Example: `"/etc/carrel/tls/fullchain.pem"`
    pub certificate: Option<AbsolutePath>,
    /// PEM file with the certificate's key, readable by the account `carrel` and nobody else.
    /// Needs `tls.certificate`.
    ///
    /// Example: `"/etc/carrel/tls/privkey.pem"`
    pub key: Option<AbsolutePath>,
}

/// `[login]`
#[derive(Config)]
pub(super) struct RawLogin {
    /// Accounts with a smaller user id are refused.
    #[config(default = 1000)]
    pub min_uid: WholeNumber<1, 4_294_967_294>,
    /// Members of these system groups may log in. With this and `allowed_users` empty, every
    /// account may.
    #[config(default = [])]
    pub allowed_groups: Vec<AccountName>,
    /// These accounts may log in as well.
    #[config(default = [])]
    pub allowed_users: Vec<AccountName>,
    /// These accounts may never log in.
    #[config(default = [])]
    pub blocked_users: Vec<AccountName>,
    /// Members of these system groups are Carrel's administrators.
    #[config(default = ["sudo", "carrel-admin"])]
    pub admin_groups: Vec<AccountName>,
    /// Whether starting somebody's server needs a login of theirs within `ticket_lifetime`, so
    /// that a hub that was broken into cannot run programs as people who never logged in. Turn it
    /// off where scripts start servers for people who are absent.
    #[config(default = true)]
    pub require_ticket: bool,
    /// How long after a login one's servers may be started; at least `hub.session_lifetime`.
    #[config(default = "15d")]
    pub ticket_lifetime: Period<MINUTE, { 400 * DAY }>,
    /// How long PAM may take for one round of a login.
    #[config(default = "30s")]
    pub pam_timeout: Period<1, { 10 * MINUTE }>,
    /// Failed logins per minute after which an account has to wait.
    #[config(default = 10)]
    pub failures_per_account: WholeNumber<1, 1_000_000>,
    /// Failed logins per minute after which an address has to wait; for IPv6 a /64 counts as one.
    #[config(default = 60)]
    pub failures_per_address: WholeNumber<1, 1_000_000>,
}

/// `[server]`
#[derive(Config)]
pub(super) struct RawServer {
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
pub(super) struct RawResources {
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
pub(super) struct RawSandbox {
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

/// `[limits]`
#[derive(Config)]
pub(super) struct RawLimits {
    /// Connections open at once.
    #[config(default = 20_000)]
    pub connections: Count<1, 1_000_000>,
    /// Connections open at once from one address.
    #[config(default = 2000)]
    pub connections_per_address: Count<1, 1_000_000>,
    /// Size of a request's head.
    #[config(default = "64K")]
    pub head_size: Size<{ 8 * KIB }, MIB>,
    /// Size of a body that the hub itself reads; what goes to servers is not bounded.
    #[config(default = "1M")]
    pub body_size: Size<{ 4 * KIB }, { 256 * MIB }>,
    /// How long a TLS handshake may take.
    #[config(default = "10s")]
    pub handshake_timeout: Period<1, { 10 * MINUTE }>,
    /// How long a request's head may take.
    #[config(default = "15s")]
    pub head_timeout: Period<1, { 10 * MINUTE }>,
    /// How long a body that the hub itself reads may take.
    #[config(default = "30s")]
    pub body_timeout: Period<1, { 10 * MINUTE }>,
}

/// `[groups.NAME]`
#[derive(Config)]
pub(super) struct RawGroup {
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
    /// Adds to `server.environment`.
    ///
    /// Example: `{ COURSE = "statistics" }`
    #[config(default = {})]
    pub environment: BTreeMap<Variable, Text>,
    /// Changes keys of `server.sandbox`.
    #[config(nested)]
    #[expect(
        dead_code,
        reason = "only the keys that are set count; see validate::group"
    )]
    pub sandbox: RawSandbox,
}
