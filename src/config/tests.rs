use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::config::settings::Change;

fn faults(text: &str) -> Vec<String> {
    match parse(Path::new("c"), text) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.as_slice().iter().map(Fault::to_string).collect(),
    }
}

#[test]
fn an_empty_file_means_the_defaults() {
    assert_eq!(parse(Path::new("c"), ""), Ok(Settings::default()));
    let settings = Settings::default();
    assert_eq!(settings.hub.base_url, "/");
    assert_eq!(
        settings.hub.session_lifetime,
        Duration::from_secs(14 * 86_400)
    );
    assert_eq!(settings.login.admin_groups, ["sudo", "carrel-admin"]);
    assert_eq!(settings.limits.head_bytes, 65_536);
    assert!(settings.server.sandbox.private_tmp);
    assert!(!settings.server.sandbox.private_devices);
}

#[test]
fn every_fault_is_told_with_its_place() {
    let address = "an IP address with a port, such as \"0.0.0.0:443\" or \"[::]:443\"";
    let size = "a size from 16M to 1024T in bytes, K, M, G or T (1024 each), such as \"4G\", or \
                \"unlimited\"";
    let text = "a text without control characters";
    let table: Vec<(&str, Vec<String>)> = vec![
        ("[hub", vec!["c:1:5: unclosed table, expected `]`".into()]),
        (
            "[hub]\nbase_ulr = \"/\"",
            vec!["c:2:1: unknown key hub.base_ulr; is hub.base_url meant?".into()],
        ),
        (
            "[hup]",
            vec!["c:1:2: unknown key hup; is hub meant?".into()],
        ),
        (
            "[server]\nmemory = \"2G\"",
            vec!["c:2:1: unknown key server.memory; is server.limits.memory meant?".into()],
        ),
        (
            "frobnicate = 1",
            vec!["c:1:1: unknown key frobnicate".into()],
        ),
        ("\"a b\" = 1", vec!["c:1:1: unknown key \"a b\"".into()]),
        (
            "hub = 3",
            vec!["c:1:7: hub is a table, written [hub], but here it is of type integer".into()],
        ),
        (
            "[hub]\nnamed_servers = \"yes\"",
            vec!["c:2:17: hub.named_servers is the string \"yes\", but must be a boolean".into()],
        ),
        (
            "[hub]\nsession_lifetime = \"fortnight\"\nstopped_server_status = 500\n",
            vec![
                "c:2:20: hub.session_lifetime is the string \"fortnight\", but must be a duration \
                 from 1m to 400d in s, m, h, d or w, such as \"90s\" or \"1h 30m\""
                    .into(),
                "c:3:25: hub.stopped_server_status is the integer `500`, but must be 503 or 424"
                    .into(),
            ],
        ),
        (
            "[login]\nmin_uid = -1",
            vec![
                "c:2:11: login.min_uid is the integer `-1`, but must be a whole number from 1 to \
                 4294967294"
                    .into(),
            ],
        ),
        (
            "[hub]\nlisten = [\"1.2.3.4:1\", \"x\", \"[::]:2\",\n  \"ÿ\", 3]",
            vec![
                format!("c:2:24: hub.listen is the string \"x\", but must be {address}"),
                format!("c:3:3: hub.listen is the string \"ÿ\", but must be {address}"),
                format!("c:3:8: hub.listen is the integer `3`, but must be {address}"),
            ],
        ),
        (
            "[hub]\nlisten = true\nbase_url = []",
            vec![
                "c:2:10: hub.listen is the boolean `true`, but must be an array".into(),
                "c:3:12: hub.base_url is an array, but must be a path that begins with a slash, \
                 of letters, digits and -._~ only, such as \"/jupyter/\""
                    .into(),
            ],
        ),
        (
            "[hub]\nlisten_api = \"0.0.0.0:8081\"",
            vec![
                "c:2:14: hub.listen_api is the string \"0.0.0.0:8081\", but must be a loopback \
                 address with a port, such as \"127.0.0.1:8081\""
                    .into(),
            ],
        ),
        (
            "[server.environment]\nJUPYTERHUB_API_TOKEN = \"x\"\nA = 1",
            vec![
                "c:2:1: server.environment is the string \"JUPYTERHUB_API_TOKEN\", but must be \
                 the name of an environment variable that does not carry a server's token"
                    .into(),
                format!("c:3:5: server.environment is the integer `1`, but must be {text}"),
            ],
        ),
        (
            "[openid_connect]\nissuer = \"https://p.example/x\"",
            vec![
                "c:2:10: openid_connect.issuer needs openid_connect.client_id as well".into(),
                "c:2:10: openid_connect.issuer needs hub.public_url as well".into(),
            ],
        ),
        (
            "[openid_connect]\nissuer = \"http://p.example\"\nclient_id = \"x\"",
            vec![
                "c:2:10: openid_connect.issuer is the string \"http://p.example\", but must be an \
                 https address without a query, such as \"https://login.example/realms/staff\""
                    .into(),
                "c:2:10: openid_connect.issuer needs hub.public_url as well".into(),
            ],
        ),
        (
            "[hub]\npublic_url = \"http://lab.example\"\n\
             [openid_connect]\nissuer = \"https://p.example\"\nclient_id = \"x\"",
            vec![
                "c:2:14: hub.public_url must begin with https:// where openid_connect.issuer is set"
                    .into(),
            ],
        ),
        (
            "[login]\npasswords = false\n[openid_connect]\nclient_id = \"x\"",
            vec![
                "c:2:13: login.passwords = false needs openid_connect.issuer: nobody could log in"
                    .into(),
                "c:4:13: openid_connect.client_id needs openid_connect.issuer as well".into(),
            ],
        ),
        (
            "[tls]\ncertificate = \"/c.pem\"",
            vec!["c:2:15: tls.certificate needs tls.key as well".into()],
        ),
        (
            "[tls]\nkey = 3\ncertificate = \"/c.pem\"",
            vec!["c:2:7: tls.key is the integer `3`, but must be an absolute path".into()],
        ),
        (
            "[login]\nticket_lifetime = \"1d\"",
            vec![
                "c:2:19: login.ticket_lifetime is shorter than hub.session_lifetime (14d): people \
                 who are still logged in could not start their servers"
                    .into(),
            ],
        ),
        (
            "[login]\nallowed_users = [\"a\"]\nblocked_users = [\"a\"]",
            vec!["c:2:17: \"a\" is in login.allowed_users and in login.blocked_users".into()],
        ),
        (
            "[hub]\nextra_user_scopes = [\"self\",\n\"read:user\", \"read:users!usr=a\", 1, \"all\"]",
            vec![
                "c:3:34: hub.extra_user_scopes is the integer `1`, but must be a scope, such as \
                 \"read:users!group=physics\""
                    .into(),
            ],
        ),
        (
            "[hub]\nextra_user_scopes = [\"self\",\n\"read:user\", \"read:users!usr=a\", \"all\", \"x\"]",
            vec![
                "c:3:1: hub.extra_user_scopes: there is no scope \"read:user\"; is read:users meant?"
                    .into(),
                "c:3:14: hub.extra_user_scopes: \"read:users!usr=a\" has the filter \"usr=a\", but \
                 a filter is !user, !service, !server, or one of !user=NAME, !group=NAME, \
                 !service=NAME and !server=USER/SERVER"
                    .into(),
                "c:3:34: hub.extra_user_scopes: the scope \"all\" is called \"inherit\" now".into(),
                "c:3:41: hub.extra_user_scopes: there is no scope \"x\"".into(),
            ],
        ),
        (
            "[hub]\napi_page_max_limit = 20",
            vec![
                "c:2:22: hub.api_page_default_limit (50) is more than hub.api_page_max_limit (20)"
                    .into(),
            ],
        ),
        (
            "[hub]\ntoken_lifetime_max = \"1d\"\ntoken_lifetime_default = \"2d\"",
            vec![
                "c:3:26: hub.token_lifetime_default (2d) is longer than hub.token_lifetime_max (1d)"
                    .into(),
            ],
        ),
        (
            "[culler]\ntimeout = \"never\"",
            vec![
                "c:2:11: culler.timeout is the string \"never\", but must be a duration from 1s to \
                 400d in s, m, h, d or w, such as \"90s\" or \"1h 30m\", or \"unlimited\""
                    .into(),
            ],
        ),
        (
            "[groups.b]\nmemory = \"2X\"\nsandbox.private_tpm = true\n[groups]\n\"a:b\" = {}\nc = 1",
            vec![
                format!("c:2:10: groups.b.memory is the string \"2X\", but must be {size}"),
                "c:3:9: unknown key groups.b.sandbox.private_tpm; is \
                 groups.b.sandbox.private_tmp meant?"
                    .into(),
                "c:5:1: \"a:b\" cannot be the name of a system group".into(),
                "c:6:5: a group is a table, written [groups.c]".into(),
            ],
        ),
        ("groups = 1", vec!["c:1:10: groups are tables, written [groups.NAME]".into()]),
    ];
    for (text, expected) in table {
        assert_eq!(faults(text), expected, "{text}");
    }
}

