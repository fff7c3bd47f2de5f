//! The environment of a server (jupyterhub-singleuser's contract), what services' have in common with it, and
//! the file either travels in.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Places, Plan, PlanError, text_of};
use crate::domain::{
    oauth::server_client_id,
    paths::{self, SEGMENT},
    scope,
    secret::Secret,
};

/// What stays plain in the host part of an `http+unix` URL.
const HOST: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~');

/// Where the system's programs lie, after the server's own.
const SYSTEM_PATH: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];

/// Builds all variables but the secret ones. What the settings add wins (SP-63).
pub(super) fn build(
    plan: &Plan<'_>,
    places: &Places,
    kernels: Option<&str>,
) -> Result<BTreeMap<String, String>, PlanError> {
    let mut all = contract(plan, places)?;
    all.insert("PATH".into(), search_path(plan.program, plan.search_path)?);
    all.insert("LANG".into(), plan.language.to_owned());
    if let Some(bytes) = plan.bounds.memory_bytes {
        all.insert("MEM_LIMIT".into(), bytes.to_string());
    }
    if let Some(cpus) = plan.bounds.cpus {
        all.insert("CPU_LIMIT".into(), cpus.to_string());
    }
    if let Some(kernels) = kernels {
        all.insert("JUPYTER_RUNTIME_DIR".into(), format!("/run/{kernels}"));
    }
    for (name, value) in &plan.environment {
        all.insert(name.clone(), value.clone());
    }
    // An empty value means "not this variable", so that an administrator can take one away.
    for name in ["JUPYTERHUB_DEFAULT_URL", "JUPYTERHUB_ROOT_DIR"] {
        if all.get(name).is_some_and(String::is_empty) {
            all.remove(name);
        }
    }
    checked(all)
}

/// Refuses variables that would not arrive.
pub(super) fn checked(
    all: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, PlanError> {
    match all.iter().find(|(name, value)| !can_pass(name, value)) {
        Some((name, _)) => Err(PlanError::Variable(name.clone())),
        None => Ok(all),
    }
}

/// Writes a socket as JupyterHub's programs read it, with the path below which they answer.
pub(super) fn socket_url(socket: &str, prefix: &str) -> String {
    format!("http+unix://{}{prefix}", utf8_percent_encode(socket, HOST))
}

/// Returns the address of a path in the browser; empty when that depends on the request.
pub(super) fn public_address(public_url: Option<&str>, path: &str) -> String {
    let origin = public_url.map(|url| url.trim_end_matches('/'));
    origin.map_or_else(String::new, |origin| format!("{origin}{path}"))
}

/// The variables of JupyterHub's contract with its servers.
fn contract(plan: &Plan<'_>, places: &Places) -> Result<BTreeMap<String, String>, PlanError> {
    let user = plan.key.user.as_str();
    let segment = utf8_percent_encode(user, SEGMENT).to_string();
    let base = plan.base_url;
    let prefix = paths::server_prefix(base, plan.key);
    let api = format!("{}{base}hub/api", plan.api_origin);
    let socket = text_of(&places.socket)?;
    let opening = json_list([
        format!("access:servers!server={}", plan.key),
        format!("access:servers!user={user}"),
    ]);
    let allowed = json_list(scope::texts(plan.oauth_client_allowed_scopes));
    let public = |path: &str| public_address(plan.public_url, path);
    let expand = |text: &str| text.replace("{username}", user).replace("{base_url}", base);
    let variables = [
        ("JUPYTERHUB_CLIENT_ID", server_client_id(plan.key)),
        ("JUPYTERHUB_API_URL", api.clone()),
        (
            "JUPYTERHUB_ACTIVITY_URL",
            format!("{api}/users/{segment}/activity"),
        ),
        ("JUPYTERHUB_BASE_URL", base.to_owned()),
        ("JUPYTERHUB_SERVICE_URL", socket_url(&socket, &prefix)),
        (
            "JUPYTERHUB_OAUTH_CALLBACK_URL",
            format!("{prefix}oauth_callback"),
        ),
        ("JUPYTERHUB_OAUTH_SCOPES", opening.clone()),
        ("JUPYTERHUB_OAUTH_ACCESS_SCOPES", opening),
        ("JUPYTERHUB_OAUTH_CLIENT_ALLOWED_SCOPES", allowed),
        ("JUPYTERHUB_PUBLIC_URL", public(&prefix)),
        ("JUPYTERHUB_PUBLIC_HUB_URL", public(&format!("{base}hub/"))),
        ("JUPYTERHUB_SERVICE_PREFIX", prefix),
        ("JUPYTERHUB_HOST", String::new()),
        ("JUPYTERHUB_USER", user.to_owned()),
        (
            "JUPYTERHUB_SERVER_NAME",
            plan.key.server.as_str().to_owned(),
        ),
        ("JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED", "0".into()),
        ("JUPYTERHUB_DEFAULT_URL", expand(plan.default_url)),
        ("JUPYTERHUB_ROOT_DIR", expand(plan.root_dir)),
    ];
    let named = variables.map(|(name, value)| (name.to_owned(), value));
    Ok(BTreeMap::from(named))
}

/// The program's own folder comes first: its kernels and helpers lie beside it.
pub(super) fn search_path(program: &Path, more: &[PathBuf]) -> Result<String, PlanError> {
    let mut folders: Vec<String> = Vec::new();
    let own = program.parent();
    for folder in own.into_iter().chain(more.iter().map(AsRef::as_ref)) {
        folders.push(text_of(folder)?);
    }
    folders.extend(SYSTEM_PATH.map(str::to_owned));
    let mut seen = Vec::new();
    for folder in folders {
        if folder.starts_with('/') && !folder.contains(':') && !seen.contains(&folder) {
            seen.push(folder);
        }
    }
    Ok(seen.join(":"))
}

/// systemd drops a variable with a control character from an environment file without an error, so
/// they are refused here; tabs and line ends may stand in values (systemd's `env_value_is_valid`).
fn can_pass(name: &str, value: &str) -> bool {
    let mut letters = name.bytes();
    let first = letters.next();
    let good_name = first.is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && letters.all(|b| b.is_ascii_alphanumeric() || b == b'_');
    good_name
        && !value
            .chars()
            .any(|c| c.is_ascii_control() && c != '\t' && c != '\n')
}

/// Writes an environment file (systemd.exec(5), EnvironmentFile=): every value in double quotes.
pub(super) fn write(
    environment: &BTreeMap<String, String>,
    token: &Secret<String>,
) -> Secret<String> {
    let longest: usize = environment
        .iter()
        .map(|(name, value)| name.len() + 2 * value.len() + 4)
        .sum();
    // Room for everything at once: a buffer that moves would leave the token behind in memory.
    let mut text = String::with_capacity(longest + 4 * token.expose().len() + 64);
    for (name, value) in environment {
        write_line(&mut text, name, value);
    }
    for name in ["JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN"] {
        write_line(&mut text, name, token.expose());
    }
    Secret::new(text)
}

fn write_line(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push_str("=\"");
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '`' | '$') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push_str("\"\n");
}

/// Writes texts as a JSON array of strings.
pub(super) fn json_list(texts: impl IntoIterator<Item = String>) -> String {
    let texts: Vec<_> = texts.into_iter().map(|text| json(&text)).collect();
    format!("[{}]", texts.join(", "))
}

/// Names hold no control characters, so two escapes are all that a JSON string of one needs.
fn json(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
