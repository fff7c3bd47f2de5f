//! The stream of events that follows a start (API-35, SP-50…SP-54).

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body::{Body as HttpBody, Frame};
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{Context, Request, get_user, model::log_name, servers::permitted};
use crate::{
    config::settings::Settings,
    domain::{
        access::ReadServer,
        names::ServerKey,
        server::{Failure, Life},
    },
    handlers::html::failures,
    http::{
        error::Error,
        reply::{self, Body, BodyError, Reply},
    },
    hub::servers::Status,
};

/// How often something is sent when nothing happens, so that nobody in between closes the stream.
const KEEP_ALIVE: Duration = Duration::from_secs(8);

/// `GET /hub/api/users/NAME/server/progress` and `/servers/SERVER/progress`.
pub async fn follow_progress(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = permitted::<ReadServer>(ctx)?;
    let key = permit.target();
    get_user(ctx, &key.user).await?;
    let found = ctx.hub().store.find_server(key).await?;
    found.ok_or_else(|| Error::not_found("Not Found"))?;
    let teller = Teller {
        url: ctx.links.server(key).to_string(),
        key: key.clone(),
        settings: Arc::clone(&ctx.settings),
    };
    let status = ctx.hub().servers.status(key);
    let Some(follow) = ctx.hub().servers.follow(key) else {
        return Err(not_starting(key));
    };
    if let Life::Stopped { failure: None } = status.life {
        return Err(not_starting(key));
    }
    let state = Stream {
        teller,
        follow,
        told: None,
        stage: Stage::Begin,
    };
    Ok(stream(state))
}

fn not_starting(key: &ServerKey) -> Error {
    Error::bad_request(format!("{} is not starting...", log_name(key)))
}

/// Puts a server's state into the words of an event.
struct Teller {
    key: ServerKey,
    url: String,
    settings: Arc<Settings>,
}

impl Teller {
    /// Returns the event of a state, and whether it is the last one.
    fn event(&self, status: &Status) -> (Value, Stage) {
        match &status.life {
            Life::Ready { .. } => (self.ready(), Stage::End),
            Life::Stopped {
                failure: Some(failure),
            } => (self.failed(failure), Stage::End),
            Life::Stopped { failure: None } => (cancelled(), Stage::End),
            Life::Launching { .. }
            | Life::Waiting { .. }
            | Life::Checking { .. }
            | Life::Stopping { .. } => {
                let (progress, message) = status.progress();
                let event = json!({ "progress": progress, "message": message });
                (event, Stage::Following)
            }
        }
    }

    fn ready(&self) -> Value {
        let url = &self.url;
        // The path is percent-encoded, so nothing in it is markup.
        json!({
            "progress": 100,
            "ready": true,
            "message": format!("Server ready at {url}"),
            "html_message": format!("Server ready at <a href=\"{url}\">{url}</a>"),
            "url": url,
        })
    }

    fn failed(&self, failure: &Failure) -> Value {
        let view = failures::view(&self.key, failure, &self.settings);
        json!({
            "progress": 100,
            "failed": true,
            "message": format!("Spawn failed: {}", view.sentence().plain()),
        })
    }
}

fn cancelled() -> Value {
    json!({ "progress": 100, "failed": true, "message": "Spawn cancelled" })
}

/// How far a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Begin,
    Following,
    End,
}

struct Stream {
    teller: Teller,
    follow: watch::Receiver<Status>,
    told: Option<Value>,
    stage: Stage,
}

impl Stream {
    /// Returns the next bytes and what comes after them; `None` at the end.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        let deadline = Instant::now() + KEEP_ALIVE;
        loop {
            match self.stage {
                Stage::End => return None,
                Stage::Begin => {
                    self.stage = Stage::Following;
                    let bytes = self.beginning();
                    return Some((bytes, self));
                }
                Stage::Following => {}
            }
            let status = self.follow.borrow_and_update().clone();
            let (event, stage) = self.teller.event(&status);
            self.stage = stage;
            if self.told.as_ref() != Some(&event) {
                let bytes = line(&event);
                self.told = Some(event);
                return Some((bytes, self));
            }
            tokio::select! {
                changed = self.follow.changed() => {
                    if changed.is_err() {
                        // The supervisor has ended: the server is at rest, and did not fail.
                        self.stage = Stage::End;
                        return Some((line(&cancelled()), self));
                    }
                }
                () = sleep_until(deadline) => return Some((Bytes::from_static(b"\n\n"), self)),
            }
        }
    }

    /// A stream begins at once, so that whoever is in between passes it on.
    fn beginning(&self) -> Bytes {
        let life = &self.follow.borrow().life;
        if matches!(life, Life::Ready { .. } | Life::Stopped { .. }) {
            return Bytes::from_static(b"\n\n");
        }
        let first = json!({ "progress": 0, "message": "Server requested" });
        let mut bytes = b"\n\n".to_vec();
        bytes.extend_from_slice(&line(&first));
        bytes.into()
    }
}

fn line(event: &Value) -> Bytes {
    Bytes::from(format!("data: {event}\n\n"))
}

type Next = Pin<Box<dyn Future<Output = Option<(Bytes, Stream)>> + Send>>;

/// A body that asks the stream for its next bytes when the connection has room; it goes away with it.
struct Events(Option<Next>);

impl HttpBody for Events {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(next) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let Poll::Ready(ready) = next.as_mut().poll(cx) else {
            return Poll::Pending;
        };
        match ready {
            None => {
                self.0 = None;
                Poll::Ready(None)
            }
            Some((bytes, stream)) => {
                self.0 = Some(Box::pin(stream.next()));
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
        }
    }
}

fn stream(stream: Stream) -> Reply {
    let mut reply = reply::empty(StatusCode::OK);
    *reply.body_mut() = Body::Boxed(Box::pin(Events(Some(Box::pin(stream.next())))));
    let headers = reply.headers_mut();
    let events = HeaderValue::from_static("text/event-stream");
    headers.insert(header::CONTENT_TYPE, events);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    reply
}

#[cfg(test)]
#[path = "progress_tests.rs"]
mod tests;