#[test]
fn later_files_win_key_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("carrel.toml");
    let drop_ins = folder.path().join("carrel.d");
    std::fs::create_dir(&drop_ins).unwrap();
    std::fs::write(
        &main,
        "[server]\nlimits.memory = \"2G\"\nlimits.cpus = 2\nargs = [\"--a\"]\n\
         environment = { A = \"1\", B = \"1\" }\n[groups.z]\ntasks = 100\n[groups.a]\ncpus = 0.5\n",
    )
    .unwrap();
    std::fs::write(
        drop_ins.join("20.toml"),
        "[server.limits]\nmemory = \"unlimited\"\n",
    )
    .unwrap();
    std::fs::write(
        drop_ins.join("10.toml"),
        "[server]\nlimits.memory = \"3G\"\nargs = []\nenvironment.B = \"2\"\n[groups.m]\n\
         [groups.z]\nmemory = \"unlimited\"\nsandbox.private_tmp = false\n",
    )
    .unwrap();
    std::fs::write(drop_ins.join("30.toml.dpkg-old"), "nonsense").unwrap();
    std::fs::write(drop_ins.join(".40.toml"), "nonsense").unwrap();

    let settings = load(&main).unwrap();

    assert_eq!(settings.server.limits.memory_bytes, None);
    assert_eq!(settings.server.limits.cpus, Some(2.0));
    assert_eq!(settings.server.args, Vec::<String>::new());
    let environment: Vec<_> = settings.server.environment.into_iter().collect();
    assert_eq!(
        environment,
        [
            ("A".to_owned(), "1".to_owned()),
            ("B".to_owned(), "2".to_owned())
        ]
    );
    let names: Vec<_> = settings.groups.iter().map(|g| g.name.as_str()).collect();
    assert_eq!(names, ["z", "a", "m"]);
    let first = settings.groups.first().unwrap();
    assert_eq!(first.changes.tasks, Some(Change::To(100)));
    assert_eq!(first.changes.memory_bytes, Some(Change::Lift));
    assert_eq!(first.changes.cpus, None);
    assert_eq!(
        first.changes.sandbox,
        BTreeMap::from([("private_tmp".to_owned(), false)])
    );
}

