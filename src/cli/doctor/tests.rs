use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use super::*;

/// A machine in a folder, all of whose files belong to whoever runs the test.
pub(super) fn machine(folder: &Path) -> Machine {
    let status = fs::metadata(folder).unwrap();
    let config = folder.join("etc/carrel/carrel.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    put(&config, "", 0o644);
    Machine {
        root: folder.to_owned(),
        settings: config::parse(&config, ""),
        config: PathBuf::from("/etc/carrel/carrel.toml"),
        system_uid: status.uid(),
        hub: Some((status.uid(), status.gid())),
        own_uid: status.uid(),
    }
}

fn put(path: &Path, text: &str, mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn folder(path: &Path, mode: u32) {
    fs::create_dir_all(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_configuration_that_others_can_write_fails() {
    let root = tempfile::tempdir().unwrap();
    let mut machine = machine(root.path());
    assert_eq!(files::configuration(&machine).state, State::Ok);

    machine.settings = config::parse(Path::new("/c"), "x = 1\ny = 2");
    let check = files::configuration(&machine);
    assert_eq!(check.state, State::Fail);
    assert_eq!(check.found, "/c:1:1: unknown key x (and 1 more)");

    put(&machine.at("/etc/carrel/carrel.d/a.toml"), "", 0o664);
    let check = files::configuration(&machine);
    assert_eq!(
        check.found,
        "/etc/carrel/carrel.d/a.toml can be written by others than root (mode 0664)"
    );
}

#[test]
fn a_pam_service_needs_both_kinds_of_rules() {
    let root = tempfile::tempdir().unwrap();
    let machine = machine(root.path());
    assert!(files::pam(&machine).found.ends_with("is absent"));
    let file = machine.at("/etc/pam.d/carrel");
    let table = [
        (
            "auth required pam_unix.so\naccount required pam_unix.so",
            State::Ok,
        ),
        ("@include common-auth\n@include common-account", State::Ok),
        (
            "auth required pam_unix.so\n#account required pam_unix.so",
            State::Fail,
        ),
        ("", State::Fail),
    ];
    for (text, state) in table {
        put(&file, text, 0o644);
        assert_eq!(files::pam(&machine).state, state, "{text}");
    }
    put(&file, "auth\naccount", 0o666);
    assert_eq!(files::pam(&machine).state, State::Fail);
}

#[test]
fn control_groups_are_judged() {
    let root = tempfile::tempdir().unwrap();
    let machine = machine(root.path());
    assert_eq!(system::control_groups(&machine).state, State::Warn);
    let controllers = machine.at("/sys/fs/cgroup/cgroup.controllers");
    put(&controllers, "cpuset cpu io memory pids\n", 0o644);
    assert_eq!(system::control_groups(&machine).state, State::Ok);
    put(&controllers, "cpuset io memory\n", 0o644);
    assert_eq!(
        system::control_groups(&machine).found,
        "version 2 without cpu, pids"
    );
}

#[test]
fn sockets_of_wrong_mode_or_owner_fail() {
    let root = tempfile::tempdir().unwrap();
    let mut machine = machine(root.path());
    let run = machine.at("/run/carrel");
    folder(&run, 0o755);
    folder(&run.join("user"), 0o711);
    folder(&run.join("secrets"), 0o700);
    let bind = |name: &str| std::os::unix::net::UnixListener::bind(run.join(name)).unwrap();
    let _listeners = ["broker.sock", "admin.sock", "oidc.sock"].map(bind);
    let set_mode = |name: &str, mode| {
        fs::set_permissions(run.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    set_mode("broker.sock", 0o660);
    set_mode("admin.sock", 0o600);
    set_mode("oidc.sock", 0o600);
    let own = run.join("user").join(machine.own_uid.to_string());
    folder(&own, 0o2710);
    let states = |machine: &Machine| {
        sockets::all(machine)
            .iter()
            .map(|c| c.state)
            .collect::<Vec<_>>()
    };
    assert_eq!(states(&machine), [State::Ok; 4]);

    folder(&own, 0o2711);
    folder(&run.join("secrets"), 0o711);
    set_mode("broker.sock", 0o666);
    set_mode("oidc.sock", 0o666);
    assert_eq!(states(&machine), [State::Fail; 4]);

    folder(&own, 0o2710);
    fs::rename(&own, run.join("user/12345")).unwrap();
    let check = sockets::all(&machine).pop().unwrap();
    assert!(check.found.contains("instead of 12345"), "{}", check.found);

    machine.hub = None;
    assert!(sockets::all(&machine).is_empty());
}

#[tokio::test]
async fn the_server_program_is_found_and_asked() {
    let root = tempfile::tempdir().unwrap();
    // The program is tried as another account, which must be able to get there.
    folder(root.path(), 0o755);
    let machine = machine(root.path());
    let check = server::program(&machine).await;
    assert!(
        check
            .found
            .starts_with("jupyterhub-singleuser is in none of /opt/carrel")
    );
    let program = machine.at("/opt/conda/bin/jupyterhub-singleuser");
    put(&program, "#!/bin/sh\necho 5.2.1\n", 0o755);
    let check = server::program(&machine).await;
    assert_eq!(check.found, format!("{}, version 5.2.1", program.display()));
    put(&program, "#!/bin/sh\necho broken >&2; exit 1\n", 0o755);
    assert_eq!(server::program(&machine).await.state, State::Fail);
}

#[test]
fn a_certificate_is_read_with_its_key() {
    let root = tempfile::tempdir().unwrap();
    let mut machine = machine(root.path());
    let clock = crate::domain::time::Clock::System;
    let look = |machine: &Machine| certificate::certificate(machine, &clock);
    assert_eq!(look(&machine).state, State::Warn);
    let made = rcgen::generate_simple_self_signed(["lab.example".to_owned()]).unwrap();
    let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let own = machine.at("/var/lib/carrel/tls/self-signed.pem");
    put(&own, &format!("{chain}{key}"), 0o600);
    let check = look(&machine);
    assert_eq!(check.state, State::Ok, "{}", check.found);

    if let Ok(settings) = &mut machine.settings {
        settings.tls.certificate = Some("/etc/carrel/chain.pem".into());
        settings.tls.key = Some("/etc/carrel/key.pem".into());
    }
    assert_eq!(look(&machine).state, State::Fail);
    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    put(&machine.at("/etc/carrel/chain.pem"), &chain, 0o644);
    put(&machine.at("/etc/carrel/key.pem"), &other, 0o600);
    let check = look(&machine);
    assert_eq!(check.state, State::Fail);
    assert!(
        check.found.contains("do not belong together"),
        "{}",
        check.found
    );
    put(&machine.at("/etc/carrel/key.pem"), &key, 0o600);
    assert_eq!(look(&machine).state, State::Ok);
    put(&machine.at("/etc/carrel/key.pem"), &key, 0o644);
    let check = look(&machine);
    assert!(
        check.found.ends_with("is open to every account"),
        "{}",
        check.found
    );
    put(&machine.at("/etc/carrel/key.pem"), &key, 0o600);
    machine.hub = Some((1, 1));
    let check = look(&machine);
    assert!(
        check.found.ends_with("by the account carrel"),
        "{}",
        check.found
    );
}

#[tokio::test]
async fn a_database_must_be_private_and_sound() {
    let root = tempfile::tempdir().unwrap();
    let machine = machine(root.path());
    assert_eq!(database::readable(&machine).await.state, State::Warn);
    let path = machine.at("/var/lib/carrel/carrel.sqlite");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    drop(crate::store::Store::open(&path).unwrap());
    let check = database::readable(&machine).await;
    assert_eq!(check.state, State::Ok, "{}", check.found);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(database::readable(&machine).await.state, State::Fail);
    let root = tempfile::tempdir().unwrap();
    let machine = self::machine(root.path());
    let path = machine.at("/var/lib/carrel/carrel.sqlite");
    put(&path, &"no database ".repeat(1000), 0o600);
    let check = database::readable(&machine).await;
    assert!(check.found.contains("damaged"), "{}", check.found);
}

#[test]
fn a_check_is_told_in_words() {
    let fail = Check::fail("sky", "it falls", "Hold it.");
    assert_eq!(fail.in_words(), "FAIL  sky: it falls\n      Hold it.\n");
    assert_eq!(
        serde_json::to_value(Check::ok("sky", "blue")).unwrap(),
        serde_json::json!({"name": "sky", "state": "ok", "found": "blue"})
    );
}
