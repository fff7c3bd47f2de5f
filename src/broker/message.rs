//! What hub and broker say to each other: length-prefixed JSON frames over a Unix socket.
//!
//! A frame is a big-endian `u32` with the number of bytes that follow, then one JSON value. Frames
//! may hold passwords: buffers are wiped, and no type here prints what it keeps secret.

pub mod provider;

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::IpAddr,
    path::PathBuf,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use thiserror::Error;
use zeroize::Zeroizing;

use self::provider::{Arrival, Departure, ProviderFault};
use crate::domain::{
    account::Account,
    names::{NameError, UserName},
    secret::Secret,
};

/// The longest frame either side accepts, in bytes.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;

/// What can be wrong with a frame.
#[derive(Debug, Error)]
pub enum FrameError {
    /// The other side closed the connection or did not move in time.
    #[error("exchange a frame with the other side of the broker socket")]
    Io(#[from] io::Error),
    /// The frame is longer than [`MAX_FRAME_BYTES`].
    #[error("frame of {0} bytes is too long")]
    TooLong(usize),
    /// The frame is no JSON of the expected shape.
    #[error("frame is not understood")]
    Malformed(#[from] serde_json::Error),
}

/// A secret on its way through a frame; the only place where one is serialised.
#[derive(Debug)]
pub struct WireSecret(pub Secret<String>);

impl WireSecret {
    /// Copies the secret for one frame.
    pub fn copy_of(secret: &Secret<String>) -> Self {
        Self(Secret::new(secret.expose().clone()))
    }
}

impl Serialize for WireSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for WireSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

/// The first frame of a connection: what the hub asks for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Log a person in; followed by rounds of [`Reply::Prompts`] and [`Answers`].
    Authenticate {
        /// The name as typed.
        user: String,
        /// Where the person's browser is, for PAM_RHOST.
        remote: IpAddr,
    },
    /// Send somebody to the OpenID Connect provider.
    Depart,
    /// Log in whoever the provider says brought this back.
    Arrive {
        /// What the browser brought, and what was known before.
        arrival: Arrival,
        /// Where the person's browser is, for PAM_RHOST.
        remote: IpAddr,
    },
    /// Start a server.
    Launch {
        /// Whose server.
        user: String,
        /// Which of their servers; empty for the default one.
        server: String,
        /// The API token the server gets.
        token: WireSecret,
        /// The ticket of the owner's last login.
        ticket: Option<WireSecret>,
        /// The kind of server that was chosen, by its name in the configuration.
        #[serde(default)]
        profile: Option<String>,
        /// What was answered to the options of the configuration, by their names.
        #[serde(default)]
        answers: BTreeMap<String, String>,
    },
    /// Stop a server and clear away what starting it left.
    Stop {
        /// Whose server.
        user: String,
        /// Which of their servers; empty for the default one.
        server: String,
    },
    /// Start a service that the configuration has Carrel run.
    LaunchService {
        /// What it is called.
        name: String,
        /// The API token it gets.
        token: WireSecret,
    },
    /// Stop a service, close its bridge and clear away what both left.
    StopService {
        /// What it is called.
        name: String,
    },
    /// Open the bridge to a service that, by the configuration, listens on a port.
    OpenBridge {
        /// What it is called.
        name: String,
    },
    /// Look an account up.
    Account {
        /// The name.
        user: String,
    },
}

/// The hub's answers to one [`Reply::Prompts`]: one for each prompt that is a question, in order.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answers(pub Vec<WireSecret>);

/// How a prompt is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptKind {
    /// A question whose answer is not to be shown, such as a password.
    Hidden,
    /// A question whose answer may be shown.
    Shown,
    /// A text to show; no answer.
    Info,
    /// An error to show; no answer.
    Error,
}

impl PromptKind {
    /// Tells whether an answer is expected.
    pub fn is_question(self) -> bool {
        matches!(self, Self::Hidden | Self::Shown)
    }
}

/// One message of a PAM conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// The text, as the PAM module worded it.
    pub text: String,
    /// How it is to be shown.
    pub kind: PromptKind,
}

/// Why a login was refused; for the journal only, the person reads one and the same text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// PAM did not accept the answers, or there is no such account.
    Credentials {
        /// What PAM said.
        reason: String,
    },
    /// The account may not be used now: expired, locked.
    Account {
        /// What PAM said.
        reason: String,
    },
    /// The settings do not let this account in.
    Policy {
        /// Which setting.
        reason: String,
    },
}

/// An account in a frame.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WireAccount {
    name: String,
    uid: u32,
    gid: u32,
    home: PathBuf,
    shell: PathBuf,
    groups: Vec<String>,
    admin: bool,
}

impl From<Account> for WireAccount {
    fn from(account: Account) -> Self {
        Self {
            name: account.name.as_str().to_owned(),
            uid: account.uid,
            gid: account.gid,
            home: account.home,
            shell: account.shell,
            groups: account.groups,
            admin: account.admin,
        }
    }
}

impl TryFrom<WireAccount> for Account {
    type Error = NameError;

    fn try_from(wire: WireAccount) -> Result<Self, NameError> {
        Ok(Self {
            name: UserName::parse(&wire.name)?,
            uid: wire.uid,
            gid: wire.gid,
            home: wire.home,
            shell: wire.shell,
            groups: wire.groups,
            admin: wire.admin,
        })
    }
}

