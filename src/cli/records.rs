//! The lists of users and servers: what the database remembers, beside a hub that may be running.

use std::{collections::HashMap, path::Path, time::Duration};

use anyhow::Context;
use serde::Serialize;

use crate::{
    cli::{
        block_on, load_settings,
        output::{self, Shape, short},
    },
    config::settings::Settings,
    domain::{
        names::{ServerKey, UnitName},
        role::AdminRole,
        time::Timestamp,
    },
    store::{
        Store,
        servers::{RecordedState, Server},
        users::User,
    },
    systemd::{ActiveState, Systemd, UnitStatus},
};

/// The name of the database's file in the state directory.
pub(super) const DATABASE: &str = "carrel.sqlite";

/// How long systemd may take to list units; without an answer the list goes out without them.
const LIST_DEADLINE: Duration = Duration::from_secs(15);

/// Lists everybody whom the database knows.
pub(super) fn list_users(config: &Path, shape: Shape) -> anyhow::Result<()> {
    let settings = load_settings(config)?;
    let users = block_on(async { anyhow::Ok(open(&settings)?.list_users().await?) })?;
    let users: Vec<ListedUser> = users.iter().map(ListedUser::new).collect();
    if shape.json {
        return output::json(&users);
    }
    let rows: Vec<_> = users.iter().map(ListedUser::row).collect();
    output::table(
        ["USER", "UID", "ADMIN", "FIRST LOGIN", "LAST ACTIVITY"],
        &rows,
    )
}

/// Lists people's servers.
pub(super) fn list_servers(config: &Path, shape: Shape) -> anyhow::Result<()> {
    let settings = load_settings(config)?;
    let (servers, units) = block_on(async {
        let servers = open(&settings)?.list_servers().await?;
        anyhow::Ok((servers, list_units().await))
    })?;
    let servers = join(&servers, &units);
    if shape.json {
        return output::json(&servers);
    }
    let rows: Vec<_> = servers.iter().map(ListedServer::row).collect();
    output::table(
        [
            "USER",
            "SERVER",
            "STATE",
            "UNIT STATE",
            "MEMORY",
            "STARTED",
            "LAST ACTIVITY",
            "UNIT",
        ],
        &rows,
    )
}

fn open(settings: &Settings) -> anyhow::Result<Store> {
    let path = settings.hub.state_dir.join(DATABASE);
    let shown = path.display();
    let exists = path
        .try_exists()
        .with_context(|| format!("look for {shown}, which root and the account carrel may"))?;
    anyhow::ensure!(exists, "{shown} is absent; the hub makes it when it starts");
    Ok(Store::open_read_only(&path)?)
}

/// Asks systemd for the units of servers; without an answer there are none to show, which the
/// column of units says.
async fn list_units() -> HashMap<ServerKey, UnitStatus> {
    let list = async { Systemd::connect().await?.list_servers().await };
    let units = tokio::time::timeout(LIST_DEADLINE, list).await;
    let units = units.ok().and_then(Result::ok).unwrap_or_default();
    units.into_iter().collect()
}

#[derive(Serialize)]
struct ListedUser {
    name: String,
    /// Unknown before the first login.
    uid: Option<u32>,
    admin: bool,
    created: String,
    last_activity: Option<String>,
}

impl ListedUser {
    fn new(user: &User) -> Self {
        Self {
            name: user.name.to_string(),
            uid: user.uid,
            admin: user.admin == AdminRole::Held,
            created: user.created.to_string(),
            last_activity: user.last_activity.as_ref().map(Timestamp::to_string),
        }
    }

    fn row(&self) -> [String; 5] {
        [
            self.name.clone(),
            self.uid
                .map_or_else(|| "-".to_owned(), |uid| uid.to_string()),
            if self.admin { "yes" } else { "no" }.to_owned(),
            short(Some(&self.created)),
            short(self.last_activity.as_deref()),
        ]
    }
}

#[derive(Serialize)]
struct ListedServer {
    user: String,
    /// Empty for the default server.
    server: String,
    /// What the hub last set out to do: `stopped`, `starting`, `running` or `stopping`.
    state: &'static str,
    /// What systemd says; absent when there is no unit.
    unit_state: Option<&'static str>,
    unit: Option<String>,
    memory_bytes: Option<u64>,
    started: Option<String>,
    last_activity: Option<String>,
}

impl ListedServer {
    fn new(server: &Server, unit: Option<&UnitStatus>) -> Self {
        Self {
            user: server.key.user.to_string(),
            server: server.key.server.to_string(),
            state: recorded(server.state),
            unit_state: unit.map(|unit| active(unit.active)),
            // A name too long for a unit was never started.
            unit: UnitName::for_server(&server.key)
                .ok()
                .map(|unit| unit.to_string()),
            memory_bytes: unit.and_then(|unit| unit.memory_bytes),
            started: server.started.as_ref().map(Timestamp::to_string),
            last_activity: server.last_activity.as_ref().map(Timestamp::to_string),
        }
    }

