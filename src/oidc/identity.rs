//! Whether a token is to be believed, and whose account its claims name. Pure but for the clock that
//! tokens expire by.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, Validation, decode, decode_header,
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use serde_json::{Map, Value};

use super::Error;
use crate::{config::settings::OpenIdConnectSettings, domain::secret::same_bytes};

/// How far the provider's clock may be off, in seconds.
const LEEWAY_SECONDS: u64 = 60;
/// How many keys of a provider are tried when the token does not say which it is.
const MAX_KEYS: usize = 8;
/// The claim that counts only if the provider has verified it, and the one that says so.
const EMAIL: &str = "email";
const EMAIL_VERIFIED: &str = "email_verified";

/// What a provider says about a person.
pub(super) type Claims = Map<String, Value>;

/// What a token must say.
pub(super) struct Expected<'a> {
    /// By whom it is.
    pub(super) issuer: &'a str,
    /// For whom it is.
    pub(super) client_id: &'a str,
    /// Which departure it answers.
    pub(super) nonce: &'a str,
}

/// Returns the claims of a token that one of `keys` signed (OpenID Connect Core 1.0 section 3.1.3.7).
pub(super) fn verify(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Claims, Error> {
    let header = decode_header(token)?;
    // A provider's keys are public, so nobody proves anything with them as a shared secret.
    if header.alg.family() == AlgorithmFamily::Hmac {
        return Err(Error::Token("it is signed by a shared secret"));
    }
    let mut validation = Validation::new(header.alg);
    validation.leeway = LEEWAY_SECONDS;
    validation.validate_nbf = true;
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    let claims = signed(token, keys, &header, &validation)?;
    check_party(&claims, expected.client_id)?;
    let nonce = text(&claims, "nonce").unwrap_or_default();
    if expected.nonce.is_empty() || !same_bytes(nonce.as_bytes(), expected.nonce.as_bytes()) {
        return Err(Error::Token("it answers another sign-in"));
    }
    Ok(claims)
}

fn signed(
    token: &str,
    keys: &JwkSet,
    header: &jsonwebtoken::Header,
    validation: &Validation,
) -> Result<Claims, Error> {
    let may_be = keys.keys.iter().filter(|key| fits(key, header));
    let mut outcome = Err(Error::Token("none of the provider's keys fits"));
    for key in may_be.take(MAX_KEYS) {
        outcome = DecodingKey::from_jwk(key)
            .and_then(|key| decode::<Claims>(token, &key, validation))
            .map(|data| data.claims)
            .map_err(Error::from);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// Tells whether a key is for signatures of this kind, and the one the token names if it names one. A
/// key need not say what it is for (RFC 7517 sections 4.2 and 4.4).
fn fits(key: &Jwk, header: &jsonwebtoken::Header) -> bool {
    let common = &key.common;
    let named = header.kid.is_none() || common.key_id == header.kid;
    let is_for_signing = !matches!(common.public_key_use, Some(PublicKeyUse::Encryption));
    let algorithm = common.key_algorithm.map(|algorithm| algorithm.to_string());
    let of_kind = algorithm.is_none_or(|name| name.parse::<Algorithm>().ok() == Some(header.alg));
    named && is_for_signing && of_kind
}

/// A token for several must have been asked for by this hub (section 3.1.3.7, rules 4 and 5).
fn check_party(claims: &Claims, client_id: &str) -> Result<(), Error> {
    let is_for_several = matches!(claims.get("aud"), Some(Value::Array(list)) if list.len() > 1);
    match text(claims, "azp") {
        Some(party) if party != client_id => Err(Error::Token("another program asked for it")),
        None if is_for_several => Err(Error::Token("it does not say who asked for it")),
        _ => Ok(()),
    }
}

/// Tells whether the claims say all that the account's name needs.
pub(super) fn is_told(claims: &Claims, claim: &str) -> bool {
    let is_text = text(claims, claim).is_some_and(|value| !value.is_empty());
    is_text && (claim != EMAIL || claims.contains_key(EMAIL_VERIFIED))
}

/// Adds what the provider told when asked, which must be about the same person (section 5.3.2).
///
/// The account's `claim` is taken from there, and with it whether an address is verified: said of one
/// address, it must not count for another.
pub(super) fn add(claims: &mut Claims, more: Claims, claim: &str) -> Result<(), Error> {
    let subject = text(claims, "sub");
    if subject.is_none() || subject != text(&more, "sub") {
        return Err(Error::Token("the claims are about somebody else"));
    }
    for name in [claim, EMAIL_VERIFIED] {
        claims.remove(name);
    }
    for (name, value) in more {
        claims.entry(name).or_insert(value);
    }
    Ok(())
}

/// Returns the name of the account that the claims stand for.
pub(super) fn account_name(
    claims: &Claims,
    settings: &OpenIdConnectSettings,
) -> Result<String, Error> {
    let claim = settings.username_claim.as_str();
    let absent = || Error::Claims(format!("there is no text in {claim:?}"));
    let value = text(claims, claim).filter(|value| !value.is_empty());
    let value = value.ok_or_else(absent)?;
    if claim == EMAIL && claims.get(EMAIL_VERIFIED) != Some(&Value::Bool(true)) {
        return Err(Error::Claims(
            "the provider has not verified the e-mail address".into(),
        ));
    }
    let Some(domain) = &settings.strip_domain else {
        return Ok(value.to_owned());
    };
    match value.rsplit_once('@') {
        Some((name, found)) if found.eq_ignore_ascii_case(domain) => {
            if name.is_empty() || name.contains('@') {
                return Err(Error::Claims(format!("{claim:?} is no name and a domain")));
            }
            Ok(name.to_owned())
        }
        _ => Err(Error::Claims(format!("{claim:?} is of another domain"))),
    }
}

fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.get(name)?.as_str()
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
