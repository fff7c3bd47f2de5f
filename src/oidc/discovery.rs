//! What the provider says about itself, and the way there (OpenID Connect Discovery 1.0).

use form_urlencoded::Serializer;
use serde::Deserialize;

use super::{Error, https::Https};
use crate::{
    broker::message::{WireSecret, provider::Departure},
    config::settings::OpenIdConnectSettings,
    domain::{
        entropy::Entropy,
        oauth::{Challenge, ChallengeMethod},
    },
};

/// The provider's description of itself (section 3), as far as it is used.
#[derive(Debug, Deserialize)]
pub(super) struct Description {
    issuer: String,
    authorization_endpoint: String,
    /// Where codes are exchanged.
    pub(super) token_endpoint: String,
    /// Where its keys lie.
    pub(super) jwks_uri: String,
    /// Where it tells more claims.
    pub(super) userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Description {
    /// Asks the provider for it.
    pub(super) async fn fetch(
        https: &Https,
        settings: &OpenIdConnectSettings,
    ) -> Result<Self, Error> {
        let issuer = settings.issuer.trim_end_matches('/');
        let url = format!("{issuer}/.well-known/openid-configuration");
        let reply = https.get(&url, None).await?;
        if !reply.status.is_success() {
            return Err(Error::Answer(format!("{url} gives {}", reply.status)));
        }
        Self::read(&reply.body, &settings.issuer)
    }

    fn read(body: &[u8], issuer: &str) -> Result<Self, Error> {
        let description: Self = serde_json::from_slice(body)
            .map_err(|error| super::misread("its description of itself", &error))?;
        // A provider that calls itself otherwise could speak for another one (section 4.3).
        if description.issuer != issuer {
            let told = super::shown(&description.issuer);
            let text = format!("it calls itself {told:?}, and openid_connect.issuer is {issuer:?}");
            return Err(Error::Answer(text));
        }
        let mut used = vec![
            &description.authorization_endpoint,
            &description.token_endpoint,
            &description.jwks_uri,
        ];
        used.extend(&description.userinfo_endpoint);
        match used.into_iter().find(|url| !url.starts_with("https://")) {
            Some(url) => Err(Error::Answer(format!("it wants to be asked at {url:?}"))),
            None => Ok(description),
        }
    }

    /// Makes a browser's way to the provider (OpenID Connect Core 1.0 section 3.1.2.1).
    pub(super) fn depart(&self, settings: &OpenIdConnectSettings, entropy: &Entropy) -> Departure {
        let [state, nonce, verifier] = [(); 3].map(|()| entropy.base64_text());
        let challenge = Challenge::of(verifier.expose());
        let scopes = ["openid"].into_iter();
        let scopes = scopes.chain(settings.scopes.iter().map(String::as_str));
        let query = Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", &settings.redirect_uri)
            .append_pair("scope", &scopes.collect::<Vec<_>>().join(" "))
            .append_pair("state", state.expose())
            .append_pair("nonce", nonce.expose())
            .append_pair("code_challenge", &challenge.value)
            .append_pair("code_challenge_method", ChallengeMethod::S256.as_str())
            .finish();
        let endpoint = &self.authorization_endpoint;
        let mark = if endpoint.contains('?') { '&' } else { '?' };
        Departure {
            url: format!("{endpoint}{mark}{query}"),
            state: WireSecret(state),
            nonce: WireSecret(nonce),
            verifier: WireSecret(verifier),
        }
    }

    /// Tells whether the client's secret goes into a header, which is the rule, or into the form.
    pub(super) fn takes_secret_in_header(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::tests::settings;

    fn description(issuer: &str, authorization: &str) -> String {
        format!(
            r#"{{"issuer": "{issuer}", "authorization_endpoint": "{authorization}",
               "token_endpoint": "https://p/t", "jwks_uri": "https://p/j", "more": [1]}}"#
        )
    }

    #[test]
    fn a_browser_is_sent_with_all_that_the_protocol_wants() {
        let text = description("https://p", "https://p/a?x=1");
        let description = Description::read(text.as_bytes(), "https://p").unwrap();
        let departure = description.depart(&settings(), &Entropy::counted());
        let (address, query) = departure.url.split_once('?').unwrap();
        assert_eq!(address, "https://p/a");
        let challenge = Challenge::of(departure.verifier.0.expose());
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let expected = [
            ("x", "1"),
            ("response_type", "code"),
            ("client_id", "carrel"),
            ("redirect_uri", "https://lab.example/hub/oauth_callback"),
            ("scope", "openid profile email"),
            ("state", departure.state.0.expose()),
            ("nonce", departure.nonce.0.expose()),
            ("code_challenge", &challenge.value),
            ("code_challenge_method", "S256"),
        ];
        assert_eq!(
            pairs,
            expected.map(|(name, value)| (name.into(), value.into()))
        );
        assert_ne!(departure.state.0.expose(), departure.nonce.0.expose());
    }

    #[test]
    fn a_provider_speaks_for_itself_and_over_https() {
        let table = [
            (description("https://p", "https://p/a"), true),
            (description("https://p/", "https://p/a"), false),
            (description("https://q", "https://p/a"), false),
            (description("https://p", "http://p/a"), false),
            ("{}".into(), false),
            ("<html>".into(), false),
        ];
        for (text, is_good) in table {
            let read = Description::read(text.as_bytes(), "https://p");
            assert_eq!(read.is_ok(), is_good, "{text}: {read:?}");
        }
    }
}