    /// Returns the row of a unit that the database does not know: something is amiss.
    fn unknown(key: &ServerKey, unit: &UnitStatus) -> Self {
        Self {
            user: key.user.to_string(),
            server: key.server.to_string(),
            state: "unknown",
            unit_state: Some(active(unit.active)),
            unit: Some(unit.unit.to_string()),
            memory_bytes: unit.memory_bytes,
            started: None,
            last_activity: None,
        }
    }

    fn row(&self) -> [String; 8] {
        let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
        [
            self.user.clone(),
            if self.server.is_empty() {
                "(default)".to_owned()
            } else {
                self.server.clone()
            },
            self.state.to_owned(),
            or_dash(self.unit_state),
            self.memory_bytes
                .map_or_else(|| "-".to_owned(), |bytes| format!("{} MiB", bytes >> 20)),
            short(self.started.as_deref()),
            short(self.last_activity.as_deref()),
            or_dash(self.unit.as_deref()),
        ]
    }
}

/// Puts the database's servers and systemd's units together.
fn join(servers: &[Server], units: &HashMap<ServerKey, UnitStatus>) -> Vec<ListedServer> {
    let mut listed: Vec<ListedServer> = servers
        .iter()
        .map(|server| ListedServer::new(server, units.get(&server.key)))
        .collect();
    let known = |key: &ServerKey| servers.iter().any(|server| server.key == *key);
    let mut strangers: Vec<_> = units.iter().filter(|(key, _)| !known(key)).collect();
    strangers.sort_by_key(|(key, _)| *key);
    let strangers = strangers.into_iter();
    listed.extend(strangers.map(|(key, unit)| ListedServer::unknown(key, unit)));
    listed
}

fn recorded(state: RecordedState) -> &'static str {
    match state {
        RecordedState::Stopped => "stopped",
        RecordedState::Starting => "starting",
        RecordedState::Running => "running",
        RecordedState::Stopping => "stopping",
    }
}

fn active(state: ActiveState) -> &'static str {
    match state {
        ActiveState::Inactive => "inactive",
        ActiveState::Activating => "activating",
        ActiveState::Active => "active",
        ActiveState::Reloading => "reloading",
        ActiveState::Deactivating => "deactivating",
        ActiveState::Failed => "failed",
        ActiveState::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::{ServerName, UserName};

    fn key(user: &str) -> ServerKey {
        ServerKey {
            user: UserName::parse(user).unwrap(),
            server: ServerName::default_server(),
        }
    }

    fn server(user: &str) -> Server {
        Server {
            key: key(user),
            display_name: String::new(),
            user_options: None,
            created: Timestamp::from_micros(0),
            last_activity: None,
            started: Some(Timestamp::from_micros(60_000_000)),
            state: RecordedState::Running,
            invocation: None,
        }
    }

    fn unit(user: &str) -> UnitStatus {
        UnitStatus {
            unit: UnitName::for_server(&key(user)).unwrap(),
            backend: key(user).into(),
            active: ActiveState::Active,
            result: "success".to_owned(),
            exit: None,
            main_pid: 7,
            invocation: None,
            control_group: String::new(),
            user: user.to_owned(),
            uid: None,
            start_took: None,
            memory_bytes: Some(100 << 20),
            transient: true,
        }
    }

    #[test]
    fn servers_and_units_are_put_together() {
        let units = ["alice", "eve"].map(|user| (key(user), unit(user)));
        let listed = join(&[server("alice"), server("bob")], &HashMap::from(units));
        let rows: Vec<String> = listed.iter().map(|server| server.row().join("|")).collect();
        assert_eq!(
            rows,
            [
                "alice|(default)|running|active|100 MiB|1970-01-01 00:01|-|carrel-user-alice.service",
                "bob|(default)|running|-|-|1970-01-01 00:01|-|carrel-user-bob.service",
                "eve|(default)|unknown|active|100 MiB|-|-|carrel-user-eve.service",
            ]
        );
    }

    #[test]
    fn a_user_is_listed_field_by_field() {
        let user = ListedUser::new(&User {
            name: UserName::parse("alice").unwrap(),
            uid: Some(1001),
            admin: AdminRole::Held,
            created: Timestamp::from_micros(0),
            last_activity: None,
        });
        assert_eq!(user.row().join("|"), "alice|1001|yes|1970-01-01 00:00|-");
        assert_eq!(
            serde_json::to_value(&user).unwrap(),
            serde_json::json!({
                "name": "alice", "uid": 1001, "admin": true,
                "created": "1970-01-01T00:00:00.000000Z", "last_activity": null,
            })
        );
    }
}
