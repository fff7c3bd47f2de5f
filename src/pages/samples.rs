//! A sample of every page in every state, for snapshots, for checks over all pages, and to look at.

mod admin;
mod shares;
mod sign_in;
mod tokens;

use std::time::Duration;

use maud::Markup;

use super::{
    accept_share::{AcceptShareView, accept_share_page},
    confirm::{ConfirmView, confirm_page},
    error::{ErrorView, error_page},
    failure::FailureView,
    frame::{Frame, Logo, Site, Visitor},
    home::{HomeView, NamedServersView, ServerState, ServerView, Usage, home_page},
    logged_out::{LoggedOutView, logged_out_page},
    login::{LoginError, LoginMessage, LoginPrompt, LoginRound, LoginView, login_page},
    not_installed::{NotInstalledView, not_installed_page},
    not_running::{NotRunningView, not_running_page},
    spawn_failed::{SpawnFailedView, spawn_failed_page},
    spawn_form::{Choice, Field, Offer, Question, SpawnFormView, spawn_form_page},
    spawn_pending::{SpawnPendingView, spawn_pending_page},
    stopping::{StoppingView, stopping_page},
    words::Text,
};
use crate::{
    domain::{
        culling::Reason,
        names::{ServerKey, ServerName, ServiceName, UserName},
        profile::ProfileName,
        server::{FailureCause, UnitEnd},
        time::Timestamp,
    },
    http::links::Links,
};

/// A hundred letters without a place to break the line.
macro_rules! long_word {
    () => {
        "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
    };
}

/// What every text field of a hostile sample begins with: markup, what turns the direction of writing
/// around and what ends its isolation, characters without width, marks on top of one another, one
/// picture of several characters, and a word of three hundred letters.
pub(super) const HOSTILE: &str = concat!(
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> {{7*7}} &amp;",
    "\u{2069}\u{202e}שלום\u{200b}\u{feff}Z\u{351}\u{34b}\u{337}\u{489}👩🏽‍💻",
    long_word!(),
    long_word!(),
    long_word!(),
);
/// The part of it that a user name may hold.
const HOSTILE_NAME: &str = concat!(
    "<script>\"'><img src=x onerror=alert(1)>\u{2069}\u{202e}שלום\u{200b}Z\u{351}\u{489}👩🏽‍💻",
    long_word!(),
);

/// Where the help link of samples leads.
pub(super) const HELP_URL: &str = "https://wiki.lab.example/notebooks";

/// 2026-03-14 15:09:26 UTC.
const NOW: Timestamp = Timestamp::from_micros(1_773_500_966_000_000);

/// Whose texts fill the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texts {
    /// Friendly ones, as people see them.
    Plain,
    /// Every text a visitor, a program or an administrator could supply is an attack.
    Hostile,
}

impl Texts {
    fn text(self, plain: &str) -> String {
        match self {
            Self::Plain => plain.to_owned(),
            Self::Hostile => format!("{HOSTILE}{plain}"),
        }
    }

    fn words(self, plain: &str) -> Text {
        Text::of(self.text(plain))
    }

    fn texts(self, plain: &[&str]) -> Vec<String> {
        plain.iter().map(|plain| self.text(plain)).collect()
    }

    fn user(self, plain: &str) -> UserName {
        match self {
            Self::Plain => UserName::parse(plain).unwrap(),
            Self::Hostile => UserName::parse(&format!("{plain}{HOSTILE_NAME}")).unwrap(),
        }
    }

    fn key(self, user: &str, server: &str) -> ServerKey {
        ServerKey {
            user: self.user(user),
            server: ServerName::parse(server).unwrap(),
        }
    }

    /// Nobody but an administrator can choose an address; what stands in one is checked before.
    fn site(self) -> Site {
        Site {
            title: self.text("Carrel"),
            logo: None,
            style: None,
            help: (self == Self::Hostile).then(|| (self.text("Help"), HELP_URL.to_owned())),
            imprint_url: None,
            privacy_url: None,
        }
    }

