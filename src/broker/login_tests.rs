//! Logins over a real socket and real PAM modules; only the service file is our own.

use std::{fs, os::unix::fs::PermissionsExt, thread};

use nix::unistd::{User, geteuid};

use super::*;

/// Says yes to the word "right", whoever the user is.
const CHECK: &str = "#!/bin/sh\nread -r word; [ \"$word\" = right ]\n";

struct Stage {
    folder: tempfile::TempDir,
    settings: Settings,
    delay: Duration,
}

impl Stage {
    /// Whoever runs the tests may log in here, be it root.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("check.sh");
        fs::write(&script, CHECK).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let stage = Self {
            folder,
            settings: Settings::default(),
            delay: Duration::from_millis(200),
        };
        stage.set_account_phase("pam_permit.so");
        stage
    }

    fn set_account_phase(&self, module: &str) {
        let script = self.folder.path().join("check.sh");
        let auth = format!("pam_exec.so expose_authtok quiet {}", script.display());
        fs::write(
            self.folder.path().join(PAM_SERVICE),
            format!(
                "auth required pam_echo.so Hello\nauth required {auth}\naccount required {module}\n"
            ),
        )
        .unwrap();
    }

    /// Logs in and returns the texts shown, the last reply, and how long it took.
    fn log_in(&self, user: &str, password: &str) -> (Vec<Prompt>, Reply, Duration) {
        let (hub, broker) = UnixStream::pair().unwrap();
        let around = Surroundings {
            pam_folder: Some(self.folder.path().to_owned()),
            key_path: self.folder.path().join("ticket.key"),
            refusal_delay: self.delay,
        };
        let attempt = Attempt {
            user: user.to_owned(),
            remote: IpAddr::from([192, 0, 2, 1]),
        };
        let started = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| {
                let watchdog = Watchdog::start(Duration::from_secs(60)).unwrap();
                log_in(&broker, &self.settings, &watchdog, &attempt, &around).unwrap();
            });
            let mut shown = Vec::new();
            loop {
                let reply = read_frame(&hub).unwrap();
                let Reply::Prompts(prompts) = reply else {
                    return (shown, reply, started.elapsed());
                };
                let questions = prompts.iter().filter(|p| p.kind.is_question()).count();
                shown.extend(prompts);
                let answer = || WireSecret(Secret::new(password.to_owned()));
                let answers = (0..questions).map(|_| answer()).collect();
                write_frame(&hub, &Answers(answers)).unwrap();
            }
        })
    }
}

fn ourselves() -> String {
    User::from_uid(geteuid()).unwrap().unwrap().name
}

/// Tests run as root in some places and as somebody in others; policy refuses the former.
fn we_are_root() -> bool {
    geteuid().is_root()
}

#[test]
fn the_questions_come_with_the_texts_before_them() {
    let (shown, _, _) = Stage::new().log_in(&ourselves(), "right");
    let kinds: Vec<PromptKind> = shown.iter().map(|prompt| prompt.kind).collect();
    assert_eq!(kinds, [PromptKind::Info, PromptKind::Hidden]);
    assert_eq!(shown[0].text.trim(), "Hello");
}

#[test]
fn a_good_login_brings_a_ticket_that_counts() {
    let mut stage = Stage::new();
    stage.settings.login.min_uid = 0;
    let (_, reply, took) = stage.log_in(&ourselves(), "right");
    if we_are_root() {
        assert!(matches!(reply, Reply::Refused(Refusal::Policy { .. })));
        return;
    }
    let Reply::Accepted { account, ticket } = reply else {
        panic!("{reply:?}");
    };
    let account = Account::try_from(account).unwrap();
    let key = files::ticket_key(&stage.folder.path().join("ticket.key")).unwrap();
    let ticket = super::super::ticket::Ticket::from_secret(ticket.0);
    let lifetime = Duration::from_secs(60);
    assert_eq!(
        key.check(&ticket, &account, Clock::System.now(), lifetime),
        Ok(())
    );
    assert!(took < Duration::from_secs(5));
}

#[test]
fn the_right_password_helps_nobody_who_is_not_let_in() {
    let mut stage = Stage::new();
    stage.settings.login.blocked_users = vec![ourselves()];
    let (_, reply, took) = stage.log_in(&ourselves(), "right");
    assert!(
        matches!(reply, Reply::Refused(Refusal::Policy { .. })),
        "{reply:?}"
    );
    assert!(took >= stage.delay);
    let (_, reply, _) = stage.log_in("root", "right");
    assert!(
        matches!(reply, Reply::Refused(Refusal::Policy { .. })),
        "{reply:?}"
    );
}

#[test]
fn all_refusals_show_the_same_and_take_the_same_time() {
    let mut stage = Stage::new();
    stage.settings.login.min_uid = 0;
    stage.delay = Duration::from_millis(1500);
    let long = "x".repeat(20_000);
    let attempts = [
        (ourselves(), "wrong"),
        (ourselves(), ""),
        (ourselves(), long.as_str()),
        (ourselves(), "right\0"),
        (String::from("no such account"), "right"),
        (String::from("root"), "wrong"),
        (String::from("a/b"), "right"),
        (String::from("a\0b"), "right"),
        (String::new(), "right"),
    ];
    thread::scope(|scope| {
        let runs = attempts.map(|(user, password)| {
            let stage = &stage;
            scope.spawn(move || (user.clone(), stage.log_in(&user, password)))
        });
        for run in runs {
            let (user, (shown, reply, took)) = run.join().unwrap();
            assert!(matches!(reply, Reply::Refused(_)), "{user:?}: {reply:?}");
            assert_eq!(shown.len(), 2, "{user:?}");
            let late = took.checked_sub(stage.delay).expect("too early");
            assert!(late < Duration::from_secs(1), "{user:?} took {took:?}");
        }
    });
}

#[test]
fn an_expired_account_is_refused_after_the_right_password() {
    if we_are_root() {
        return;
    }
    let mut stage = Stage::new();
    stage.settings.login.min_uid = 0;
    stage.set_account_phase("pam_deny.so");
    let (_, reply, _) = stage.log_in(&ourselves(), "right");
    assert!(matches!(reply, Reply::Refused(_)), "{reply:?}");
}

#[test]
fn a_hub_that_hangs_up_ends_the_login() {
    let stage = Stage::new();
    let (hub, broker) = UnixStream::pair().unwrap();
    drop(hub);
    let around = Surroundings {
        pam_folder: Some(stage.folder.path().to_owned()),
        key_path: stage.folder.path().join("ticket.key"),
        refusal_delay: Duration::from_secs(3600),
    };
    let attempt = Attempt {
        user: ourselves(),
        remote: IpAddr::from([192, 0, 2, 1]),
    };
    let watchdog = Watchdog::start(Duration::from_secs(60)).unwrap();
    log_in(&broker, &stage.settings, &watchdog, &attempt, &around).unwrap();
}
