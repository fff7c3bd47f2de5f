//! Looks at the certificate: there, in its time, and of the key beside it.

use std::{os::unix::fs::MetadataExt, path::Path};

use x509_parser::pem::Pem;

use super::{Check, Machine};
use crate::{
    config::settings::TlsSettings,
    domain::time::{Clock, Timestamp},
    net::tls::Tls,
};

const NAME: &str = "certificate";
const SECONDS_PER_DAY: i64 = 86_400;

/// From how many days before its end on a certificate is worth a word.
const WARN_DAYS: i64 = 14;

const REPAIR: &str = "Put a PEM chain and its key where tls.certificate and tls.key point, then \
                      `systemctl reload carrel`.";

/// The certificate that browsers get can be used.
pub(super) fn certificate(machine: &Machine, clock: &Clock) -> Check {
    let settings = machine.settings();
    let (chain, key, origin) = match (settings.tls.certificate, settings.tls.key) {
        (Some(certificate), Some(key)) => (certificate, key, "from the configuration"),
        _ => {
            let both = settings.hub.state_dir.join("tls/self-signed.pem");
            (both.clone(), both, "self-signed")
        }
    };
    for path in [&chain, &key] {
        match std::fs::File::open(machine.at(path)) {
            Ok(_) => {}
            Err(error) if origin == "self-signed" && is_absent(&error) => {
                let found = format!("{} is absent", path.display());
                return Check::warn(NAME, found, "The hub makes it when it starts.");
            }
            Err(error) => return machine.cannot_read(NAME, path, &error),
        }
    }
    if let Some(fault) = key_access(machine, &key) {
        let advice = format!("chgrp carrel {0} && chmod 640 {0}", key.display());
        return Check::fail(NAME, fault, advice);
    }
    let pair = TlsSettings {
        certificate: Some(machine.at(&chain)),
        key: Some(machine.at(&key)),
    };
    if let Err(error) = Tls::check(&pair) {
        let causes: Vec<String> = anyhow::Chain::new(&error)
            .map(ToString::to_string)
            .collect();
        return Check::fail(NAME, causes.join(": "), REPAIR);
    }
    match validity(&machine.at(&chain)) {
        Ok(validity) => judge(&chain, origin, clock.now(), validity),
        Err(error) => Check::fail(NAME, format!("{}: {error}", chain.display()), REPAIR),
    }
}

/// Says what is wrong with who can read the key; folders above it are not looked at.
fn key_access(machine: &Machine, key: &Path) -> Option<String> {
    let (uid, gid) = machine.hub?;
    let status = match std::fs::metadata(machine.at(key)) {
        Ok(status) => status,
        Err(error) => return Some(format!("{} cannot be looked at: {error}", key.display())),
    };
    let mode = status.mode();
    if mode & 0o007 != 0 {
        return Some(format!("{} is open to every account", key.display()));
    }
    let as_owner = status.uid() == uid && mode & 0o400 != 0;
    let as_group = status.gid() == gid && mode & 0o040 != 0;
    let readable = as_owner || as_group;
    (!readable).then(|| format!("{} cannot be read by the account carrel", key.display()))
}

fn is_absent(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}

/// Returns from when to when the first certificate of a file holds, in seconds since 1970.
fn validity(path: &Path) -> Result<(i64, i64), String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let first = Pem::iter_from_buffer(&bytes)
        .filter_map(Result::ok)
        .find(|pem| pem.label == "CERTIFICATE")
        .ok_or("holds no certificate")?;
    let certificate = first.parse_x509().map_err(|error| error.to_string())?;
    let validity = certificate.validity();
    Ok((
        validity.not_before.timestamp(),
        validity.not_after.timestamp(),
    ))
}

fn judge(chain: &Path, origin: &str, now: Timestamp, (not_before, not_after): (i64, i64)) -> Check {
    let path = chain.display();
    let now = now.as_micros().div_euclid(1_000_000);
    let date = |seconds: i64| {
        let text = Timestamp::from_micros(seconds.saturating_mul(1_000_000)).to_string();
        text.split('T').next().unwrap_or_default().to_owned()
    };
    let days = (not_after - now).div_euclid(SECONDS_PER_DAY);
    let renew = "Renew it, then `systemctl reload carrel`; the hub makes a self-signed one anew \
                 when it starts.";
    if now < not_before {
        let found = format!("{path} holds only from {} on", date(not_before));
        return Check::fail(NAME, found, "See whether the machine's clock is right.");
    }
    if now >= not_after {
        let found = format!("{path} ended on {}", date(not_after));
        return Check::fail(NAME, found, renew);
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
            (75 * day, State::Ok),
            (77 * day, State::Warn),
            (90 * day, State::Fail),
        ];
        for (now, state) in table {
            let now = Timestamp::from_micros(now * 1_000_000);
            let check = judge(Path::new("/c"), "x", now, (0, 90 * day));
            assert_eq!(check.state, state, "{now}");
        }
        let start = Timestamp::from_micros(0);
        let check = judge(Path::new("/c"), "x", start, (0, 90 * day));
        assert_eq!(check.found, "/c (x), 90 days left, until 1970-04-01");
    }
}
