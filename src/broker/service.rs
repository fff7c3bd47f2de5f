//! Services that the configuration names: starting and stopping those that Carrel runs, and the bridges to
//! those that listen on a port.
//!
//! The hub says which; command, account, sandbox and address are read from the configuration here.

use std::{path::Path, time::Duration};

use super::{
    accounts, files,
    launch::{self, HUB_GROUP, JOB_GRACE, Obstacle},
    message::Reply,
    profile,
    serve::Error,
};
use crate::{
    config::settings::{
        Settings,
        services::{ServiceAddress, ServiceSettings},
    },
    domain::{
        account::Account,
        names::{ServiceName, UnitName},
        secret::Secret,
        unit::{ServicePlan, UnitSpec, environment_file, service_socket},
    },
    systemd::{StartError, Systemd},
};

/// How long opening a bridge may take: PID 1 makes a socket.
pub(super) const BRIDGE_TIMEOUT: Duration = Duration::from_secs(15);

/// Starts a service; what stands against it is an answer, not an error.
pub(super) async fn launch(
    name: &ServiceName,
    token: &Secret<String>,
    settings: &Settings,
) -> Result<Reply, Error> {
    launch::told(try_launch(name, token, settings).await)
}

async fn try_launch(
    name: &ServiceName,
    token: &Secret<String>,
    settings: &Settings,
) -> Result<Reply, Obstacle> {
    launch::check_token(token)?;
    let service = find(name, settings)?;
    let account = admit(service, settings)?;
    let spec = plan(service, &account, settings)?;
    launch::run(&spec, &account, token, settings).await
}

fn find<'a>(name: &ServiceName, settings: &'a Settings) -> Result<&'a ServiceSettings, Error> {
    let found = settings.services.iter().find(|it| it.name == *name);
    found.ok_or(Error::Request("the configuration has no such service"))
}

/// The configuration may name any account but root's and the hub's, one without a shell too.
fn admit(service: &ServiceSettings, settings: &Settings) -> Result<Account, Obstacle> {
    let Some(user) = &service.user else {
        return Err(Error::Request("somebody else runs that service").into());
    };
    let account = accounts::find(user, &settings.login)?
        .ok_or_else(|| Obstacle::refused(format!("there is no account {user}")))?;
    let hub = accounts::uid_of(HUB_GROUP)?;
    if account.uid == 0 || Some(account.uid) == hub {
        return Err(Obstacle::refused("no service runs as root or the hub"));
    }
    Ok(account)
}

fn plan(
    service: &ServiceSettings,
    account: &Account,
    settings: &Settings,
) -> Result<UnitSpec, Obstacle> {
    let Some(program) = &service.program else {
        return Err(Error::Request("somebody else runs that service").into());
    };
    let found = launch::find_program(&program.command, settings)?;
    let home = Some(account.home.as_path()).filter(|home| home.is_dir());
    let url = service.address.as_ref().map(|address| match address {
        ServiceAddress::OwnSocket => String::new(),
        ServiceAddress::Unix(_) | ServiceAddress::Tcp { .. } => address.to_string(),
    });
    let client = service.client.as_ref().map(|client| {
        let scopes = client.allowed_scopes.as_slice();
        (client.id.as_str(), client.redirect_uri.as_deref(), scopes)
    });
    let plan = ServicePlan {
        name: &service.name,
        account,
        program: &found,
        args: &program.args,
        // Accounts of services often have no home.
        cwd: program.cwd.as_deref().or(home).unwrap_or(Path::new("/")),
        search_path: &settings.server.search_path,
        url: url.as_deref(),
        client,
        environment: &program.environment,
        language: &launch::language(),
        bounds: profile::bounds(&program.limits),
        sandbox: profile::directives(&program.sandbox),
        start_timeout: program.start_timeout,
        stop_timeout: settings.server.stop_timeout,
        base_url: &settings.hub.base_url,
        public_url: settings.hub.public_url.as_deref(),
        api_origin: &launch::api_origin(settings.hub.listen_api),
        runtime_dir: &settings.hub.runtime_dir,
    };
    UnitSpec::for_service(&plan).map_err(Obstacle::refused)
}

/// Stops a service, which the configuration may not know any more, and closes its bridge.
pub(super) async fn stop(name: &ServiceName, settings: &Settings) -> Result<Reply, Error> {
    let runtime_dir = &settings.hub.runtime_dir;
    launch::end(&UnitName::for_service(name)?, settings).await?;
    files::remove(&service_socket(runtime_dir, name))?;
    let systemd = Systemd::connect().await?;
    let (socket, process) = (
        UnitName::for_bridge(name)?,
        UnitName::for_bridge_process(name)?,
    );
    for unit in [&socket, &process] {
        systemd.stop_unit(unit, JOB_GRACE).await?;
    }
    files::remove_environment(&environment_file(runtime_dir, &process))?;
    Ok(Reply::Stopped)
}

/// Opens the bridge to a service: a socket of PID 1's for the hub alone, and behind it, once somebody comes,
/// a process that passes on what it gets to the service's port and to nowhere else.
pub(super) async fn open_bridge(name: &ServiceName, settings: &Settings) -> Result<Reply, Error> {
    let service = find(name, settings)?;
    let Some(ServiceAddress::Tcp { host, port }) = &service.address else {
        return Err(Error::Request("that service listens on no port"));
    };
    let (socket, process) = (
        UnitName::for_bridge(name)?,
        UnitName::for_bridge_process(name)?,
    );
    let path = environment_file(&settings.hub.runtime_dir, &process);
    let _lock = files::lock(&path)?;
    let systemd = Systemd::connect().await?;
    // systemd-socket-proxyd(8) wants an IPv6 address without its brackets.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let address = format!("ADDRESS=\"{host}:{port}\"\n");
    if !files::holds(&path, &address) {
        files::write_new(&path, address.as_bytes()).map_err(Error::io("write an address"))?;
        systemd.stop_unit(&process, JOB_GRACE).await?;
    }
    match systemd.start_unit(&socket, JOB_GRACE).await {
        Ok(()) => Ok(Reply::BridgeOpen),
        Err(StartError::Bus(error)) => Err(error.into()),
        Err(error) => {
            tracing::error!(unit = %socket, "a bridge did not open: {error}");
            Err(Error::Request("systemd does not open the bridge"))
        }
    }
}
