use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{EncodingKey, Header, encode};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::json;

use super::*;
use crate::oidc::tests::settings;

struct Provider {
    key: EncodingKey,
    keys: JwkSet,
}

impl Provider {
    fn new(kid: &str) -> Self {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let key = EncodingKey::from_ec_der(pair.serialized_der());
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some(kid.into());
        Self {
            key,
            keys: JwkSet { keys: vec![jwk] },
        }
    }

    fn sign(&self, claims: &Value, kid: Option<&str>) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = kid.map(str::to_owned);
        encode(&header, claims, &self.key).unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "tokens expire by the real clock")]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

fn good() -> Value {
    json!({
        "iss": "https://login.example", "aud": "carrel", "sub": "42", "nonce": "n1",
        "exp": now() + 300, "iat": now(), "preferred_username": "alice",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = good();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

const EXPECTED: Expected<'_> = Expected {
    issuer: "https://login.example",
    client_id: "carrel",
    nonce: "n1",
};

#[test]
fn a_token_is_believed_if_it_says_all_that_it_must() {
    let provider = Provider::new("k1");
    let two = json!(["carrel", "other"]);
    let mut for_two = with("aud", two.clone());
    for_two["azp"] = json!("carrel");
    let table = [
        (good(), true),
        (with("aud", json!(["carrel"])), true),
        (for_two, true),
        (with("aud", two), false),
        (with("aud", json!("other")), false),
        (with("azp", json!("other")), false),
        (with("iss", json!("https://login.example/")), false),
        (with("iss", json!("https://evil.example")), false),
        (with("nonce", json!("n2")), false),
        (with("nonce", json!("")), false),
        (with("exp", json!(now() - 120)), false),
        (with("nbf", json!(now() + 300)), false),
        (without("exp"), false),
        (without("iss"), false),
        (without("aud"), false),
        (without("sub"), false),
        (without("nonce"), false),
    ];
    for (claims, is_good) in table {
        let token = provider.sign(&claims, Some("k1"));
        let found = verify(&token, &provider.keys, &EXPECTED);
        assert_eq!(found.is_ok(), is_good, "{claims}: {found:?}");
    }
}

#[test]
fn only_the_providers_own_keys_count() {
    let provider = Provider::new("k1");
    let stranger = Provider::new("k1");
    let verify = |token: &str, keys: &JwkSet| verify(token, keys, &EXPECTED).is_ok();
    assert!(verify(&provider.sign(&good(), None), &provider.keys));
    assert!(!verify(&provider.sign(&good(), Some("k2")), &provider.keys));
    assert!(!verify(&stranger.sign(&good(), Some("k1")), &provider.keys));
    let mut both = stranger.keys.clone();
    both.keys.extend(provider.keys.keys.clone());
    assert!(verify(&provider.sign(&good(), None), &both));
    let none = JwkSet { keys: Vec::new() };
    assert!(!verify(&provider.sign(&good(), Some("k1")), &none));
    let mut sealing = provider.keys.clone();
    sealing.keys[0].common.public_key_use = Some(PublicKeyUse::Encryption);
    assert!(!verify(&provider.sign(&good(), Some("k1")), &sealing));
}

#[test]
fn keys_may_say_little_and_lie_beside_others() {
    let provider = Provider::new("k1");
    let mut own = serde_json::to_value(&provider.keys.keys[0]).unwrap();
    let token = provider.sign(&good(), Some("k1"));
    for (alg, is_good) in [
        (None, true),
        (Some("ES256"), true),
        (Some("ES384"), false),
        (Some("RSA-OAEP"), false),
        (Some("new"), false),
    ] {
        match alg {
            Some(alg) => own["alg"] = json!(alg),
            None => own.as_object_mut().unwrap().retain(|key, _| key != "alg"),
        }
        let set = json!({"keys": [
            {"kty": "new", "kid": "k1", "x": 1},
            {"kty": "EC", "crv": "secp256k1", "kid": "k1", "x": "AA", "y": "AA"},
            {"kty": "RSA", "use": "enc", "alg": "RSA-OAEP-256", "kid": "k1", "n": "AA", "e": "AQAB"},
            {"kty": "oct", "kid": "k1", "k": "AA"},
            own,
        ]});
        let keys: JwkSet = serde_json::from_value(set).unwrap();
        let found = verify(&token, &keys, &EXPECTED);
        assert_eq!(found.is_ok(), is_good, "{alg:?}: {found:?}");
    }
}

#[test]
fn a_public_key_is_no_shared_secret_and_no_signature_is_none() {
    let provider = Provider::new("k1");
    let secret = EncodingKey::from_secret(b"carrel");
    let shared = encode(&Header::new(Algorithm::HS256), &good(), &secret).unwrap();
    assert!(verify(&shared, &provider.keys, &EXPECTED).is_err());
    let signed = provider.sign(&good(), Some("k1"));
    let claims = signed.split('.').nth(1).unwrap();
    // {"alg":"none"}
    let unsigned = format!("eyJhbGciOiJub25lIn0.{claims}.");
    for token in [unsigned.as_str(), "", "a.b.c", claims] {
        assert!(verify(token, &provider.keys, &EXPECTED).is_err(), "{token}");
    }
}

#[test]
fn more_claims_are_about_the_same_person() {
    let object = |value: Value| value.as_object().unwrap().clone();
    let mut claims = object(json!({"sub": "42", "a": 1}));
    let more = object(json!({"sub": "42", "a": 2, "b": 3}));
    add(&mut claims, more, "u").unwrap();
    assert_eq!(
        Value::Object(claims.clone()),
        json!({"sub": "42", "a": 1, "b": 3})
    );
    assert!(add(&mut claims, object(json!({"sub": "43"})), "u").is_err());
    assert!(add(&mut claims, object(json!({"b": 3})), "u").is_err());
}

#[test]
fn the_provider_is_asked_unless_the_token_says_enough() {
    let table = [
        (json!({"u": "alice"}), "u", true),
        (json!({"u": ""}), "u", false),
        (json!({"u": null}), "u", false),
        (json!({"u": 7}), "u", false),
        (json!({}), "u", false),
        (json!({"email": "a@b"}), "email", false),
        (json!({"email_verified": true}), "email", false),
        (
            json!({"email": "a@b", "email_verified": false}),
            "email",
            true,
        ),
    ];
    for (claims, claim, is_enough) in table {
        let found = is_told(claims.as_object().unwrap(), claim);
        assert_eq!(found, is_enough, "{claims}");
    }
}

#[test]
fn an_address_is_verified_by_who_told_it() {
    let object = |value: Value| value.as_object().unwrap().clone();
    let settings = OpenIdConnectSettings {
        username_claim: "email".into(),
        ..settings()
    };
    let table = [
        (
            json!({"email": "a@b"}),
            json!({"email": "c@d", "email_verified": true}),
            Some("c@d"),
        ),
        (
            json!({"email": "a@b"}),
            json!({"email_verified": true}),
            None,
        ),
        (
            json!({"email_verified": true}),
            json!({"email": "c@d"}),
            None,
        ),
        (
            json!({"email": ""}),
            json!({"email": "c@d", "email_verified": true}),
            Some("c@d"),
        ),
    ];
    for (mut token, mut more, name) in table {
        (token["sub"], more["sub"]) = (json!("42"), json!("42"));
        let mut claims = object(token);
        add(&mut claims, object(more), "email").unwrap();
        let found = account_name(&claims, &settings).ok();
        assert_eq!(found.as_deref(), name, "{claims:?}");
    }
}

#[test]
fn one_claim_names_the_account() {
    type Row = (
        Value,
        &'static str,
        Option<&'static str>,
        Option<&'static str>,
    );
    let uni = Some("uni.example");
    let table: Vec<Row> = vec![
        (json!({"u": "alice"}), "u", None, Some("alice")),
        (json!({"u": "alice@x"}), "u", None, Some("alice@x")),
        (json!({"u": "alice@uni.example"}), "u", uni, Some("alice")),
        (json!({"u": "alice@UNI.example"}), "u", uni, Some("alice")),
        (json!({"u": "alice@evil.example"}), "u", uni, None),
        (json!({"u": "alice@evil.uni.example"}), "u", uni, None),
        (json!({"u": "alice@uni.example@evil"}), "u", uni, None),
        (json!({"u": "alice"}), "u", uni, None),
        (json!({"u": "@uni.example"}), "u", uni, None),
        (json!({"u": "alice@evil@uni.example"}), "u", uni, None),
        (json!({"u": "Alice@uni.example"}), "u", uni, Some("Alice")),
        (json!({"u": ""}), "u", None, None),
        (json!({"u": 7}), "u", None, None),
        (json!({"v": "alice"}), "u", None, None),
        (json!({"email": "a@b"}), "email", None, None),
        (
            json!({"email": "a@b", "email_verified": "true"}),
            "email",
            None,
            None,
        ),
        (
            json!({"email": "a@b", "email_verified": true}),
            "email",
            None,
            Some("a@b"),
        ),
    ];
    for (claims, claim, domain, name) in table {
        let settings = OpenIdConnectSettings {
            username_claim: claim.into(),
            strip_domain: domain.map(str::to_owned),
            ..settings()
        };
        let found = account_name(claims.as_object().unwrap(), &settings).ok();
        assert_eq!(found.as_deref(), name, "{claims}");
    }
}
