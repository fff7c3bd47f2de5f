//! Logging a person in: policy and PAM, so that a refusal never tells which of them it was.
//!
//! PAM runs for unknown and refused names as well, with answers that cannot be right, and every
//! refusal comes at the same moment. So neither text nor time says whether an account exists, is let
//! in, or has this password.

use std::{
    io::Read,
    net::IpAddr,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    accounts, files,
    message::{
        Answers, FrameError, Prompt, PromptKind, Refusal, Reply, WireSecret, read_frame,
        write_frame,
    },
    policy::{self, Denial},
    serve::Error,
    watchdog::Watchdog,
};
use crate::{
    config::settings::{LoginSettings, Settings},
    domain::{account::Account, names::UserName, secret::Secret, time::Clock},
    pam::{Message, PamError, Style, Transaction},
};

/// The PAM service, `/etc/pam.d/carrel`.
pub(super) const PAM_SERVICE: &str = "carrel";
/// When a refusal is told, counted from the request or from the last answer of a later round; longer
/// than any usual PAM stack takes to say no.
const REFUSAL_DELAY: Duration = Duration::from_secs(2);
/// How long a person may take to answer a question.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(180);
/// How many rounds of questions a login may have.
const MAX_ROUNDS: u32 = 16;
/// The longest answer PAM takes, in bytes (PAM_MAX_RESP_SIZE, its final NUL included).
const MAX_ANSWER_BYTES: usize = 511;
/// What PAM hears instead of the answers of somebody who must not get in. It has a character that
/// cannot be typed into a password field, so it is nobody's password.
const NOBODYS_PASSWORD: &str = "\u{8}\u{7f}no\u{7f}\u{8}";

/// Who wants in, from where.
pub(super) struct Attempt {
    pub(super) user: String,
    pub(super) remote: IpAddr,
}

/// Why somebody is not let in whatever they answer.
enum Unwanted {
    Unknown,
    Denied(UserName, Denial),
}

/// What a test puts other things in the place of.
pub(super) struct Surroundings {
    /// Where PAM's service files lie, when it is not where the system has them.
    pub(super) pam_folder: Option<PathBuf>,
    /// Where the key of the tickets lies.
    pub(super) key_path: PathBuf,
    /// When refusals are told.
    pub(super) refusal_delay: Duration,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            pam_folder: None,
            key_path: PathBuf::from(files::KEY_PATH),
            refusal_delay: REFUSAL_DELAY,
        }
    }
}

/// One login under way.
struct Login<'a> {
    stream: &'a UnixStream,
    watchdog: &'a Watchdog,
    pam_timeout: Duration,
    /// From when the delay of a refusal counts.
    counted_from: Instant,
    rounds: u32,
    /// Texts that wait for the next question.
    notices: Vec<Prompt>,
    /// Whether PAM is to hear [`NOBODYS_PASSWORD`].
    is_decoy: bool,
}

/// Serves a request to log somebody in.
pub(super) fn log_in(
    stream: &UnixStream,
    settings: &Settings,
    watchdog: &Watchdog,
    attempt: &Attempt,
    around: &Surroundings,
) -> Result<(), Error> {
    let started = Instant::now();
    let wanted = judge(attempt, settings)?;
    let name = match &wanted {
        Ok(account) => account.name.as_str().to_owned(),
        Err(_) => attempt.user.replace('\0', "?"),
    };
    let mut login = Login {
        stream,
        watchdog,
        pam_timeout: settings.login.pam_timeout,
        counted_from: started,
        rounds: 0,
        notices: Vec::new(),
        is_decoy: wanted.is_err(),
    };
    let asked = login.ask_pam(&name, attempt.remote, around);
    let counted_from = login.counted_from;
    match (wanted, asked) {
        (Ok(account), Ok(())) => {
            let reply = accepted(account, attempt.remote, &around.key_path)?;
            Ok(write_frame(stream, &reply)?)
        }
        // The hub hung up or was too slow; there is nobody left to tell.
        (_, Err(PamError::Conversation)) => {
            tracing::info!(remote = %attempt.remote, "a login was left unfinished");
            Ok(())
        }
        (wanted, asked) => {
            // A name nobody has may be a password that was typed into the wrong field.
            let logged_name = match &wanted {
                Ok(account) => account.name.as_str(),
                Err(Unwanted::Denied(name, _)) => name.as_str(),
                Err(Unwanted::Unknown) => "(no such account)",
            };
            let refusal = refusal(wanted.as_ref().err(), asked.err());
            tracing::info!(
                target: "audit",
                { user.name = logged_name, remote = %attempt.remote, reason = ?refusal },
                "login refused"
            );
            watchdog.allow(around.refusal_delay.saturating_add(ANSWER_TIMEOUT));
            wait_until(stream, counted_from + around.refusal_delay)?;
            Ok(write_frame(stream, &Reply::Refused(refusal))?)
        }
    }
}

/// Finds out who is meant, and whether they may be let in at all.
fn judge(attempt: &Attempt, settings: &Settings) -> Result<Result<Account, Unwanted>, Error> {
    let Ok(name) = UserName::parse(&attempt.user) else {
        return Ok(Err(Unwanted::Unknown));
    };
    let Some(account) = accounts::find(&name, &settings.login)? else {
        return Ok(Err(Unwanted::Unknown));
    };
    match policy::admit(&account, &settings.login) {
        Ok(()) => Ok(Ok(account)),
        Err(denial) => Ok(Err(Unwanted::Denied(account.name, denial))),
    }
}

