//! Where randomness comes from: the kernel, or a test.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::domain::secret::Secret;

/// A source of random texts.
#[derive(Debug, Clone)]
pub enum Entropy {
    /// The kernel's generator, getrandom(2).
    System,
    /// A known sequence, for tests only.
    Counted(Arc<AtomicU64>),
}

impl Entropy {
    /// Returns a source whose texts are the same in every run.
    pub fn counted() -> Self {
        Self::Counted(Arc::default())
    }

    /// Returns 32 hexadecimal digits, 128 bits: the form of an API token or session id.
    pub fn hex_text(&self) -> Secret<String> {
        let bytes = self.fill::<16>();
        Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Returns 43 characters safe in URLs and cookies, 256 bits.
    pub fn base64_text(&self) -> Secret<String> {
        Secret::new(URL_SAFE_NO_PAD.encode(self.fill::<32>().as_slice()))
    }

    /// Returns 30 letters and digits, 178 bits: the form of an OAuth code or token.
    pub fn alphanumeric_text(&self) -> Secret<String> {
        const LENGTH: usize = 30;
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut text = String::with_capacity(LENGTH);
        while text.len() < LENGTH {
            // A byte beyond the largest multiple of 62 is dropped, so that every letter is as likely.
            let letters = self.fill::<32>();
            let letters = letters.iter().filter(|byte| **byte < 248);
            let letters = letters.filter_map(|byte| LETTERS.get(usize::from(byte % 62)));
            text.extend(letters.take(LENGTH - text.len()).map(|l| char::from(*l)));
        }
        Secret::new(text)
    }

    /// Returns 128 random bits that are no secret themselves, such as a nonce.
    pub fn bytes(&self) -> [u8; 16] {
        *self.fill()
    }

    /// Returns 256 random bits for a key.
    pub fn key(&self) -> [u8; 32] {
        *self.fill()
    }

    fn fill<const N: usize>(&self) -> Zeroizing<[u8; N]> {
        let mut bytes = Zeroizing::new([0; N]);
        match self {
            Self::System => getrandom::fill(bytes.as_mut_slice())
                .expect("getrandom(2) does not fail on the kernels systemd runs on"),
            Self::Counted(count) => {
                let count = count.fetch_add(1, Ordering::Relaxed);
                let known = Sha256::digest(count.to_be_bytes());
                for (byte, known) in bytes.iter_mut().zip(known) {
                    *byte = known;
                }
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_their_form_and_differ() {
        for entropy in [Entropy::System, Entropy::counted()] {
            let (a, b) = (entropy.hex_text(), entropy.hex_text());
            assert_ne!(a.expose(), b.expose());
            assert_eq!(a.expose().len(), 32);
            assert!(a.expose().bytes().all(|b| b.is_ascii_hexdigit()));
            assert_eq!(entropy.base64_text().expose().len(), 43);
            let code = entropy.alphanumeric_text();
            assert_eq!(code.expose().len(), 30);
            assert!(code.expose().bytes().all(|b| b.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn a_counted_source_repeats_itself() {
        let (a, b) = (Entropy::counted(), Entropy::counted());
        assert_eq!(a.base64_text().expose(), b.base64_text().expose());
        assert_eq!(
            a.alphanumeric_text().expose(),
            b.alphanumeric_text().expose()
        );
    }
}
