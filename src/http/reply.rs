//! Replies: constructors for what handlers return, and the body type that all of Carrel shares.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::http::{HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use serde::Serialize;
use tokio::sync::mpsc;

/// What a handler returns.
pub type Reply = Response<Body>;

/// Why a streamed body broke off.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A stream somebody else defines, such as the reply of a user server on its way through.
pub type BoxBody = Pin<Box<dyn http_body::Body<Data = Bytes, Error = BodyError> + Send + 'static>>;

/// The body of a request or reply.
pub enum Body {
    /// Bytes that are all here; empty ones are no body.
    Full(Bytes),
    /// What hyper receives.
    Incoming(Incoming),
    /// Pieces that come one by one; ends when the sender is dropped.
    Channel(mpsc::Receiver<Bytes>),
    /// A stream somebody else defines.
    Boxed(BoxBody),
}

impl Body {
    /// Returns the body that has no bytes.
    pub const fn empty() -> Self {
        Self::Full(Bytes::new())
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Body::Full",
            Self::Incoming(_) => "Body::Incoming",
            Self::Channel(_) => "Body::Channel",
            Self::Boxed(_) => "Body::Boxed",
        })
    }
}

impl From<Incoming> for Body {
    fn from(incoming: Incoming) -> Self {
        Self::Incoming(incoming)
    }
}

impl<T: Into<Bytes>> From<Whole<T>> for Body {
    fn from(Whole(bytes): Whole<T>) -> Self {
        Self::Full(bytes.into())
    }
}

/// Bytes that are the whole body; the wrapper keeps the conversion apart from [`Incoming`]'s.
#[derive(Debug)]
pub struct Whole<T>(pub T);

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Incoming(incoming) => match ready!(Pin::new(incoming).poll_frame(cx)) {
                Some(Ok(frame)) => Poll::Ready(Some(Ok(frame))),
                Some(Err(error)) => Poll::Ready(Some(Err(error.into()))),
                None => Poll::Ready(None),
            },
            Self::Channel(receiver) => receiver
                .poll_recv(cx)
                .map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes)))),
            Self::Boxed(body) => body.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(bytes) => bytes.is_empty(),
            Self::Incoming(incoming) => incoming.is_end_stream(),
            Self::Channel(_) => false,
            Self::Boxed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Incoming(incoming) => incoming.size_hint(),
            Self::Channel(_) => SizeHint::default(),
            Self::Boxed(body) => body.size_hint(),
        }
    }
}

/// Returns a reply with bytes of a given type.
pub fn bytes(status: StatusCode, content_type: &'static str, bytes: impl Into<Bytes>) -> Reply {
    let mut reply = empty(status);
    *reply.body_mut() = Body::Full(bytes.into());
    reply
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// Returns a page; a `maud::Markup` is accepted as it is.
pub fn html(status: StatusCode, markup: impl Into<String>) -> Reply {
    bytes(status, "text/html; charset=utf-8", markup.into())
}

/// Returns plain text.
pub fn text(status: StatusCode, text: impl Into<String>) -> Reply {
    bytes(status, "text/plain; charset=utf-8", text.into())
}

/// Returns `value` as JSON; a value that has no JSON form is a fault of ours and becomes 500.
pub fn json(status: StatusCode, value: &impl Serialize) -> Reply {
    match serde_json::to_vec(value) {
        Ok(json) => bytes(status, "application/json", json),
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// Returns a redirect; the caller has made `location` from a typed link or checked it.
///
/// A location that cannot stand in a header becomes 500 and is never cut.
pub fn redirect(status: StatusCode, location: &str) -> Reply {
    match HeaderValue::from_str(location) {
        Ok(value) => {
            let mut reply = empty(status);
            reply.headers_mut().insert(header::LOCATION, value);
            reply
        }
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// Returns a reply without a body.
pub fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Body::empty());
    *reply.status_mut() = status;
    reply
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_full_body_is_sent_once() {
        let reply = html(StatusCode::OK, "<p>hello");
        assert_eq!(reply.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(
            http_body::Body::size_hint(reply.body()).exact(),
            Some(8),
            "hyper makes Content-Length of it"
        );
        let body = reply.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "<p>hello");
    }

    #[test]
    fn a_location_cannot_add_a_header() {
        let reply = redirect(StatusCode::FOUND, "/hub\r\nSet-Cookie: a=b");
        assert_eq!(reply.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(reply.headers().is_empty());
    }
}
