use std::fmt::Write;

use super::*;
use crate::domain::names::{ServerName, UserName};

const NOTEBOOK_SAFE: [Directive; 13] = [
    Directive::NoNewPrivileges,
    Directive::PrivateTmp,
    Directive::PrivateShm,
    Directive::HideProcesses,
    Directive::ProtectSystem,
    Directive::ProtectKernel,
    Directive::ProtectClockAndHostname,
    Directive::RestrictSetuidFiles,
    Directive::RestrictRealtime,
    Directive::LockPersonality,
    Directive::PrivateIpc,
    Directive::DropCapabilities,
    Directive::NativeSystemCalls,
];

fn account(name: &str) -> Account {
    Account {
        name: UserName::parse(name).unwrap(),
        uid: 1001,
        gid: 1001,
        home: "/home/alice".into(),
        shell: "/bin/bash".into(),
        groups: vec!["alice".into()],
        admin: false,
    }
}

fn key(user: &str, server: &str) -> ServerKey {
    ServerKey {
        user: UserName::parse(user).unwrap(),
        server: ServerName::parse(server).unwrap(),
    }
}

fn plan<'a>(account: &'a Account, key: &'a ServerKey) -> Plan<'a> {
    Plan {
        account,
        key,
        program: Path::new("/opt/carrel/venv/bin/jupyterhub-singleuser"),
        args: &[],
        gatekeeper: Gatekeeper::Program,
        launcher: Path::new("/usr/bin/carrel"),
        search_path: &[],
        oauth_client_allowed_scopes: &[],
        default_url: "/lab",
        root_dir: "~",
        environment: BTreeMap::new(),
        language: "C.UTF-8",
        bounds: Bounds::default(),
        sandbox: NOTEBOOK_SAFE.into(),
        start_timeout: Duration::from_secs(60),
        stop_timeout: Duration::from_secs(15),
        kernel_ipc: true,
        base_url: "/",
        public_url: None,
        api_origin: "http://127.0.0.1:8081",
        runtime_dir: Path::new("/run/carrel"),
    }
}

fn show(spec: &UnitSpec) -> String {
    let mut out = format!("[{}]\n", spec.unit);
    for property in &spec.properties {
        writeln!(out, "{property:?}").unwrap();
    }
    out.push_str("\n[environment]\n");
    for (name, value) in &spec.environment {
        writeln!(out, "{name}={value}").unwrap();
    }
    out
}

#[test]
fn the_default_server_of_alice() {
    let (account, key) = (account("alice"), key("alice", ""));
    insta::assert_snapshot!(show(&UnitSpec::make(&plan(&account, &key)).unwrap()));
}

#[test]
fn a_named_server_with_bounds_and_a_public_address() {
    let (account, key) = (account("LAB\\ann a@x"), key("LAB\\ann a@x", "gpu-2"));
    let args = [String::from("--debug"), String::from("$HOME/%n")];
    let folders = [PathBuf::from("/opt/conda/bin"), PathBuf::from("/usr/bin")];
    let allowed = ["shares!server", "read:users!user"].map(|s| Scope::parse(s).unwrap());
    let mut plan = plan(&account, &key);
    plan.args = &args;
    plan.search_path = &folders;
    plan.base_url = "/lab/";
    plan.public_url = Some("https://lab.example/");
    plan.root_dir = "/data/{username}";
    plan.default_url = "";
    plan.oauth_client_allowed_scopes = &allowed;
    plan.kernel_ipc = false;
    plan.sandbox = BTreeSet::new();
    plan.environment = BTreeMap::from([("LANG".into(), "de_DE.UTF-8".into())]);
    plan.bounds = Bounds {
        memory_bytes: Some(4 << 30),
        cpus: Some(1.5),
        tasks: Some(512),
    };
    insta::assert_snapshot!(show(&UnitSpec::make(&plan).unwrap()));
}

#[test]
fn a_program_whose_gate_the_hub_keeps() {
    let (account, key) = (account("alice"), key("alice", "tables"));
    let args = ["--uds", "{socket}", "--base", "{prefix}", "--root={root}"].map(String::from);
    let on_a_socket = Plan {
        program: Path::new("/usr/bin/datasette"),
        args: &args,
        gatekeeper: Gatekeeper::Hub,
        ..plan(&account, &key)
    };
    let command = |plan: &Plan<'_>| {
        let spec = UnitSpec::make(plan).unwrap();
        let mut properties = spec
            .properties
            .iter()
            .map(|property| format!("{property:?}"));
        properties
            .find(|line| line.starts_with("ExecStart"))
            .unwrap()
    };
    insta::assert_snapshot!(command(&on_a_socket));
    let args = ["--port={port}".to_owned()];
    let on_a_port = Plan {
        args: &args,
        ..on_a_socket
    };
    insta::assert_snapshot!(command(&on_a_port));
}

