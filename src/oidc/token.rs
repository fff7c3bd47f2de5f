//! The exchange of a code for claims (OpenID Connect Core 1.0 sections 3.1.3 and 5.3).

use base64::{Engine, engine::general_purpose::STANDARD};
use form_urlencoded::{Serializer, byte_serialize};
use http::HeaderValue;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Error,
    discovery::Description,
    https::{Https, Post, Reply},
    identity::{self, Claims},
};
use crate::{
    broker::message::{WireSecret, provider::Arrival},
    config::settings::OpenIdConnectSettings,
    domain::secret::Secret,
};

/// What is known about the hub at the provider.
pub(super) struct Client<'a> {
    /// What the configuration says.
    pub(super) settings: &'a OpenIdConnectSettings,
    /// The secret the two share; a public client has none.
    pub(super) secret: Option<Secret<String>>,
}

/// The token endpoint's answer (section 3.1.3.3).
#[derive(Deserialize)]
struct Tokens {
    id_token: WireSecret,
    access_token: Option<WireSecret>,
}

/// The same when it is no (RFC 6749 section 5.2).
#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

/// Finds out what the provider says about whoever brought the code.
pub(super) async fn claims(
    https: &Https,
    provider: &Description,
    client: &Client<'_>,
    arrival: &Arrival,
) -> Result<Claims, Error> {
    let in_header = provider.takes_secret_in_header();
    let post = client.exchange(arrival, in_header);
    let tokens = read_tokens(&https.post(&provider.token_endpoint, post).await?)?;
    let keys = read(&https.get(&provider.jwks_uri, None).await?, "its keys")?;
    let expected = identity::Expected {
        issuer: &client.settings.issuer,
        client_id: &client.settings.client_id,
        nonce: arrival.nonce.0.expose(),
    };
    let mut claims = identity::verify(tokens.id_token.0.expose(), &keys, &expected)?;
    let claim = &client.settings.username_claim;
    if identity::is_told(&claims, claim) {
        return Ok(claims);
    }
    // Some providers keep the token short and tell the rest when asked.
    if let (Some(url), Some(token)) = (&provider.userinfo_endpoint, tokens.access_token) {
        let bearer = bearer(&token.0)?;
        let more = read(&https.get(url, Some(bearer)).await?, "its claims")?;
        identity::add(&mut claims, more, claim)?;
    }
    Ok(claims)
}

impl Client<'_> {
    /// Makes the request for an exchange (section 3.1.3.1).
    fn exchange(&self, arrival: &Arrival, in_header: bool) -> Post {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", arrival.code.0.expose())
            .append_pair("redirect_uri", &self.settings.redirect_uri)
            .append_pair("code_verifier", arrival.verifier.0.expose());
        let authorization = match &self.secret {
            Some(secret) if in_header => Some(basic(&self.settings.client_id, secret)),
            secret => {
                form.append_pair("client_id", &self.settings.client_id);
                if let Some(secret) = secret {
                    form.append_pair("client_secret", secret.expose());
                }
                None
            }
        };
        Post {
            form: form.finish(),
            authorization,
        }
    }
}

/// Makes the header by which a client says who it is (RFC 6749 section 2.3.1).
fn basic(id: &str, secret: &Secret<String>) -> HeaderValue {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(id), encode(secret.expose()));
    let value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)));
    value.expect("base64 has no character that a header cannot hold")
}

fn bearer(token: &Secret<String>) -> Result<HeaderValue, Error> {
    let value = HeaderValue::try_from(format!("Bearer {}", token.expose()));
    value.map_err(|_| Error::Answer("its access token".into()))
}

/// Reads the JSON of a reply that says yes.
fn read<T: DeserializeOwned>(reply: &Reply, what: &str) -> Result<T, Error> {
    if !reply.status.is_success() {
        return Err(Error::Answer(format!("{what}: {}", reply.status)));
    }
    serde_json::from_slice(&reply.body).map_err(|error| super::misread(what, &error))
}

fn read_tokens(reply: &Reply) -> Result<Tokens, Error> {
    if reply.status.is_client_error()
        && let Ok(refusal) = serde_json::from_slice::<Refusal>(&reply.body)
    {
        let why = refusal.error_description.unwrap_or_default();
        let why = super::shown(&format!("{} {why}", refusal.error));
        return Err(match refusal.error.as_str() {
            "invalid_grant" => Error::Code(why),
            _ => Error::Answer(format!("it refuses the hub's request: {why}")),
        });
    }
    read(reply, "its tokens")
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::oidc::tests::settings;

    fn wire(text: &str) -> WireSecret {
        WireSecret(Secret::new(text.into()))
    }

    #[test]
    fn the_hub_says_who_it_is_the_way_the_provider_wants() {
        let settings = settings();
        let arrival = Arrival {
            code: wire("a code&"),
            nonce: wire("n"),
            verifier: wire("v"),
        };
        let form = "grant_type=authorization_code&code=a+code%26&redirect_uri=\
                    https%3A%2F%2Flab.example%2Fhub%2Foauth_callback&code_verifier=v";
        let table = [
            (Some("s:+"), true, "", Some("Basic Y2FycmVsOnMlM0ElMkI=")),
            (
                Some("s:+"),
                false,
                "&client_id=carrel&client_secret=s%3A%2B",
                None,
            ),
            (None, true, "&client_id=carrel", None),
        ];
        for (secret, in_header, more, header) in table {
            let client = Client {
                settings: &settings,
                secret: secret.map(|secret| Secret::new(secret.into())),
            };
            let post = client.exchange(&arrival, in_header);
            assert_eq!(post.form, format!("{form}{more}"));
            let told = post
                .authorization
                .as_ref()
                .map(|value| value.to_str().unwrap());
            assert_eq!(told, header);
        }
    }

    #[test]
    fn a_code_that_is_not_taken_is_told_from_a_hub_that_is_not() {
        let read = |status, body: &'static str| {
            read_tokens(&Reply {
                status,
                body: body.into(),
            })
        };
        let bad = StatusCode::BAD_REQUEST;
        let used = read(
            bad,
            r#"{"error": "invalid_grant", "error_description": "a\nb"}"#,
        );
        let Err(Error::Code(why)) = used else {
            panic!("not the code's fault");
        };
        assert_eq!(why, "invalid_grant a?b");
        for (status, body) in [
            (StatusCode::UNAUTHORIZED, r#"{"error": "invalid_client"}"#),
            (bad, "<html>"),
            (StatusCode::BAD_GATEWAY, r#"{"error": "invalid_grant"}"#),
            (StatusCode::OK, r#"{"access_token": "x"}"#),
        ] {
            assert!(
                matches!(read(status, body), Err(Error::Answer(_))),
                "{body}"
            );
        }
        assert!(read(StatusCode::OK, r#"{"id_token": "x", "expires_in": 3}"#).is_ok());
    }
}
