//! The gate with a shell script in the place of the broker.

use std::{
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    thread,
};

use nix::unistd::geteuid;

use super::*;

/// A gate whose requests are served by `script`, and where it listens.
struct Stage {
    folder: tempfile::TempDir,
    gate: Gate,
}

impl Stage {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("broker");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let gate = Gate {
            program,
            config: PathBuf::from("/etc/x.toml"),
            hub: Some(geteuid().as_raw()),
            places: 2,
            idle: Duration::from_millis(50),
        };
        Self { folder, gate }
    }

    /// Serves for as long as `visit` takes and then until the gate has nothing to do.
    fn run(&self, visit: impl FnOnce(&Path) + Send) -> Result<(), Error> {
        let path = self.folder.path().join("gate.sock");
        let listener = UnixListener::bind(&path).unwrap();
        thread::scope(|scope| {
            let visiting = scope.spawn(|| visit(&path));
            let served = loop {
                let served = self.gate.serve(&listener);
                if visiting.is_finished() || served.is_err() {
                    break served;
                }
            };
            visiting.join().unwrap();
            served
        })
    }
}

fn connect(path: &Path) -> UnixStream {
    UnixStream::connect(path).unwrap()
}

fn read_all(mut stream: &UnixStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn each_request_has_a_process_of_its_own() {
    let stage = Stage::new("echo $$ $* >&0");
    let served = stage.run(|path| {
        let answers = [connect(path), connect(path), connect(path)].map(|stream| read_all(&stream));
        let pids = answers.each_ref().map(|answer| {
            let (pid, arguments) = answer.trim().split_once(' ').unwrap();
            assert_eq!(arguments, "--config /etc/x.toml broker --request");
            pid
        });
        assert!(pids[0] != pids[1] && pids[1] != pids[2], "{pids:?}");
    });
    served.unwrap();
}

#[test]
fn a_request_that_dies_harms_no_other() {
    let stage = Stage::new("read -r line; [ $line = die ] && kill -9 $$; echo $line >&0");
    let served = stage.run(|path| {
        let (mut first, mut second) = (connect(path), connect(path));
        first.write_all(b"die\n").unwrap();
        assert_eq!(read_all(&first), "");
        second.write_all(b"live\n").unwrap();
        assert_eq!(read_all(&second), "live\n");
    });
    served.unwrap();
}

#[test]
fn requests_wait_for_a_place() {
    let stage = Stage::new("read -r line; echo $line >&0");
    let served = stage.run(|path| {
        let (mut first, second, mut third) = (connect(path), connect(path), connect(path));
        third.write_all(b"third\n").unwrap();
        third
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        assert!(third.read(&mut [0]).is_err(), "the third has no place yet");
        third.set_read_timeout(None).unwrap();
        first.write_all(b"first\n").unwrap();
        assert_eq!(read_all(&first), "first\n");
        assert_eq!(read_all(&third), "third\n");
        drop(second);
    });
    served.unwrap();
}

#[test]
fn what_a_request_leaves_behind_is_ended() {
    prctl::set_child_subreaper(true).unwrap();
    // The program that is left, and one that it has started, keep the connection open.
    let stage = Stage::new("exec 3>&0; sh -c 'sleep 600 & wait' >&3 & echo left >&0");
    let served = stage.run(|path| assert_eq!(read_all(&connect(path)), "left\n"));
    served.unwrap();
}

#[test]
fn hub_and_root_may_ask() {
    for (uid, hub, expected) in [
        (0, Some(999), true),
        (999, Some(999), true),
        (1000, Some(999), false),
        (0, None, true),
        (999, None, false),
        (u32::MAX, None, false),
    ] {
        assert_eq!(may_ask(uid, hub), expected, "{uid} {hub:?}");
    }
}

#[test]
fn only_a_listening_socket_will_do() {
    let file = tempfile::tempfile().unwrap();
    let stage = Stage::new("");
    let no_socket = UnixListener::from(OwnedFd::from(file));
    assert!(stage.gate.serve(&no_socket).is_err());
}
