//! The validated configuration: what the rest of the program sees.
//!
//! Every value here has been checked; nothing here knows how it was written down.

pub mod options;
pub mod profiles;
pub mod services;
pub mod site;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use serde_json::{Map, Value};

use self::{
    options::OptionSettings, profiles::ProfileSettings, services::ServiceSettings,
    site::SiteSettings,
};
use crate::domain::{
    names::{GroupName, ServerName, UserName},
    role::RoleBook,
    scope::Scope,
};

/// Everything an administrator can decide.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The hub: addresses, pages, sessions.
    pub hub: HubSettings,
    /// What the site is called and how it looks.
    pub site: SiteSettings,
    /// Certificates.
    pub tls: TlsSettings,
    /// Who may log in, and how often one may fail.
    pub login: LoginSettings,
    /// The provider whose word about a person counts, if any does.
    pub openid_connect: Option<OpenIdConnectSettings>,
    /// What a server runs and within which bounds, for everybody.
    pub server: ServerSettings,
    /// The same, changed for members of a system group; in the order of the file, later groups win.
    pub groups: Vec<GroupSettings>,
    /// Kinds of servers that people choose from.
    pub profiles: Vec<ProfileSettings>,
    /// What else people are asked when a server starts, in the order of the file.
    pub options: Vec<OptionSettings>,
    /// Groups of the hub itself that are made at the start.
    pub hub_groups: Vec<HubGroupSettings>,
    /// Services beside the hub, but for those that are added at run time.
    pub services: Vec<ServiceSettings>,
    /// The roles there are before any is made at run time, with the custom scopes.
    pub roles: RoleBook,
    /// The end of servers that nobody uses.
    pub culler: CullerSettings,
    /// Bounds on what clients may send.
    pub limits: LimitSettings,
}

/// The hub: addresses, pages, sessions.
#[derive(Debug, Clone, PartialEq)]
pub struct HubSettings {
    /// Prefix of every path; begins and ends with `/`.
    pub base_url: String,
    /// Origin people type into the browser (`https://lab.example`), when it is not what the request says.
    pub public_url: Option<String>,
    /// Where HTTPS listens when systemd passed no socket.
    pub listen: Vec<SocketAddr>,
    /// Where plain HTTP listens, only to redirect, when systemd passed no socket.
    pub listen_redirect: Vec<SocketAddr>,
    /// Where the API for user servers listens, on loopback, when systemd passed no socket.
    pub listen_api: SocketAddr,
    /// Peers whose forwarding headers are believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// How long a login lasts.
    pub session_lifetime: Duration,
    /// How long an OAuth token lasts.
    pub oauth_token_lifetime: Duration,
    /// Words on top of pages.
    pub announcements: AnnouncementSettings,
    /// Whether `/hub/` leads to the user's server and not to the home page.
    pub redirect_to_server: bool,
    /// Where `/hub/` leads instead of either; a local path.
    pub default_url: Option<String>,
    /// Status of a visit to a stopped server: 503, or JupyterHub's newer 424.
    pub stopped_server_status: u16,
    /// Whether logging out stops the user's servers.
    pub shutdown_on_logout: bool,
    /// How many servers may be starting at once; 0 is no bound.
    pub concurrent_spawn_limit: usize,
    /// How many servers may run at once; 0 is no bound.
    pub active_server_limit: usize,
    /// Whether people may have servers beside the default one.
    pub named_servers: bool,
    /// How many named servers a person may have, stopped ones too; 0 is no bound.
    pub named_server_limit_per_user: usize,
    /// The server that `/hub/user-redirect/` leads to.
    pub default_server_name: ServerName,
    /// How long a request to start a server waits before it says 202.
    pub slow_spawn_timeout: Duration,
    /// How long a request to stop a server waits before it says 202.
    pub slow_stop_timeout: Duration,
    /// Entries of a page for a client that asks for pages; at most `api_page_max_limit`.
    pub api_page_default_limit: usize,
    /// Entries a client may ask for at once, and gets when it does not ask for pages.
    pub api_page_max_limit: usize,
    /// How long a requested token may last; `None` is no bound.
    pub token_lifetime_max: Option<Duration>,
    /// How long a token lasts for which nothing else is asked, within `token_lifetime_max`; `None` is
    /// for ever.
    pub token_lifetime_default: Option<Duration>,
    /// Whether OAuth clients must use PKCE.
    pub oauth_require_pkce: bool,
    /// System groups whose members are, from their next login on, members of the hub's groups of the
    /// same names.
    pub mirror_groups: Vec<GroupName>,
    /// The steps in which last uses are written down.
    pub activity_resolution: Duration,
    /// How long after their last activity people count as active.
    pub active_user_window: Duration,
    /// Whether reading the metrics needs the scope `read:metrics`.
    pub authenticate_metrics: bool,
    /// How long running requests and tunnels get to end when the hub stops.
    pub drain_timeout: Duration,
    /// Where the database and keys lie.
    pub state_dir: PathBuf,
    /// Where sockets lie.
    pub runtime_dir: PathBuf,
}

