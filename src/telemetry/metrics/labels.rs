//! The labels of metrics: closed sets, so that no request can make a series of its own.

use std::{fmt::Debug, hash::Hash};

use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};

/// The values of a metric's labels, in the order of their names.
pub trait Labels: EncodeLabelSet + Clone + Eq + Hash + Debug + Send + Sync + 'static {
    /// The names.
    const NAMES: &'static [&'static str];

    /// Returns the values that are told from the start, with nothing counted: a series that begins
    /// to exist with the first failure cannot be alerted on (MX-30).
    fn expected() -> Vec<Self>;
}

/// Makes a label whose values are the variants of an enum.
macro_rules! label {
    ($(#[$doc:meta])* $label:ident($name:literal) { $($(#[$of:meta])* $variant:ident = $value:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $label {
            $($(#[$of])* $variant,)+
        }

        impl $label {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the value as it is written.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $value,)+
                }
            }
        }

        impl EncodeLabelSet for $label {
            fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
                [($name, self.as_str())].encode(encoder)
            }
        }

        impl Labels for $label {
            const NAMES: &'static [&'static str] = &[$name];

            fn expected() -> Vec<Self> {
                Self::ALL.to_vec()
            }
        }
    };
}

label! {
    /// How something ended.
    Outcome("status") {
        /// As it should.
        Success = "success",
        /// Not so.
        Failure = "failure",
    }
}

label! {
    /// What was found when a server was looked at.
    Found("status") {
        /// Its unit is up.
        Running = "running",
        /// It is not.
        Stopped = "stopped",
    }
}

label! {
    /// Since when somebody counts as active.
    Period("period") {
        /// A day ago.
        Day = "24h",
        /// A week ago.
        Week = "7d",
        /// A month ago.
        Month = "30d",
    }
}

label! {
    /// By which door a connection came.
    Door("listener") {
        /// The public one, with TLS.
        Public = "public",
        /// The plain one, which redirects.
        Redirect = "redirect",
        /// The loopback one of the API.
        Api = "api",
        /// Root's own socket.
        Admin = "admin",
    }
}

label! {
    /// What the broker was asked for.
    Verb("verb") {
        /// One round of a login.
        Authenticate = "authenticate",
        /// To start a unit.
        Launch = "launch",
        /// To stop one.
        Stop = "stop",
        /// To start or stop a service, or to open the bridge to one.
        Service = "service",
        /// To look an account up.
        Account = "account",
    }
}

label! {
    /// Which of the database's threads a call went to.
    Thread("thread") {
        /// The one that writes.
        Writer = "writer",
        /// The one that reads.
        Reader = "reader",
    }
}

label! {
    /// A part of a start, in this order.
    Phase("phase") {
        /// From the request until the broker has answered; holds the next phase.
        Broker = "broker",
        /// systemd's part of that: from the unit's first step until it is active.
        UnitStart = "unit_start",
        /// From there until the program answers.
        FirstAnswer = "first_answer",
    }
}

label! {
    /// Why a request did not get to its server.
    Obstacle("cause") {
        /// Nobody answers at the socket.
        Dead = "dead",
        /// The socket is not its owner's.
        Foreign = "foreign",
        /// The server broke off.
        Broken = "broken",
    }
}

label! {
    /// The first digit of a reply's status.
    Class("code") {
        /// A websocket.
        Switching = "1xx",
        /// It went well.
        Fine = "2xx",
        /// Elsewhere, or unchanged.
        Elsewhere = "3xx",
        /// The client's fault.
        ClientError = "4xx",
        /// The server's fault, or it is not there.
        ServerError = "5xx",
    }
}

impl Class {
    /// Returns the class of a status.
    pub fn of(status: u16) -> Self {
        match status {
            ..200 => Self::Switching,
            200..300 => Self::Fine,
            300..400 => Self::Elsewhere,
            400..500 => Self::ClientError,
            500.. => Self::ServerError,
        }
    }
}

