//! The API of the hub, asked over root's own socket: no token is needed there.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use percent_encoding::utf8_percent_encode;
use serde_json::{Value, json};
use tokio::{net::UnixStream, time::timeout};

use crate::{
    cli::{block_on, load_settings},
    domain::paths,
    http::once::ask_once,
};

/// How long one question may take; removing a user waits until the last of their servers has stopped.
const DEADLINE: Duration = Duration::from_secs(300);

/// The longest answer that is read.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// How many items of a list are asked for at once; the hub gives no more.
const PAGE: usize = 200;

/// What to do about a socket that is not there, or that nobody serves.
const STOPPED: &str =
    "the hub does not run; `systemctl start carrel` starts it, `carrel doctor` tells more";

/// What to do about a socket that is not for the account that runs the command.
const FORBIDDEN: &str = "only root may use it; try again with sudo";

/// The hub, as root asks it.
pub(super) struct Client {
    socket: PathBuf,
    base_url: String,
}

/// One question.
struct Question {
    method: Method,
    target: String,
    body: Value,
}

impl Client {
    /// Reads from the configuration where the hub is to be asked.
    pub(super) fn new(config: &Path) -> anyhow::Result<Self> {
        let hub = load_settings(config)?.hub;
        Ok(Self {
            socket: hub.runtime_dir.join("admin.sock"),
            base_url: hub.base_url,
        })
    }

    /// Asks for what lies at a path, whose parts are names as people write them.
    pub(super) fn get(&self, path: &[&str]) -> anyhow::Result<Value> {
        self.send(Method::GET, path, Value::Null)
    }

    /// Asks for a whole list, page by page.
    pub(super) fn list(&self, path: &[&str]) -> anyhow::Result<Value> {
        let mut items = Vec::new();
        loop {
            let query = format!("?limit={PAGE}&offset={}", items.len());
            let mut page = self.ask(Question {
                method: Method::GET,
                target: self.target(path) + &query,
                body: Value::Null,
            })?;
            let more = page.get_mut("items").map(Value::take);
            let Some(Value::Array(more)) = more else {
                bail!("the hub's answer is no page of a list");
            };
            let is_last =
                more.is_empty() || page.pointer("/_pagination/next") == Some(&Value::Null);
            items.extend(more);
            if is_last {
                return Ok(Value::Array(items));
            }
        }
    }

    /// Has the hub do something, and returns what it answers; null where it answers nothing.
    pub(super) fn send(&self, method: Method, path: &[&str], body: Value) -> anyhow::Result<Value> {
        self.ask(Question {
            method,
            target: self.target(path),
            body,
        })
    }

    fn target(&self, path: &[&str]) -> String {
        let mut target = format!("{}hub/api", self.base_url);
        for part in path {
            target.push('/');
            target.extend(utf8_percent_encode(part, paths::SEGMENT));
        }
        target
    }

    fn ask(&self, question: Question) -> anyhow::Result<Value> {
        let asked = block_on(async {
            let asked = timeout(DEADLINE, self.exchange(question)).await;
            asked.map_err(|_| anyhow!("there was no answer within {} s", DEADLINE.as_secs()))?
        });
        let (status, body) =
            asked.with_context(|| format!("ask the hub at {}", self.socket.display()))?;
        let answer = match body.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&body).context("read the hub's answer")?,
        };
        if status.is_client_error() || status.is_server_error() {
            let told = answer.get("message").and_then(Value::as_str);
            bail!("{}", told.map_or_else(|| status.to_string(), str::to_owned));
        }
        Ok(answer)
    }

    async fn exchange(&self, question: Question) -> anyhow::Result<(StatusCode, Bytes)> {
        let stream = UnixStream::connect(&self.socket).await;
        let stream = stream.map_err(|error| {
            let is_refused = error.kind() == ErrorKind::PermissionDenied;
            let advice = if is_refused { FORBIDDEN } else { STOPPED };
            anyhow::Error::new(error).context(advice)
        })?;
        let body = if question.body.is_null() {
            Bytes::new()
        } else {
            question.body.to_string().into()
        };
        let request = Request::builder()
            .method(question.method)
            .uri(question.target)
            .header(header::HOST, "localhost")
            .header(header::ACCEPT, "application/jupyterhub-pagination+json")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "close")
            .body(Full::new(body))?;
        ask_once(stream, request, async |reply| {
            let status = reply.status();
            let body = Limited::new(reply.into_body(), MAX_BODY_BYTES);
            let body = body.collect().await.map_err(|error| anyhow!(error))?;
            Ok((status, body.to_bytes()))
        })
        .await
    }
}

/// Returns an object of those fields that have a value.
pub(super) fn fields<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let given = fields.into_iter().filter(|(_, value)| !value.is_null());
    given
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Returns a list of texts; null, which is left out, when there are none.
pub(super) fn texts_if_any(texts: &[impl ToString]) -> Value {
    match texts {
        [] => Value::Null,
        texts => json!(texts.iter().map(ToString::to_string).collect::<Vec<_>>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        Client {
            socket: "/nowhere/admin.sock".into(),
            base_url: "/lab/".into(),
        }
    }

    #[test]
    fn names_cannot_leave_their_place_in_the_path() {
        let target = client().target(&["users", "a/../b?c", "servers", ""]);
        assert_eq!(target, "/lab/hub/api/users/a%2F..%2Fb%3Fc/servers/");
    }

    #[test]
    fn a_hub_that_does_not_run_is_told_in_words() {
        let error = client().get(&["users"]).unwrap_err();
        let told: Vec<_> = error.chain().map(ToString::to_string).collect();
        assert_eq!(told[0], "ask the hub at /nowhere/admin.sock");
        assert!(told[1].starts_with("the hub does not run"), "{told:?}");
    }

    #[test]
    fn what_is_not_given_is_left_out() {
        let none: [&str; 0] = [];
        let object = fields([
            ("a", json!(1)),
            ("b", Value::Null),
            ("c", texts_if_any(&none)),
            ("d", texts_if_any(&["x"])),
        ]);
        assert_eq!(object, json!({"a": 1, "d": ["x"]}));
    }
}
