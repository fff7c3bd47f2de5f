//! `carrel oidc`: the one part of Carrel that speaks to an OpenID Connect provider.
//!
//! It is a process for one question of the broker, under an account of its own, with the network and no
//! other right. What the provider sends is parsed here and nowhere else; the broker gets a name or a
//! reason (docs/decisions/0022-openid-connect.md). Nothing is kept from one question to the next.
#![forbid(unsafe_code)]

mod discovery;
mod https;
mod identity;
pub mod serve;
mod token;

use std::{io, path::PathBuf, time::Duration};

use jsonwebtoken::errors::ErrorKind;
use serde_json::error::Category;
use thiserror::Error;

use crate::{
    broker::message::provider::{FaultKind, ProviderFault},
    telemetry::causes::Causes,
};

/// How much of what a provider says about a failure is passed on.
const MAX_TOLD_CHARS: usize = 200;

/// Why a provider's word could not be had, or does not count.
#[derive(Debug, Error)]
pub enum Error {
    /// A file of this machine cannot be used.
    #[error("read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: io::Error,
    },
    /// TLS cannot be set up.
    #[error("set TLS up")]
    Tls(#[source] rustls::Error),
    /// The provider cannot be reached.
    #[error("reach {host}")]
    Unreachable {
        /// Its host.
        host: String,
        /// What is in the way.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The provider does not answer.
    #[error("wait for {host} for {} s", after.as_secs())]
    Deadline {
        /// Its host.
        host: String,
        /// For how long.
        after: Duration,
    },
    /// The provider answers something else than the protocol has.
    #[error("understand what the provider says: {0}")]
    Answer(String),
    /// The provider does not take the code.
    #[error("the provider does not take the code: {0}")]
    Code(String),
    /// The token does not say what it must.
    #[error("believe the provider's token: {0}")]
    Token(&'static str),
    /// The token is not the provider's, not for this hub, or too old.
    #[error("believe the provider's token")]
    Signature(#[source] jsonwebtoken::errors::Error),
    /// The person has no account here, by the claims.
    #[error("find an account by the claims: {0}")]
    Claims(String),
}

impl Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::File { .. } | Self::Tls(_) => FaultKind::Setup,
            Self::Unreachable { .. } | Self::Answer(_) => FaultKind::Provider,
            Self::Deadline { .. } => FaultKind::Deadline,
            Self::Code(_) => FaultKind::Code,
            Self::Token(_) | Self::Signature(_) | Self::Claims(_) => FaultKind::Identity,
        }
    }
}

impl From<jsonwebtoken::errors::Error> for Error {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        if matches!(error.kind(), ErrorKind::Json(_)) {
            // Its words would be the token's.
            return Self::Token("it is not written as one");
        }
        Self::Signature(error)
    }
}

impl From<&Error> for ProviderFault {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            reason: shown(&Causes(error).to_string()),
        }
    }
}

/// Tells where JSON is wrong, and not what stands there: that may be a token.
fn misread(what: &str, error: &serde_json::Error) -> Error {
    let fault = match error.classify() {
        Category::Syntax => "is no JSON",
        Category::Data => "does not hold what it must",
        Category::Eof | Category::Io => "ends too early",
    };
    let (line, column) = (error.line(), error.column());
    Error::Answer(format!("{what}: {fault} (line {line}, column {column})"))
}

/// Makes words of somebody else's fit for the journal.
fn shown(text: &str) -> String {
    text.chars()
        .take(MAX_TOLD_CHARS)
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::OpenIdConnectSettings;

    pub(super) fn settings() -> OpenIdConnectSettings {
        OpenIdConnectSettings {
            issuer: "https://login.example".into(),
            client_id: "carrel".into(),
            name: "Example".into(),
            scopes: vec!["profile".into(), "email".into()],
            username_claim: "preferred_username".into(),
            strip_domain: None,
            ca_file: "/nowhere/ca.pem".into(),
            auto: false,
            redirect_uri: "https://lab.example/hub/oauth_callback".into(),
        }
    }

    #[test]
    fn what_is_no_token_is_not_repeated() {
        let wrong = serde_json::from_str::<u8>("\"s3cret\"").unwrap_err();
        let told = |error: &Error| ProviderFault::from(error).reason;
        assert_eq!(
            told(&misread("its keys", &wrong)),
            "understand what the provider says: its keys: does not hold what it must \
             (line 1, column 8)"
        );
        let error = Error::from(jsonwebtoken::errors::Error::from(wrong));
        assert!(!told(&error).contains("s3cret"), "{error}");
    }

    #[test]
    fn what_a_provider_says_is_short_and_on_one_line() {
        assert_eq!(shown("a\n\u{1b}[1m"), "a??[1m");
        assert_eq!(shown(&"ä".repeat(1000)), "ä".repeat(MAX_TOLD_CHARS));
    }
}
