//! Scopes in plain words, for people who are asked to grant them (OA-19).

use super::{
    bidi::isolated,
    words::{Text, text},
};

/// Says what holding `scope` allows; a scope without words of its own stands for itself.
pub(super) fn describe(scope: &str) -> Text {
    let (name, filter) = scope.split_once('!').unwrap_or((scope, ""));
    match (words(name), filter_words(filter)) {
        (Some(words), None) => words,
        (Some(words), Some(bound)) => text!("scope-bounded", scope = words, bound = bound),
        (None, None) => text!("scope-unknown", scope = name),
        (None, Some(bound)) => text!("scope-unknown-bounded", scope = name, bound = bound),
    }
}

/// Says what holding `scope` allows, whatever it is bounded to.
pub(super) fn describe_bare(scope: &str) -> Text {
    describe(scope.split('!').next().unwrap_or(scope))
}

fn filter_words(filter: &str) -> Option<Text> {
    let (kind, value) = filter.split_once('=').unwrap_or((filter, ""));
    Some(match (kind, value) {
        ("", _) => return None,
        ("user", "") => text!("scope-only-you"),
        ("server", "") => text!("scope-only-this-server"),
        ("service", "") => text!("scope-only-this-service"),
        ("user", name) => text!("scope-only-user", name = isolated(name)),
        ("group", name) => text!("scope-only-group", name = isolated(name)),
        ("server", key) => match key.split_once('/').unwrap_or((key, "")) {
            (owner, "") => text!("scope-only-server", owner = isolated(owner)),
            (owner, name) => text!(
                "scope-only-server-named",
                owner = isolated(owner),
                name = isolated(name)
            ),
        },
        ("service", name) => text!("scope-only-service", name = isolated(name)),
        _ => text!("scope-only", filter = filter),
    })
}

fn words(scope: &str) -> Option<Text> {
    Some(match scope {
        "(no_scope)" => text!("scope-none"),
        "self" => text!("scope-self"),
        "inherit" => text!("scope-inherit"),
        "admin-ui" => text!("scope-admin-ui"),
        "admin:users" => text!("scope-admin-users"),
        "admin:auth_state" => text!("scope-admin-auth-state"),
        "users" => text!("scope-users"),
        "delete:users" => text!("scope-delete-users"),
        "list:users" => text!("scope-list-users"),
        "read:users" => text!("scope-read-users"),
        "read:users:name" => text!("scope-read-users-name"),
        "read:users:groups" => text!("scope-read-users-groups"),
        "read:users:activity" => text!("scope-read-users-activity"),
        "read:roles" => text!("scope-read-roles"),
        "read:roles:users" => text!("scope-read-roles-users"),
        "read:roles:services" => text!("scope-read-roles-services"),
        "read:roles:groups" => text!("scope-read-roles-groups"),
        "users:activity" => text!("scope-users-activity"),
        "admin:servers" => text!("scope-admin-servers"),
        "admin:server_state" => text!("scope-admin-server-state"),
        "servers" => text!("scope-servers"),
        "read:servers" => text!("scope-read-servers"),
        "start:servers" => text!("scope-start-servers"),
        "delete:servers" => text!("scope-delete-servers"),
        "tokens" => text!("scope-tokens"),
        "read:tokens" => text!("scope-read-tokens"),
        "admin:groups" => text!("scope-admin-groups"),
        "groups" => text!("scope-groups"),
        "list:groups" => text!("scope-list-groups"),
        "read:groups" => text!("scope-read-groups"),
        "read:groups:name" => text!("scope-read-groups-name"),
        "delete:groups" => text!("scope-delete-groups"),
        "admin:services" => text!("scope-admin-services"),
        "list:services" => text!("scope-list-services"),
        "read:services" => text!("scope-read-services"),
        "read:services:name" => text!("scope-read-services-name"),
        "read:hub" => text!("scope-read-hub"),
        "access:servers" => text!("scope-access-servers"),
        "access:services" => text!("scope-access-services"),
        "shares" => text!("scope-shares"),
        "read:shares" => text!("scope-read-shares"),
        "users:shares" => text!("scope-users-shares"),
        "read:users:shares" => text!("scope-read-users-shares"),
        "groups:shares" => text!("scope-groups-shares"),
        "read:groups:shares" => text!("scope-read-groups-shares"),
        "proxy" => text!("scope-proxy"),
        "shutdown" => text!("scope-shutdown"),
        "read:metrics" => text!("scope-read-metrics"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::*;

    #[test]
    fn scopes_read_as_sentences() {
        for (scope, expected) in [
            (
                "access:servers!server=bob/gpu",
                "use servers, as if at their keyboard – only <bdi>bob</bdi>’s server <bdi>gpu</bdi>",
            ),
            ("read:users:name!user", "read user names – only you"),
            (
                "read:users!group=class",
                "read about users – only users in the group <bdi>class</bdi>",
            ),
            ("shutdown", "shut down the hub"),
            (
                "custom:x:y!service=s",
                "use “custom:x:y”, only the service <bdi>s</bdi>",
            ),
            ("custom:x", "use “custom:x”"),
            ("users!odd=1", "change users – only odd=1"),
        ] {
            assert_eq!(html! { (describe(scope)) }.into_string(), expected);
        }
    }
}
