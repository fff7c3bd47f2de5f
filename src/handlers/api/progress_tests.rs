use http_body_util::BodyExt;
use serde_json::from_str;

use super::*;
use crate::domain::{
    names::UserName,
    server::{FailureCause, InvocationId},
    time::Timestamp,
};

const NOW: Timestamp = Timestamp::from_micros(0);

fn status(life: Life) -> Status {
    Status {
        life,
        said: Vec::new(),
        control_group: None,
    }
}

fn launching() -> Status {
    status(Life::Launching {
        since: NOW,
        cancelled: false,
    })
}

fn ready() -> Status {
    status(Life::Ready {
        since: NOW,
        run: InvocationId::parse(&"ab".repeat(16)).unwrap(),
    })
}

fn failed() -> Status {
    status(Life::Stopped {
        failure: Some(Failure {
            cause: FailureCause::Vanished,
            at: NOW,
            log: vec!["a line of the journal".into()],
        }),
    })
}

fn follow(first: Status) -> (watch::Sender<Status>, Body) {
    let (publish, follow) = watch::channel(first);
    let state = Stream {
        teller: Teller {
            key: ServerKey::default_of(UserName::parse("alice").unwrap()),
            url: "/user/alice/".into(),
            settings: Arc::default(),
        },
        follow,
        told: None,
        stage: Stage::Begin,
    };
    (publish, stream(state).into_body())
}

async fn next(body: &mut Body) -> Option<String> {
    let frame = body.frame().await?.unwrap();
    Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
}

fn event(text: &str) -> Value {
    from_str(
        text.strip_prefix("data: ")
            .unwrap()
            .strip_suffix("\n\n")
            .unwrap(),
    )
    .unwrap()
}

#[tokio::test]
async fn a_start_is_followed_to_its_good_end() {
    let (publish, mut body) = follow(launching());
    let first = next(&mut body).await.unwrap();
    assert_eq!(
        first,
        "\n\ndata: {\"message\":\"Server requested\",\"progress\":0}\n\n"
    );
    let second = event(&next(&mut body).await.unwrap());
    assert_eq!(second["progress"], 10);
    publish.send_replace(ready());
    let last = event(&next(&mut body).await.unwrap());
    assert_eq!(
        last,
        json!({
            "progress": 100,
            "ready": true,
            "message": "Server ready at /user/alice/",
            "html_message": "Server ready at <a href=\"/user/alice/\">/user/alice/</a>",
            "url": "/user/alice/",
        })
    );
    assert_eq!(next(&mut body).await, None);
}

#[tokio::test]
async fn a_start_is_followed_to_its_bad_end_without_telling_the_journal() {
    let (publish, mut body) = follow(launching());
    next(&mut body).await.unwrap();
    next(&mut body).await.unwrap();
    publish.send_replace(failed());
    let last = next(&mut body).await.unwrap();
    assert!(!last.contains("a line of the journal"));
    let last = event(&last);
    assert_eq!(last["failed"], true);
    assert!(
        last["message"]
            .as_str()
            .unwrap()
            .starts_with("Spawn failed: The server ended")
    );
    assert_eq!(next(&mut body).await, None);
}

#[tokio::test]
async fn what_is_ready_or_failed_already_is_one_event() {
    for (status, key) in [(ready(), "ready"), (failed(), "failed")] {
        let (_publish, mut body) = follow(status);
        assert_eq!(next(&mut body).await.unwrap(), "\n\n");
        assert_eq!(event(&next(&mut body).await.unwrap())[key], true);
        assert_eq!(next(&mut body).await, None);
    }
}

#[tokio::test]
async fn a_cancelled_start_ends_the_stream() {
    let (publish, mut body) = follow(launching());
    next(&mut body).await.unwrap();
    next(&mut body).await.unwrap();
    drop(publish);
    let last = event(&next(&mut body).await.unwrap());
    assert_eq!(last["message"], "Spawn cancelled");
    assert_eq!(next(&mut body).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_is_kept_open() {
    let (_publish, mut body) = follow(launching());
    next(&mut body).await.unwrap();
    next(&mut body).await.unwrap();
    let before = Instant::now();
    assert_eq!(next(&mut body).await.unwrap(), "\n\n");
    assert_eq!(before.elapsed(), KEEP_ALIVE);
}