    fn services(self, plain: &[&str]) -> Vec<ServiceName> {
        let hostile = match self {
            Self::Plain => "",
            Self::Hostile => HOSTILE_NAME,
        };
        let name = |plain: &&str| ServiceName::parse(&format!("{hostile}{plain}")).unwrap();
        plain.iter().map(name).collect()
    }

    fn anonymous(self) -> Frame {
        Frame {
            links: Links::new("/"),
            visitor: None,
            xsrf: self.text("c2FtcGxlLXhzcmY"),
            site: self.site(),
            announcement: (self == Self::Hostile).then(|| self.text("Hello")),
        }
    }

    fn frame(self) -> Frame {
        Frame {
            visitor: Some(Visitor {
                name: self.user("ada"),
                admin: false,
                services: self.services(&["grader"]),
            }),
            ..self.anonymous()
        }
    }

    fn admin_frame(self) -> Frame {
        Frame {
            links: Links::new("/lab/"),
            visitor: Some(Visitor {
                name: self.user("grace"),
                admin: true,
                services: self.services(&["grader", "hand in", "lectures-and-exercises"]),
            }),
            site: Site {
                title: self.text("Institute of Physics"),
                logo: Some(Logo {
                    version: "10".to_owned(),
                    content_type: "image/svg+xml",
                    stretch_percent: 250,
                }),
                style: Some("5a".to_owned()),
                help: Some((self.text("Help"), HELP_URL.to_owned())),
                imprint_url: Some("https://lab.example/imprint".to_owned()),
                privacy_url: Some("https://lab.example/privacy?a=1&b=2".to_owned()),
            },
            announcement: Some(self.text(
                "The machine is restarted on Sunday at 06:00 for new kernels; save your work before.",
            )),
            ..self.anonymous()
        }
    }
}

/// Returns every sample with its name.
pub(super) fn all(texts: Texts) -> Vec<(&'static str, Markup)> {
    let mut samples = logins(texts);
    samples.extend(sign_in::all(texts));
    samples.extend(homes(texts));
    samples.extend(spawns(texts));
    samples.extend(answers(texts));
    samples.extend(tokens::all(texts));
    samples.extend(shares::all(texts));
    samples.extend(admin::all(texts));
    samples
}

fn logins(texts: Texts) -> Vec<(&'static str, Markup)> {
    let first = LoginView {
        frame: texts.anonymous(),
        next: texts.text("/hub/home"),
        error: None,
        terms: Vec::new(),
        round: LoginRound::Password {
            username: match texts {
                Texts::Plain => String::new(),
                Texts::Hostile => HOSTILE_NAME[..30].to_owned(),
            },
            accepts_terms: false,
        },
        provider: None,
        passwords: true,
    };
    let with_provider = LoginView {
        provider: Some(texts.text("Example University")),
        ..first.clone()
    };
    let without_passwords = LoginView {
        passwords: false,
        ..with_provider.clone()
    };
    let with_error = |error| {
        let mut view = first.clone();
        view.error = Some(error);
        view.round = LoginRound::Password {
            username: texts.text("ada"),
            accepts_terms: true,
        };
        login_page(&view)
    };
    let further = LoginView {
        round: LoginRound::Further {
            conversation: texts.text("f00d"),
            username: texts.text("ada"),
            messages: vec![
                LoginMessage {
                    text: texts.text("You are required to change your password immediately."),
                    is_error: true,
                },
                LoginMessage {
                    text: texts.text("A code was sent to your phone."),
                    is_error: false,
                },
            ],
            prompts: vec![
                LoginPrompt {
                    text: texts.text("Verification code: "),
                    is_hidden: false,
                },
                LoginPrompt {
                    text: texts.text("New password: "),
                    is_hidden: true,
                },
            ],
        },
        ..first.clone()
    };
    let with_terms = LoginView {
        terms: texts.texts(&[
            "Whoever computes here keeps to the rules of the institute: no mining, no secrets of others, \
             and large jobs on the cluster.",
            "What you store here is saved every night and kept for thirty days. Files of people who leave \
             are deleted half a year later.",
            "Who breaks the rules loses the account.",
        ]),
        error: Some(LoginError::TermsNotAccepted),
        ..first.clone()
    };
    vec![
        ("login", login_page(&first)),
        ("login-terms", login_page(&with_terms)),
        ("login-refused", with_error(LoginError::Refused)),
        ("login-form-expired", with_error(LoginError::FormExpired)),
        ("login-round-expired", with_error(LoginError::RoundExpired)),
        (
            "login-throttled",
            with_error(LoginError::Throttled {
                retry_after: Duration::from_secs(42),
            }),
        ),
        ("login-unavailable", with_error(LoginError::Unavailable)),
        ("login-further", login_page(&further)),
        ("login-provider", login_page(&with_provider)),
        ("login-provider-only", login_page(&without_passwords)),
        (
            "logged-out",
            logged_out_page(&LoggedOutView {
                frame: texts.anonymous(),
                servers_keep_running: true,
            }),
        ),
    ]
}

