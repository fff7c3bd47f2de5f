//! The certificate a fresh machine begins with: signed by itself, kept in the state directory.
//!
//! Key and certificate lie in one file, replaced as a whole, so that they can never belong to
//! different pairs.

use std::{
    fs,
    io::{self, Write as _},
    net::{Ipv4Addr, Ipv6Addr},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, SanType, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use thiserror::Error;

use super::tls::SELF_SIGNED_RENEWAL;
use crate::domain::time::Timestamp;

/// How long a certificate is valid; some browsers refuse more than 825 days.
const VALIDITY: Duration = Duration::from_secs(820 * 24 * 3600);

/// How far back validity begins, for clients whose clock is slow.
const CLOCK_SLACK: Duration = Duration::from_secs(24 * 3600);

const FILE_NAME: &str = "self-signed.pem";

/// Why no certificate could be made.
#[derive(Debug, Error)]
pub enum Error {
    /// It could not be signed.
    #[error("sign the certificate")]
    Sign(#[from] rcgen::Error),
    /// It could not be written.
    #[error("write {}", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Returns the file with our certificate and key; makes it when it is absent, broken or too old.
pub(super) fn ensure(folder: &Path, now: Timestamp) -> Result<PathBuf, Error> {
    let file = folder.join(FILE_NAME);
    if is_fresh(&file, now) && is_whole(&file) {
        return Ok(file);
    }
    let text = make(&host_name(), now)?;
    write(folder, &file, text.as_bytes()).map_err(|source| Error::Write {
        path: file.clone(),
        source,
    })?;
    tracing::info!(file = %file.display(), "made a self-signed certificate");
    Ok(file)
}

fn make(host: &str, now: Timestamp) -> Result<String, rcgen::Error> {
    let mut names = vec!["localhost".to_owned()];
    if host != "localhost" {
        names.insert(0, host.to_owned());
    }
    let mut params = CertificateParams::new(names)?;
    params
        .subject_alt_names
        .extend([Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()].map(SanType::IpAddress));
    params.distinguished_name.push(DnType::CommonName, host);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = day(Timestamp::from_micros(
        now.as_micros() - i64::try_from(CLOCK_SLACK.as_micros()).unwrap_or(0),
    ));
    params.not_after = day(now.after(VALIDITY));
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(certificate.pem() + &key.serialize_pem())
}

/// Returns midnight of the day of an instant, in the type rcgen takes.
fn day(instant: Timestamp) -> cookie::time::OffsetDateTime {
    let text = instant.to_string();
    let mut parts = text.split(['-', 'T']);
    let mut next = || parts.next().and_then(|part| part.parse::<u16>().ok());
    let (year, month, day) = (next(), next(), next());
    let small = |part: Option<u16>| part.and_then(|n| u8::try_from(n).ok()).unwrap_or(1);
    date_time_ymd(i32::from(year.unwrap_or(2026)), small(month), small(day))
}

fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    let is_sound = !name.is_empty()
        && name.len() <= 64
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    if is_sound { name } else { "localhost" }.to_owned()
}

fn is_fresh(file: &Path, now: Timestamp) -> bool {
    let written = fs::metadata(file).and_then(|meta| meta.modified());
    let since_epoch = written
        .ok()
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since_epoch.is_some_and(|age| {
        let written = Timestamp::from_micros(i64::try_from(age.as_micros()).unwrap_or(0));
        now.since(written) < SELF_SIGNED_RENEWAL
    })
}

fn is_whole(file: &Path) -> bool {
    CertificateDer::from_pem_file(file).is_ok() && PrivateKeyDer::from_pem_file(file).is_ok()
}

/// Writes a file that only we can read, so that after a crash there is the old one or the new one.
fn write(folder: &Path, file: &Path, text: &[u8]) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let draft = file.with_extension("new");
    if let Err(error) = fs::remove_file(&draft)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut open = fs::OpenOptions::new();
    let mut out = open.write(true).create_new(true).mode(0o600).open(&draft)?;
    out.write_all(text)?;
    out.sync_all()?;
    fs::rename(&draft, file)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_from_instants() {
        let instant = Timestamp::parse("2026-11-22T23:59:59Z").unwrap();
        assert_eq!(day(instant), date_time_ymd(2026, 11, 22));
    }

    #[test]
    fn an_old_certificate_is_replaced_before_it_expires() {
        let dir = tempfile::tempdir().unwrap();
        let written = fs::metadata(dir.path()).unwrap().modified().unwrap();
        let micros = written.duration_since(UNIX_EPOCH).unwrap().as_micros();
        let now = Timestamp::from_micros(i64::try_from(micros).unwrap());
        let file = ensure(dir.path(), now).unwrap();
        let first = fs::read(&file).unwrap();
        ensure(dir.path(), now.after(SELF_SIGNED_RENEWAL / 2)).unwrap();
        assert_eq!(fs::read(&file).unwrap(), first);
        ensure(dir.path(), now.after(SELF_SIGNED_RENEWAL * 2)).unwrap();
        assert_ne!(fs::read(&file).unwrap(), first);
        assert!(SELF_SIGNED_RENEWAL < VALIDITY);
    }
}