/// The administrator's words to people, on top of pages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnnouncementSettings {
    /// On pages that have none of their own.
    pub everywhere: Option<String>,
    /// On the login page.
    pub login: Option<String>,
    /// On the home page.
    pub home: Option<String>,
    /// On the pages on which servers start.
    pub spawn: Option<String>,
    /// On the page after the logout.
    pub logout: Option<String>,
}

/// Certificates.
#[derive(Debug, Clone, PartialEq)]
pub struct TlsSettings {
    /// PEM file with the chain; self-signed in the state directory when absent.
    pub certificate: Option<PathBuf>,
    /// PEM file with the key; absent exactly when `certificate` is.
    pub key: Option<PathBuf>,
}

/// Who may log in, and how often one may fail.
#[derive(Debug, Clone, PartialEq)]
pub struct LoginSettings {
    /// Accounts below this UID are refused.
    pub min_uid: u32,
    /// Members may log in; empty means every account.
    pub allowed_groups: Vec<String>,
    /// These may log in as well; with both lists empty everybody may.
    pub allowed_users: Vec<String>,
    /// These may never log in.
    pub blocked_users: Vec<String>,
    /// Whether people may log in with the password of their account.
    pub passwords: bool,
    /// Members are administrators.
    pub admin_groups: Vec<String>,
    /// Whether launching needs the ticket of an earlier login.
    pub require_ticket: bool,
    /// How long a login ticket lets servers be started.
    pub ticket_lifetime: Duration,
    /// How long PAM may take, one round.
    pub pam_timeout: Duration,
    /// Failed logins per minute, per account.
    pub failures_per_account: u32,
    /// Failed logins per minute, per address (IPv6: per /64).
    pub failures_per_address: u32,
}

/// An OpenID Connect provider, and what is believed of its words.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenIdConnectSettings {
    /// The provider's address, as it calls itself.
    pub issuer: String,
    /// What the provider calls this hub.
    pub client_id: String,
    /// What people call the provider.
    pub name: String,
    /// What it is asked to tell, beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that holds the name of the person's account.
    pub username_claim: String,
    /// The domain that the claim must end in, and that is cut off.
    pub strip_domain: Option<String>,
    /// The authorities that may vouch for the provider.
    pub ca_file: PathBuf,
    /// Whether the login page leads to the provider at once.
    pub auto: bool,
    /// Where the provider sends browsers back to.
    pub redirect_uri: String,
}

/// What a server runs and within which bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerSettings {
    /// The program: a name looked up in `search_path`, or an absolute path.
    pub command: String,
    /// Arguments after the ones Carrel gives.
    pub args: Vec<String>,
    /// Folders in which `command` is looked for, in order.
    pub search_path: Vec<PathBuf>,
    /// First page in the server, such as `/lab`.
    pub default_url: String,
    /// Folder the server shows; `~` is the home.
    pub root_dir: String,
    /// Scopes of a server's token; those of the role `server` when absent.
    pub token_scopes: Option<Vec<Scope>>,
    /// Scopes a visitor's token may have in a server, beside identifying the visitor and access.
    pub oauth_client_allowed_scopes: Vec<Scope>,
    /// Additional environment; wins over Carrel's.
    pub environment: BTreeMap<String, String>,
    /// How long until the unit must have started and opened its socket.
    pub start_timeout: Duration,
    /// How long until the server must have answered after that.
    pub http_timeout: Duration,
    /// How long a server gets to end by itself.
    pub stop_timeout: Duration,
    /// Whether kernels listen on Unix sockets and not on loopback TCP.
    pub kernel_ipc: bool,
    /// Bounds kept by the kernel.
    pub limits: ResourceLimits,
    /// What the server's processes are kept from.
    pub sandbox: Sandbox,
}

/// Bounds kept by the kernel through the unit's cgroup; `None` is no bound.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResourceLimits {
    /// Bytes of memory, swap included (MemoryMax= with MemorySwapMax=0).
    pub memory_bytes: Option<u64>,
    /// Processors, 1.5 is one and a half (CPUQuota=).
    pub cpus: Option<f64>,
    /// Processes and threads (TasksMax=).
    pub tasks: Option<u64>,
}