fn failure(texts: Texts) -> FailureView {
    FailureView {
        cause: FailureCause::Ended(UnitEnd {
            result: texts.text("exit-code").replace(HOSTILE, ""),
            status: 1,
        }),
        unit: Some(texts.text("carrel-user-ada-gpu\\x2d2.service")),
        memory_limit_bytes: Some(2 << 30),
        journal: texts.texts(&[
            "Traceback (most recent call last):",
            "  File \"/opt/carrel/venv/bin/jupyterhub-singleuser\", line 5, in <module>",
            "    from jupyterhub.singleuser import main",
            "ModuleNotFoundError: No module named 'jupyter_server'",
            "carrel-user-ada.service: Main process exited, code=exited, status=1/FAILURE",
        ]),
    }
}

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_micros(NOW.as_micros() - seconds * 1_000_000)
}

fn server(texts: Texts, name: &str, state: ServerState) -> ServerView {
    ServerView {
        key: texts.key("ada", name),
        display_name: (texts == Texts::Hostile).then(|| texts.text("x")),
        state,
        last_activity: Some(ago(500)),
        usage: Usage::default(),
        failure: None,
        culled: None,
    }
}

fn homes(texts: Texts) -> Vec<(&'static str, Markup)> {
    let running = ServerView {
        usage: Usage {
            memory_bytes: Some(851_443_712),
            memory_limit_bytes: Some(2 << 30),
            cpu_time: Some(Duration::from_secs(260)),
        },
        ..server(
            texts,
            "",
            ServerState::Running {
                since: Some(ago(7_900)),
            },
        )
    };
    let starting = ServerState::Starting {
        since: Some(ago(2)),
    };
    let stopping = ServerState::Stopping {
        since: Some(ago(7)),
    };
    let failed = ServerView {
        failure: Some(failure(texts)),
        ..server(texts, "", ServerState::Stopped)
    };
    let home = |servers, named, frame, error| {
        home_page(&HomeView {
            frame,
            user: texts.user("ada"),
            now: NOW,
            error,
            servers,
            named,
        })
    };
    let one = |server| home(vec![server], None, texts.frame(), None);
    let fresh = ServerView {
        last_activity: None,
        ..server(texts, "", ServerState::Stopped)
    };
    let idle = ServerView {
        culled: Some((
            NOW.after(Duration::from_secs(1500)),
            Reason::Unused(Duration::from_secs(3600)),
        )),
        ..running.clone()
    };
    let culled = ServerView {
        culled: Some((ago(300), Reason::Unused(Duration::from_secs(3600)))),
        ..server(texts, "", ServerState::Stopped)
    };
    let many = vec![
        running.clone(),
        server(texts, "gpu-2", starting),
        ServerView {
            display_name: Some(texts.text("Thesis, chapter 3")),
            ..server(texts, "thesis", ServerState::Stopped)
        },
    ];
    vec![
        ("home-stopped", one(fresh)),
        ("home-starting", one(server(texts, "", starting))),
        ("home-running", one(running)),
        ("home-idle", one(idle)),
        ("home-culled", one(culled)),
        ("home-stopping", one(server(texts, "", stopping))),
        ("home-failed", one(failed)),
        (
            "home-named",
            home(
                many.clone(),
                Some(NamedServersView { limit: Some(5) }),
                texts.admin_frame(),
                Some(texts.words("“GPU 3” cannot be the name of a server. Use lower-case letters, digits and single hyphens; begin with a letter.")),
            ),
        ),
        (
            "home-named-full",
            home(
                many,
                Some(NamedServersView { limit: Some(2) }),
                texts.frame(),
                None,
            ),
        ),
    ]
}

