//! Login tickets: a proof, made by root, that an account logged in at some time.
//!
//! The hub keeps the ticket of each person's last login and shows it when it asks for a server. It
//! cannot make one: the key lies where only root reads it. So a hub that is taken over cannot start
//! programs as people who never logged in.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::domain::{account::Account, secret::Secret, time::Timestamp};

/// What separates tickets from anything else ever signed with the same key, and versions them.
const CONTEXT: &[u8] = b"carrel login ticket 1";

/// How far a ticket may lie in the future: clocks are set back at times.
const MAX_CLOCK_STEP: Duration = Duration::from_secs(300);

/// The proof of a login; the hub stores it and cannot read anything into it.
#[derive(Debug)]
pub struct Ticket(Secret<String>);

impl Ticket {
    /// Takes a stored ticket back.
    pub fn from_text(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// Takes a ticket out of a frame.
    pub(super) fn from_secret(secret: Secret<String>) -> Self {
        Self(secret)
    }

    /// Returns the ticket as text, for storage and for the broker.
    pub fn as_text(&self) -> &str {
        self.0.expose()
    }
}

/// Why a ticket does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TicketError {
    /// It was not made with this key, for this account.
    #[error("the login ticket is not valid for this account")]
    Invalid,
    /// It was made too long ago.
    #[error("the last login was too long ago")]
    Expired,
}

/// The key that makes and checks tickets; only root holds it.
pub struct TicketKey(Zeroizing<[u8; 32]>);

impl TicketKey {
    /// Takes a key into use.
    pub fn new(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// Makes the ticket of a login of `account` at `now`.
    pub fn issue(&self, account: &Account, now: Timestamp) -> Ticket {
        let issued = now.as_micros();
        let tag = self.mac(account, issued).finalize().into_bytes();
        let text = format!("{issued}.{}", URL_SAFE_NO_PAD.encode(tag));
        Ticket(Secret::new(text))
    }

    /// Checks that `ticket` proves a login of `account` within the last `lifetime`.
    pub fn check(
        &self,
        ticket: &Ticket,
        account: &Account,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<(), TicketError> {
        let (issued, tag) = ticket
            .as_text()
            .split_once('.')
            .ok_or(TicketError::Invalid)?;
        let issued: i64 = issued.parse().map_err(|_| TicketError::Invalid)?;
        let tag = URL_SAFE_NO_PAD
            .decode(tag)
            .map_err(|_| TicketError::Invalid)?;
        self.mac(account, issued)
            .verify_slice(&tag)
            .map_err(|_| TicketError::Invalid)?;
        let issued = Timestamp::from_micros(issued);
        if now.since(issued) > lifetime || issued.since(now) > MAX_CLOCK_STEP {
            return Err(TicketError::Expired);
        }
        Ok(())
    }

    /// The name's length goes before the name, so that no two accounts sign the same bytes.
    #[expect(
        clippy::expect_used,
        reason = "HMAC takes keys of every length, RFC 2104 section 2"
    )]
    fn mac(&self, account: &Account, issued: i64) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.0).expect("any key length will do");
        let name = account.name.as_str().as_bytes();
        mac.update(CONTEXT);
        mac.update(&u64::try_from(name.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(name);
        mac.update(&account.uid.to_be_bytes());
        mac.update(&issued.to_be_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::names::UserName;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn account(name: &str, uid: u32) -> Account {
        Account {
            name: UserName::parse(name).unwrap(),
            uid,
            gid: uid,
            home: "/home/x".into(),
            shell: "/bin/sh".into(),
            groups: Vec::new(),
            admin: false,
        }
    }

    #[test]
    fn a_ticket_counts_for_its_account_and_time_only() {
        let key = TicketKey::new([7; 32]);
        let start = Timestamp::from_micros(1_000_000_000_000);
        let ticket = key.issue(&account("alice", 1000), start);
        let later = |seconds| start.after(Duration::from_secs(seconds));
        let table = [
            (account("alice", 1000), start, Ok(())),
            (account("alice", 1000), later(3600), Ok(())),
            (
                account("alice", 1000),
                later(3601),
                Err(TicketError::Expired),
            ),
            (account("alice", 1001), start, Err(TicketError::Invalid)),
            (account("bob", 1000), start, Err(TicketError::Invalid)),
            (account("alicf", 1000), start, Err(TicketError::Invalid)),
        ];
        for (account, now, expected) in table {
            assert_eq!(
                key.check(&ticket, &account, now, HOUR),
                expected,
                "{account:?}"
            );
        }
        let early = Timestamp::from_micros(start.as_micros() - 301_000_000);
        assert_eq!(
            key.check(&ticket, &account("alice", 1000), early, HOUR),
            Err(TicketError::Expired)
        );
    }

    #[test]
    fn tickets_cannot_be_forged() {
        let key = TicketKey::new([7; 32]);
        let now = Timestamp::from_micros(1_000_000);
        let alice = account("alice", 1000);
        let good = key.issue(&alice, now);
        let tag = good.as_text().split_once('.').unwrap().1;
        let foreign = TicketKey::new([8; 32]).issue(&alice, now);
        let forged = [
            String::new(),
            ".".into(),
            "1000000".into(),
            "1000000.".into(),
            format!("1000001.{tag}"),
            format!("{}x", good.as_text()),
            good.as_text()[..good.as_text().len() - 1].into(),
            foreign.as_text().to_owned(),
        ];
        for text in forged {
            let outcome = key.check(&Ticket::from_text(text.clone()), &alice, now, HOUR);
            assert_eq!(outcome, Err(TicketError::Invalid), "{text}");
        }
        assert!(!format!("{good:?}").contains(tag));
    }
}
