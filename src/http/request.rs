//! Requests: who sent one over which listener, and reading its body within bounds.

use std::{net::IpAddr, pin::pin, time::Duration};

use ::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use thiserror::Error;
use tokio::time::timeout;

use crate::http::{error, reply::Body};

/// A request as handlers see it.
pub type Request = ::http::Request<Body>;

/// The scheme of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `http`.
    Http,
    /// `https`.
    Https,
}

impl Scheme {
    /// Returns the scheme as it stands in URLs and in `X-Forwarded-Proto`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Returns the port the scheme implies.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Over which door a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// HTTPS, for browsers and everybody.
    Public,
    /// Plain HTTP that only redirects to HTTPS.
    Redirect,
    /// Plain HTTP on loopback with the REST API, for user servers and local scripts.
    Api,
    /// Plain HTTP on a Unix socket with the REST API, for root of this machine, who needs no token.
    Admin,
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The address connected from; IPv4 also when it came over an IPv6 socket.
    pub addr: IpAddr,
    /// The port connected from.
    pub port: u16,
    /// The scheme of this connection, whatever a proxy in front says.
    pub scheme: Scheme,
    /// The door.
    pub via: Listener,
}

/// Why a body could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It is longer than allowed.
    #[error("the body is longer than {limit} bytes")]
    TooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
    /// It did not arrive in time.
    #[error("the body did not arrive within {} s", .0.as_secs())]
    Slow(Duration),
    /// The connection or its framing broke.
    #[error("read the body")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<ReadError> for error::Error {
    fn from(cause: ReadError) -> Self {
        let (status, public) = match &cause {
            ReadError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            ReadError::Slow(_) => (StatusCode::REQUEST_TIMEOUT, "The body came too slowly"),
            ReadError::Broken(_) => (StatusCode::BAD_REQUEST, "The body could not be read"),
        };
        Self::new(status, public).because(cause)
    }
}

/// Reads a whole body of at most `limit` bytes within `deadline`.
pub async fn read_body<B>(body: B, limit: usize, deadline: Duration) -> Result<Bytes, ReadError>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if body.size_hint().lower() > limit as u64 {
        return Err(ReadError::TooLarge { limit });
    }
    match timeout(deadline, collect(body, limit)).await {
        Ok(result) => result,
        Err(_) => Err(ReadError::Slow(deadline)),
    }
}

async fn collect<B>(body: B, limit: usize) -> Result<Bytes, ReadError>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut body = pin!(body);
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| ReadError::Broken(error.into()))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.len() + data.len() > limit {
            return Err(ReadError::TooLarge { limit });
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

/// Tells whether the body is declared as a form.
pub fn is_form(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|t| t.eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

/// Tells whether the body is declared as JSON.
pub fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|t| t.eq_ignore_ascii_case("application/json"))
}

/// Returns the media type of the body without its parameters.
pub fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or(value).trim())
}

/// Tells whether the client would rather have JSON than a page (RFC 9110 section 12.5.1); of those it
/// likes equally, the first counts.
///
/// Without a preference the answer is no: ranges such as `*/*` are none.
pub fn wants_json(headers: &HeaderMap) -> bool {
    let (mut best, mut is_json) = (0, false);
    for range in headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
    {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(1000, quality_per_mille);
        let known = ["application/json", "text/html", "application/xhtml+xml"];
        if known.contains(&media.as_str()) && quality > best {
            (best, is_json) = (quality, media == "application/json");
        }
    }
    is_json
}

fn quality_per_mille(text: &str) -> u32 {
    let quality: f32 = text.parse().unwrap_or(0.0);
    if quality.is_finite() && quality > 0.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0 to 1000 before"
        )]
        let per_mille = (quality.min(1.0) * 1000.0) as u32;
        per_mille
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use ::http::HeaderValue;

    use super::*;
    use crate::http::reply::Whole;

    const SOON: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_body_is_read_up_to_its_bound() {
        let body = Body::from(Whole("12345"));
        assert_eq!(read_body(body, 5, SOON).await.unwrap(), "12345");
        let body = Body::from(Whole("123456"));
        assert!(matches!(
            read_body(body, 5, SOON).await,
            Err(ReadError::TooLarge { limit: 5 })
        ));
    }

    #[tokio::test]
    async fn a_body_without_a_length_is_bounded_too() {
        let (sender, receiver) = tokio::sync::mpsc::channel(8);
        for _ in 0..3 {
            sender.send(Bytes::from("123")).await.unwrap();
        }
        drop(sender);
        let read = read_body(Body::Channel(receiver), 8, SOON).await;
        assert!(matches!(read, Err(ReadError::TooLarge { limit: 8 })));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let (_sender, receiver) = tokio::sync::mpsc::channel(1);
        let error = read_body(Body::Channel(receiver), 8, SOON)
            .await
            .unwrap_err();
        assert!(matches!(error, ReadError::Slow(_)));
        assert_eq!(error::Error::from(error).status(), 408);
    }

    #[test]
    fn json_or_page() {
        let table = [
            ("", false),
            ("*/*", false),
            ("application/json", true),
            ("application/json, */*", true),
            ("application/json, text/plain, */*", true),
            ("text/html,application/xhtml+xml,*/*;q=0.8", false),
            ("text/html, application/json", false),
            ("application/json, text/html", true),
            ("*/*, application/json", true),
            ("text/html;q=0.5, application/json", true),
            ("application/json;q=0, */*", false),
            ("application/json;q=oops", false),
        ];
        for (accept, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(wants_json(&headers), expected, "{accept:?}");
        }
    }
}
