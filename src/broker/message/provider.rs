//! What broker and `carrel oidc` say to each other about a sign-in at a provider.
//!
//! Root reads nothing that came over the network: the process that does has no rights, and says in these
//! few words what came of it.

use serde::{Deserialize, Serialize};

use super::WireSecret;

/// The one frame to `carrel oidc`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Question {
    /// Where is a browser to be sent?
    Depart,
    /// Whom does what a browser brought back stand for?
    Arrive(Arrival),
}

/// The one frame back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// There.
    Departure(Departure),
    /// The account of this name, as far as the provider is concerned.
    Person(String),
    /// It cannot be said.
    Fault(ProviderFault),
}

/// A browser's way to the provider, and what has to be known when it comes back.
#[derive(Debug, Serialize, Deserialize)]
pub struct Departure {
    /// Where the browser is sent.
    pub url: String,
    /// What the browser brings back.
    pub state: WireSecret,
    /// What the provider puts into its token.
    pub nonce: WireSecret,
    /// What proves that the code was asked for here (RFC 7636).
    pub verifier: WireSecret,
}

/// What a browser brought back from the provider, and what was known before.
#[derive(Debug, Serialize, Deserialize)]
pub struct Arrival {
    /// The provider's code.
    pub code: WireSecret,
    /// As at the departure.
    pub nonce: WireSecret,
    /// As at the departure.
    pub verifier: WireSecret,
}

/// Why a provider's word could not be had, or does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderFault {
    /// What kind of trouble it is.
    pub kind: FaultKind,
    /// Why; for the journal only.
    pub reason: String,
}

/// The kinds of trouble with a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// It cannot be reached, or what it says cannot be understood.
    Provider,
    /// It did not answer in time.
    Deadline,
    /// It does not take the code: used already, too old, or somebody else's.
    Code,
    /// What it says about the person is not to be believed, or names no account.
    Identity,
    /// This machine is not set up for it.
    Setup,
}