/// What a server's processes are kept from; every field stands for systemd directives.
#[derive(Debug, Clone, PartialEq)]
pub struct Sandbox {
    /// NoNewPrivileges=: setuid programs such as sudo do not work.
    pub no_new_privileges: bool,
    /// PrivateTmp=: /tmp and /var/tmp of its own.
    pub private_tmp: bool,
    /// A /dev/shm of its own, so that another session's end does not remove its files.
    pub private_shm: bool,
    /// ProtectProc=invisible: other people's processes cannot be seen.
    pub hide_processes: bool,
    /// ProtectSystem=full: /usr, /boot and /etc are read-only.
    pub protect_system: bool,
    /// ProtectKernelTunables=, ProtectKernelModules=, ProtectKernelLogs=, ProtectControlGroups=.
    pub protect_kernel: bool,
    /// ProtectClock=, ProtectHostname=.
    pub protect_clock_and_hostname: bool,
    /// RestrictSUIDSGID=: cannot make files setuid.
    pub restrict_setuid_files: bool,
    /// RestrictRealtime=.
    pub restrict_realtime: bool,
    /// LockPersonality=.
    pub lock_personality: bool,
    /// PrivateIPC=: System V IPC of its own.
    pub private_ipc: bool,
    /// CapabilityBoundingSet= empty.
    pub drop_capabilities: bool,
    /// SystemCallArchitectures=native.
    pub native_system_calls: bool,
    /// PrivateDevices=: no devices, GPUs included.
    pub private_devices: bool,
}

/// What members of one system group get instead; `None` keeps what applies without it.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupSettings {
    /// The system group.
    pub name: String,
    /// Changed time a server may go unused.
    pub idle_timeout: Option<Change<Duration>>,
    /// Changed bounds, environment and sandbox.
    pub changes: Overrides,
}

/// Changes of what a server gets; `None` keeps what applies without it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overrides {
    /// Changed bound on memory.
    pub memory_bytes: Option<Change<u64>>,
    /// Changed processors.
    pub cpus: Option<Change<f64>>,
    /// Changed number of processes.
    pub tasks: Option<Change<u64>>,
    /// Added environment.
    pub environment: BTreeMap<String, String>,
    /// Changed sandbox directives, by the names of [`Sandbox`]'s fields.
    pub sandbox: BTreeMap<String, bool>,
}

/// Tells whether what is for members of `named` groups is for somebody in `groups`; without any named, it
/// is for everybody.
fn is_open_to(named: &[String], groups: &[String]) -> bool {
    named.is_empty() || named.iter().any(|group| groups.contains(group))
}

/// What is made of a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<T> {
    /// This is the bound.
    To(T),
    /// There is no bound.
    Lift,
}

/// A bound as the configuration spells it, where none is one that is lifted.
impl<T> From<Option<T>> for Change<T> {
    fn from(bound: Option<T>) -> Self {
        bound.map_or(Self::Lift, Self::To)
    }
}

impl<T> Change<T> {
    /// Returns the bound that applies, which is none when it is lifted.
    pub fn bound(self) -> Option<T> {
        match self {
            Self::To(bound) => Some(bound),
            Self::Lift => None,
        }
    }
}

/// One of the hub's own groups, made at the start when it is not there.
#[derive(Debug, Clone, PartialEq)]
pub struct HubGroupSettings {
    /// The group.
    pub name: GroupName,
    /// People to add.
    pub users: Vec<UserName>,
    /// Properties to set.
    pub properties: Map<String, Value>,
}

/// The end of servers that nobody uses.
#[derive(Debug, Clone, PartialEq)]
pub struct CullerSettings {
    /// Whether servers are stopped for this at all.
    pub enabled: bool,
    /// How long a server may go unused, for people whose groups say nothing else; `None` is for ever.
    pub timeout: Option<Duration>,
    /// Whether a connected kernel that does nothing is use.
    pub count_connected: bool,
    /// How long a server may run, used or not; `None` is for ever.
    pub max_age: Option<Duration>,
    /// How often servers are looked at.
    pub check_interval: Duration,
    /// Whether named servers are stopped too.
    pub cull_named_servers: bool,
    /// Whether a named server is removed when it was stopped for this.
    pub remove_named_servers: bool,
    /// People whose servers are left alone.
    pub exempt_users: Vec<UserName>,
    /// The hub's groups whose members' servers are left alone.
    pub exempt_groups: Vec<GroupName>,
}

/// Bounds on what clients may send.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitSettings {
    /// Connections open at once.
    pub connections: usize,
    /// Connections open at once from one address.
    pub connections_per_address: usize,
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// Bytes of a body the hub itself reads; proxied bodies are not bounded.
    pub body_bytes: usize,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long a request's head may take.
    pub head_timeout: Duration,
    /// How long a body read by the hub may take.
    pub body_timeout: Duration,
}
