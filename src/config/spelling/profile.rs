//! Names of profiles, and who keeps their gates.

use std::fmt;

use crate::{
    config::spelling::Spelling,
    domain::profile::{Gatekeeper, ProfileName},
};

/// The name of a profile.
pub(in crate::config) struct ProfileLabel(pub(in crate::config) ProfileName);

impl Spelling for ProfileLabel {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the name of a profile, of at most 30 lower-case letters, digits and hyphens, which \
             begins with a letter",
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        ProfileName::parse(text).ok().map(Self)
    }
}

/// Who finds out whether a visitor may use a server.
pub(in crate::config) struct GatekeeperWord(pub(in crate::config) Gatekeeper);

impl Spelling for GatekeeperWord {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"program\" or \"hub\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "program" => Some(Self(Gatekeeper::Program)),
            "hub" => Some(Self(Gatekeeper::Hub)),
            _ => None,
        }
    }
}
