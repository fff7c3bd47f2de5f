//! `[[profiles]]`.

use std::collections::BTreeMap;

use confique::Config;

use crate::config::{
    raw::RawSandbox,
    spelling::{
        AccountName, Command, CpuBound, Folder, GatekeeperWord, LocalPath, MemoryBound,
        ProfileLabel, TaskBound, Text, Variable,
    },
};

/// `[[profiles]]`
///
/// Kinds of servers that people choose from when they start one: other programs, or other bounds. Each
/// is what `[server]` says for everybody and `[groups.NAME]` for some, changed. Where there are none,
/// starting a server asks nothing; a program that starts one without choosing gets `[server]`.
#[derive(Config)]
pub(crate) struct RawProfile {
    /// What the profile is called in addresses and options: `{"profile": NAME}`.
    ///
    /// Example: `"dashboards"`
    pub name: ProfileLabel,
    /// What people read. Without it, the name.
    ///
    /// Example: `"Dashboards of the lab"`
    pub title: Option<Text>,
    /// What it is for, in a sentence.
    ///
    /// Example: `"Shows the measurements of the last week."`
    pub description: Option<Text>,
    /// System groups whose members may choose it; without any, everybody may.
    ///
    /// Example: `["staff"]`
    #[config(default = [])]
    pub groups: Vec<AccountName>,
    /// Who finds out whether a visitor may use the server: the `"program"`, as `jupyterhub-singleuser`
    /// does, or the `"hub"`, for programs that know nothing of JupyterHub. The hub then lets only those
    /// through who have access, and says who they are in the header `X-Carrel-User`.
    #[config(default = "program")]
    pub gatekeeper: GatekeeperWord,
    /// Changes `server.command`.
    ///
    /// Example: `"datasette"`
    pub command: Option<Command>,
    /// Changes `server.args`. With `gatekeeper = "hub"` they are all that the program gets, and one of
    /// them must tell it where to listen: `{socket}` stands for the path of a Unix socket, `{port}` for
    /// a port of 127.0.0.1, which other accounts of the machine can reach as well. `{prefix}` stands for
    /// the path below which it is visited, such as `/user/alice/`, `{root}` for the same without its last
    /// slash, `{username}` for the account's name.
    ///
    /// Example: `["--uds", "{socket}", "--setting", "base_url", "{prefix}"]`
    pub args: Option<Vec<Text>>,
    /// Changes `server.default_url`.
    ///
    /// Example: `"/"`
    pub default_url: Option<LocalPath>,
    /// Changes `server.root_dir`.
    ///
    /// Example: `"~/course"`
    pub root_dir: Option<Folder>,
    /// Changes `server.limits.memory`.
    ///
    /// Example: `"16G"`
    pub memory: Option<MemoryBound>,
    /// Changes `server.limits.cpus`.
    ///
    /// Example: `4`
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
    /// Takes the keys of `[server.sandbox]`; keys that it does not name stay as they are.
    #[config(nested)]
    #[expect(
        dead_code,
        reason = "only the keys that are set count; see validate::server::set_switches"
    )]
    pub sandbox: RawSandbox,
}
