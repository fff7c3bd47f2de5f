//! TLS for the public door: certificates from files or of our own making, exchangeable while running.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

use super::self_signed;
use crate::{config::settings::TlsSettings, domain::time::Timestamp};

/// The largest certificate or key file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Why there is no certificate to serve with.
#[derive(Debug, Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file is too large to be a certificate or key.
    #[error("{} is larger than a certificate or key can be", .0.display())]
    TooLarge(PathBuf),
    /// A file has no certificate or no key in it.
    #[error("{} holds no {what} in PEM form", path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong.
        #[source]
        source: pem::Error,
    },
    /// Certificate and key do not belong together, or are of a kind that cannot be used.
    #[error("use {} with {}: they do not belong together, or are of an unknown kind", certificate.display(), key.display())]
    Unusable {
        /// The file with the chain.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// What rustls said.
        #[source]
        source: rustls::Error,
    },
    /// No certificate of our own could be made or kept.
    #[error("make a self-signed certificate in {}", folder.display())]
    SelfSigned {
        /// Where.
        folder: PathBuf,
        /// What went wrong.
        #[source]
        source: self_signed::Error,
    },
    /// rustls refused its own defaults.
    #[error("set TLS up")]
    Rustls(#[source] rustls::Error),
}

/// The certificate in use, and what outlives its exchange.
pub struct Tls {
    config: ArcSwap<ServerConfig>,
    provider: Arc<CryptoProvider>,
    tickets: Arc<dyn rustls::server::ProducesTickets>,
    state_dir: PathBuf,
}

