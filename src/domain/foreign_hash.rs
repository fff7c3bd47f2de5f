//! Hashes of tokens as a JupyterHub keeps them, for tokens that were taken over from one.

use std::fmt;

use sha2::{Digest, Sha512};
use thiserror::Error;

use crate::domain::secret::same_bytes;

/// The only algorithm JupyterHub uses (`jupyterhub.orm.Hashed`).
const ALGORITHM: &str = "sha512";

/// The most rounds JupyterHub uses, for tokens it did not make itself.
const MAX_ROUNDS: u32 = 16_384;

/// The longest salt taken, in bytes; JupyterHub's have 16.
const MAX_SALT_BYTES: usize = 64;

/// How many characters of a token JupyterHub keeps to find its hash by.
const PREFIX_CHARS: usize = 4;

/// The hash of a token in JupyterHub's form, `sha512:rounds:salt:digest`.
///
/// It has no `PartialEq` on purpose: whether a token fits is asked of [`ForeignHash::matches`].
#[derive(Clone)]
pub struct ForeignHash {
    rounds: u32,
    salt: String,
    digest: String,
}

/// The text is no hash of JupyterHub's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the hash is not of the form sha512:rounds:salt:digest with up to {MAX_ROUNDS} rounds")]
pub struct ForeignHashError;

impl ForeignHash {
    /// Parses the stored form.
    pub fn parse(text: &str) -> Result<Self, ForeignHashError> {
        let mut parts = text.split(':');
        let mut part = || parts.next().ok_or(ForeignHashError);
        let (algorithm, rounds, salt, digest) = (part()?, part()?, part()?, part()?);
        let rounds: u32 = rounds.parse().map_err(|_| ForeignHashError)?;
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let good = algorithm == ALGORITHM
            && (1..=MAX_ROUNDS).contains(&rounds)
            && salt.len() <= MAX_SALT_BYTES
            && digest.len() == 2 * <Sha512 as Digest>::output_size()
            && digest.bytes().all(is_hex)
            && parts.next().is_none();
        good.then(|| Self {
            rounds,
            salt: salt.to_owned(),
            digest: digest.to_owned(),
        })
        .ok_or(ForeignHashError)
    }

    /// Tells whether this is the hash of a token, in time that does not depend on where they differ
    /// (`jupyterhub.utils.hash_token`).
    pub fn matches(&self, token: &str) -> bool {
        let mut hasher = Sha512::new();
        hasher.update(self.salt.as_bytes());
        for _ in 0..self.rounds {
            hasher.update(token.as_bytes());
        }
        let digest: String = hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        same_bytes(digest.as_bytes(), self.digest.as_bytes())
    }
}

/// Writes the stored form.
impl fmt::Display for ForeignHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rounds,
            salt,
            digest,
        } = self;
        write!(f, "{ALGORITHM}:{rounds}:{salt}:{digest}")
    }
}

/// Shows nothing: a hash of few rounds is worth something to who can guess the token.
impl fmt::Debug for ForeignHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForeignHash(…)")
    }
}

/// Returns the part of a token that JupyterHub keeps to find its hash by.
pub fn prefix(token: &str) -> String {
    token.chars().take(PREFIX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn hash_of(token: &str, rounds: usize) -> String {
        let digest = Sha512::digest(format!("salt{}", token.repeat(rounds)));
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha512:{rounds}:salt:{digest}")
    }

    #[test]
    fn a_token_fits_its_hash_and_no_other() {
        for rounds in [1, 3] {
            let hash = ForeignHash::parse(&hash_of(TOKEN, rounds)).unwrap();
            assert!(hash.matches(TOKEN));
            assert!(!hash.matches(&TOKEN.replace('0', "1")));
            assert!(!hash.matches(""));
            assert_eq!(hash.to_string(), hash_of(TOKEN, rounds));
            assert_eq!(format!("{hash:?}"), "ForeignHash(…)");
        }
    }

    #[test]
    fn what_is_no_hash_or_costs_too_much_is_refused() {
        let good = hash_of(TOKEN, 1);
        assert!(ForeignHash::parse(&good).is_ok());
        let bad = [
            String::new(),
            "sha512:1:salt".to_owned(),
            format!("{good}:more"),
            format!("{good}0"),
            good.replace("sha512", "md5"),
            good.replace(":1:", ":0:"),
            good.replace(":1:", ":-1:"),
            good.replace(":1:", ":16385:"),
            good.replace("salt", &"s".repeat(65)),
            good.to_uppercase().replace("SHA512", "sha512"),
        ];
        for text in bad {
            assert!(ForeignHash::parse(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_prefix_is_of_characters() {
        assert_eq!(prefix(TOKEN), "0123");
        assert_eq!(prefix("äöü"), "äöü");
        assert_eq!(prefix("äöüßx"), "äöüß");
    }
}
