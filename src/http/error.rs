//! A request that ends in a 4xx or 5xx: what the client may read, and what only the journal may.

use std::{borrow::Cow, fmt};

use ::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// A failed request: status, public text, internal cause, extra headers.
///
/// Only dispatch turns it into a reply, and logs it, once.
pub struct Error {
    status: StatusCode,
    public: Cow<'static, str>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
    headers: Option<Box<HeaderMap>>,
}

impl Error {
    /// Makes an error whose `public` text the client may read.
    ///
    /// A status that is no client or server error becomes 500, so that a failure can never look
    /// like a success.
    pub fn new(status: StatusCode, public: impl Into<Cow<'static, str>>) -> Self {
        let is_error = status.is_client_error() || status.is_server_error();
        Self {
            status: if is_error {
                status
            } else {
                StatusCode::INTERNAL_SERVER_ERROR
            },
            public: public.into(),
            cause: None,
            headers: None,
        }
    }

    /// Makes a 400.
    pub fn bad_request(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, public)
    }

    /// Makes a 403.
    pub fn forbidden(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, public)
    }

    /// Makes a 404.
    pub fn not_found(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, public)
    }

    /// Makes a 409.
    pub fn conflict(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, public)
    }

    /// Makes a 429 that asks the client to wait `retry_after_seconds`.
    pub fn too_many(public: impl Into<Cow<'static, str>>, retry_after_seconds: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, public)
            .with_header(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds))
    }

    /// Makes a 503.
    pub fn unavailable(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, public)
    }

    /// Keeps `cause` for the journal.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds a header to the reply.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers
            .get_or_insert_with(Box::default)
            .append(name, value);
        self
    }

    /// Returns the status, always 4xx or 5xx.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the text the client may read.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// Returns the headers the reply carries besides its own.
    pub fn headers(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.headers.iter().flat_map(|headers| headers.iter())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status.as_u16(), self.public)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("status", &self.status)
            .field("public", &self.public)
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let cause: &(dyn std::error::Error + 'static) = self.cause.as_deref()?;
        Some(cause)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn a_failure_never_looks_like_a_success() {
        let error = Error::new(StatusCode::OK, "fine");
        assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let error = Error::new(StatusCode::FOUND, "elsewhere");
        assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn the_cause_stays_out_of_the_public_text() {
        let error = Error::unavailable("Try again").because("disk on fire");
        assert!(!error.public().contains("fire"));
        assert!(!error.to_string().contains("fire"));
        assert_eq!(error.source().unwrap().to_string(), "disk on fire");
    }

    #[test]
    fn headers_go_with_the_error() {
        let error = Error::too_many("Slow down", 7);
        let headers: Vec<_> = error.headers().collect();
        assert_eq!(headers.len(), 1);
        assert_eq!(headers[0].0, header::RETRY_AFTER);
        assert_eq!(headers[0].1, "7");
    }
}