#[test]
fn a_unit_that_may_use_sudo_has_nothing_that_implies_no_new_privileges() {
    let (account, key) = (account("alice"), key("alice", ""));
    let mut plan = plan(&account, &key);
    plan.sandbox.remove(&Directive::NoNewPrivileges);
    let spec = UnitSpec::make(&plan).unwrap();
    let left = [
        Property::PrivateTmp(true),
        Property::TemporaryFileSystem("/dev/shm", "mode=1777"),
        Property::ProtectProc("invisible"),
        Property::ProtectSystem("full"),
        Property::PrivateIPC(true),
    ];
    assert!(spec.properties.ends_with(&left), "{:?}", spec.properties);
}

#[test]
fn secrets_are_in_the_file_and_nowhere_else() {
    let (account, key) = (account("alice"), key("alice", ""));
    let spec = UnitSpec::make(&plan(&account, &key)).unwrap();
    let token = Secret::new(String::from("s3cret"));
    let text = spec.environment_text(&token);
    let lines: Vec<&str> = text
        .expose()
        .lines()
        .filter(|line| line.contains("s3cret"))
        .collect();
    assert_eq!(
        lines,
        [
            "JUPYTERHUB_API_TOKEN=\"s3cret\"",
            "JPY_API_TOKEN=\"s3cret\""
        ]
    );
    assert!(!format!("{spec:?}").contains("s3cret"));
}

#[test]
fn values_cannot_break_out_of_their_line() {
    let (account, key) = (account("a\"\\`$b"), key("a\"\\`$b", ""));
    let spec = UnitSpec::make(&plan(&account, &key)).unwrap();
    let text = spec.environment_text(&Secret::new(String::new()));
    let line = text
        .expose()
        .lines()
        .find(|line| line.starts_with("JUPYTERHUB_USER="));
    assert_eq!(line, Some(r#"JUPYTERHUB_USER="a\"\\\`\$b""#));
    assert_eq!(
        spec.environment["JUPYTERHUB_OAUTH_SCOPES"],
        r#"["access:servers!server=a\"\\`$b/", "access:servers!user=a\"\\`$b"]"#
    );
}

#[test]
fn variables_that_systemd_would_drop_are_refused() {
    let (account, key) = (account("alice"), key("alice", ""));
    for (name, value) in [
        ("A B", "x"),
        ("", "x"),
        ("1A", "x"),
        ("A", "x\u{1b}y"),
        ("A", "\0"),
    ] {
        let mut plan = plan(&account, &key);
        plan.environment = BTreeMap::from([(name.into(), value.into())]);
        assert_eq!(
            UnitSpec::make(&plan),
            Err(PlanError::Variable(name.into())),
            "{name:?}={value:?}"
        );
    }
}

#[test]
fn paths_that_do_not_fit_into_a_socket_address_are_refused() {
    let (account, key) = (account("alice"), key("alice", ""));
    let long = PathBuf::from(format!("/run/{}", "x".repeat(100)));
    let mut plan = plan(&account, &key);
    plan.runtime_dir = &long;
    assert!(matches!(
        UnitSpec::make(&plan),
        Err(PlanError::SocketPath(_))
    ));
}

#[test]
fn kernel_sockets_fit_even_for_the_longest_names() {
    let mut account = account("alice");
    account.uid = u32::MAX;
    let key = key("alice", &"a".repeat(30));
    let folder = kernel_directory(&plan(&account, &key));
    let socket = format!("/run/{folder}/kernel-12345678-1234-1234-1234-123456789012-ipc-1");
    assert!(socket.len() <= MAX_SOCKET_PATH_BYTES, "{socket}");
}

#[test]
fn no_two_units_share_an_environment_file() {
    let table = [
        (key("a", ""), "carrel-user-a.env"),
        (key("a.service", ""), "carrel-user-a.service.env"),
        (key("a-b", ""), "carrel-user-a+x2db.env"),
        (key("a", "b"), "carrel-user-a-b.env"),
        (key("a+x2db", ""), "carrel-user-a+x2bx2db.env"),
    ];
    for (key, file) in table {
        let unit = UnitName::for_server(&key).unwrap();
        let path = environment_file(Path::new("/run/carrel"), &unit);
        assert_eq!(path, Path::new("/run/carrel/secrets").join(file), "{key}");
    }
}
