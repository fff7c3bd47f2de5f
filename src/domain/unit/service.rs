//! The unit of a service that Carrel runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Bounds, Directive, MAX_SOCKET_PATH_BYTES, PlanError, Property, UnitSpec, bounds, environment,
    environment_file, micros, sandbox, text_of,
};
use crate::domain::{
    account::Account,
    names::{ServiceName, UnitName},
    paths,
    scope::{self, Scope},
};

/// How long after its end a service is started again.
const RESTART_PAUSE: Duration = Duration::from_secs(1);
/// Within what time a service may end [`MAX_RESTARTS`] times; one that ends more often has failed, and the
/// hub starts it again with growing pauses.
const RESTART_WINDOW: Duration = Duration::from_secs(60);
const MAX_RESTARTS: u32 = 5;

/// Everything the unit of a service is made from.
#[derive(Debug, Clone)]
pub struct ServicePlan<'a> {
    /// What it is called.
    pub name: &'a ServiceName,
    /// Whom it runs as.
    pub account: &'a Account,
    /// The program, found.
    pub program: &'a Path,
    /// Its arguments.
    pub args: &'a [String],
    /// The folder it starts in.
    pub cwd: &'a Path,
    /// Folders in which programs are found, beside the system's.
    pub search_path: &'a [PathBuf],
    /// Where it is to listen, as a URL; the socket that Carrel has ready when that is empty, and nowhere
    /// when it is absent.
    pub url: Option<&'a str>,
    /// Its OAuth client, the path or address its users are sent back to, and what their tokens may do.
    pub client: Option<(&'a str, Option<&'a str>, &'a [Scope])>,
    /// Environment that wins over Carrel's, secrets excepted.
    pub environment: &'a BTreeMap<String, String>,
    /// The system's language, `LANG`.
    pub language: &'a str,
    /// Bounds kept by the kernel.
    pub bounds: Bounds,
    /// What the processes are kept from.
    pub sandbox: BTreeSet<Directive>,
    /// How long starting the program may take.
    pub start_timeout: Duration,
    /// How long ending by itself may take.
    pub stop_timeout: Duration,
    /// Prefix of every path of the hub; begins and ends with `/`.
    pub base_url: &'a str,
    /// Origin people type into the browser, if it is fixed.
    pub public_url: Option<&'a str>,
    /// Origin of the hub's API on loopback, such as `http://127.0.0.1:8081`.
    pub api_origin: &'a str,
    /// Folder of Carrel's sockets and secrets, `/run/carrel`.
    pub runtime_dir: &'a Path,
}

/// Returns the socket that Carrel has ready for a service: in a folder of the service's account, which the
/// hub may enter and nobody else.
pub fn service_socket(runtime_dir: &Path, name: &ServiceName) -> PathBuf {
    let folder = runtime_dir.join("service").join(name.stem());
    folder.join("http.sock")
}

impl UnitSpec {
    /// Makes the unit of a service.
    pub fn for_service(plan: &ServicePlan<'_>) -> Result<Self, PlanError> {
        let unit = UnitName::for_service(plan.name)?;
        let socket = service_socket(plan.runtime_dir, plan.name);
        if socket.as_os_str().len() > MAX_SOCKET_PATH_BYTES {
            return Err(PlanError::SocketPath(socket));
        }
        let environment_file = environment_file(plan.runtime_dir, &unit);
        let mut argv = vec![text_of(plan.program)?];
        argv.extend_from_slice(plan.args);
        let mut properties = vec![
            Property::Description(format!("Carrel service {}", plan.name)),
            Property::Slice(String::from("carrel-services.slice")),
            Property::User(plan.account.name.as_str().to_owned()),
            Property::WorkingDirectory(text_of(plan.cwd)?),
            // The hub connects to its socket by way of the group of the socket's folder.
            Property::UMask(0o007),
            Property::ExecStart(argv),
            Property::EnvironmentFile(text_of(&environment_file)?),
            Property::Type("exec"),
            Property::Restart("always"),
            Property::RestartUSec(micros(RESTART_PAUSE)),
            Property::StartLimitIntervalUSec(micros(RESTART_WINDOW)),
            Property::StartLimitBurst(MAX_RESTARTS),
            Property::KillMode("mixed"),
            Property::TimeoutStartUSec(micros(plan.start_timeout)),
            Property::TimeoutStopUSec(micros(plan.stop_timeout)),
        ];
        properties.extend(bounds(plan.bounds));
        properties.extend(sandbox(&plan.sandbox));
        Ok(Self {
            unit,
            properties,
            environment: variables(plan, &socket)?,
            environment_file,
            socket,
        })
    }
}

