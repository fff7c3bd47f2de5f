//! Addresses, paths, names and texts.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use crate::{config::spelling::Spelling, domain::names::UserName};

/// The status of a visit to a stopped server.
pub(in crate::config) struct StoppedStatus(pub(in crate::config) u16);

impl Spelling for StoppedStatus {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("503 or 424")
    }

    fn from_whole(number: u64) -> Option<Self> {
        match number {
            503 => Some(Self(503)),
            424 => Some(Self(424)),
            _ => None,
        }
    }
}

/// A prefix of paths, kept with a slash at both ends.
pub(in crate::config) struct BaseUrl(pub(in crate::config) String);

impl Spelling for BaseUrl {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a path that begins with a slash, of letters, digits and -._~ only, such as \"/jupyter/\"",
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        let inner = text.strip_prefix('/')?;
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        if inner.is_empty() {
            return (text == "/").then(|| Self("/".to_owned()));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        inner
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != ".." && part.chars().all(plain))
            .then(|| Self(format!("/{inner}/")))
    }
}

/// Scheme, host and port, without a path.
pub(in crate::config) struct Origin(pub(in crate::config) String);

impl Spelling for Origin {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("scheme and host without a path, such as \"https://lab.example:8443\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        let uri: http::Uri = text.parse().ok()?;
        let scheme = uri.scheme_str()?;
        let authority = uri.authority()?;
        let plain = matches!(scheme, "https" | "http")
            && matches!(uri.path(), "" | "/")
            && uri.query().is_none()
            && !authority.as_str().contains('@')
            && !authority.host().is_empty();
        plain.then(|| Self(format!("{scheme}://{authority}")))
    }
}

/// The address of an OpenID Connect provider (OpenID Connect Discovery 1.0 section 2).
pub(in crate::config) struct IssuerUrl(pub(in crate::config) String);

impl Spelling for IssuerUrl {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an https address without a query, such as \"https://login.example/realms/staff\"",
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        let uri: http::Uri = text.parse().ok()?;
        let authority = uri.authority()?;
        let plain = uri.scheme_str() == Some("https")
            && !text.contains(['?', '#'])
            && !authority.as_str().contains('@')
            && !authority.host().is_empty();
        plain.then(|| Self(text.to_owned()))
    }
}

/// A path on this site, with query if need be.
pub(in crate::config) struct LocalPath(pub(in crate::config) String);

impl Spelling for LocalPath {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path on this site that begins with one slash, such as \"/lab\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        let local = text.starts_with('/')
            && !text.starts_with("//")
            && !text.contains(|c: char| c == '\\' || c.is_control() || c.is_whitespace());
        local.then(|| Self(text.to_owned()))
    }
}

/// A path from the root of the file system.
pub(in crate::config) struct AbsolutePath(pub(in crate::config) PathBuf);

impl Spelling for AbsolutePath {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an absolute path")
    }

    fn from_text(text: &str) -> Option<Self> {
        is_absolute(text).then(|| Self(PathBuf::from(text)))
    }
}

/// A folder, absolute or in the home.
pub(in crate::config) struct Folder(pub(in crate::config) String);

impl Spelling for Folder {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an absolute path, \"~\", or a path that begins with \"~/\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        let from_home = text == "~" || text.strip_prefix("~/").is_some_and(is_clean_path);
        (from_home || is_absolute(text)).then(|| Self(text.to_owned()))
    }
}

/// A program: a bare name or an absolute path.
pub(in crate::config) struct Command(pub(in crate::config) String);

impl Spelling for Command {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a program or its absolute path, without arguments")
    }

    fn from_text(text: &str) -> Option<Self> {
        let bare = !text.is_empty()
            && !text.starts_with(['-', '.'])
            && !text.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control());
        (bare || is_absolute(text)).then(|| Self(text.to_owned()))
    }
}

/// An address to listen on.
pub(in crate::config) struct Listen(pub(in crate::config) SocketAddr);

impl Spelling for Listen {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an IP address with a port, such as \"0.0.0.0:443\" or \"[::]:443\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

/// An address to listen on that only this machine reaches.
pub(in crate::config) struct LoopbackListen(pub(in crate::config) SocketAddr);

impl Spelling for LoopbackListen {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a loopback address with a port, such as \"127.0.0.1:8081\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        let address: SocketAddr = text.parse().ok()?;
        address.ip().is_loopback().then_some(Self(address))
    }
}

/// The address of another machine.
pub(in crate::config) struct Peer(pub(in crate::config) IpAddr);

impl Spelling for Peer {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an IP address, such as \"192.0.2.7\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

/// The name of a system account or group.
pub(in crate::config) struct AccountName(pub(in crate::config) String);

impl Spelling for AccountName {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a system account or group")
    }

    fn from_text(text: &str) -> Option<Self> {
        let fits = UserName::parse(text).is_ok() && !text.contains(':');
        fits.then(|| Self(text.to_owned()))
    }
}

/// The name of an environment variable.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::config) struct Variable(pub(in crate::config) String);

/// Variables that carry a server's secrets; a value for them in the configuration would be seen by
/// every account and would break the server.
const KEPT_VARIABLES: [&str; 2] = ["JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN"];

impl Spelling for Variable {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an environment variable that does not carry a server's token")
    }

    fn from_text(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let fits = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(plain)
            && !KEPT_VARIABLES.contains(&text);
        fits.then(|| Self(text.to_owned()))
    }
}

/// A text that can be an argument or the value of an environment variable.
pub(in crate::config) struct Text(pub(in crate::config) String);

impl Spelling for Text {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text without control characters")
    }

    fn from_text(text: &str) -> Option<Self> {
        let plain = !text.contains(|c: char| c.is_control() && c != '\t' && c != '\n');
        plain.then(|| Self(text.to_owned()))
    }
}

fn is_absolute(text: &str) -> bool {
    text.starts_with('/') && is_clean_path(text)
}

fn is_clean_path(text: &str) -> bool {
    !text.contains(char::is_control) && text.split('/').all(|part| part != "..")
}
