//! Logging in whoever an OpenID Connect provider says it is.
//!
//! `carrel oidc` asks the provider and gives a name. Here the account of that name is judged as for a
//! password, but for the password. The person has shown who they are, so a refusal may come at once.

use std::{net::IpAddr, os::unix::net::UnixStream, path::Path, time::Duration};

use super::{
    accounts, files, login,
    message::{
        Refusal, Reply,
        provider::{Answer, Arrival, Question},
        read_frame, write_frame,
    },
    serve::{Error, bound_time},
};
use crate::{
    config::settings::Settings,
    domain::{account::Account, names::UserName},
};

/// How long `carrel oidc` may take; longer than it gives the provider.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// The file name of its socket in the runtime folder.
const SOCKET_NAME: &str = "oidc.sock";

/// Finds out where to send a browser.
pub(super) fn depart(settings: &Settings) -> Result<Reply, Error> {
    match ask(&Question::Depart, settings)? {
        Answer::Departure(departure) => Ok(Reply::Departure(departure)),
        Answer::Fault(fault) => Ok(Reply::ProviderFault(fault)),
        Answer::Person(_) => Err(Error::Request("a person where a way was asked for")),
    }
}

/// Logs in whoever the provider says brought this back.
pub(super) fn arrive(
    arrival: Arrival,
    remote: IpAddr,
    settings: &Settings,
) -> Result<Reply, Error> {
    let name = match ask(&Question::Arrive(arrival), settings)? {
        Answer::Person(name) => name,
        Answer::Fault(fault) => return Ok(Reply::ProviderFault(fault)),
        Answer::Departure(_) => return Err(Error::Request("a way where a person was asked for")),
    };
    match admit(&name, remote, settings)? {
        Ok(account) => login::accepted(account, remote, Path::new(files::KEY_PATH)),
        Err(refusal) => {
            tracing::info!(
                target: "audit",
                { user.name = %name.escape_debug(), %remote, reason = ?refusal },
                "login by the provider refused"
            );
            Ok(Reply::Refused(refusal))
        }
    }
}

/// Finds out whether the account of this name may be used now.
fn admit(
    name: &str,
    remote: IpAddr,
    settings: &Settings,
) -> Result<Result<Account, Refusal>, Error> {
    let found = match UserName::parse(name) {
        Ok(name) => accounts::find(&name, &settings.login)?,
        Err(_) => None,
    };
    let Some(account) = found else {
        return Ok(Err(Refusal::Credentials {
            reason: format!("there is no account {name:?}"),
        }));
    };
    let name = account.name.as_str();
    if let Err(denial) = login::admissible(&account, &settings.login)? {
        let reason = denial.to_string();
        return Ok(Err(Refusal::Policy { reason }));
    }
    Ok(match login::check_account(name, Some(remote)) {
        Ok(()) => Ok(account),
        Err(error) => Err(Refusal::Account {
            reason: error.to_string(),
        }),
    })
}

/// Has `carrel oidc` answer one question.
fn ask(question: &Question, settings: &Settings) -> Result<Answer, Error> {
    if settings.openid_connect.is_none() {
        return Err(Error::Request("openid_connect.issuer is not set"));
    }
    let stream = UnixStream::connect(settings.hub.runtime_dir.join(SOCKET_NAME))
        .map_err(Error::io("connect to carrel-oidc.socket"))?;
    bound_time(&stream, PATIENCE)?;
    write_frame(&stream, question).map_err(Error::Provider)?;
    read_frame(&stream).map_err(Error::Provider)
}

#[cfg(test)]
#[path = "provider_tests.rs"]
mod tests;
