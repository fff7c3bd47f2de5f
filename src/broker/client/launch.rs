//! A server to be started, and what comes of it.

use std::{collections::BTreeMap, path::PathBuf};

use super::Error;
use crate::{
    broker::{
        message::{LaunchFault, WireAccount},
        ticket::Ticket,
    },
    domain::{
        account::Account,
        names::{ServerKey, UnitName},
        profile::ProfileName,
        secret::Secret,
        server::InvocationId,
    },
};

/// A server to be started.
#[derive(Debug)]
pub struct LaunchOrder<'a> {
    /// Which server.
    pub key: &'a ServerKey,
    /// The API token it gets.
    pub token: &'a Secret<String>,
    /// The ticket of its owner's last login.
    pub ticket: Option<&'a Ticket>,
    /// The kind of server that was chosen.
    pub profile: Option<&'a ProfileName>,
    /// What was answered to the options, by their names.
    pub answers: &'a BTreeMap<String, String>,
}

/// A server whose unit is active; whether it answers is another question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launched {
    /// Its unit.
    pub unit: UnitName,
    /// This run of the unit.
    pub invocation: InvocationId,
    /// Where it will listen.
    pub socket: PathBuf,
    /// The account it runs as.
    pub account: Account,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The settings or the account forbid it.
    #[error("start a server: {reason}")]
    Refused {
        /// Why, in words.
        reason: String,
        /// Whether logging in again would help.
        login_needed: bool,
    },
    /// The program to run is not installed.
    #[error("find {command} in {searched:?}")]
    CommandMissing {
        /// The program.
        command: String,
        /// The folders looked through.
        searched: Vec<PathBuf>,
    },
    /// The unit runs already.
    #[error("{unit} runs already")]
    AlreadyRunning {
        /// The unit.
        unit: UnitName,
        /// The run that is going on.
        invocation: Option<InvocationId>,
    },
    /// systemd could not start the unit.
    #[error("start {unit}: {message} ({result})")]
    Failed {
        /// The unit.
        unit: UnitName,
        /// The unit's `Result` or the job's.
        result: String,
        /// The same in words.
        message: String,
        /// The run that failed, whose journal may say more.
        invocation: Option<InvocationId>,
    },
    /// The broker gave no answer; whether a unit runs is not known.
    #[error("ask the broker to start a server")]
    Unavailable(#[source] Error),
}

/// Reads what the broker says of a server it started; `None` when it makes no sense.
pub(super) fn read_launched(
    unit: &str,
    invocation: &str,
    socket: PathBuf,
    account: WireAccount,
) -> Option<Launched> {
    Some(Launched {
        unit: UnitName::parse(unit)?.0,
        invocation: InvocationId::parse(invocation)?,
        socket,
        account: account.try_into().ok()?,
    })
}

/// Reads why the broker started no server.
pub(super) fn read_fault(fault: LaunchFault) -> LaunchError {
    let parse_unit = |unit: &str| {
        UnitName::parse(unit)
            .map(|(unit, _)| unit)
            .ok_or(LaunchError::Unavailable(Error::Protocol))
    };
    let parse_invocation = |text: Option<String>| text.and_then(|text| InvocationId::parse(&text));
    match fault {
        LaunchFault::Refused {
            reason,
            login_needed,
        } => LaunchError::Refused {
            reason,
            login_needed,
        },
        LaunchFault::CommandMissing { command, searched } => {
            LaunchError::CommandMissing { command, searched }
        }
        LaunchFault::AlreadyRunning { unit, invocation } => match parse_unit(&unit) {
            Ok(unit) => LaunchError::AlreadyRunning {
                unit,
                invocation: parse_invocation(invocation),
            },
            Err(error) => error,
        },
        LaunchFault::Failed {
            unit,
            result,
            message,
            invocation,
        } => match parse_unit(&unit) {
            Ok(unit) => LaunchError::Failed {
                unit,
                result,
                message,
                invocation: parse_invocation(invocation),
            },
            Err(error) => error,
        },
    }
}