fn spawns(texts: Texts) -> Vec<(&'static str, Markup)> {
    let failed = |frame, cause| {
        spawn_failed_page(&SpawnFailedView {
            frame,
            key: texts.key("ada", "gpu-2"),
            next: Some(texts.text("/user/ada/gpu-2/lab/tree/a.ipynb")),
            failure: FailureView {
                cause,
                ..failure(texts)
            },
        })
    };
    let missing = FailureCause::CommandMissing {
        command: texts.text("jupyterhub-singleuser"),
        searched: texts.texts(&["/opt/carrel/venv/bin", "/usr/local/bin", "/usr/bin"]),
    };
    let not_installed = |frame| {
        not_installed_page(&NotInstalledView {
            frame,
            key: texts.key("ada", ""),
            next: Some(texts.text("/user/ada/lab")),
            command: texts.text("jupyterhub-singleuser"),
            searched: texts.texts(&["/opt/carrel/venv/bin", "/usr/local/bin", "/usr/bin"]),
        })
    };
    let choice = |name: &str, title: &str, description: &str, is_chosen| Choice {
        name: ProfileName::parse(name).unwrap(),
        title: texts.text(title),
        description: texts.text(description),
        is_chosen,
        questions: Vec::new(),
    };
    let question = |name: &str, title: &str, description: &str, answer: &str, field| Question {
        name: name.to_owned(),
        title: texts.text(title),
        description: texts.text(description),
        answer: answer.to_owned(),
        field,
    };
    let questions = |of: &str| {
        let sizes = ["4G", "16G", "64G"].map(|size| texts.text(size));
        let number = Field::Number {
            min: 0.0,
            max: 4.0,
            step: 1.0,
            unit: texts.text("pieces"),
        };
        let named = |name: &str| format!("{of}{name}");
        let words = "Ask for what you need; others need it too.";
        vec![
            question(
                &named("size"),
                "Memory",
                words,
                "16G",
                Field::Choice(sizes.into()),
            ),
            question(&named("gpus"), "Graphics processors", "", "1", number),
            question(
                &named("note"),
                "Course",
                "",
                "Statistics",
                Field::Text { max_length: 40 },
            ),
        ]
    };
    let mut choices = vec![
        choice("lab", "JupyterLab", "Notebooks, terminals and files.", true),
        choice(
            "big",
            "JupyterLab with much memory",
            "64 GB; for members of the group only.",
            false,
        ),
        choice(
            "dashboards",
            "Dashboards",
            "The measurements of the last week.",
            false,
        ),
    ];
    for choice in &mut choices {
        choice.questions = match choice.name.as_str() {
            "dashboards" => Vec::new(),
            name => questions(&format!("{name}.")),
        };
    }
    vec![
        (
            "spawn-form",
            spawn_form_page(&SpawnFormView {
                frame: texts.frame(),
                key: texts.key("ada", "gpu-2"),
                next: Some(texts.text("/user/ada/gpu-2/lab")),
                display_name: Some(texts.text("Evaluation")),
                fault: None,
                offer: Offer::Profiles(choices),
            }),
        ),
        (
            "spawn-form-options",
            spawn_form_page(&SpawnFormView {
                frame: texts.frame(),
                key: texts.key("ada", ""),
                next: None,
                display_name: None,
                fault: Some(texts.text("gpus must be a number from 0 to 4 in steps of 1")),
                offer: Offer::Options(questions("")),
            }),
        ),
        (
            "spawn-form-empty",
            spawn_form_page(&SpawnFormView {
                frame: texts.frame(),
                key: texts.key("ada", ""),
                next: None,
                display_name: None,
                fault: None,
                offer: Offer::Profiles(Vec::new()),
            }),
        ),
        (
            "spawn-pending",
            spawn_pending_page(&SpawnPendingView {
                frame: texts.frame(),
                key: texts.key("ada", ""),
                progress: 60,
                message: texts.text("The unit runs; waiting for its first answer"),
                log: texts.texts(&[
                    "Server requested",
                    "The unit runs; waiting for its first answer",
                ]),
            }),
        ),
        ("spawn-failed", failed(texts.frame(), failure(texts).cause)),
        (
            "spawn-failed-refused",
            failed(
                texts.frame(),
                FailureCause::Refused(texts.text("the login is too long ago")),
            ),
        ),
        ("spawn-failed-missing", failed(texts.admin_frame(), missing)),
        ("not-installed", not_installed(texts.frame())),
        ("not-installed-admin", not_installed(texts.admin_frame())),
        (
            "stopping",
            stopping_page(&StoppingView {
                frame: texts.frame(),
                key: texts.key("ada", "gpu-2"),
            }),
        ),
    ]
}

