//! Services, as they are written.

use std::{path::Path, time::Duration};

use crate::{
    config::{
        Fault, parse,
        settings::services::{ServiceAddress, ServiceSettings},
    },
    domain::scope,
};

fn services(text: &str) -> Vec<ServiceSettings> {
    parse(Path::new("c"), text).unwrap().services
}

fn faults(text: &str) -> Vec<String> {
    match parse(Path::new("c"), text) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.as_slice().iter().map(Fault::to_string).collect(),
    }
}

#[test]
fn a_service_that_carrel_runs() {
    let services = services(
        r#"
        [[services]]
        name = "grader"
        url = "unix"
        command = ["/opt/grader/bin/grader", "--course", "101"]
        user = "grader"
        cwd = "/srv/grader"
        environment = { COURSE = "101" }
        start_timeout = "5s"
        display = false
        oauth_no_confirm = true
        oauth_client_allowed_scopes = ["read:users:groups!user"]
        [services.info]
        contact = { mail = "teacher@lab.example" }
        [services.limits]
        memory = "1G"
        [services.sandbox]
        private_devices = true
        "#,
    );
    let [service] = services.as_slice() else {
        panic!("{services:?}")
    };
    assert_eq!(service.name.as_str(), "grader");
    assert_eq!(service.address, Some(ServiceAddress::OwnSocket));
    assert!(!service.display && !service.admin);
    assert_eq!(service.info["contact"]["mail"], "teacher@lab.example");
    let client = service.client.as_ref().unwrap();
    assert_eq!(client.id, "service-grader");
    assert_eq!(client.redirect_uri, None);
    assert!(client.no_confirm);
    assert_eq!(
        scope::texts(&client.allowed_scopes),
        ["read:users:groups!user"]
    );
    let program = service.program.as_ref().unwrap();
    assert_eq!(program.command, "/opt/grader/bin/grader");
    assert_eq!(program.args, ["--course", "101"]);
    assert_eq!(service.user.as_ref().unwrap().as_str(), "grader");
    assert_eq!(program.cwd.as_deref(), Some(Path::new("/srv/grader")));
    assert_eq!(program.environment["COURSE"], "101");
    assert_eq!(program.start_timeout, Duration::from_secs(5));
    assert_eq!(program.limits.memory_bytes, Some(1 << 30));
    assert_eq!(program.limits.tasks, Some(4096), "as servers have it");
    assert!(program.sandbox.private_devices && program.sandbox.private_tmp);
}

#[test]
fn services_that_somebody_else_runs() {
    let services = services(
        r#"
        [[services]]
        name = "dashboard"
        url = "http://127.0.0.1:9001/"
        api_token_file = "/etc/carrel/secrets/dashboard"
        admin = true
        [[services]]
        name = "forum"
        oauth_client_id = "service-lab-forum"
        oauth_redirect_uri = "https://forum.lab.example/callback"
        api_token_file = "/etc/carrel/secrets/forum"
        [[services]]
        name = "a script"
        [[roles]]
        name = "scripting"
        scopes = ["list:users"]
        services = ["a script", "forum"]
        "#,
    );
    let [dashboard, forum, script] = services.as_slice() else {
        panic!("{services:?}")
    };
    assert!(dashboard.admin && dashboard.program.is_none());
    assert_eq!(
        dashboard.api_token_file.as_deref(),
        Some(Path::new("/etc/carrel/secrets/dashboard"))
    );
    let client = forum.client.as_ref().unwrap();
    assert_eq!(client.id, "service-lab-forum");
    assert_eq!(
        client.redirect_uri.as_deref(),
        Some("https://forum.lab.example/callback")
    );
    assert_eq!((&script.address, &script.client), (&None, &None));
}

#[test]
fn addresses_are_read_or_refused() {
    let tcp = |host: &str, port| {
        Some(ServiceAddress::Tcp {
            host: host.to_owned(),
            port,
        })
    };
    let table = [
        ("http://127.0.0.1:9001", tcp("127.0.0.1", 9001)),
        ("http://[::1]:9001/", tcp("[::1]", 9001)),
        ("http://grader.lab.example", tcp("grader.lab.example", 80)),
        (
            "unix:/run/a/b.sock",
            Some(ServiceAddress::Unix("/run/a/b.sock".into())),
        ),
        ("https://127.0.0.1:9001", None),
        ("http://127.0.0.1:9001/a", None),
        ("http://127.0.0.1:9001/?a", None),
        ("http://me@127.0.0.1:9001", None),
        ("127.0.0.1:9001", None),
        ("http+unix://%2Frun%2Fa", None),
        ("unix:run/a", None),
        ("unix:/run/../a", None),
        ("unix:", None),
        ("", None),
    ];
    for (text, expected) in table {
        // Whose a Unix socket is must be said, and of nothing else.
        let user = match text.starts_with("unix:/run/a") {
            true => ", user = \"b\"",
            false => "",
        };
        let written = format!("services = [{{ name = \"a\", url = {text:?}{user} }}]");
        let found = parse(Path::new("c"), &written).map(|settings| {
            let service = settings.services.into_iter().next();
            service.and_then(|service| service.address)
        });
        assert_eq!(found.unwrap_or_default(), expected, "{text}");
        if let Some(address) = expected {
            let again = address.to_string();
            assert!(again == text || text.starts_with("http:"), "{again}");
        }
    }
}

