//! `[openid_connect]`: the provider whose word about a person counts.

use confique::Config;

use crate::config::spelling::{AbsolutePath, IssuerUrl, Text};

/// `[openid_connect]`
#[derive(Config)]
pub(crate) struct RawOpenIdConnect {
    /// The provider's address, as it calls itself: what stands before
    /// `/.well-known/openid-configuration`. With it, the login page offers to sign in there. Needs
    /// `openid_connect.client_id` and `hub.public_url`.
    ///
    /// Example: `"https://login.uni.example/realms/staff"`
    pub issuer: Option<IssuerUrl>,
    /// What the provider calls this hub. The secret that goes with it is not for this file: it lies in
    /// `/etc/carrel/openid-connect.secret`, which is root's and nobody else may read.
    ///
    /// Example: `"carrel"`
    pub client_id: Option<Text>,
    /// What the button says after "Sign in with"; the provider's host name when absent.
    ///
    /// Example: `"University of Example"`
    pub name: Option<Text>,
    /// What the provider is asked to tell, beside `openid`.
    #[config(default = ["profile", "email"])]
    pub scopes: Vec<Text>,
    /// The claim that holds the name of the person's account here. People must not be able to choose it
    /// at the provider. `email` counts only where the provider says that it has verified it.
    #[config(default = "preferred_username")]
    pub username_claim: Text,
    /// A domain that the claim must end in, and that is cut off: with `"uni.example"`,
    /// `alice@uni.example` is alice, and nobody of another domain gets in.
    ///
    /// Example: `"uni.example"`
    pub strip_domain: Option<Text>,
    /// PEM file with the authorities that may vouch for the provider, readable by everybody.
    #[config(default = "/etc/ssl/certs/ca-certificates.crt")]
    pub ca_file: AbsolutePath,
    /// Whether the login page leads to the provider at once; `/hub/login?error` still shows it.
    #[config(default = false)]
    pub auto: bool,
}
