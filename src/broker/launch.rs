//! Starting and stopping units: what is asked for by name becomes a unit by the configuration.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    accounts, files,
    login::{admissible, check_account},
    message::{LaunchFault, Reply},
    profile,
    serve::Error,
    ticket::Ticket,
};
use crate::{
    config::settings::{Overrides, Settings, profiles::ProfileSettings},
    domain::{
        account::Account,
        names::{ServerKey, UnitName},
        secret::Secret,
        time::Clock,
        unit::{Places, UnitSpec, environment_file},
    },
    systemd::{StartError, Systemd, UnitStatus},
};

/// The group of the hub, which reaches people's sockets through it.
pub(super) const HUB_GROUP: &str = "carrel";
/// What systemd gets beyond a unit's own deadline.
pub(super) const JOB_GRACE: Duration = Duration::from_secs(5);
/// The longest token; ours are far shorter.
const MAX_TOKEN_BYTES: usize = 512;
/// The system's language when none is set.
const NO_LANGUAGE: &str = "C.UTF-8";

/// A server to be started.
pub(super) struct Order {
    pub(super) key: ServerKey,
    pub(super) token: Secret<String>,
    pub(super) ticket: Option<Ticket>,
    pub(super) profile: Option<String>,
    pub(super) answers: BTreeMap<String, String>,
}

/// What stands against a launch: an answer to give, or an error to tell.
pub(super) enum Obstacle {
    Fault(LaunchFault),
    Error(Error),
}

impl<E: Into<Error>> From<E> for Obstacle {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl Obstacle {
    pub(super) fn refused(reason: impl ToString) -> Self {
        Self::Fault(LaunchFault::Refused {
            reason: reason.to_string(),
            login_needed: false,
        })
    }

    fn login_needed(reason: impl ToString) -> Self {
        Self::Fault(LaunchFault::Refused {
            reason: reason.to_string(),
            login_needed: true,
        })
    }
}

/// Starts a server; what stands against it is an answer, not an error.
pub(super) async fn launch(
    order: &Order,
    settings: &Settings,
    clock: &Clock,
) -> Result<Reply, Error> {
    told(try_launch(order, settings, clock).await)
}

/// Makes an answer of what stands against a launch.
pub(super) fn told(outcome: Result<Reply, Obstacle>) -> Result<Reply, Error> {
    match outcome {
        Ok(reply) => Ok(reply),
        Err(Obstacle::Fault(fault)) => {
            tracing::info!(?fault, "a unit was not started");
            Ok(Reply::NotLaunched(fault))
        }
        Err(Obstacle::Error(error)) => Err(error),
    }
}

async fn try_launch(order: &Order, settings: &Settings, clock: &Clock) -> Result<Reply, Obstacle> {
    check_token(&order.token)?;
    let account = admit(order, settings, clock)?;
    let chosen = choose(order.profile.as_deref(), &account, settings)?;
    let profile = chosen.map(|chosen| &chosen.name);
    let answered = settings
        .changes(profile, &order.answers, &account.groups)
        .map_err(Obstacle::refused)?;
    let spec = plan(&account, &order.key, chosen, &answered, settings)?;
    run(&spec, &account, &order.token, settings).await
}

/// Starts a unit and waits until it is active.
pub(super) async fn run(
    spec: &UnitSpec,
    account: &Account,
    token: &Secret<String>,
    settings: &Settings,
) -> Result<Reply, Obstacle> {
    let _lock = files::lock(&spec.environment_file)?;
    let systemd = Systemd::connect().await?;
    if let Some(status) = systemd.unit_status(&spec.unit).await?
        && status.active.is_up()
    {
        let standing = StartError::standing(status, account.name.as_str());
        return Err(read_start_error(spec, standing));
    }
    prepare(spec, account, token)?;
    match start(&systemd, spec, account, settings).await {
        Ok(reply) => Ok(reply),
        Err(error) => {
            undo(&systemd, spec, &error).await?;
            Err(read_start_error(spec, error))
        }
    }
}

/// Tokens are letters, digits and a few marks; anything else does not come from the hub's code.
pub(super) fn check_token(token: &Secret<String>) -> Result<(), Error> {
    let text = token.expose();
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b));
    if text.is_empty() || text.len() > MAX_TOKEN_BYTES || !plain {
        return Err(Error::Request("the token is not one of the hub's"));
    }
    Ok(())
}