#[test]
fn faults_are_told_where_they_stand() {
    let name = |name: &str| {
        format!(
            "c:2:8: services.name is the string {name:?}, but must be the name of a service, which \
             has no slash and no percent sign, no blank at either end, and not only dots"
        )
    };
    let table: Vec<(&str, Vec<String>)> = vec![
        ("[[services]]\nname = \"a/b\"", vec![name("a/b")]),
        ("[[services]]\nname = \"a%20b\"", vec![name("a%20b")]),
        ("[[services]]\nname = \"..\"", vec![name("..")]),
        ("[[services]]\nname = \" a\"", vec![name(" a")]),
        (
            "[[services]]\nname = \"a\"\napi_token = \"geheim\"",
            vec!["c:3:1: unknown key services.a.api_token; is services.a.api_token_file meant?".into()],
        ),
        (
            "[[services]]\nname = \"a\"\ncommand = [\"/a\"]",
            vec!["c:3:11: services.a.command needs user as well: the account that it runs as".into()],
        ),
        (
            "[[services]]\nname = \"a\"\ncommand = [\"a b\", \"c\"]\nuser = \"root\"",
            vec![
                "c:3:12: services.a.command begins with \"a b\", but must begin with the name of a \
                 program or its absolute path"
                    .into(),
                "c:4:8: services.a.user is the string \"root\", but must be the name of a system \
                 account other than root and carrel"
                    .into(),
            ],
        ),
        (
            "[[services]]\nname = \"a\"\ncommand = []\nuser = \"b\"",
            vec!["c:3:11: services.a.command is empty".into()],
        ),
        (
            "[[services]]\nname = \"a\"\nurl = \"unix:/run/a/b.sock\"",
            vec![
                "c:3:7: services.a.url is a Unix socket and needs user as well: the account that \
                 listens on it"
                    .into(),
            ],
        ),
        (
            "[[services]]\nname = \"a\"\nuser = \"b\"\n[services.limits]\ntasks = 100",
            vec![
                "c:3:8: services.a.user is for a service with a command or a Unix socket".into(),
                "c:4:1: services.a.limits is for a service with a command".into(),
            ],
        ),
        (
            "[[services]]\nname = \"a\"\nurl = \"unix\"",
            vec!["c:3:7: services.a.url is \"unix\", which is for a service with a command".into()],
        ),
        (
            "[[services]]\nname = \"a\"\nurl = \"http://192.0.2.1:1\"\ncommand = [\"a\"]\nuser = \"b\"\n\
             api_token_file = \"/t\"",
            vec![
                "c:3:7: services.a.url is on another machine, but command runs the service on this \
                 one"
                    .into(),
                "c:6:18: services.a.api_token_file is for a service without a command: one that \
                 Carrel runs gets a new token at each start"
                    .into(),
            ],
        ),
        (
            "[[services]]\nname = \"a\"\noauth_client_id = \"service-a\"\noauth_no_confirm = true",
            vec![
                "c:3:19: services.a.oauth_client_id needs url or oauth_redirect_uri, where people \
                 are sent back"
                    .into(),
                "c:4:20: services.a.oauth_no_confirm needs url or oauth_redirect_uri, where people \
                 are sent back"
                    .into(),
            ],
        ),
        (
            "[[services]]\nname = \"a\"\noauth_redirect_uri = \"/back\"\noauth_client_id = \"grader\"\n\
             api_token_file = \"/t\"",
            vec![
                "c:3:22: services.a.oauth_redirect_uri is a path on this site, which needs url as \
                 well"
                    .into(),
                "c:4:19: services.a.oauth_client_id is the string \"grader\", but must be \
                 \"service-\" and more, of characters that the name of a cookie may have"
                    .into(),
            ],
        ),
        (
            "[[services]]\nname = \"a\"\noauth_redirect_uri = \"https://a.example/b\"",
            vec![
                "c:3:22: services.a.oauth_redirect_uri needs api_token_file as well: the token is \
                 the client's secret"
                    .into(),
            ],
        ),
        (
            "[[services]]\nname = \"a b\"\nurl = \"http://127.0.0.1:1\"",
            vec![
                "c:2:8: services.\"a b\" needs oauth_client_id, for \"service-a b\" cannot be the name \
                 of a cookie"
                    .into(),
            ],
        ),
        (
            "[[services]]\nname = \"a\"\nurl = \"http://127.0.0.1:1\"\n[[services]]\nname = \"b\"\n\
             url = \"http://127.0.0.1:2\"\noauth_client_id = \"service-a\"",
            vec![
                "c:7:19: services.b has the OAuth client \"service-a\" of services.a".into(),
            ],
        ),
        (
            "[[services]]\nname = \"a\"\nurl = \"http://127.0.0.1:1\"\n\
             oauth_client_allowed_scopes = [\"read:usrs\"]",
            vec![
                "c:4:32: services.a.oauth_client_allowed_scopes: there is no scope \"read:usrs\"; is \
                 read:users meant?"
                    .into(),
            ],
        ),
        (
            "[[services]]\nname = \"a\"\ncommand = [\"a\"]\nuser = \"b\"\n\
             environment = { JUPYTERHUB_API_TOKEN = \"x\" }",
            vec![
                "c:5:17: services.a.environment is the string \"JUPYTERHUB_API_TOKEN\", but must be \
                 the name of an environment variable that does not carry a server's token"
                    .into(),
            ],
        ),
    ];
    for (text, expected) in table {
        assert_eq!(faults(text), expected, "{text}");
    }
}
