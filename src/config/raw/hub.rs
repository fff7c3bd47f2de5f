//! `[hub]`, `[tls]` and `[login]`.

use confique::Config;

use crate::config::{
    raw::{DAY, HOUR, MINUTE},
    spelling::{
        AbsolutePath, AccountName, BaseUrl, Count, GroupLabel, Listen, LocalPath, LoopbackListen,
        Origin, Peer, Period, PeriodBound, ScopeText, ServerLabel, StoppedStatus, Text,
        WholeNumber,
    },
};

/// `[hub]`
#[derive(Config)]
pub(crate) struct RawHub {
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
    /// Words to everybody, on top of every page.
    ///
    /// Example: `"The machine is restarted on Sunday at 06:00."`
    pub announcement: Option<Text>,
    /// The same for the login page, instead of those to everybody.
    ///
    /// Example: `"Log in with the account of your department."`
    pub announcement_login: Option<Text>,
    /// The same for the home page.
    ///
    /// Example: `"New: servers with a graphics card."`
    pub announcement_home: Option<Text>,
    /// The same for the pages on which servers start.
    ///
    /// Example: `"The first start after an update takes a minute."`
    pub announcement_spawn: Option<Text>,
    /// The same for the page after the logout.
    ///
    /// Example: `"Your servers go on until they are stopped."`
    pub announcement_logout: Option<Text>,
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
    /// How many such servers a person may have, stopped ones too; 0 is no bound.
    #[config(default = 0)]
    pub named_server_limit_per_user: Count<0, 10_000>,
    /// The server that links of the form `/hub/user-redirect/…` lead to; empty is the default one.
    #[config(default = "")]
    pub default_server_name: ServerLabel,
    /// How long a request to start a server waits for it; after that the reply says 202, and the
    /// start goes on.
    #[config(default = "10s")]
    pub slow_spawn_timeout: Period<0, { 10 * MINUTE }>,
    /// How long a request to stop a server waits for its end; after that the reply says 202, and
    /// the stop goes on.
    #[config(default = "10s")]
    pub slow_stop_timeout: Period<0, { 10 * MINUTE }>,
    /// How many entries a page of the API's lists has for a client that reads page by page.
    #[config(default = 50)]
    pub api_page_default_limit: Count<1, 10_000>,
    /// How many entries a client may ask for at once, and how many it gets that does not read page
    /// by page.
    #[config(default = 200)]
    pub api_page_max_limit: Count<1, 10_000>,
    /// How long a token may last that a person or program asks for.
    #[config(default = "unlimited")]
    pub token_lifetime_max: PeriodBound<MINUTE, { 3650 * DAY }>,
    /// How long a token lasts for which nothing else is asked; at most `token_lifetime_max`.
    #[config(default = "unlimited")]
    pub token_lifetime_default: PeriodBound<MINUTE, { 3650 * DAY }>,
    /// Whether applications that log people in through the hub must prove with PKCE that they asked
    /// for the login themselves. `jupyterhub-singleuser` before release 6 cannot.
    #[config(default = false)]
    pub oauth_require_pkce: bool,
    /// Scopes that everybody has beside those of the role `user`.
    ///
    /// Example: `["list:users", "access:services!service=grader"]`
    #[config(default = [])]
    pub extra_user_scopes: Vec<ScopeText>,
    /// Members of these system groups are members of the hub's groups of the same names. The list
    /// is looked at whenever somebody logs in.
    ///
    /// Example: `["students", "teachers"]`
    #[config(default = [])]
    pub mirror_groups: Vec<GroupLabel>,
    /// The steps in which last uses of tokens, servers and people are written down.
    #[config(default = "30s")]
    pub activity_resolution: Period<1, HOUR>,
    /// How long after their last activity people count as active.
    #[config(default = "30m")]
    pub active_user_window: Period<MINUTE, { 30 * DAY }>,
    /// Whether reading the metrics needs the scope `read:metrics`.
    #[config(default = true)]
    pub authenticate_metrics: bool,
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
pub(crate) struct RawTls {
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
pub(crate) struct RawLogin {
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
    /// Whether people may log in with the password of their account. Without it they sign in by
    /// `[openid_connect]` only.
    #[config(default = true)]
    pub passwords: bool,
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
