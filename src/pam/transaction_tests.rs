//! Real PAM, without root: service files in a folder of our own, and pam_exec as the module.

use std::{cell::RefCell, fs, os::unix::fs::PermissionsExt};

use super::*;
use crate::{
    domain::secret::Secret,
    pam::conversation::{Message, Style},
};

/// A folder with the service `carrel` and the scripts its lines name.
struct Stage(tempfile::TempDir);

impl Stage {
    fn new(lines: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut service = String::new();
        for (index, (kind, body)) in lines.iter().enumerate() {
            if body.starts_with("pam_") {
                service.push_str(&format!("{kind} required {body}\n"));
                continue;
            }
            let script = folder.path().join(format!("{index}.sh"));
            fs::write(&script, format!("#!/bin/sh\n{body}\n")).unwrap();
            fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
            let expose = if *kind == "auth" {
                "expose_authtok "
            } else {
                ""
            };
            service.push_str(&format!(
                "{kind} required pam_exec.so {expose}quiet {}\n",
                script.display()
            ));
        }
        fs::write(folder.path().join("carrel"), service).unwrap();
        Self(folder)
    }

    fn begin<'a>(&self, user: &str, talk: Box<Talk<'a>>) -> Transaction<'a> {
        Transaction::begin_in(Some(self.0.path()), "carrel", user, talk).unwrap()
    }
}

fn always(password: &str) -> Box<Talk<'_>> {
    Box::new(move |messages| {
        let questions = messages.iter().filter(|m| m.style.is_question());
        Some(
            questions
                .map(|_| Secret::new(password.to_owned()))
                .collect(),
        )
    })
}

const CHECK: &str = r#"read -r word; [ "$PAM_USER:$word" = "alice:right" ]"#;

#[test]
fn the_right_password_of_the_right_user_passes() {
    let stage = Stage::new(&[("auth", CHECK), ("account", "exit 0")]);
    let mut transaction = stage.begin("alice", always("right"));
    assert_eq!(transaction.authenticate(), Ok(()));
    assert_eq!(transaction.check_account(), Ok(()));
    for (user, password) in [
        ("alice", "wrong"),
        ("bob", "right"),
        ("alice", ""),
        ("alice", "Right"),
    ] {
        let mut transaction = stage.begin(user, always(password));
        assert!(transaction.authenticate().is_err(), "{user}:{password}");
    }
}

#[test]
fn the_remote_host_reaches_the_modules() {
    let stage = Stage::new(&[("auth", r#"[ "$PAM_RHOST" = "2001:db8::7" ]"#)]);
    let mut transaction = stage.begin("alice", always("x"));
    transaction.set_remote_host("2001:db8::7").unwrap();
    assert_eq!(transaction.authenticate(), Ok(()));
    let mut transaction = stage.begin("alice", always("x"));
    transaction.set_remote_host("192.0.2.1").unwrap();
    assert!(transaction.authenticate().is_err());
}

#[test]
fn several_rounds_reach_the_person_in_order() {
    let heard = RefCell::new(Vec::new());
    let stage = Stage::new(&[
        ("auth", "pam_echo.so Welcome"),
        ("auth", "read -r word; [ \"$word\" = one ]"),
        ("auth", "pam_echo.so Next"),
    ]);
    let talk = |messages: Vec<Message>| {
        let count = messages.iter().filter(|m| m.style.is_question()).count();
        heard.borrow_mut().extend(messages);
        Some(
            (0..count)
                .map(|_| Secret::new(String::from("one")))
                .collect(),
        )
    };
    let mut transaction = stage.begin("alice", Box::new(talk));
    assert_eq!(transaction.authenticate(), Ok(()));
    drop(transaction);
    let styles: Vec<Style> = heard.borrow().iter().map(|m| m.style).collect();
    assert_eq!(styles, [Style::Info, Style::Hidden, Style::Info]);
    assert_eq!(heard.borrow()[0].text.trim(), "Welcome");
}

#[test]
fn a_person_who_leaves_ends_the_login() {
    let stage = Stage::new(&[("auth", "exit 0")]);
    let mut transaction = stage.begin("alice", Box::new(|_| None));
    assert_eq!(transaction.authenticate(), Err(PamError::Conversation));
}

#[test]
fn a_panic_in_the_conversation_stays_on_this_side() {
    let stage = Stage::new(&[("auth", "exit 0")]);
    let mut transaction = stage.begin("alice", Box::new(|_| panic!("as a test")));
    assert_eq!(transaction.authenticate(), Err(PamError::Conversation));
}

#[test]
fn answers_of_the_wrong_number_or_shape_end_the_login() {
    let stage = Stage::new(&[("auth", "exit 0")]);
    for answers in [vec![], vec!["a", "b"], vec!["a\0b"]] {
        let talk = move |_| {
            Some(
                answers
                    .iter()
                    .map(|a| Secret::new(String::from(*a)))
                    .collect(),
            )
        };
        let mut transaction = stage.begin("alice", Box::new(talk));
        assert!(transaction.authenticate().is_err());
    }
}

#[test]
fn no_service_file_lets_nobody_in() {
    let stage = Stage::new(&[]);
    let mut transaction = stage.begin("alice", always("right"));
    assert!(transaction.authenticate().is_err());
    assert!(c_string("a\0b").is_err());
}

#[test]
fn an_account_phase_that_says_no_is_told_apart() {
    let stage = Stage::new(&[("auth", "exit 0"), ("account", "pam_deny.so")]);
    let mut transaction = stage.begin("alice", always("right"));
    assert_eq!(transaction.authenticate(), Ok(()));
    assert!(matches!(
        transaction.check_account(),
        Err(PamError::Account(_))
    ));
}

#[test]
fn a_failure_does_not_sleep() {
    let stage = Stage::new(&[
        ("auth", "pam_faildelay.so delay=60000000"),
        ("auth", "pam_deny.so"),
    ]);
    let before = std::time::Instant::now();
    assert!(stage.begin("alice", always("x")).authenticate().is_err());
    assert!(before.elapsed().as_secs() < 30);
}