/// Finds out whether the account may have a server now.
fn admit(order: &Order, settings: &Settings, clock: &Clock) -> Result<Account, Obstacle> {
    let login = &settings.login;
    let user = &order.key.user;
    let account = accounts::find(user, login)?
        .ok_or_else(|| Obstacle::refused(format!("there is no account {user}")))?;
    if account.name != *user {
        let reason = format!("the account's name is {}", account.name);
        return Err(Obstacle::login_needed(reason));
    }
    admissible(&account, login)?.map_err(Obstacle::refused)?;
    if login.require_ticket {
        let ticket = order
            .ticket
            .as_ref()
            .ok_or_else(|| Obstacle::login_needed("the account has not logged in yet"))?;
        files::ticket_key(Path::new(files::KEY_PATH))?
            .check(ticket, &account, clock.now(), login.ticket_lifetime)
            .map_err(Obstacle::login_needed)?;
    }
    check_account(account.name.as_str(), None).map_err(Obstacle::refused)?;
    Ok(account)
}

/// Finds the kind of server that was chosen, if the account may choose it.
fn choose<'a>(
    name: Option<&str>,
    account: &Account,
    settings: &'a Settings,
) -> Result<Option<&'a ProfileSettings>, Obstacle> {
    let Some(name) = name else {
        return Ok(None);
    };
    let mut profiles = settings.profiles.iter();
    match profiles.find(|profile| profile.name.as_str() == name) {
        Some(profile) if profile.is_for(&account.groups) => Ok(Some(profile)),
        Some(profile) => Err(Obstacle::refused(format!(
            "the profile {} is for members of {}",
            profile.name,
            profile.groups.join(", ")
        ))),
        None => Err(Obstacle::refused(
            "the profile that was chosen is not there (any more)",
        )),
    }
}

/// Makes the unit, unless something it needs is missing.
fn plan(
    account: &Account,
    key: &ServerKey,
    chosen: Option<&ProfileSettings>,
    answered: &[Overrides],
    settings: &Settings,
) -> Result<UnitSpec, Obstacle> {
    let home = account.home.display();
    match std::fs::metadata(&account.home) {
        Ok(found) if !found.is_dir() => {
            return Err(Obstacle::refused(format!("the home {home} is no folder")));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let reason = format!("the home folder {home} does not exist");
            return Err(Obstacle::refused(reason));
        }
        // Some homes on the network can be entered by their owner only.
        _ => {}
    }
    let server = match chosen {
        Some(chosen) => Cow::Owned(chosen.applied_to(&settings.server)),
        None => Cow::Borrowed(&settings.server),
    };
    let program = find_program(&server.command, settings)?;
    let launcher = std::env::current_exe().map_err(Error::io("find Carrel's own program"))?;
    let found = profile::Found {
        account,
        key,
        chosen,
        answered,
        server: &server,
        program: &program,
        launcher: &launcher,
        language: &language(),
        api_origin: &api_origin(settings.hub.listen_api),
    };
    UnitSpec::make(&profile::plan(&found, settings)).map_err(Obstacle::refused)
}

/// Returns where a program lies.
pub(super) fn find_program(command: &str, settings: &Settings) -> Result<PathBuf, Obstacle> {
    let searched = &settings.server.search_path;
    profile::find_program(command, searched).ok_or_else(|| {
        Obstacle::Fault(LaunchFault::CommandMissing {
            command: command.to_owned(),
            searched: searched.clone(),
        })
    })
}

/// Returns the system's language.
pub(super) fn language() -> String {
    let language = std::env::var("LANG").ok();
    let language = language.filter(|text| !text.is_empty());
    language.unwrap_or_else(|| NO_LANGUAGE.to_owned())
}