/// No label at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unlabelled;

impl EncodeLabelSet for Unlabelled {
    fn encode(&self, _encoder: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
        Ok(())
    }
}

impl Labels for Unlabelled {
    const NAMES: &'static [&'static str] = &[];

    fn expected() -> Vec<Self> {
        vec![Self]
    }
}

/// The version that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version;

impl EncodeLabelSet for Version {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
        [("version", env!("CARGO_PKG_VERSION"))].encode(encoder)
    }
}

impl Labels for Version {
    const NAMES: &'static [&'static str] = &["version"];

    fn expected() -> Vec<Self> {
        vec![Self]
    }
}

/// A request that the hub answered itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Answered {
    /// Its method; see [`Answered::method`].
    pub method: &'static str,
    /// The path of its row in the table of routes, or one of the words below.
    pub handler: &'static str,
    /// The reply's status.
    pub code: u16,
}

impl Answered {
    /// The handler of what was sent elsewhere before any row was looked for.
    pub const REDIRECTED: &str = "(redirected)";
    /// The handler of paths that are none.
    pub const UNKNOWN: &str = "(unknown)";
    /// The handler of a request whose handler came to no end.
    pub const BROKEN_OFF: &str = "(broken off)";

    /// Returns a method that may be a label: clients can make methods up.
    pub fn method(method: &str) -> &'static str {
        const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let known = KNOWN.into_iter().find(|known| *known == method);
        known.unwrap_or("(other)")
    }
}

impl EncodeLabelSet for Answered {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
        let texts = [("method", self.method), ("handler", self.handler)];
        (texts, [("code", self.code)]).encode(encoder)
    }
}

impl Labels for Answered {
    const NAMES: &'static [&'static str] = &["method", "handler", "code"];

    fn expected() -> Vec<Self> {
        Vec::new()
    }
}

/// How a start ended (MX-11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Started {
    /// In short.
    pub status: StartStatus,
    /// Why it failed.
    pub reason: StartReason,
}

label! {
    /// How a start ended, in short.
    StartStatus("status") {
        /// The server answers.
        Success = "success",
        /// It was refused: a limit, a policy or an earlier request stands against it.
        Failure = "failure",
        /// It should have worked.
        Error = "error",
    }
}

label! {
    /// Why a start failed; the first four words are JupyterHub's.
    StartReason("reason") {
        /// It did not, or for a reason that has no word.
        None = "",
        /// Too many servers are starting.
        Throttled = "throttled",
        /// Too many servers run.
        TooManyUsers = "too-many-users",
        /// Something is under way for this server already.
        AlreadyPending = "already-pending",
        /// The program ended.
        Exited = "exited",
        /// The program did not answer in time.
        Timeout = "timeout",
        /// The account or the configuration forbids it.
        Refused = "refused",
        /// The last login is too long ago.
        LoginNeeded = "login-needed",
        /// The program is not installed.
        CommandMissing = "command-missing",
        /// systemd could not start the unit.
        NotStarted = "not-started",
        /// Somebody else's socket was in the server's place.
        WrongOwner = "wrong-owner",
    }
}

impl EncodeLabelSet for Started {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
        [
            ("status", self.status.as_str()),
            ("reason", self.reason.as_str()),
        ]
        .encode(encoder)
    }
}

impl Labels for Started {
    const NAMES: &'static [&'static str] = &["status", "reason"];

    fn expected() -> Vec<Self> {
        use StartReason as Reason;
        let any = StartStatus::ALL
            .iter()
            .map(|status| (*status, Reason::None));
        let refused = [
            Reason::Throttled,
            Reason::TooManyUsers,
            Reason::AlreadyPending,
        ];
        let refused = refused.map(|reason| (StartStatus::Failure, reason));
        any.chain(refused)
            .map(|(status, reason)| Self { status, reason })
            .collect()
    }
}
