//! Typed URLs: every path of the hub is built here and nowhere by `format!`.
//!
//! Links are absolute paths on the visitor's own origin. Whether a path that a client sent may be
//! followed is decided in `domain::redirect`, not here.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    assets::Asset,
    domain::{
        names::{ServerKey, ServiceName, UserName},
        paths::{self, SEGMENT},
        token::TokenId,
    },
};

/// What stays plain in the value of a query parameter.
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A local URL: an absolute path with an optional query, ready to stand in a page or a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// Returns the link as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn with(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.0.push(if self.0.contains('?') { '&' } else { '?' });
            self.0.push_str(name);
            self.0.push('=');
            self.0.extend(utf8_percent_encode(value, QUERY_VALUE));
        }
        self
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Link> for String {
    fn from(link: Link) -> Self {
        link.0
    }
}

/// Builds the hub's links; knows the prefix under which everything lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    base: String,
}

impl Links {
    /// Takes the prefix of every path, which begins and ends with `/`; missing slashes are added.
    pub fn new(base_url: &str) -> Self {
        let inner = base_url.trim_matches('/');
        let base = if inner.is_empty() {
            String::from("/")
        } else {
            format!("/{inner}/")
        };
        Self { base }
    }

    /// Returns the prefix of every path, `/` or `/prefix/`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Returns `hub/`, where a visit is led on to wherever it belongs.
    pub fn hub(&self) -> Link {
        self.in_hub("")
    }

    /// Returns the page with the visitor's servers.
    pub fn home(&self) -> Link {
        self.in_hub("home")
    }

    /// Returns the page with the visitor's tokens, where a POST makes one.
    pub fn tokens(&self) -> Link {
        self.in_hub("token")
    }

    /// Returns where a POST revokes a token of the visitor's.
    pub fn revoke_token(&self, id: TokenId) -> Link {
        let mut link = self.in_hub("revoke-token/");
        push_segment(&mut link.0, &id.to_string());
        link
    }

    /// Returns the page about sharing.
    pub fn shares(&self) -> Link {
        self.in_hub("shares")
    }

    /// Returns where a POST changes with whom a server is shared.
    pub fn change_share(&self, key: &ServerKey) -> Link {
        self.in_hub_for("shares", key)
    }

    /// Returns a page of administration, of which `query` says the part.
    pub fn admin(&self, page: &str, query: &[(&str, String)]) -> Link {
        let mut link = self.in_hub("admin/");
        push_segment(&mut link.0, page);
        let filled = query.iter().filter(|(_, value)| !value.is_empty());
        filled.fold(link, |link, (name, value)| link.with(name, Some(value)))
    }

    /// Returns the login page, which leads on to `next` afterwards.
    pub fn login(&self, next: Option<&str>) -> Link {
        self.in_hub("login").with("next", next)
    }

    /// Returns where a service begins.
    pub fn service(&self, name: &ServiceName) -> Link {
        Link(paths::service_prefix(&self.base, name))
    }

    /// Returns the login page, whatever may lead on from it at once; it leads on to `next` afterwards.
    pub fn login_form(&self, next: Option<&str>) -> Link {
        let next = next.filter(|next| !next.is_empty());
        let page = self.in_hub("login").with("error", Some(""));
        page.with("next", next)
    }

    /// Returns what leads to the OpenID Connect provider, and on to `next` afterwards.
    pub fn oauth_login(&self, next: Option<&str>) -> Link {
        let next = next.filter(|next| !next.is_empty());
        self.in_hub("oauth_login").with("next", next)
    }

    /// Returns where to log out.
    pub fn logout(&self) -> Link {
        self.in_hub("logout")
    }

    /// Returns the stylesheet with the site's colour.
    pub fn site_style(&self, version: &str) -> Link {
        self.in_hub("site.css").with("v", Some(version))
    }

    /// Returns the site's own logo.
    pub fn logo(&self, version: &str) -> Link {
        self.in_hub("logo").with("v", Some(version))
    }

    /// Returns where GET and POST start a server, which leads on to `next` afterwards.
    pub fn spawn(&self, key: &ServerKey, next: Option<&str>) -> Link {
        self.in_hub_for("spawn", key).with("next", next)
    }

    /// Returns where the visitor's own default server is started.
    pub fn spawn_own(&self) -> Link {
        self.in_hub("spawn")
    }

    /// Returns the page that follows a start, which leads on to `next` afterwards.
    pub fn spawn_pending(&self, key: &ServerKey, next: Option<&str>) -> Link {
        self.in_hub_for("spawn-pending", key).with("next", next)
    }

    /// Returns where a POST stops a server or cancels its start.
    pub fn stop(&self, key: &ServerKey) -> Link {
        self.in_hub_for("stop", key)
    }

    /// Returns where a POST of `server_name` makes and starts a named server.
    pub fn new_server(&self, user: &UserName) -> Link {
        let key = ServerKey::default_of(user.clone());
        self.in_hub_for("new-server", &key)
    }

    /// Returns where a POST of `display_name` changes what people call a named server.
    pub fn rename_server(&self, key: &ServerKey) -> Link {
        self.in_hub_for("rename-server", key)
    }

    /// Returns where a POST forgets a stopped named server.
    pub fn delete_server(&self, key: &ServerKey) -> Link {
        self.in_hub_for("delete-server", key)
    }

    /// Returns the invitation to a server that is shared by this code.
    pub fn invitation(&self, code: &str) -> Link {
        self.in_hub("accept-share").with("code", Some(code))
    }

    /// Returns where a POST of `code` accepts an invitation, which leads on to `next` afterwards.
    pub fn accept_share(&self, next: &str) -> Link {
        self.in_hub("accept-share").with("next", Some(next))
    }

