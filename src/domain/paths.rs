//! Where a server or service lies: its prefix in URLs. Everything that names it agrees on this spelling.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::names::{ServerKey, ServiceName};

/// What stays plain in a path segment, as JupyterHub quotes names (`safe="@~"`).
pub const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'@');

/// Returns `{base}user/NAME/[SERVER/]`, percent-encoded; `base_url` begins and ends in `/`.
pub fn server_prefix(base_url: &str, key: &ServerKey) -> String {
    let mut prefix = format!("{base_url}user/");
    prefix.extend(utf8_percent_encode(key.user.as_str(), SEGMENT));
    prefix.push('/');
    if !key.server.is_default() {
        prefix.extend(utf8_percent_encode(key.server.as_str(), SEGMENT));
        prefix.push('/');
    }
    prefix
}

/// Returns `{base}services/NAME/`, percent-encoded; `base_url` begins and ends in `/`.
pub fn service_prefix(base_url: &str, name: &ServiceName) -> String {
    let name = utf8_percent_encode(name.as_str(), SEGMENT);
    format!("{base_url}services/{name}/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::{ServerName, UserName};

    #[test]
    fn services_have_a_prefix_too() {
        let name = ServiceName::parse("hand in").unwrap();
        assert_eq!(service_prefix("/lab/", &name), "/lab/services/hand%20in/");
    }

    #[test]
    fn prefixes_are_quoted_as_jupyterhub_does() {
        let table = [
            ("alice", "", "/user/alice/"),
            ("alice", "lab", "/user/alice/lab/"),
            ("a b@c~d", "", "/user/a%20b@c~d/"),
            ("jürgen", "", "/user/j%C3%BCrgen/"),
            ("a%2Fb", "", "/user/a%252Fb/"),
        ];
        for (user, server, prefix) in table {
            let key = ServerKey {
                user: UserName::parse(user).unwrap(),
                server: ServerName::parse(server).unwrap(),
            };
            assert_eq!(server_prefix("/", &key), prefix);
            assert_eq!(server_prefix("/lab/", &key), format!("/lab{prefix}"));
        }
    }
}
