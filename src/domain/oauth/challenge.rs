//! Proof Key for Code Exchange (RFC 7636): who exchanges a code is who asked for it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::domain::secret::same_bytes;

/// What a code's bearer must prove (RFC 7636 section 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// How it was made from the verifier.
    pub method: ChallengeMethod,
    /// The challenge.
    pub value: String,
}

/// How a challenge is made from a verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeMethod {
    /// It is the verifier.
    Plain,
    /// It is the verifier's SHA-256 in unpadded base64url.
    S256,
}

/// Whether a client must prove that it asked for the code it exchanges (RFC 7636).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pkce {
    /// If it announced that it would.
    Optional,
    /// Always.
    Required,
}

impl Pkce {
    /// Takes the answer of whoever knows.
    pub fn of(is_required: bool) -> Self {
        if is_required {
            Self::Required
        } else {
            Self::Optional
        }
    }
}

impl Challenge {
    /// Returns the challenge that `verifier` meets, by the better method.
    pub fn of(verifier: &str) -> Self {
        Self {
            method: ChallengeMethod::S256,
            value: digest(verifier),
        }
    }

    /// Tells whether the verifier is the one the challenge was made from.
    pub fn is_met_by(&self, verifier: &str) -> bool {
        match self.method {
            ChallengeMethod::Plain => same_bytes(verifier.as_bytes(), self.value.as_bytes()),
            ChallengeMethod::S256 => same_bytes(digest(verifier).as_bytes(), self.value.as_bytes()),
        }
    }
}

impl ChallengeMethod {
    /// Returns the name of the method in the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::S256 => "S256",
        }
    }
}

fn digest(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}
