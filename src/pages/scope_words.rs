//! Scopes in plain words, for people who are asked to grant them (OA-19).

/// Says what holding `scope` allows; a scope without words of its own stands for itself.
pub(super) fn describe(scope: &str) -> String {
    let (name, filter) = scope.split_once('!').unwrap_or((scope, ""));
    let Some(words) = words(name) else {
        return match filter_words(filter) {
            Some(filter) => format!("use “{name}”, {filter}"),
            None => format!("use “{name}”"),
        };
    };
    match filter_words(filter) {
        Some(filter) => format!("{words} – {filter}"),
        None => words.to_owned(),
    }
}

/// Says what holding `scope` allows, whatever it is bounded to.
pub(super) fn describe_bare(scope: &str) -> String {
    describe(scope.split('!').next().unwrap_or(scope))
}

fn filter_words(filter: &str) -> Option<String> {
    let (kind, value) = filter.split_once('=').unwrap_or((filter, ""));
    match (kind, value) {
        ("", _) => None,
        ("user", "") => Some("only you".into()),
        ("server", "") => Some("only this server".into()),
        ("service", "") => Some("only this service".into()),
        ("user", name) => Some(format!("only the user {name}")),
        ("group", name) => Some(format!("only users in the group {name}")),
        ("server", name) => Some(format!("only the server {name}")),
        ("service", name) => Some(format!("only the service {name}")),
        _ => Some(format!("only {filter}")),
    }
}

fn words(scope: &str) -> Option<&'static str> {
    Some(match scope {
        "(no_scope)" => "nothing but know who you are",
        "self" => "do everything you can do with your own account",
        "inherit" => "do everything you can do",
        "admin-ui" => "open the administration page",
        "admin:users" => "create, change and remove users",
        "admin:auth_state" => "read what the login left about users",
        "users" => "change users",
        "delete:users" => "remove users",
        "list:users" => "list users",
        "read:users" => "read about users",
        "read:users:name" => "read user names",
        "read:users:groups" => "read which groups users are in",
        "read:users:activity" => "see when users were last active",
        "read:roles" => "read roles",
        "read:roles:users" => "read the roles of users",
        "read:roles:services" => "read the roles of services",
        "read:roles:groups" => "read the roles of groups",
        "users:activity" => "report when users were active",
        "admin:servers" => "start and stop servers and read their inner state",
        "admin:server_state" => "read the inner state of servers",
        "servers" => "start and stop servers",
        "read:servers" => "see servers and whether they run",
        "start:servers" => "start servers",
        "delete:servers" => "stop and remove servers",
        "tokens" => "create and revoke tokens",
        "read:tokens" => "see tokens, but not their values",
        "admin:groups" => "create, change and remove groups",
        "groups" => "change groups",
        "list:groups" => "list groups",
        "read:groups" => "read about groups",
        "read:groups:name" => "read the names of groups",
        "delete:groups" => "remove groups",
        "admin:services" => "create, change and remove services",
        "list:services" => "list services",
        "read:services" => "read about services",
        "read:services:name" => "read the names of services",
        "read:hub" => "read about the hub",
        "access:servers" => "use servers, as if at their keyboard",
        "access:services" => "use services",
        "shares" => "share servers with others",
        "read:shares" => "see with whom servers are shared",
        "users:shares" => "give up what was shared with users",
        "read:users:shares" => "see what was shared with users",
        "groups:shares" => "give up what was shared with groups",
        "read:groups:shares" => "see what was shared with groups",
        "proxy" => "change where addresses lead",
        "shutdown" => "shut down the hub",
        "read:metrics" => "read the hub’s figures",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_as_sentences() {
        for (scope, expected) in [
            (
                "access:servers!server=bob/gpu",
                "use servers, as if at their keyboard – only the server bob/gpu",
            ),
            ("read:users:name!user", "read user names – only you"),
            (
                "read:users!group=class",
                "read about users – only users in the group class",
            ),
            ("shutdown", "shut down the hub"),
            (
                "custom:x:y!service=s",
                "use “custom:x:y”, only the service s",
            ),
            ("custom:x", "use “custom:x”"),
            ("users!odd=1", "change users – only odd=1"),
        ] {
            assert_eq!(describe(scope), expected);
        }
    }
}