fn answers(texts: Texts) -> Vec<(&'static str, Markup)> {
    let not_running = |user, server, can_start| {
        not_running_page(&NotRunningView {
            frame: texts.frame(),
            key: texts.key(user, server),
            next: Some(texts.text("/user/ada/lab?reset")),
            can_start,
        })
    };
    let error = |frame, status, message: &str| {
        error_page(&ErrorView {
            frame,
            status,
            message: match texts {
                Texts::Plain => message.to_owned(),
                Texts::Hostile => texts.text(message),
            },
            request_id: texts.text("7f3a9c2e51d04b68"),
        })
    };
    let invitation = |server, is_running| {
        accept_share_page(&AcceptShareView {
            frame: texts.frame(),
            key: texts.key("bob", server),
            is_running,
            scopes: texts.texts(&[&format!("access:servers!server=bob/{server}")]),
            code: texts.text("U-eYLFT1gGstEqMD4Sh4SzC2ULyYb7kcSbE7ncRTIuY"),
            next: texts.text("/user/bob/lab/tree/a.ipynb"),
        })
    };
    vec![
        ("accept-share", invitation("", true)),
        ("accept-share-stopped", invitation("gpu-2", false)),
        ("not-running", not_running("ada", "", true)),
        ("not-running-shared", not_running("bob", "gpu-2", false)),
        (
            "error-404",
            error(
                texts.anonymous(),
                404,
                "Jupyter has lots of moons, but this is not one...",
            ),
        ),
        (
            "error-403",
            error(
                texts.frame(),
                403,
                "XSRF cookie does not match POST argument",
            ),
        ),
        (
            "error-403-anonymous",
            error(texts.anonymous(), 403, "Log in first"),
        ),
        ("error-429", error(texts.frame(), 429, "")),
        ("error-500", error(texts.admin_frame(), 500, "")),
        (
            "error-503",
            error(texts.frame(), 503, "The server did not answer in time."),
        ),
        (
            "confirm",
            confirm_page(&ConfirmView {
                frame: texts.frame(),
                client: texts.text("Server at /user/bob/"),
                redirect_uri: texts.text("/user/bob/oauth_callback"),
                scopes: texts.texts(&[
                    "access:servers!server=bob/",
                    "read:users:name!user",
                    "read:users:groups!user",
                ]),
            }),
        ),
    ]
}
