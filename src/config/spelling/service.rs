//! Addresses, accounts and OAuth clients of services.

use std::fmt;

use crate::{
    config::{
        settings::services::ServiceAddress,
        spelling::{AbsolutePath, AccountName, Spelling},
    },
    domain::{names::UserName, oauth},
};

/// Where a service listens.
pub(in crate::config) struct Address(pub(in crate::config) ServiceAddress);

impl Spelling for Address {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an address without a path, such as \"http://127.0.0.1:9001\", a Unix socket, such as \
             \"unix:/run/grader/http.sock\", or \"unix\"",
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        if text == "unix" {
            return Some(Self(ServiceAddress::OwnSocket));
        }
        if let Some(path) = text.strip_prefix("unix:") {
            let AbsolutePath(path) = AbsolutePath::from_text(path)?;
            return Some(Self(ServiceAddress::Unix(path)));
        }
        let uri: http::Uri = text.parse().ok()?;
        let authority = uri.authority()?;
        let plain = uri.scheme_str() == Some("http")
            && matches!(uri.path(), "" | "/")
            && uri.query().is_none()
            && !authority.as_str().contains('@')
            && !authority.host().is_empty();
        plain.then(|| {
            Self(ServiceAddress::Tcp {
                host: authority.host().to_owned(),
                port: authority.port_u16().unwrap_or(80),
            })
        })
    }
}

/// The accounts that no service may run as: the machine's, and the hub's.
const REFUSED_ACCOUNTS: [&str; 2] = ["root", "carrel"];

/// An account that a service can run as.
pub(in crate::config) struct ServiceAccount(pub(in crate::config) UserName);

impl Spelling for ServiceAccount {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a system account other than root and carrel")
    }

    fn from_text(text: &str) -> Option<Self> {
        let AccountName(name) = AccountName::from_text(text)?;
        if REFUSED_ACCOUNTS.contains(&name.as_str()) {
            return None;
        }
        UserName::parse(&name).ok().map(Self)
    }
}

/// The id of a service's OAuth client.
pub(in crate::config) struct ClientId(pub(in crate::config) String);

impl Spelling for ClientId {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"service-\" and more, of characters that the name of a cookie may have")
    }

    fn from_text(text: &str) -> Option<Self> {
        oauth::is_service_client_id(text).then(|| Self(text.to_owned()))
    }
}

/// Where people are sent back to a service.
pub(in crate::config) struct RedirectUri(pub(in crate::config) String);

impl Spelling for RedirectUri {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the address of a page, such as \"https://grader.lab.example/callback\", or a path on \
             this site",
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        oauth::is_redirect_uri(text).then(|| Self(text.to_owned()))
    }
}