#[test]
fn a_token_without_a_wish_lasts_no_longer_than_the_longest() {
    let hour = Duration::from_secs(3600);
    let table = [
        ("", (None, None)),
        ("hub.token_lifetime_max = \"1h\"", (Some(hour), Some(hour))),
        ("hub.token_lifetime_default = \"1h\"", (Some(hour), None)),
        (
            "hub.token_lifetime_default = \"1h\"\nhub.token_lifetime_max = \"2h\"",
            (Some(hour), Some(2 * hour)),
        ),
    ];
    for (text, expected) in table {
        let hub = parse(Path::new("c"), text).unwrap().hub;
        let found = (hub.token_lifetime_default, hub.token_lifetime_max);
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_group_may_have_its_own_idle_time() {
    let text = "culler.timeout = \"1h\"\ngroups.a.idle_timeout = \"2h\"\n\
                groups.b.idle_timeout = \"unlimited\"\ngroups.c = {}";
    let settings = parse(Path::new("c"), text).unwrap();
    let found: Vec<_> = settings.groups.iter().map(|g| g.idle_timeout).collect();
    let two_hours = Duration::from_secs(7200);
    assert_eq!(
        found,
        [Some(Change::To(two_hours)), Some(Change::Lift), None]
    );
}

#[test]
fn faults_of_all_files_are_told_together() {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("carrel.toml");
    let drop_ins = folder.path().join("carrel.d");
    std::fs::create_dir(&drop_ins).unwrap();
    std::fs::write(&main, "[tls]\ncertificate = \"/c\"\n[x]").unwrap();
    std::fs::write(drop_ins.join("1.toml"), "[hub]\n  y = 1\n").unwrap();
    std::fs::write(drop_ins.join("2.toml"), b"[hub]\n\xff").unwrap();
    std::fs::create_dir(drop_ins.join("3.toml")).unwrap();
    let told: Vec<String> = load(&main)
        .unwrap_err()
        .as_slice()
        .iter()
        .map(|fault| {
            fault
                .to_string()
                .replace(&folder.path().display().to_string(), "")
        })
        .collect();
    assert_eq!(
        told,
        [
            "/carrel.d/2.toml: cannot be read: line 2 is not UTF-8",
            "/carrel.d/3.toml: cannot be read: Is a directory (os error 21)",
            "/carrel.toml:2:15: tls.certificate needs tls.key as well",
            "/carrel.toml:3:2: unknown key x",
            "/carrel.d/1.toml:2:3: unknown key hub.y",
        ]
    );
    let absent = load(&folder.path().join("none.toml"))
        .unwrap_err()
        .to_string();
    assert!(absent.ends_with("none.toml: cannot be read: No such file or directory (os error 2)"));
}

#[test]
fn spellings() {
    let durations = [
        ("90s", Some(90)),
        ("1h 30m", Some(5400)),
        ("1h30min", Some(5400)),
        ("2w", Some(14 * 86_400)),
        ("", None),
        ("90", None),
        ("h", None),
        ("-1s", None),
        ("1.5h", None),
        ("1y", None),
        ("99999999999999999999s", None),
        ("9999999999999999999w", None),
    ];
    for (text, seconds) in durations {
        let expected = seconds.map(Duration::from_secs);
        assert_eq!(spelling::parse_duration(text), expected, "{text:?}");
    }
    let sizes = [
        ("0", Some(0)),
        ("512", Some(512)),
        ("4K", Some(4096)),
        ("1M", Some(1 << 20)),
        ("3G", Some(3 << 30)),
        ("2T", Some(2 << 40)),
        ("4g", None),
        ("4 G", None),
        ("1.5G", None),
        ("G", None),
        ("", None),
        ("-1", None),
        ("99999999999T", None),
    ];
    for (text, bytes) in sizes {
        assert_eq!(spelling::parse_size(text), bytes, "{text:?}");
    }
}

#[test]
fn paths_and_addresses_are_normalised_or_refused() {
    let good = [
        ("hub.base_url = \"/a/b\"", "hub.base_url = \"/a/b/\""),
        (
            "hub.public_url = \"https://lab.example/\"",
            "hub.public_url = \"https://lab.example\"",
        ),
    ];
    for (one, other) in good {
        let path = Path::new("c");
        assert_eq!(parse(path, one).unwrap(), parse(path, other).unwrap());
    }
    let bad = [
        "hub.base_url = \"a\"",
        "hub.base_url = \"/a//b\"",
        "hub.base_url = \"/../\"",
        "hub.base_url = \"/a?b\"",
        "hub.public_url = \"lab.example\"",
        "hub.public_url = \"https://lab.example/x\"",
        "hub.public_url = \"ftp://lab.example\"",
        "hub.public_url = \"https://me@lab.example\"",
        "hub.default_url = \"//evil.example\"",
        "hub.default_url = \"https://evil.example\"",
        "hub.default_url = \"/\\\\evil.example\"",
        "hub.state_dir = \"relative\"",
        "hub.state_dir = \"/a/../b\"",
        "server.command = \"bin/x\"",
        "server.command = \"x --y\"",
        "server.command = \"\"",
        "server.root_dir = \"~bob\"",
        "server.root_dir = \"~/../bob\"",
        "server.limits.cpus = nan",
        "server.limits.cpus = 0",
        "server.limits.memory = 1",
        "server.args = [\"a\\u0000b\"]",
        "server.environment = { \"A=B\" = \"x\" }",
        "login.allowed_users = [\"a\\nb\"]",
    ];
    for text in bad {
        assert_eq!(faults(text).len(), 1, "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_spelled_is_read_back(seconds in 0_u64..u64::MAX / 2) {
        prop_assert_eq!(spelling::parse_duration(&spelling::spell_seconds(seconds)), Some(Duration::from_secs(seconds)));
        prop_assert_eq!(spelling::parse_size(&spelling::spell_size(seconds)), Some(seconds));
    }
}

proptest! {
    #[test]
    fn no_text_upsets_the_reader(text in "\\PC{0,80}") {
        // Any answer will do; what counts is that there is one.
        drop(parse(Path::new("c"), &text));
        prop_assert!(spelling::parse_duration(&text).is_none_or(|d| d.subsec_nanos() == 0));
        prop_assert!(spelling::parse_size(&text).is_none_or(|_| text.starts_with(|c: char| c.is_ascii_digit())));
    }
}
