//! The command line: what is printed where, and with which exit code the program ends.

use std::{
    fs,
    path::Path,
    process::{Output, Stdio},
};

#[expect(
    clippy::disallowed_methods,
    reason = "a test may wait for the program it runs"
)]
fn carrel(arguments: &[&str]) -> Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_carrel"))
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn configuration(folder: &Path, text: &str) -> String {
    let path = folder.join("carrel.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_wrong_command_line_is_64() {
    for arguments in [&[][..], &["frob"], &["check-config", "--frob"], &["user"]] {
        let done = carrel(arguments);
        assert_eq!(done.status.code(), Some(64), "{arguments:?}");
        assert_eq!(text(&done.stdout), "");
        assert!(
            text(&done.stderr).contains("Usage: carrel"),
            "{arguments:?}"
        );
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for arguments in [&["--help"][..], &["--version"], &["doctor", "--help"]] {
        let done = carrel(arguments);
        assert_eq!(done.status.code(), Some(0), "{arguments:?}");
        assert!(!done.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn services_refuse_a_faulty_configuration_with_78() {
    let folder = tempfile::tempdir().unwrap();
    let path = configuration(folder.path(), "[hub]\nx = 1\ny = 2\n");
    for command in [&["hub"][..], &["broker", "--request"]] {
        let done = carrel(&[&["--config", &path], command].concat());
        assert_eq!(done.status.code(), Some(78), "{command:?}");
        let told = text(&done.stderr);
        let expected = format!(
            "error: the configuration has faults\n  \
             caused by: {path}:2:1: unknown key hub.x\n  \
             caused by: {path}:3:1: unknown key hub.y\n"
        );
        assert!(told.ends_with(&expected), "{command:?}: {told}");
    }
}

#[test]
fn check_config_tells_places() {
    let folder = tempfile::tempdir().unwrap();
    let path = configuration(folder.path(), "[login]\nmin_uid = \"many\"\n");
    let done = carrel(&["check-config", &path]);
    assert_eq!(done.status.code(), Some(1));
    let line = format!(
        "{path}:2:11: login.min_uid is the string \"many\", but must be a whole number from 1 to \
         4294967294\n"
    );
    assert_eq!(text(&done.stdout), line);

    let done = carrel(&["check-config", "--json", &path]);
    assert_eq!(done.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(report["ok"], false);
    assert_eq!(report["faults"][0]["line"], 2);
    assert_eq!(report["faults"][0]["column"], 11);

    configuration(folder.path(), "");
    let done = carrel(&["--config", &path, "check-config"]);
    assert_eq!((done.status.code(), text(&done.stdout)), (Some(0), "ok\n"));
}

#[test]
fn lists_come_from_the_database_or_say_that_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_str().unwrap();
    let path = configuration(folder.path(), &format!("hub.state_dir = \"{state}\""));
    let done = carrel(&["--config", &path, "user", "list"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("carrel.sqlite is absent"));

    drop(carrel::store::Store::open(&folder.path().join("carrel.sqlite")).unwrap());
    let done = carrel(&["--config", &path, "user", "list"]);
    assert_eq!(text(&done.stderr), "");
    assert_eq!(
        text(&done.stdout),
        "USER  UID  ADMIN  FIRST LOGIN  LAST ACTIVITY\n"
    );
    let done = carrel(&["--config", &path, "server", "list", "--json"]);
    assert_eq!((done.status.code(), text(&done.stdout)), (Some(0), "[]\n"));
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let done = carrel(&["generate", "completion", shell]);
        assert_eq!(done.status.code(), Some(0), "{shell}");
        assert!(text(&done.stdout).contains("check-config"), "{shell}");
    }
}

#[test]
fn doctor_tells_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = configuration(folder.path(), "hub.listen_api = \"127.0.0.1:1\"\n");
    let done = carrel(&["--config", &path, "doctor", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(
        (done.status.code(), &report["ok"]),
        (Some(1), &false.into())
    );
    for check in report["checks"].as_array().unwrap() {
        let told = check["advice"].is_string();
        assert_eq!(told, check["state"] != "ok", "{check}");
    }
}

#[test]
fn commands_for_the_hub_say_when_it_does_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().display();
    let path = configuration(folder.path(), &format!("[hub]\nruntime_dir = \"{run}\"\n"));
    for command in [
        &["token", "alice"][..],
        &["token", "create", "alice", "--expires", "12h"],
        &["token", "list", "alice", "--json"],
        &["user", "show", "alice"],
        &["group", "list"],
        &["role", "grant", "tutor", "--user", "alice"],
        &["share", "grant", "alice/lab", "--group", "physics"],
        &["service", "list"],
        &["server", "start", "alice"],
    ] {
        let done = carrel(&[&["--config", &path], command].concat());
        assert_eq!(done.status.code(), Some(1), "{command:?}");
        assert_eq!(text(&done.stdout), "");
        let told = text(&done.stderr);
        let expected = format!(
            "error: ask the hub at {run}/admin.sock\n  caused by: the hub does not run; `systemctl start carrel` \
             starts it, `carrel doctor` tells more\n"
        );
        assert!(told.starts_with(&expected), "{command:?}: {told}");
    }
}

#[test]
fn what_can_be_nobody_is_refused_before_the_hub_is_asked() {
    for command in [
        &["token"][..],
        &["token", "create", ""],
        &["token", "create", "alice", "--expires", "soon"],
        &["token", "revoke", "alice"],
        &["group", "add", ""],
        &["role", "define", "A role"],
        &["role", "grant", "tutor"],
        &["share", "grant", "alice"],
        &[
            "share", "grant", "alice", "--user", "bob", "--group", "physics",
        ],
        &["server", "start", "/lab"],
        &["server", "start", "alice", "--options", "[]"],
    ] {
        let done = carrel(command);
        assert_eq!(done.status.code(), Some(64), "{command:?}");
    }
}