/// Why a server did not start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaunchFault {
    /// The settings, the account or a missing ticket forbid it.
    Refused {
        /// Why, in words.
        reason: String,
        /// Whether logging in again would help.
        login_needed: bool,
    },
    /// The program to run is not installed.
    CommandMissing {
        /// The program.
        command: String,
        /// The folders looked through.
        searched: Vec<PathBuf>,
    },
    /// The server's unit runs already.
    AlreadyRunning {
        /// The unit.
        unit: String,
        /// Its invocation.
        invocation: Option<String>,
    },
    /// systemd could not start the unit.
    Failed {
        /// The unit.
        unit: String,
        /// The unit's `Result` or the job's, such as `exit-code` or `timeout`.
        result: String,
        /// The same in words.
        message: String,
        /// The failed invocation, whose journal may say more.
        invocation: Option<String>,
    },
}

/// What the broker says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// PAM asks; the hub sends [`Answers`].
    Prompts(Vec<Prompt>),
    /// The person is who they say.
    Accepted {
        /// Their account.
        account: WireAccount,
        /// The proof of this login that `launch` wants to see.
        ticket: WireSecret,
    },
    /// The person is not let in.
    Refused(Refusal),
    /// The way to the provider.
    Departure(Departure),
    /// The provider's word could not be had, or does not count.
    ProviderFault(ProviderFault),
    /// The server's unit is active.
    Launched {
        /// The unit.
        unit: String,
        /// Its invocation, 32 hexadecimal digits.
        invocation: String,
        /// Where the server will listen.
        socket: PathBuf,
        /// The account it runs as.
        account: WireAccount,
    },
    /// The server's unit is not active.
    NotLaunched(LaunchFault),
    /// The unit is stopped and forgotten.
    Stopped,
    /// The bridge stands open.
    BridgeOpen,
    /// The account, if there is one.
    Account(Option<WireAccount>),
    /// The broker could not do its work; the text is for the journal.
    Failed(String),
}

/// Writes `value` as one frame.
pub fn write_frame(mut out: impl Write, value: &impl Serialize) -> Result<(), FrameError> {
    let frame = encode(value)?;
    out.write_all(&frame)?;
    Ok(out.flush()?)
}

/// Reads one frame.
pub fn read_frame<T: DeserializeOwned>(mut from: impl Read) -> Result<T, FrameError> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut body = body_buffer(length)?;
    from.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}

/// Counts what a value would take, so that the buffer of a secret is never moved and left behind.
pub(super) fn encode(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, FrameError> {
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, value)?;
    if counter.0 > MAX_FRAME_BYTES {
        return Err(FrameError::TooLong(counter.0));
    }
    let length = u32::try_from(counter.0).map_err(|_| FrameError::TooLong(counter.0))?;
    let mut frame = Zeroizing::new(Vec::with_capacity(counter.0 + 4));
    frame.extend_from_slice(&length.to_be_bytes());
    serde_json::to_writer(&mut *frame, value)?;
    Ok(frame)
}

/// Makes room for a frame's body, of the length that stands before it.
pub(super) fn body_buffer(length: [u8; 4]) -> Result<Zeroizing<Vec<u8>>, FrameError> {
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > MAX_FRAME_BYTES {
        return Err(FrameError::TooLong(length));
    }
    Ok(Zeroizing::new(vec![0; length]))
}

struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> WireSecret {
        WireSecret(Secret::new(text.to_owned()))
    }

    #[test]
    fn a_request_survives_the_wire() {
        let request = Request::Launch {
            user: "alice".into(),
            server: String::new(),
            token: secret("t0ken"),
            ticket: None,
            profile: None,
            answers: BTreeMap::new(),
        };
        let mut bytes = Vec::new();
        write_frame(&mut bytes, &request).unwrap();
        assert_eq!(
            bytes[..4],
            (u32::try_from(bytes.len()).unwrap() - 4).to_be_bytes()
        );
        let read = read_frame(bytes.as_slice()).unwrap();
        let Request::Launch { user, token, .. } = read else {
            panic!("{read:?}");
        };
        assert_eq!(user, "alice");
        assert_eq!(token.0.expose(), "t0ken");
    }

    #[test]
    fn frames_never_print_their_secrets() {
        let answers = Answers(vec![secret("hunter2")]);
        assert!(!format!("{answers:?}").contains("hunter2"));
    }

    #[test]
    fn bad_frames_are_refused() {
        let too_long = u32::try_from(MAX_FRAME_BYTES + 1).unwrap().to_be_bytes();
        assert!(matches!(
            read_frame::<Request>(too_long.as_slice()),
            Err(FrameError::TooLong(_))
        ));
        for body in [
            "",
            "{}",
            r#"{"launch":{"user":"a"}}"#,
            r#"{"account":{"user":"a","argv":["sh"]}}"#,
            r#"{"shell":{"user":"a"}}"#,
        ] {
            let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
            frame.extend_from_slice(body.as_bytes());
            assert!(read_frame::<Request>(frame.as_slice()).is_err(), "{body}");
        }
        let cut_off = [0, 0, 0, 9, b'{'];
        assert!(matches!(
            read_frame::<Request>(cut_off.as_slice()),
            Err(FrameError::Io(_))
        ));
    }

    #[test]
    fn a_password_of_any_length_does_not_overrun_a_frame() {
        let answers = Answers(vec![secret(&"x".repeat(MAX_FRAME_BYTES))]);
        assert!(matches!(
            write_frame(io::sink(), &answers),
            Err(FrameError::TooLong(_))
        ));
    }
}
