//! Services of the configuration: their records, and the files with the tokens of those that somebody else
//! runs.
//!
//! Whatever is wrong with a service is told in the journal and concerns that service alone.

use std::{collections::HashMap, fs, io, os::unix::fs::PermissionsExt, path::Path};

use thiserror::Error;

use super::{client_description, token};
use crate::{
    config::settings::{
        Settings,
        services::{ServiceClient, ServiceSettings},
    },
    domain::{
        names::ServiceName,
        paths,
        role::AdminRole,
        secret::{Secret, TokenHash},
        time::Timestamp,
        token::is_plausible,
    },
    store::{
        self, Store,
        oauth::{Confirmation, NewClient},
        services::{ServiceRecords, ServiceToken},
    },
    telemetry::causes::Causes,
};

/// Why the file of a token is of no use.
#[derive(Debug, Error)]
enum TokenFileError {
    /// It cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[from] io::Error),
    /// It is not the hub's and the administrator's alone.
    #[error("every account may read or change it")]
    Open,
    /// What it holds is no token.
    #[error("it does not hold 8 to 64 visible characters")]
    Unfit,
}

/// Takes the services of a configuration in that was just read, with their tokens and OAuth clients.
pub async fn take(store: &Store, settings: &Settings, at: Timestamp) -> Result<(), store::Error> {
    let services = settings.services.iter();
    let rows = services.map(|service| (service.name.clone(), AdminRole::of(service.admin)));
    store.take_configured_services(rows.collect(), at).await?;
    let mut known = HashMap::new();
    for service in &settings.services {
        let records = ServiceRecords {
            name: service.name.clone(),
            token: given_token(service, &mut known, at),
            client: client(&settings.hub.base_url, service),
        };
        match store.renew_service(records).await {
            Err(error) if error.is_conflict() => tracing::error!(
                service.name = %service.name,
                "service {} has no token and cannot log people in: {causes}",
                service.name,
                causes = Causes(&error)
            ),
            outcome => outcome?,
        }
    }
    Ok(())
}

/// Returns the OAuth client that a service is (OA-02, OA-04).
pub(super) fn client(base_url: &str, service: &ServiceSettings) -> Option<NewClient> {
    let ServiceClient {
        id,
        redirect_uri,
        no_confirm,
        allowed_scopes,
    } = service.client.as_ref()?;
    let own = || {
        let prefix = paths::service_prefix(base_url, &service.name);
        format!("{prefix}oauth_callback")
    };
    Some(NewClient {
        id: id.clone(),
        redirect_uri: redirect_uri.clone().unwrap_or_else(own),
        description: client_description(&service.name),
        allowed_scopes: allowed_scopes.clone(),
        confirmation: match no_confirm {
            true => Confirmation::Skipped,
            false => Confirmation::Asked,
        },
    })
}

/// Returns the token of a service; `known` are those of the services before it.
fn given_token(
    service: &ServiceSettings,
    known: &mut HashMap<TokenHash, ServiceName>,
    at: Timestamp,
) -> ServiceToken {
    let name = &service.name;
    if service.program.is_some() {
        // It gets one when it starts, and one that runs goes on with what it has.
        return ServiceToken::Kept;
    }
    let Some(path) = &service.api_token_file else {
        return ServiceToken::Withdrawn;
    };
    let text = match read_token(path) {
        Ok(text) => text,
        Err(error) => {
            tracing::error!(
                service.name = %name,
                "service {name} has no token: {}: {causes}",
                path.display(),
                causes = Causes(&error)
            );
            return ServiceToken::Withdrawn;
        }
    };
    if let Some(other) = known.insert(TokenHash::of(text.expose()), name.clone()) {
        tracing::error!(
            service.name = %name,
            "service {name} has no token: {} holds that of {other}",
            path.display()
        );
        return ServiceToken::Withdrawn;
    }
    ServiceToken::Given(token(name, &text, at))
}

fn read_token(path: &Path) -> Result<Secret<String>, TokenFileError> {
    if fs::metadata(path)?.permissions().mode() & 0o007 != 0 {
        return Err(TokenFileError::Open);
    }
    let text = Secret::new(fs::read_to_string(path)?);
    let token = text.expose().trim();
    match is_plausible(token) {
        true => Ok(Secret::new(token.to_owned())),
        false => Err(TokenFileError::Unfit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config,
        domain::{access::Owner, role::Standing},
    };

    const AT: Timestamp = Timestamp::from_micros(1);

    fn settings(text: &str) -> Settings {
        config::parse(Path::new("c"), text).unwrap()
    }

    fn name(text: &str) -> ServiceName {
        ServiceName::parse(text).unwrap()
    }

    /// Returns whose token this is, if anybody's.
    async fn owner(store: &Store, token: &str) -> Option<Owner> {
        let found = store.find_token(TokenHash::of(token), AT).await.unwrap();
        found.map(|found| found.token.owner)
    }

    #[tokio::test]
    async fn a_services_token_is_what_its_file_holds() {
        let store = Store::in_memory().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let text = format!(
            "[[services]]\nname = \"grader\"\nadmin = true\napi_token_file = {path:?}\n\
             oauth_redirect_uri = \"https://grader.test/callback\"\n"
        );
        let settings = settings(&text);
        let put = |text: &str, mode: u32| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        let client = async || store.find_client("service-grader").await.unwrap();
        let table = [
            ("grader-token-1\n", 0o600, true),
            ("grader-token-1\n", 0o604, false),
            ("grader-token-1", 0o640, true),
            ("short", 0o600, false),
            ("two words of it", 0o600, false),
            ("", 0o600, false),
        ];
        for (token, mode, good) in table {
            put(token, mode);
            take(&store, &settings, AT).await.unwrap();
            let found = owner(&store, token.trim()).await;
            assert_eq!(found.is_some(), good, "{token:?} {mode:o}");
            assert_eq!(client().await.is_some(), good, "{token:?} {mode:o}");
        }
        put("grader-token-2", 0o600);
        take(&store, &settings, AT).await.unwrap();
        assert_eq!(owner(&store, "grader-token-1").await, None);
        let grader = Owner::Service(name("grader"));
        assert_eq!(owner(&store, "grader-token-2").await, Some(grader.clone()));
        let Some(Standing::Service(standing)) = store.find_standing(&grader).await.unwrap() else {
            panic!("the service has no row");
        };
        assert_eq!(standing.admin, AdminRole::Held);
        fs::remove_file(&path).unwrap();
        take(&store, &settings, AT).await.unwrap();
        assert_eq!(owner(&store, "grader-token-2").await, None);
        take(&store, &Settings::default(), AT).await.unwrap();
        assert!(store.find_standing(&grader).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn two_services_do_not_share_a_token() {
        let store = Store::in_memory().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "the-one-token").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let text = ["first", "second"]
            .map(|name| format!("[[services]]\nname = {name:?}\napi_token_file = {path:?}\n"))
            .concat();
        take(&store, &settings(&text), AT).await.unwrap();
        let first = Owner::Service(name("first"));
        assert_eq!(owner(&store, "the-one-token").await, Some(first));
    }

    #[test]
    fn people_come_back_to_the_services_own_callback_unless_another_is_named() {
        let text = r#"
            [[services]]
            name = "hand in"
            oauth_client_id = "service-hand-in"
            url = "unix"
            command = ["/bin/true"]
            user = "grader"
        "#;
        let settings = settings(text);
        let client = client("/lab/", &settings.services[0]).unwrap();
        assert_eq!(
            client.redirect_uri,
            "/lab/services/hand%20in/oauth_callback"
        );
        assert_eq!(client.confirmation, Confirmation::Asked);
    }
}
