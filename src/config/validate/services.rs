//! `[[services]]` as plain types, and the rules between a service's keys.

use std::collections::BTreeMap;

use crate::{
    config::{
        merged::Merged,
        raw::RawService,
        settings::services::{ServiceAddress, ServiceClient, ServiceProgram, ServiceSettings},
        spelling::{Command, Text, reads},
        tables::SERVICES,
        validate::{complete, scopes, server},
        words::join,
    },
    domain::oauth,
};

/// Keys that mean something only where Carrel runs the service.
const OF_PROGRAMS: [&str; 5] = ["cwd", "environment", "start_timeout", "limits", "sandbox"];

/// Keys that mean something only where people can be sent back to the service.
const OF_CLIENTS: [&str; 3] = [
    "oauth_client_id",
    "oauth_no_confirm",
    "oauth_client_allowed_scopes",
];

/// Reads the services.
pub(super) fn services(merged: &mut Merged<'_>) -> Result<Vec<ServiceSettings>, String> {
    let mut services = Vec::new();
    for (name, table) in merged.hand_out(SERVICES) {
        let whole_name = join(SERVICES, &name);
        let raw: RawService = complete(table)?;
        let mut service = Service { whole_name, merged };
        services.push(service.read(raw));
    }
    check_client_ids(&services, merged);
    Ok(services)
}

/// One service, and where to tell what is wrong with it.
struct Service<'a, 't> {
    whole_name: String,
    merged: &'a mut Merged<'t>,
}

impl Service<'_, '_> {
    fn read(&mut self, mut raw: RawService) -> ServiceSettings {
        let address = raw.url.take().map(|address| address.0);
        let client = self.client(&mut raw);
        let info = std::mem::take(&mut raw.info).into_iter();
        let mut service = ServiceSettings {
            name: raw.name.0.clone(),
            address,
            program: None,
            user: raw.user.take().map(|user| user.0),
            api_token_file: raw.api_token_file.take().map(|path| path.0),
            admin: raw.admin,
            display: raw.display,
            info: info.map(|(key, value)| (key, value.0)).collect(),
            client,
        };
        service.program = self.program(raw);
        self.check_address(&service);
        self.check_user(&service);
        self.check_token();
        service
    }

    /// Returns what Carrel runs.
    fn program(&mut self, raw: RawService) -> Option<ServiceProgram> {
        let mut words = raw.command.into_iter().map(|Text(word)| word);
        let Some(command) = words.next() else {
            self.blame("command", "is empty");
            let is_run_elsewhere = !self.sets("command");
            for key in OF_PROGRAMS.into_iter().filter(|_| is_run_elsewhere) {
                self.blame(key, "is for a service with a command");
            }
            return None;
        };
        if !reads::<Command>(&command) {
            let key = self.key("command");
            let text = format!(
                "{key} begins with {command:?}, but must begin with the name of a program or its \
                 absolute path"
            );
            self.merged.blame_item(&key, 0, text);
        }
        Some(ServiceProgram {
            command,
            args: words.collect(),
            cwd: raw.cwd.map(|path| path.0),
            environment: server::environment(raw.environment),
            start_timeout: raw.start_timeout.0,
            limits: server::bounds(raw.limits),
            sandbox: server::sandbox(&raw.sandbox),
        })
    }

    /// Returns the OAuth client, which is there when people can be sent back.
    fn client(&mut self, raw: &mut RawService) -> Option<ServiceClient> {
        let has_url = self.sets("url");
        let redirect_uri = raw.oauth_redirect_uri.take().map(|uri| uri.0);
        let key = self.key("oauth_client_allowed_scopes");
        let texts = std::mem::take(&mut raw.oauth_client_allowed_scopes);
        let allowed_scopes = scopes::read(&key, texts, self.merged);
        if !has_url && !self.sets("oauth_redirect_uri") {
            for key in OF_CLIENTS {
                self.blame(
                    key,
                    "needs url or oauth_redirect_uri, where people are sent back",
                );
            }
            return None;
        }
        let is_path = redirect_uri
            .as_ref()
            .is_some_and(|uri| uri.starts_with('/'));
        if is_path && !has_url {
            self.blame(
                "oauth_redirect_uri",
                "is a path on this site, which needs url as well",
            );
        }
        let chosen = raw.oauth_client_id.take().map(|id| id.0);
        let id = chosen.unwrap_or_else(|| oauth::service_client_id(&raw.name.0));
        if !oauth::is_service_client_id(&id) {
            let whole_name = self.whole_name.clone();
            let text = format!(
                "{whole_name} needs oauth_client_id, for {id:?} cannot be the name of a cookie"
            );
            self.merged.blame(&whole_name, text);
        }
        Some(ServiceClient {
            id,
            redirect_uri,
            no_confirm: raw.oauth_no_confirm,
            allowed_scopes,
        })
    }

    fn check_address(&mut self, service: &ServiceSettings) {
        let is_run_here = self.sets("command");
        match &service.address {
            Some(ServiceAddress::OwnSocket) if !is_run_here => {
                self.blame("url", "is \"unix\", which is for a service with a command");
            }
            Some(ServiceAddress::Tcp { host, .. }) if is_run_here && !is_loopback(host) => {
                self.blame(
                    "url",
                    "is on another machine, but command runs the service on this one",
                );
            }
            _ => {}
        }
    }

    /// Whose the socket must be is known of every service that has one.
    fn check_user(&mut self, service: &ServiceSettings) {
        let has_socket = matches!(service.address, Some(ServiceAddress::Unix(_)));
        match (self.sets("command"), self.sets("user")) {
            (true, false) => {
                self.blame("command", "needs user as well: the account that it runs as");
            }
            (false, false) if has_socket => {
                let text =
                    "is a Unix socket and needs user as well: the account that listens on it";
                self.blame("url", text);
            }
            (false, true) if !has_socket => {
                self.blame("user", "is for a service with a command or a Unix socket");
            }
            _ => {}
        }
    }

    fn check_token(&mut self) {
        if self.sets("command") {
            let text = "is for a service without a command: one that Carrel runs gets a new token \
                        at each start";
            self.blame("api_token_file", text);
        } else if !self.sets("api_token_file") {
            let text = "needs api_token_file as well: the token is the client's secret";
            self.blame("oauth_redirect_uri", text);
        }
    }

    fn key(&self, key: &str) -> String {
        join(&self.whole_name, key)
    }

    fn sets(&self, key: &str) -> bool {
        self.merged.sets(&self.key(key))
    }

    fn blame(&mut self, key: &str, text: &str) {
        let key = self.key(key);
        self.merged.blame(&key, format!("{key} {text}"));
    }
}

/// Tells whether a host is this machine and nothing else can answer.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// No two services have one OAuth client.
fn check_client_ids(services: &[ServiceSettings], merged: &mut Merged<'_>) {
    let mut known = BTreeMap::new();
    for service in services {
        let Some(client) = &service.client else {
            continue;
        };
        let whole_name = join(SERVICES, service.name.as_str());
        if let Some(other) = known.insert(&client.id, whole_name.clone()) {
            let text = format!(
                "{whole_name} has the OAuth client {:?} of {other}",
                client.id
            );
            let key = join(&whole_name, "oauth_client_id");
            merged.blame_first(&[&key, &whole_name], text);
        }
    }
}
