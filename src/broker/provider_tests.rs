//! The broker's side with `carrel oidc` played; real accounts, and no PAM before a policy has said yes.

use std::{os::unix::net::UnixListener, thread};

use super::*;
use crate::{
    broker::message::{
        WireSecret,
        provider::{Departure, FaultKind, ProviderFault},
    },
    config::settings::OpenIdConnectSettings,
    domain::secret::Secret,
};

fn wire(text: &str) -> WireSecret {
    WireSecret(Secret::new(text.into()))
}

fn settings(runtime_dir: &Path) -> Settings {
    let mut settings = Settings::default();
    settings.hub.runtime_dir = runtime_dir.to_owned();
    settings.openid_connect = Some(OpenIdConnectSettings {
        issuer: "https://login.example".into(),
        client_id: "carrel".into(),
        name: "Example".into(),
        scopes: Vec::new(),
        username_claim: "preferred_username".into(),
        strip_domain: None,
        ca_file: "/nowhere".into(),
        auto: false,
        redirect_uri: "https://lab.example/hub/oauth_callback".into(),
    });
    settings
}

/// Asks with a `carrel oidc` that gives `answer`, or hangs up.
fn with_answer<T>(answer: Option<Answer>, ask: impl FnOnce(&Settings) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join(SOCKET_NAME)).unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let _question: Question = read_frame(&stream).unwrap();
            if let Some(answer) = answer {
                write_frame(&stream, &answer).unwrap();
            }
        });
        ask(&settings(folder.path()))
    })
}

fn come_back(answer: Answer) -> Result<Reply, Error> {
    let arrival = Arrival {
        code: wire("c"),
        nonce: wire("n"),
        verifier: wire("v"),
    };
    let here = IpAddr::from([192, 0, 2, 1]);
    with_answer(Some(answer), |settings| arrive(arrival, here, settings))
}

fn fault() -> ProviderFault {
    ProviderFault {
        kind: FaultKind::Deadline,
        reason: "wait".into(),
    }
}

fn departure() -> Answer {
    Answer::Departure(Departure {
        url: "https://login.example/a".into(),
        state: wire("s"),
        nonce: wire("n"),
        verifier: wire("v"),
    })
}

#[test]
fn the_way_and_the_fault_are_passed_on() {
    let way = with_answer(Some(departure()), depart).unwrap();
    assert!(matches!(way, Reply::Departure(way) if way.url == "https://login.example/a"));
    let told = with_answer(Some(Answer::Fault(fault())), depart).unwrap();
    assert!(matches!(told, Reply::ProviderFault(told) if told == fault()));
    let told = come_back(Answer::Fault(fault())).unwrap();
    assert!(matches!(told, Reply::ProviderFault(told) if told == fault()));
}

#[test]
fn an_answer_to_another_question_is_none() {
    assert!(with_answer(Some(Answer::Person("root".into())), depart).is_err());
    assert!(come_back(departure()).is_err());
    assert!(matches!(with_answer(None, depart), Err(Error::Provider(_))));
}

#[test]
fn without_a_provider_nobody_is_asked() {
    let error = depart(&Settings::default()).unwrap_err();
    assert!(matches!(
        error,
        Error::Request("openid_connect.issuer is not set")
    ));
}

#[test]
fn the_provider_lets_nobody_in_whom_the_policy_keeps_out() {
    for name in ["root", "daemon"] {
        let reply = come_back(Answer::Person(name.into())).unwrap();
        assert!(
            matches!(reply, Reply::Refused(Refusal::Policy { .. })),
            "{name}: {reply:?}"
        );
    }
    for name in ["nosuch", "", "../root", "root\0", "a/b"] {
        let reply = come_back(Answer::Person(name.into())).unwrap();
        assert!(
            matches!(reply, Reply::Refused(Refusal::Credentials { .. })),
            "{name}: {reply:?}"
        );
    }
}