    /// Returns the server itself, `user/NAME/[SERVER/]`.
    pub fn server(&self, key: &ServerKey) -> Link {
        Link(paths::server_prefix(&self.base, key))
    }

    /// Returns the stream of events that follows a start.
    pub fn progress(&self, key: &ServerKey) -> Link {
        let mut link = self.in_hub("api/users/");
        push_segment(&mut link.0, key.user.as_str());
        if key.server.is_default() {
            link.0.push_str("/server");
        } else {
            link.0.push_str("/servers/");
            push_segment(&mut link.0, key.server.as_str());
        }
        link.0.push_str("/progress");
        link
    }

    /// Returns an embedded file, with its content hash so that browsers may keep it.
    pub fn asset(&self, asset: &Asset) -> Link {
        let mut link = self.in_hub("static/");
        push_segment(&mut link.0, asset.name);
        link.with("v", Some(&asset.version()))
    }

    /// Returns where browsers report what the content security policy refused.
    pub fn csp_report(&self) -> Link {
        self.in_hub("security/csp-report")
    }

    fn in_hub(&self, path: &str) -> Link {
        Link(format!("{}hub/{path}", self.base))
    }

    fn in_hub_for(&self, page: &str, key: &ServerKey) -> Link {
        let mut link = self.in_hub(page);
        link.0.push('/');
        push_segment(&mut link.0, key.user.as_str());
        if !key.server.is_default() {
            link.0.push('/');
            push_segment(&mut link.0, key.server.as_str());
        }
        link
    }
}

fn push_segment(link: &mut String, segment: &str) {
    link.extend(utf8_percent_encode(segment, SEGMENT));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{assets, domain::names::ServerName};

    fn key(user: &str, server: &str) -> ServerKey {
        ServerKey {
            user: UserName::parse(user).unwrap(),
            server: ServerName::parse(server).unwrap(),
        }
    }

    #[test]
    fn the_base_has_slashes_at_both_ends() {
        for (input, base) in [
            ("/", "/"),
            ("", "/"),
            ("/lab/", "/lab/"),
            ("lab", "/lab/"),
            ("//a/b//", "/a/b/"),
        ] {
            assert_eq!(Links::new(input).base(), base, "{input}");
        }
    }

    #[test]
    fn links_are_the_contract_s() {
        let links = Links::new("/");
        let own = key("alice", "");
        let named = key("alice", "gpu-2");
        let table = [
            (links.hub(), "/hub/"),
            (links.home(), "/hub/home"),
            (links.login(None), "/hub/login"),
            (links.login(Some("")), "/hub/login?next="),
            (
                links.login(Some("/hub/?a=b&c")),
                "/hub/login?next=%2Fhub%2F%3Fa%3Db%26c",
            ),
            (links.logout(), "/hub/logout"),
            (links.shares(), "/hub/shares"),
            (links.change_share(&named), "/hub/shares/alice/gpu-2"),
            (links.admin("hub", &[]), "/hub/admin/hub"),
            (
                links.admin(
                    "users",
                    &[("state", String::new()), ("name_filter", "a&b".into())],
                ),
                "/hub/admin/users?name_filter=a%26b",
            ),
            (links.tokens(), "/hub/token"),
            (links.revoke_token(TokenId(12)), "/hub/revoke-token/a12"),
            (links.spawn(&own, None), "/hub/spawn/alice"),
            (
                links.spawn(&named, Some("/user/alice/gpu-2/")),
                "/hub/spawn/alice/gpu-2?next=%2Fuser%2Falice%2Fgpu-2%2F",
            ),
            (
                links.spawn_pending(&named, None),
                "/hub/spawn-pending/alice/gpu-2",
            ),
            (links.stop(&own), "/hub/stop/alice"),
            (links.new_server(&own.user), "/hub/new-server/alice"),
            (
                links.rename_server(&named),
                "/hub/rename-server/alice/gpu-2",
            ),
            (
                links.delete_server(&named),
                "/hub/delete-server/alice/gpu-2",
            ),
            (
                links.invitation("a_-b&c"),
                "/hub/accept-share?code=a_-b%26c",
            ),
            (
                links.accept_share("/user/alice/"),
                "/hub/accept-share?next=%2Fuser%2Falice%2F",
            ),
            (links.server(&own), "/user/alice/"),
            (links.server(&named), "/user/alice/gpu-2/"),
            (links.progress(&own), "/hub/api/users/alice/server/progress"),
            (
                links.progress(&named),
                "/hub/api/users/alice/servers/gpu-2/progress",
            ),
        ];
        for (link, expected) in table {
            assert_eq!(link.as_str(), expected);
        }
        let prefixed = Links::new("/lab/");
        assert_eq!(prefixed.home().as_str(), "/lab/hub/home");
        assert_eq!(prefixed.server(&own).as_str(), "/lab/user/alice/");
        assert!(
            prefixed
                .asset(&assets::STYLE)
                .as_str()
                .starts_with("/lab/hub/static/carrel.css?v=")
        );
    }

    #[test]
    fn names_cannot_leave_their_segment() {
        let links = Links::new("/");
        for (user, expected) in [
            ("a@b.c~d", "/user/a@b.c~d/"),
            ("a b?c#d%2f", "/user/a%20b%3Fc%23d%252f/"),
            ("LAB\\a\"'<>", "/user/LAB%5Ca%22%27%3C%3E/"),
            ("jürgen", "/user/j%C3%BCrgen/"),
        ] {
            assert_eq!(links.server(&key(user, "")).as_str(), expected);
        }
    }
}
