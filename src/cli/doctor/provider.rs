//! Looks at the OpenID Connect provider, its secret and its authorities, where one is configured.

use std::{fs, io::ErrorKind, os::unix::fs::MetadataExt, path::Path};

use super::{Check, Machine};
use crate::{config::settings::OpenIdConnectSettings, oidc::serve, telemetry::causes::Causes};

/// The secret that the hub shares with the provider; systemd hands it to `carrel oidc`.
const SECRET_FILE: &str = "/etc/carrel/openid-connect.secret";
/// Permission bits that let others than the owner read or write.
const OTHERS: u32 = 0o077;
/// The permission bit that lets everybody read.
const EVERYBODY_READS: u32 = 0o004;

/// The provider can be asked, and its secret is one.
pub(super) async fn provider(machine: &Machine) -> Vec<Check> {
    let settings = machine.settings();
    let Some(provider) = &settings.openid_connect else {
        return Vec::new();
    };
    let files = [secret(machine), authorities(machine, provider)];
    let mut checks = Vec::from(files);
    checks.push(reached(provider).await);
    checks
}

fn secret(machine: &Machine) -> Check {
    const NAME: &str = "provider's secret";
    let path = Path::new(SECRET_FILE);
    let found = match fs::metadata(machine.at(path)) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let advice = format!(
                "Write the client's secret into it: install -m 600 /dev/null {SECRET_FILE}, then edit it. For a \
                 public client, which has none, leave it empty."
            );
            return Check::fail(NAME, format!("{SECRET_FILE} is absent"), advice);
        }
        Err(error) => return machine.cannot_read(NAME, path, &error),
    };
    if found.uid() != machine.system_uid || found.mode() & OTHERS != 0 {
        let mode = found.mode() & 0o7777;
        let told = format!(
            "{SECRET_FILE} is not root's alone (user id {}, mode {mode:04o})",
            found.uid()
        );
        let advice = format!(
            "chown root:root {SECRET_FILE} && chmod 600 {SECRET_FILE}; if others could read it, have the provider \
             make a new one."
        );
        return Check::fail(NAME, told, advice);
    }
    Check::ok(NAME, format!("{SECRET_FILE} is root's alone"))
}

fn authorities(machine: &Machine, provider: &OpenIdConnectSettings) -> Check {
    const NAME: &str = "provider's authorities";
    let path = &provider.ca_file;
    let shown = path.display();
    match fs::metadata(machine.at(path)) {
        Ok(found) if found.mode() & EVERYBODY_READS == 0 => Check::fail(
            NAME,
            format!("{shown} cannot be read by everybody"),
            format!("`carrel oidc` has an account of its own: chmod o+r {shown}"),
        ),
        Ok(_) => Check::ok(NAME, format!("{shown} is there")),
        Err(error) if error.kind() == ErrorKind::NotFound => Check::fail(
            NAME,
            format!("{shown} is absent"),
            "Install the package ca-certificates, or name another file in openid_connect.ca_file.",
        ),
        Err(error) => machine.cannot_read(NAME, path, &error),
    }
}

async fn reached(provider: &OpenIdConnectSettings) -> Check {
    const NAME: &str = "provider";
    match serve::reach(provider).await {
        Ok(()) => Check::ok(NAME, format!("{} can be asked", provider.issuer)),
        Err(error) => Check::fail(
            NAME,
            format!("{} cannot be asked: {}", provider.issuer, Causes(&error)),
            "See whether openid_connect.issuer is what the provider calls itself, to the letter, and \
             whether this machine reaches it: `curl ISSUER/.well-known/openid-configuration`.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::cli::doctor::{State, tests::machine};

    #[tokio::test]
    async fn a_provider_that_is_not_configured_is_not_looked_at() {
        let root = tempfile::tempdir().unwrap();
        assert!(provider(&machine(root.path())).await.is_empty());
    }

    #[tokio::test]
    async fn each_part_is_told_by_itself() {
        let root = tempfile::tempdir().unwrap();
        let mut machine = machine(root.path());
        let text = "[hub]\npublic_url = \"https://lab.example\"\n[openid_connect]\n\
                    issuer = \"https://localhost:1\"\nclient_id = \"x\"\nca_file = \"/etc/carrel/ca.pem\"";
        machine.settings = crate::config::parse(Path::new("c"), text);
        let folder = machine.at("/etc/carrel");
        fs::create_dir_all(&folder).unwrap();
        let states = async |machine: &Machine| -> Vec<State> {
            let checks = provider(machine).await;
            checks.iter().map(|check| check.state).collect()
        };
        assert_eq!(states(&machine).await, [State::Fail; 3]);
        let set = |name: &str, mode| {
            let path = folder.join(name);
            fs::write(&path, "x").unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        set("openid-connect.secret", 0o644);
        set("ca.pem", 0o600);
        assert_eq!(states(&machine).await, [State::Fail; 3]);
        set("openid-connect.secret", 0o600);
        set("ca.pem", 0o644);
        assert_eq!(
            states(&machine).await,
            [State::Ok, State::Ok, State::Fail],
            "nobody can be asked at port 1"
        );
    }
}