impl Tls {
    /// Loads the certificate the settings name, or one of our own from `state_dir`, which is made
    /// when there is none or it is about to expire.
    pub fn load(settings: &TlsSettings, state_dir: &Path, now: Timestamp) -> Result<Self, Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let tickets = aws_lc_rs::Ticketer::new().map_err(Error::Rustls)?;
        let pair = Pair::load(settings, state_dir, now)?;
        let config = pair.into_config(&provider, &tickets)?;
        Ok(Self {
            config: ArcSwap::from_pointee(config),
            provider,
            tickets,
            state_dir: state_dir.to_owned(),
        })
    }

    /// Loads the certificate again, for connections to come; on an error the old one stays.
    pub fn reload(&self, settings: &TlsSettings, now: Timestamp) -> Result<(), Error> {
        let pair = Pair::load(settings, &self.state_dir, now)?;
        let config = pair.into_config(&self.provider, &self.tickets)?;
        self.config.store(Arc::new(config));
        Ok(())
    }

    /// Tells whether the certificate the settings name can be used; nothing is made or changed.
    pub fn check(settings: &TlsSettings) -> Result<(), Error> {
        let (Some(certificate), Some(key)) = (&settings.certificate, &settings.key) else {
            return Ok(());
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let tickets = aws_lc_rs::Ticketer::new().map_err(Error::Rustls)?;
        Pair::read(certificate, key)?
            .into_config(&provider, &tickets)
            .map(drop)
    }

    /// Returns what does the next handshake.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.load_full())
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// A chain and its key, with where they came from.
struct Pair {
    certificate_path: PathBuf,
    key_path: PathBuf,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Pair {
    fn load(settings: &TlsSettings, state_dir: &Path, now: Timestamp) -> Result<Self, Error> {
        if let (Some(certificate), Some(key)) = (&settings.certificate, &settings.key) {
            return Self::read(certificate, key);
        }
        let folder = state_dir.join("tls");
        let file = self_signed::ensure(&folder, now)
            .map_err(|source| Error::SelfSigned { folder, source })?;
        Self::read(&file, &file)
    }

    fn read(certificate: &Path, key: &Path) -> Result<Self, Error> {
        let chain: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(&read_file(certificate)?).collect();
        let chain = chain
            .and_then(|chain| {
                let is_empty = chain.is_empty();
                (!is_empty).then_some(chain).ok_or(pem::Error::NoItemsFound)
            })
            .map_err(|source| Error::NotPem {
                path: certificate.to_owned(),
                what: "certificate",
                source,
            })?;
        let mut text = read_file(key)?;
        let parsed = PrivateKeyDer::from_pem_slice(&text);
        zeroize::Zeroize::zeroize(&mut text);
        let parsed = parsed.map_err(|source| Error::NotPem {
            path: key.to_owned(),
            what: "private key",
            source,
        })?;
        Ok(Self {
            certificate_path: certificate.to_owned(),
            key_path: key.to_owned(),
            chain,
            key: parsed,
        })
    }

    fn into_config(
        self,
        provider: &Arc<CryptoProvider>,
        tickets: &Arc<dyn rustls::server::ProducesTickets>,
    ) -> Result<ServerConfig, Error> {
        let mut config = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(Error::Rustls)?
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key)
            .map_err(|source| Error::Unusable {
                certificate: self.certificate_path,
                key: self.key_path,
                source,
            })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.ticketer = tickets.clone();
        // Tickets hold the session; a store on our side would only grow.
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        Ok(config)
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    let unreadable = |source| Error::Unreadable {
        path: path.to_owned(),
        source,
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_FILE_BYTES {
        return Err(Error::TooLarge(path.to_owned()));
    }
    std::fs::read(path).map_err(unreadable)
}

/// The age at which a certificate of our own is replaced.
pub(super) const SELF_SIGNED_RENEWAL: Duration = Duration::from_secs(700 * 24 * 3600);

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_767_323_045_123_456);

    fn none() -> TlsSettings {
        TlsSettings {
            certificate: None,
            key: None,
        }
    }

    fn files(dir: &Path, name: &str) -> TlsSettings {
        let signed = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let certificate = dir.join(format!("{name}.crt"));
        let key = dir.join(format!("{name}.key"));
        std::fs::write(&certificate, signed.cert.pem()).unwrap();
        std::fs::write(&key, signed.signing_key.serialize_pem()).unwrap();
        TlsSettings {
            certificate: Some(certificate),
            key: Some(key),
        }
    }

    #[test]
    fn the_first_start_makes_a_certificate_and_the_next_keeps_it() {
        let dir = tempfile::tempdir().unwrap();
        Tls::load(&none(), dir.path(), NOW).unwrap();
        let file = dir.path().join("tls/self-signed.pem");
        let first = std::fs::read(&file).unwrap();
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        Tls::load(&none(), dir.path(), NOW).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), first);
    }

    #[test]
    fn a_broken_certificate_of_our_own_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("tls")).unwrap();
        std::fs::write(dir.path().join("tls/self-signed.pem"), "half a fi").unwrap();
        Tls::load(&none(), dir.path(), NOW).unwrap();
    }

    #[test]
    fn files_are_checked_and_named() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (files(dir.path(), "one"), files(dir.path(), "two"));
        Tls::check(&one).unwrap();
        let mismatched = TlsSettings {
            certificate: one.certificate.clone(),
            key: two.key.clone(),
        };
        let swapped = TlsSettings {
            certificate: one.key.clone(),
            key: one.certificate.clone(),
        };
        let absent = TlsSettings {
            certificate: Some(dir.path().join("absent")),
            key: one.key.clone(),
        };
        assert!(matches!(
            Tls::check(&mismatched),
            Err(Error::Unusable { .. })
        ));
        assert!(matches!(Tls::check(&swapped), Err(Error::NotPem { .. })));
        let error = Tls::check(&absent).unwrap_err();
        assert!(error.to_string().contains("absent"), "{error}");
    }

    #[test]
    fn a_failed_reload_keeps_the_old_certificate() {
        let dir = tempfile::tempdir().unwrap();
        let settings = files(dir.path(), "one");
        let tls = Tls::load(&settings, dir.path(), NOW).unwrap();
        let before = tls.config.load_full();
        std::fs::write(settings.key.as_ref().unwrap(), "broken").unwrap();
        assert!(tls.reload(&settings, NOW).is_err());
        assert!(Arc::ptr_eq(&before, &tls.config.load_full()));
        tls.reload(&files(dir.path(), "two"), NOW).unwrap();
        assert!(!Arc::ptr_eq(&before, &tls.config.load_full()));
    }
}
