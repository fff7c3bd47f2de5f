//! `[[services]]`.

use std::collections::BTreeMap;

use confique::Config;

use crate::config::{
    raw::{MINUTE, RawResources, RawSandbox},
    spelling::{
        AbsolutePath, Address, ClientId, Json, Period, RedirectUri, ScopeText, ServiceAccount,
        ServiceLabel, Text, Variable,
    },
};

/// `[[services]]`
///
/// Programs beside the hub, such as one that grades or one that shows who is there. With `command`,
/// Carrel runs the program as a unit of systemd; without it, somebody else does. With `url`, people
/// reach it at `/services/NAME/`. What it may do, roles say: see `[[roles]]`.
#[derive(Config)]
pub(crate) struct RawService {
    /// What the service is called.
    ///
    /// Example: `"grader"`
    pub name: ServiceLabel,
    /// Where the service listens; visits to `/services/NAME/` are led there. `"unix"` is a path at which a
    /// service that Carrel runs is to open a Unix socket, named in `JUPYTERHUB_SERVICE_URL`.
    ///
    /// Example: `"unix"`
    pub url: Option<Address>,
    /// The program that Carrel runs, and its arguments. The program is a name that is looked up in
    /// `server.search_path`, or an absolute path. It finds its token in `JUPYTERHUB_API_TOKEN`, a
    /// new one at each start, and is started again when it ends.
    ///
    /// Example: `["/opt/grader/bin/grader", "--course", "101"]`
    #[config(default = [])]
    pub command: Vec<Text>,
    /// The account of the system that `command` runs as; needed with it. Of a service that somebody else
    /// runs on a Unix socket, the account that listens there, for Carrel talks to no other.
    ///
    /// Example: `"grader"`
    pub user: Option<ServiceAccount>,
    /// The folder that `command` starts in. Without it, the account's home.
    ///
    /// Example: `"/srv/grader"`
    pub cwd: Option<AbsolutePath>,
    /// Additional environment of `command`; wins over what Carrel sets. No secrets: every account of
    /// the machine can read it.
    ///
    /// Example: `{ COURSE = "101" }`
    #[config(default = {})]
    pub environment: BTreeMap<Variable, Text>,
    /// How long until `command` must have opened its socket.
    #[config(default = "30s")]
    pub start_timeout: Period<1, { 10 * MINUTE }>,
    /// The file with the token of a service that somebody else runs: 8 to 64 characters, readable by
    /// the account `carrel` and nobody else.
    ///
    /// Example alone: `"/etc/carrel/secrets/grader"`
    pub api_token_file: Option<AbsolutePath>,
    /// Whether it has the role `admin`: it may do everything. A role of its own is better.
    #[config(default = false)]
    pub admin: bool,
    /// Whether people who may use it find it among the services on their pages.
    #[config(default = true)]
    pub display: bool,
    /// What programs are to find in the service's record; the hub gives it no meaning.
    ///
    /// Example: `{ contact = "teacher@lab.example" }`
    #[config(default = {})]
    pub info: BTreeMap<String, Json>,
    /// What it is called where people log in to it through the hub. Without it, `service-NAME`.
    ///
    /// Example: `"service-grader"`
    pub oauth_client_id: Option<ClientId>,
    /// Where people are sent back who log in to it through the hub. Without it,
    /// `/services/NAME/oauth_callback` when there is a `url`.
    ///
    /// Example alone: `"https://grader.lab.example/callback"`
    pub oauth_redirect_uri: Option<RedirectUri>,
    /// Whether people are not asked before they are logged in to it.
    #[config(default = false)]
    pub oauth_no_confirm: bool,
    /// Scopes that the service has on behalf of people who log in to it, as far as they have them,
    /// beside knowing who they are.
    ///
    /// Example: `["read:users:groups!user"]`
    #[config(default = [])]
    pub oauth_client_allowed_scopes: Vec<ScopeText>,
    /// Takes the keys of `[server.limits]`, for `command`.
    #[config(nested)]
    pub limits: RawResources,
    /// Takes the keys of `[server.sandbox]`, for `command`.
    #[config(nested)]
    pub sandbox: RawSandbox,
}
