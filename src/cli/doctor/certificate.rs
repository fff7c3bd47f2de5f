//! Looks at the certificate: there, in its time, and of the key beside it.

use std::path::{Path, PathBuf};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Check, Machine};
use crate::domain::time::{Clock, Timestamp};

const NAME: &str = "certificate";
const SECONDS_PER_DAY: i64 = 86_400;

/// From how many days before its end on a certificate is worth a word.
const WARN_DAYS: i64 = 14;

/// The certificate that browsers get can be used.
pub(super) fn certificate(machine: &Machine, clock: &Clock) -> Check {
    let settings = machine.settings();
    let (chain, key, origin) = match (settings.tls.certificate, settings.tls.key) {
        (Some(certificate), Some(key)) => (certificate, key, "from the configuration"),
        _ => {
            let folder = settings.hub.state_dir.join("tls");
            (
                folder.join("self-signed.pem"),
                folder.join("self-signed.key"),
                "self-signed",
            )
        }
    };
    match examine(machine, &chain, &key) {
        Ok((not_before, not_after)) => {
            let now = clock.now().as_micros() / 1_000_000;
            judge(&chain, origin, now, (not_before, not_after))
        }
        Err(Trouble::Unreadable(path, error)) => machine.cannot_read(NAME, &path, &error),
        Err(Trouble::Wrong(found)) => Check::fail(
            NAME,
            found,
            "Put a PEM chain and its key where tls.certificate and tls.key point, then `systemctl \
             reload carrel`.",
        ),
    }
}

enum Trouble {
    Unreadable(PathBuf, std::io::Error),
    Wrong(String),
}

/// Returns from when to when the certificate holds, in seconds since 1970.
fn examine(machine: &Machine, chain: &Path, key: &Path) -> Result<(i64, i64), Trouble> {
    let read = |path: &Path| {
        std::fs::read(machine.at(path)).map_err(|error| Trouble::Unreadable(path.to_owned(), error))
    };
    let wrong = |path: &Path, error: &dyn std::fmt::Display| {
        Trouble::Wrong(format!("{}: {error}", path.display()))
    };
    let certificates: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(&read(chain)?)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(chain, &error))?;
    let Some(first) = certificates.first().cloned() else {
        return Err(wrong(chain, &"holds no certificate"));
    };
    let (_, parsed) = X509Certificate::from_der(&first).map_err(|error| wrong(chain, &error))?;
    let validity = parsed.validity();
    let secret = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| wrong(key, &error))?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    rustls::sign::CertifiedKey::from_der(certificates, secret, &provider).map_err(|error| {
        wrong(
            key,
            &format!("does not go with {}: {error}", chain.display()),
        )
    })?;
    Ok((
        validity.not_before.timestamp(),
        validity.not_after.timestamp(),
    ))
}

fn judge(chain: &Path, origin: &str, now: i64, (not_before, not_after): (i64, i64)) -> Check {
    let path = chain.display();
    let date = |seconds: i64| {
        let text = Timestamp::from_micros(seconds.saturating_mul(1_000_000)).to_string();
        text.split('T').next().unwrap_or_default().to_owned()
    };
    let days = (not_after - now).div_euclid(SECONDS_PER_DAY);
    let renew = "Renew it, then `systemctl reload carrel`; a self-signed one is made anew when its \
                 files are removed and the hub restarts.";
    if now < not_before {
        let found = format!("{path} holds only from {} on", date(not_before));
        return Check::fail(NAME, found, "See whether the machine's clock is right.");
    }
    if now >= not_after {
        return Check::fail(NAME, format!("{path} ended on {}", date(not_after)), renew);
    }
    let found = format!(
        "{path} ({origin}), {days} days left, until {}",
        date(not_after)
    );
    if days < WARN_DAYS {
        return Check::warn(NAME, found, renew);
    }
    Check::ok(NAME, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    #[test]
    fn the_end_is_seen_coming() {
        let day = SECONDS_PER_DAY;
        let table = [
            (-1, State::Fail),
            (0, State::Ok),
            (76 * day, State::Ok),
            (87 * day, State::Warn),
            (90 * day, State::Fail),
        ];
        for (now, state) in table {
            let check = judge(Path::new("/c"), "x", now, (0, 90 * day));
            assert_eq!(check.state, state, "{now}");
        }
        let check = judge(Path::new("/c"), "x", 0, (0, 90 * day));
        assert_eq!(check.found, "/c (x), 90 days left, until 1970-04-01");
    }
}
