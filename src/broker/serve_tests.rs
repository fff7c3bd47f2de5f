use std::{io::Write, thread};

use super::*;

fn ask(frame: &[u8]) -> Result<Reply, FrameError> {
    let (mut hub, broker) = UnixStream::pair().unwrap();
    hub.write_all(frame).unwrap();
    hub.shutdown(std::net::Shutdown::Write).unwrap();
    thread::scope(|scope| {
        let served = scope.spawn(move || serve_on(&broker, &Settings::default()));
        let reply = read_frame(&hub);
        assert_eq!(
            served.join().unwrap().is_ok(),
            !matches!(reply, Ok(Reply::Failed(_)) | Err(_))
        );
        reply
    })
}

fn frame(request: &Request) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_frame(&mut bytes, request).unwrap();
    bytes
}

fn account(user: &str) -> Vec<u8> {
    frame(&Request::Account { user: user.into() })
}

#[test]
fn accounts_are_looked_up() {
    assert!(matches!(
        ask(&account("root")).unwrap(),
        Reply::Account(Some(_))
    ));
    assert!(matches!(
        ask(&account("no such account")).unwrap(),
        Reply::Account(None)
    ));
}

#[test]
fn names_that_are_none_are_refused_before_anything_is_done() {
    for user in ["", "a/b", "..", "a\nb"] {
        assert!(
            matches!(ask(&account(user)).unwrap(), Reply::Failed(_)),
            "{user:?}"
        );
    }
    let stop = Request::Stop {
        user: "alice".into(),
        server: "../x".into(),
    };
    assert!(matches!(ask(&frame(&stop)).unwrap(), Reply::Failed(_)));
}

#[test]
fn rubbish_gets_no_answer() {
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0, 0, 0, 2, b'{', b'}'],
        &[0, 0],
        &[],
    ] {
        assert!(ask(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn tokens_that_could_break_an_environment_file_are_refused() {
    for token in ["", "a b", "a\nUSER=root", "a\"", "ä", &"x".repeat(513)] {
        let order = Request::Launch {
            user: "alice".into(),
            server: String::new(),
            token: super::super::message::WireSecret(crate::domain::secret::Secret::new(
                token.into(),
            )),
            ticket: None,
            profile: None,
            answers: std::collections::BTreeMap::new(),
        };
        assert!(
            matches!(ask(&frame(&order)).unwrap(), Reply::Failed(_)),
            "{token:?}"
        );
    }
}

#[test]
fn passwords_can_be_turned_off() {
    let mut settings = Settings::default();
    settings.login.passwords = false;
    let request = frame(&Request::Authenticate {
        user: "root".into(),
        remote: std::net::IpAddr::from([192, 0, 2, 1]),
    });
    let (mut hub, broker) = UnixStream::pair().unwrap();
    hub.write_all(&request).unwrap();
    let outcome = serve_on(&broker, &settings);
    assert!(matches!(
        outcome,
        Err(Error::Request("login.passwords is false"))
    ));
    assert!(matches!(read_frame(&hub), Ok(Reply::Failed(_))));
}