/// The variables of JupyterHub's contract with services (SV-05), and what the settings add.
fn variables(plan: &ServicePlan<'_>, socket: &Path) -> Result<BTreeMap<String, String>, PlanError> {
    let (base, name) = (plan.base_url, plan.name);
    let prefix = paths::service_prefix(base, name);
    let mut all = BTreeMap::new();
    let mut set = |name: &str, value: String| drop(all.insert(name.to_owned(), value));
    set("JUPYTERHUB_SERVICE_NAME", name.to_string());
    set(
        "JUPYTERHUB_API_URL",
        format!("{}{base}hub/api", plan.api_origin),
    );
    set("JUPYTERHUB_BASE_URL", base.to_owned());
    set("JUPYTERHUB_HOST", String::new());
    set("JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED", "0".to_owned());
    let public = |path: &str| environment::public_address(plan.public_url, path);
    set("JUPYTERHUB_PUBLIC_HUB_URL", public(&format!("{base}hub/")));
    if let Some(url) = plan.url {
        let url = match url {
            "" => environment::socket_url(&text_of(socket)?, &prefix),
            url => url.to_owned(),
        };
        set("JUPYTERHUB_SERVICE_URL", url);
        set("JUPYTERHUB_PUBLIC_URL", public(&prefix));
        set("JUPYTERHUB_SERVICE_PREFIX", prefix.clone());
    }
    if let Some((id, callback, allowed)) = plan.client {
        let callback = callback.map_or_else(|| format!("{prefix}oauth_callback"), str::to_owned);
        let opening = environment::json_list([
            String::from("access:services"),
            format!("access:services!service={name}"),
        ]);
        set("JUPYTERHUB_CLIENT_ID", id.to_owned());
        set("JUPYTERHUB_OAUTH_CALLBACK_URL", callback);
        set("JUPYTERHUB_OAUTH_SCOPES", opening.clone());
        set("JUPYTERHUB_OAUTH_ACCESS_SCOPES", opening);
        let allowed = environment::json_list(scope::texts(allowed));
        set("JUPYTERHUB_OAUTH_CLIENT_ALLOWED_SCOPES", allowed);
    }
    set(
        "PATH",
        environment::search_path(plan.program, plan.search_path)?,
    );
    set("LANG", plan.language.to_owned());
    all.extend(plan.environment.clone());
    environment::checked(all)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::domain::{names::UserName, secret::Secret};

    fn account() -> Account {
        Account {
            name: UserName::parse("grader").unwrap(),
            uid: 998,
            gid: 998,
            home: "/srv/grader".into(),
            shell: "/usr/sbin/nologin".into(),
            groups: vec![],
            admin: false,
        }
    }

    fn plan<'a>(
        account: &'a Account,
        name: &'a ServiceName,
        environment: &'a BTreeMap<String, String>,
    ) -> ServicePlan<'a> {
        ServicePlan {
            name,
            account,
            program: Path::new("/opt/grader/bin/grader"),
            args: &[],
            cwd: Path::new("/srv/grader"),
            search_path: &[],
            url: None,
            client: None,
            environment,
            language: "C.UTF-8",
            bounds: Bounds::default(),
            sandbox: BTreeSet::from([Directive::NoNewPrivileges]),
            start_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(15),
            base_url: "/",
            public_url: None,
            api_origin: "http://127.0.0.1:8081",
            runtime_dir: Path::new("/run/carrel"),
        }
    }

    fn show(spec: &UnitSpec) -> String {
        let mut out = format!("[{}] {}\n", spec.unit, spec.socket.display());
        for property in &spec.properties {
            writeln!(out, "{property:?}").unwrap();
        }
        out.push_str("\n[environment]\n");
        for (name, value) in &spec.environment {
            writeln!(out, "{name}={value}").unwrap();
        }
        out
    }

    #[test]
    fn a_service_that_nobody_visits() {
        let (account, environment) = (account(), BTreeMap::new());
        let name = ServiceName::parse("idle-culler").unwrap();
        let spec = UnitSpec::for_service(&plan(&account, &name, &environment)).unwrap();
        insta::assert_snapshot!(show(&spec));
    }

    #[test]
    fn a_service_on_a_socket_with_everything() {
        let account = account();
        let environment = BTreeMap::from([("COURSE".to_owned(), "101".to_owned())]);
        let name = ServiceName::parse("hand in").unwrap();
        let allowed = ["read:users:groups!user"].map(|text| Scope::parse(text).unwrap());
        let mut plan = plan(&account, &name, &environment);
        let args = ["--course".to_owned(), "$HOME".to_owned()];
        plan.args = &args;
        plan.url = Some("");
        plan.client = Some(("service-hand-in", None, &allowed));
        plan.base_url = "/lab/";
        plan.public_url = Some("https://lab.example/");
        plan.bounds.memory_bytes = Some(1 << 30);
        insta::assert_snapshot!(show(&UnitSpec::for_service(&plan).unwrap()));
    }

    #[test]
    fn a_service_on_a_port_knows_its_address_and_its_own_way_back() {
        let (account, environment) = (account(), BTreeMap::new());
        let name = ServiceName::parse("mock").unwrap();
        let mut plan = plan(&account, &name, &environment);
        plan.url = Some("http://127.0.0.1:9001");
        plan.client = Some(("service-mock", Some("https://mock.test/back"), &[]));
        let spec = UnitSpec::for_service(&plan).unwrap();
        let value = |name: &str| spec.environment[name].as_str();
        assert_eq!(value("JUPYTERHUB_SERVICE_URL"), "http://127.0.0.1:9001");
        assert_eq!(value("JUPYTERHUB_SERVICE_PREFIX"), "/services/mock/");
        assert_eq!(
            value("JUPYTERHUB_OAUTH_CALLBACK_URL"),
            "https://mock.test/back"
        );
    }

    #[test]
    fn the_settings_cannot_name_the_token() {
        let account = account();
        let environment = BTreeMap::from([("JUPYTERHUB_API_TOKEN".to_owned(), "mine".to_owned())]);
        let name = ServiceName::parse("mock").unwrap();
        let spec = UnitSpec::for_service(&plan(&account, &name, &environment)).unwrap();
        let text = spec.environment_text(&Secret::new(String::from("given")));
        let last = text
            .expose()
            .lines()
            .rfind(|line| line.starts_with("JUPYTERHUB_API_TOKEN="));
        assert_eq!(last, Some("JUPYTERHUB_API_TOKEN=\"given\""));
    }

    #[test]
    fn names_that_fit_into_no_address_are_refused() {
        let (account, environment) = (account(), BTreeMap::new());
        let name = ServiceName::parse(&"x".repeat(90)).unwrap();
        let refused = UnitSpec::for_service(&plan(&account, &name, &environment));
        assert!(matches!(refused, Err(PlanError::SocketPath(_))));
    }
}