/// Finds out whether an account whose owner has shown who they are, now or before, may be used.
pub(super) fn admissible(
    account: &Account,
    settings: &LoginSettings,
) -> Result<Result<(), Denial>, Error> {
    let shadow = accounts::local_passwords()?;
    let admitted = policy::admit(account, settings);
    Ok(admitted.and_then(|()| policy::check_lock(&shadow, account.name.as_str())))
}

/// Goes through PAM's account phase alone. It asks nothing, and nobody is there to answer.
pub(super) fn check_account(name: &str, remote: Option<IpAddr>) -> Result<(), PamError> {
    let mut transaction = Transaction::begin(PAM_SERVICE, name, Box::new(|_| None))?;
    if let Some(remote) = remote {
        transaction.set_remote_host(&remote.to_string())?;
    }
    transaction.check_account()
}

/// Makes the ticket of a login and the reply that brings it.
pub(super) fn accepted(account: Account, remote: IpAddr, key_path: &Path) -> Result<Reply, Error> {
    let ticket = files::ticket_key(key_path)?.issue(&account, Clock::System.now());
    tracing::info!(
        target: "audit",
        { user.name = %account.name, %remote },
        "login accepted"
    );
    Ok(Reply::Accepted {
        account: account.into(),
        ticket: WireSecret(Secret::new(ticket.as_text().to_owned())),
    })
}

/// The settings' reason goes first: PAM heard a decoy and its reason says nothing.
fn refusal(unwanted: Option<&Unwanted>, failure: Option<PamError>) -> Refusal {
    match (unwanted, failure) {
        (Some(Unwanted::Unknown), _) => Refusal::Credentials {
            reason: String::from("there is no such account"),
        },
        (Some(Unwanted::Denied(_, denial)), _) => Refusal::Policy {
            reason: denial.to_string(),
        },
        (None, Some(error @ (PamError::Account(_) | PamError::PasswordExpired))) => {
            Refusal::Account {
                reason: error.to_string(),
            }
        }
        (None, failure) => Refusal::Credentials {
            reason: failure.map_or_else(String::new, |error| error.to_string()),
        },
    }
}

impl Login<'_> {
    fn ask_pam(
        &mut self,
        user: &str,
        remote: IpAddr,
        around: &Surroundings,
    ) -> Result<(), PamError> {
        let talk = Box::new(|messages| self.answer(messages));
        let folder = around.pam_folder.as_deref();
        let mut transaction = Transaction::begin_in(folder, PAM_SERVICE, user, talk)?;
        transaction.set_remote_host(&remote.to_canonical().to_string())?;
        transaction.authenticate()?;
        match transaction.check_account() {
            Err(PamError::PasswordExpired) => match transaction.change_expired_password() {
                Err(PamError::Credentials(_)) => Err(PamError::PasswordExpired),
                outcome => outcome,
            },
            outcome => outcome,
        }
    }

    /// Answers PAM by asking the hub.
    fn answer(&mut self, messages: Vec<Message>) -> Option<Vec<Secret<String>>> {
        let questions = messages.iter().filter(|m| m.style.is_question()).count();
        self.notices.extend(messages.into_iter().map(prompt));
        if questions == 0 {
            return Some(Vec::new());
        }
        self.rounds += 1;
        if self.rounds > MAX_ROUNDS {
            return None;
        }
        let answers = match self.exchange() {
            Ok(answers) => answers,
            Err(error) => {
                tracing::debug!(%error, "the hub gave no answers");
                return None;
            }
        };
        if self.rounds > 1 {
            self.counted_from = Instant::now();
        }
        if answers.len() != questions {
            return None;
        }
        Some(
            answers
                .into_iter()
                .map(|answer| self.usable(answer))
                .collect(),
        )
    }

    fn exchange(&mut self) -> Result<Vec<Secret<String>>, FrameError> {
        let prompts = std::mem::take(&mut self.notices);
        self.watchdog
            .allow(ANSWER_TIMEOUT.saturating_add(self.pam_timeout));
        self.stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        write_frame(self.stream, &Reply::Prompts(prompts))?;
        let Answers(answers) = read_frame(self.stream)?;
        self.watchdog.allow(self.pam_timeout);
        Ok(answers.into_iter().map(|answer| answer.0).collect())
    }

    /// An answer that PAM cannot take is wrong like any other wrong one.
    fn usable(&self, answer: Secret<String>) -> Secret<String> {
        let text = answer.expose();
        if self.is_decoy || text.len() > MAX_ANSWER_BYTES || text.contains('\0') {
            return Secret::new(String::from(NOBODYS_PASSWORD));
        }
        answer
    }
}

fn prompt(message: Message) -> Prompt {
    Prompt {
        kind: match message.style {
            Style::Hidden => PromptKind::Hidden,
            Style::Shown => PromptKind::Shown,
            Style::Error => PromptKind::Error,
            Style::Info => PromptKind::Info,
        },
        text: message.text,
    }
}

/// Waits until `moment`, or until the hub hangs up.
fn wait_until(mut stream: &UnixStream, moment: Instant) -> Result<(), Error> {
    let left = moment.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Ok(());
    }
    stream
        .set_read_timeout(Some(left))
        .map_err(Error::io("wait before a refusal"))?;
    // The hub says nothing more, so this ends by the time-out or by its hanging up.
    if let Ok(1..) = stream.read(&mut [0]) {
        return Err(Error::Request("an answer without a question"));
    }
    Ok(())
}

#[cfg(test)]
#[path = "login_tests.rs"]
mod tests;
