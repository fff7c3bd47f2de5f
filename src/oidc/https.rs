//! Requests to the provider: over TLS only, no redirects, each with a deadline and a bound.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use super::Error;
use crate::http::once::ask_once;

/// How long one request may take, from the look-up of the name to the last byte.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);
/// The longest answer that is read, in bytes.
const MAX_BODY_BYTES: usize = 256 * 1024;
/// The port of https.
const PORT: u16 = 443;

/// Asks over connections whose other side some authorities vouch for.
pub(super) struct Https {
    connector: TlsConnector,
}

/// A form to be sent.
pub(super) struct Post {
    /// The form.
    pub(super) form: String,
    /// Who sends it, unless the form says.
    pub(super) authorization: Option<HeaderValue>,
}

/// What came back.
pub(super) struct Reply {
    /// How it went.
    pub(super) status: StatusCode,
    /// The body.
    pub(super) body: Bytes,
}

impl Https {
    /// Trusts the authorities of a PEM file.
    pub(super) fn trusting(ca_file: &Path) -> Result<Self, Error> {
        let unreadable = |source| Error::File {
            path: ca_file.to_owned(),
            source,
        };
        let pem = std::fs::read(ca_file).map_err(unreadable)?;
        let mut roots = RootCertStore::empty();
        let found = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
        // A bundle may hold certificates of kinds that cannot vouch for anybody.
        let (added, _) = roots.add_parsable_certificates(found);
        if added == 0 {
            let empty = std::io::Error::other("no certificate is in it");
            return Err(unreadable(empty));
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(Error::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
        })
    }

    /// Gets what lies at `url`.
    pub(super) async fn get(
        &self,
        url: &str,
        authorization: Option<HeaderValue>,
    ) -> Result<Reply, Error> {
        let mut request = Request::new(Full::default());
        if let Some(value) = authorization {
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        self.ask(url, request).await
    }

    /// Sends a form to `url`.
    pub(super) async fn post(&self, url: &str, post: Post) -> Result<Reply, Error> {
        let mut request = Request::new(Full::from(post.form));
        *request.method_mut() = Method::POST;
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(header::CONTENT_TYPE, form);
        if let Some(value) = post.authorization {
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        self.ask(url, request).await
    }

    async fn ask(&self, url: &str, request: Request<Full<Bytes>>) -> Result<Reply, Error> {
        let target = Target::parse(url)?;
        let exchange = self.exchange(&target, request);
        let Ok(reply) = timeout(REQUEST_TIMEOUT, exchange).await else {
            return Err(Error::Deadline {
                host: target.host,
                after: REQUEST_TIMEOUT,
            });
        };
        reply.map_err(|source| Error::Unreachable {
            host: target.host,
            source,
        })
    }

    async fn exchange(
        &self,
        target: &Target,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Reply, Box<dyn std::error::Error + Send + Sync>> {
        *request.uri_mut() = target.path.parse()?;
        let headers = request.headers_mut();
        headers.insert(header::HOST, target.authority.parse()?);
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::ACCEPT, json);
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        let name = ServerName::try_from(target.host.clone())?;
        let stream = TcpStream::connect((target.host.as_str(), target.port)).await?;
        let stream = self.connector.connect(name, stream).await?;
        ask_once(stream, request, async |reply| {
            let status = reply.status();
            let body = Limited::new(reply.into_body(), MAX_BODY_BYTES);
            let body = body.collect().await?.to_bytes();
            Ok(Reply { status, body })
        })
        .await
    }
}

/// An address taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    /// Name or number, without the brackets of IPv6.
    host: String,
    port: u16,
    /// What the `Host` header says.
    authority: String,
    /// Path and query.
    path: String,
}

impl Target {
    fn parse(url: &str) -> Result<Self, Error> {
        let wrong = || Error::Answer(format!("{url:?} is no https address"));
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?;
        let is_plain = uri.scheme_str() == Some("https") && !authority.as_str().contains('@');
        if !is_plain {
            return Err(wrong());
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(PORT),
            authority: authority.as_str().to_owned(),
            path: path.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let target = |host: &str, port, authority: &str, path: &str| Target {
            host: host.into(),
            port,
            authority: authority.into(),
            path: path.into(),
        };
        let table = [
            ("https://a.b", target("a.b", 443, "a.b", "/")),
            ("https://a.b/c?d=e", target("a.b", 443, "a.b", "/c?d=e")),
            ("https://a.b:8443/c", target("a.b", 8443, "a.b:8443", "/c")),
            ("https://[::1]:1/", target("::1", 1, "[::1]:1", "/")),
        ];
        for (url, expected) in table {
            assert_eq!(Target::parse(url).unwrap(), expected, "{url}");
        }
    }

    #[test]
    fn nothing_but_https_is_asked() {
        for url in [
            "http://a.b/",
            "a.b",
            "/c",
            "https://",
            "https://x@a.b/",
            "ftp://a.b",
            "",
        ] {
            assert!(matches!(Target::parse(url), Err(Error::Answer(_))), "{url}");
        }
    }

    #[test]
    fn a_file_without_authorities_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        assert!(matches!(Https::trusting(&file), Err(Error::File { .. })));
        std::fs::write(&file, "nothing").unwrap();
        assert!(matches!(Https::trusting(&file), Err(Error::File { .. })));
    }
}