pub(super) fn api_origin(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// Makes what the unit needs on disk.
fn prepare(spec: &UnitSpec, account: &Account, token: &Secret<String>) -> Result<(), Error> {
    let group = accounts::gid_of(HUB_GROUP)?.ok_or(Error::Request("there is no group carrel"))?;
    if let Some(folder) = spec.socket.parent() {
        files::make_user_dir(folder, account.uid, group)?;
    }
    files::remove(&spec.socket)?;
    files::write_environment(spec, token)
}

async fn start(
    systemd: &Systemd,
    spec: &UnitSpec,
    account: &Account,
    settings: &Settings,
) -> Result<Reply, StartError> {
    let user = account.name.as_str();
    let patience = settings.server.start_timeout.saturating_add(JOB_GRACE);
    let status = systemd.start_transient(spec, user, patience).await?;
    // systemd looked the account up once more; between the two it may have become another's.
    if status.uid.is_some_and(|uid| uid != account.uid) {
        systemd.stop_unit(&spec.unit, JOB_GRACE).await?;
        return Err(StartError::NotOurs("the account's uid changed meanwhile"));
    }
    let invocation = status
        .invocation
        .ok_or(crate::systemd::Error::Shape("invocation"))?;
    Ok(Reply::Launched {
        unit: spec.unit.to_string(),
        invocation: invocation.to_string(),
        socket: spec.socket.clone(),
        account: account.clone().into(),
    })
}

/// Takes back what a failed start left; a unit that somebody else started stays.
async fn undo(systemd: &Systemd, spec: &UnitSpec, error: &StartError) -> Result<(), Error> {
    if matches!(
        error,
        StartError::AlreadyRunning(_) | StartError::NotOurs(_)
    ) {
        return Ok(());
    }
    let left = systemd.unit_status(&spec.unit).await?;
    if left.is_some_and(|status| status.transient) {
        systemd.stop_unit(&spec.unit, JOB_GRACE).await?;
    }
    files::remove_environment(&spec.environment_file)?;
    files::remove(&spec.socket)
}

fn read_start_error(spec: &UnitSpec, error: StartError) -> Obstacle {
    let unit = spec.unit.to_string();
    let text = error.to_string();
    let invocation = |status: &UnitStatus| status.invocation.map(|id| id.to_string());
    Obstacle::Fault(match error {
        StartError::AlreadyRunning(status) => LaunchFault::AlreadyRunning {
            unit,
            invocation: invocation(&status),
        },
        StartError::Failed {
            status: Some(status),
            ..
        } => LaunchFault::Failed {
            unit,
            message: status.in_words(),
            invocation: invocation(&status),
            result: status.result,
        },
        StartError::Failed { job, status: None } => LaunchFault::Failed {
            unit,
            result: job,
            message: text,
            invocation: None,
        },
        StartError::NotOurs(_) | StartError::Rejected(_) => LaunchFault::Failed {
            unit,
            result: String::from("rejected"),
            message: text,
            invocation: None,
        },
        StartError::Bus(error) => return error.into(),
    })
}

/// Stops a server and clears away what starting it made. The account may be gone by now.
pub(super) async fn stop(key: &ServerKey, settings: &Settings) -> Result<Reply, Error> {
    let unit = UnitName::for_server(key)?;
    let mut uid = end(&unit, settings).await?;
    if uid.is_none() {
        uid = accounts::find(&key.user, &settings.login)?.map(|account| account.uid);
    }
    if let Some(uid) = uid {
        files::remove(&Places::of(&settings.hub.runtime_dir, uid, key, &unit).socket)?;
    }
    Ok(Reply::Stopped)
}

/// Ends a unit and removes its environment; returns whom it ran as, if that is known.
pub(super) async fn end(unit: &UnitName, settings: &Settings) -> Result<Option<u32>, Error> {
    let environment_file = environment_file(&settings.hub.runtime_dir, unit);
    let _lock = files::lock(&environment_file)?;
    let systemd = Systemd::connect().await?;
    let mut uid = None;
    if let Some(status) = systemd.unit_status(unit).await? {
        if !status.transient {
            return Err(Error::Request("the unit was not made by Carrel"));
        }
        uid = status.uid;
        let patience = settings.server.stop_timeout.saturating_add(JOB_GRACE);
        systemd.stop_unit(unit, patience).await?;
        tracing::info!(unit = %unit, "a unit was stopped");
    }
    files::remove_environment(&environment_file)?;
    Ok(uid)
}
