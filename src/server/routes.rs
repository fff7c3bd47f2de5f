//! The whole HTTP surface as one table, below the hub's prefix: path → handler.
//!
//! matchit neither decodes segments nor matches empty ones; both are seen to here, so that `%2F`
//! never makes a segment and `/servers/` names the default server.

use std::{collections::HashMap, pin::Pin, sync::LazyLock};

use http::Method;
use percent_encoding::percent_decode_str;

use crate::{
    handlers::{Context, Request, api, html},
    http::{error::Error, reply::Reply},
};

/// What a handler gives.
pub type HandlerFuture<'a> = Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send + 'a>>;
/// A handler, whatever it is about.
pub type Handler = for<'a> fn(&'a Context, Request) -> HandlerFuture<'a>;

/// Who is asked for what on a route, and in which language faults are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Realm {
    /// Nobody is asked who they are.
    Open,
    /// Nobody is asked who they are; faults as JSON.
    OpenApi,
    /// A page: only the login cookie counts, never a token (HD-42).
    Page,
    /// What both browsers and programs come to, such as a server that is not routed: cookie or token,
    /// faults as the visitor likes them.
    Visit,
    /// The REST API: token or cookie, faults as JSON.
    Api,
    /// Called by OAuth clients, which show their own credentials in the body; faults as JSON.
    OAuthToken,
}

/// One path and what can be done with it.
pub struct Row {
    /// The path below `{base}hub/`, with `{parts}`.
    pub path: &'static str,
    /// Who is asked for what.
    pub realm: Realm,
    /// A handler for each method; HEAD is answered by GET's.
    pub methods: &'static [(Method, Handler)],
}

/// Makes a row of the table.
macro_rules! row {
    ($path:literal $realm:ident $($method:ident => $handler:path),+ $(,)?) => {
        Row {
            path: $path,
            realm: Realm::$realm,
            methods: &[$((Method::$method, |ctx, request| Box::pin($handler(ctx, request)))),+],
        }
    };
}

/// Every path of the hub, grouped by who uses it.
#[rustfmt::skip]
pub static TABLE: &[Row] = &[
    // Used by people, in a browser.
    row!("" Page GET => html::root::lead_on),
    row!("home" Page GET => html::home::show_home),
    row!("login" Page GET => html::login::show_login, POST => html::login::submit_login),
    row!("oauth_login" Page GET => html::sign_in::lead_to_provider),
    row!("oauth_callback" Page GET => html::sign_in::take_arrival),
    row!("logout" Page GET => html::logout::log_out),
    row!("spawn" Page GET => html::spawn::spawn_by_visit, POST => html::spawn::spawn_by_form),
    row!("spawn/{user}" Page GET => html::spawn::spawn_by_visit, POST => html::spawn::spawn_by_form),
    row!("spawn/{user}/{server}" Page GET => html::spawn::spawn_by_visit, POST => html::spawn::spawn_by_form),
    row!("spawn-pending" Page GET => html::pending::show_pending),
    row!("spawn-pending/{user}" Page GET => html::pending::show_pending),
    row!("spawn-pending/{user}/{server}" Page GET => html::pending::show_pending),
    row!("stop/{user}" Page POST => html::spawn::stop_by_form),
    row!("stop/{user}/{server}" Page POST => html::spawn::stop_by_form),
    row!("new-server/{user}" Page POST => html::named_servers::add_server),
    row!("rename-server/{user}/{server}" Page POST => html::named_servers::rename_server),
    row!("delete-server/{user}/{server}" Page POST => html::named_servers::delete_server),
    row!("shares" Page GET => html::shares::show_shares),
    row!("shares/{user}" Page POST => html::shares::change_share),
    row!("shares/{user}/{server}" Page POST => html::shares::change_share),
    row!("admin" Page GET => html::admin::lead_on),
    row!("admin/users" Page GET => html::admin::users::show_users, POST => html::admin::users::change_users),
    row!("admin/groups" Page GET => html::admin::groups::show_groups, POST => html::admin::groups::change_groups),
    row!("admin/hub" Page GET => html::admin::health::show_health, POST => html::admin::health::shut_down),
    row!("token" Page GET => html::tokens::show_tokens, POST => html::tokens::request_token),
    row!("revoke-token/{token}" Page POST => html::tokens::revoke_token),
    row!("accept-share" Page GET => html::accept_share::show_invitation, POST => html::accept_share::accept_invitation),
    row!("user-redirect" Page GET => html::root::redirect_to_own_server),
    row!("user-redirect/" Page GET => html::root::redirect_to_own_server),
    row!("user-redirect/{*rest}" Page GET => html::root::redirect_to_own_server),
    row!("error/{status}" Open GET => html::root::show_error),
    // Used by browsers that want a server which is not routed.
    row!("user/{user}" Visit GET => html::visit::show_stopped_server, POST => html::visit::refuse_request,
         PATCH => html::visit::refuse_request, DELETE => html::visit::refuse_request),
    row!("user/{user}/" Visit GET => html::visit::show_stopped_server, POST => html::visit::refuse_request,
         PATCH => html::visit::refuse_request, DELETE => html::visit::refuse_request),
    row!("user/{user}/{*rest}" Visit GET => html::visit::show_stopped_server, POST => html::visit::refuse_request,
         PATCH => html::visit::refuse_request, DELETE => html::visit::refuse_request),
    // Used by browsers, by themselves.
    row!("favicon.ico" Open GET => html::files::get_favicon),
    row!("static/{name}" Open GET => html::files::get_asset),
    row!("logo" Open GET => html::files::get_logo),
    row!("site.css" Open GET => html::files::get_site_style),
    row!("security/csp-report" Open POST => html::files::take_csp_report),
    // Used by whatever watches the hub.
    row!("health" Open GET => html::files::get_health),
    row!("api/health" Open GET => html::files::get_health),
    row!("metrics" Visit GET => api::metrics::get_metrics),
    row!("api/metrics" Visit GET => api::metrics::get_metrics),
    row!("api/metrics/servers" Api GET => api::metrics::get_server_metrics),
    // Used by single-user servers and scripts.
    row!("api" OpenApi GET => api::hub::get_version),
    row!("api/" OpenApi GET => api::hub::get_version),
    row!("api/info" Api GET => api::hub::get_info),
    row!("api/shutdown" Api POST => api::hub::shut_down),
    row!("api/proxy" Api GET => api::proxy::list_routes, POST => api::proxy::check_routes,
         PATCH => api::proxy::replace_proxy),
    row!("api/authorizations/token" Api POST => api::authorizations::refuse_to_make_tokens),
    row!("api/authorizations/token/{token}" Api GET => api::authorizations::show_tokens_owner),
    row!("api/authorizations/cookie/{name}/{value}" Api GET => api::authorizations::show_cookies_owner),
    row!("api/user" Api GET => api::user::get_self),
    row!("api/users" Api GET => api::users::list_users, POST => api::users::create_users),
    row!("api/users/{user}" Api GET => api::users::get_user, POST => api::users::create_user,
         PATCH => api::users::edit_user, DELETE => api::users::delete_user),
    row!("api/users/{user}/admin-access" Api POST => api::users::refuse_admin_access),
    row!("api/users/{user}/activity" Api POST => api::activity::post_activity),
    row!("api/users/{user}/server" Api GET => api::servers::get_server, POST => api::servers::start_server,
         DELETE => api::servers::stop_server),
    row!("api/users/{user}/server/progress" Api GET => api::progress::follow_progress),
    row!("api/users/{user}/servers/" Api GET => api::servers::get_server, POST => api::servers::start_server,
         PUT => api::servers::create_server, PATCH => api::servers::edit_server, DELETE => api::servers::stop_server),
    row!("api/users/{user}/servers/{server}" Api GET => api::servers::get_server, POST => api::servers::start_server,
         PUT => api::servers::create_server, PATCH => api::servers::edit_server, DELETE => api::servers::stop_server),
    row!("api/users/{user}/servers/{server}/progress" Api GET => api::progress::follow_progress),
    row!("api/users/{user}/tokens" Api GET => api::tokens::list_tokens, POST => api::tokens::create_token),
    row!("api/users/{user}/tokens/{token}" Api GET => api::tokens::get_token, DELETE => api::tokens::revoke_token),
    row!("api/shares/{user}" Api GET => api::shares::list_shares_of_user),
    row!("api/shares/{user}/" Api GET => api::shares::list_shares, POST => api::shares::create_share,
         PATCH => api::shares::revoke_share, DELETE => api::shares::revoke_shares),
    row!("api/shares/{user}/{server}" Api GET => api::shares::list_shares, POST => api::shares::create_share,
         PATCH => api::shares::revoke_share, DELETE => api::shares::revoke_shares),
    row!("api/users/{user}/shared" Api GET => api::shares::list_shared_with_user),
    row!("api/users/{user}/shared/{owner}/" Api GET => api::shares::get_shared_with_user,
         DELETE => api::shares::leave_as_user),
    row!("api/users/{user}/shared/{owner}/{server}" Api GET => api::shares::get_shared_with_user,
         DELETE => api::shares::leave_as_user),
    row!("api/groups/{group}/shared" Api GET => api::shares::list_shared_with_group),
    row!("api/groups/{group}/shared/{owner}/" Api GET => api::shares::get_shared_with_group,
         DELETE => api::shares::leave_as_group),
    row!("api/groups/{group}/shared/{owner}/{server}" Api GET => api::shares::get_shared_with_group,
         DELETE => api::shares::leave_as_group),
    row!("api/share-codes/{user}" Api GET => api::share_codes::list_codes_of_user),
    row!("api/share-codes/{user}/" Api GET => api::share_codes::list_codes, POST => api::share_codes::create_code,
         DELETE => api::share_codes::delete_codes),
    row!("api/share-codes/{user}/{server}" Api GET => api::share_codes::list_codes,
         POST => api::share_codes::create_code, DELETE => api::share_codes::delete_codes),
    row!("api/groups" Api GET => api::groups::list_groups, POST => api::groups::create_groups),
    row!("api/groups/{group}" Api GET => api::groups::get_group, POST => api::groups::create_group,
         DELETE => api::groups::delete_group),
    row!("api/groups/{group}/users" Api POST => api::groups::add_members, DELETE => api::groups::remove_members),
    row!("api/groups/{group}/properties" Api PUT => api::groups::replace_properties),
    row!("api/services" Api GET => api::services::list_services),
    row!("api/services/{service}" Api GET => api::services::get_service,
         POST => api::services::create_service, DELETE => api::services::delete_service),
    row!("api/roles" Api GET => api::roles::list_roles),
    row!("api/roles/{role}" Api GET => api::roles::get_role, PUT => api::roles::put_role,
         DELETE => api::roles::delete_role),
    row!("api/roles/{role}/holders" Api POST => api::roles::give_role, DELETE => api::roles::take_role),
    // Used by OAuth clients, and by browsers on their behalf.
    row!("api/oauth2/authorize" Page GET => api::oauth::show_authorize, POST => api::oauth::confirm_authorize),
    row!("api/oauth2/token" OAuthToken POST => api::oauth::exchange_code),
];

/// The names of `{parts}`; matchit hands them out without their lifetime.
const PARTS: [&str; 11] = [
    "user", "server", "owner", "group", "role", "service", "token", "name", "value", "status",
    "rest",
];

/// The decoded `{parts}` of a path; `rest` stays as it was sent.
pub type Params = HashMap<&'static str, String>;

/// A path that was looked up.
pub enum Found {
    /// A row, with the path's parts.
    Row(&'static Row, Params),
    /// No such path.
    Nothing,
    /// A part does not decode to UTF-8, or decodes to a control character.
    Malformed,
}

static ROUTER: LazyLock<matchit::Router<&'static Row>> = LazyLock::new(|| {
    let mut router = matchit::Router::new();
    for row in TABLE {
        router
            .insert(format!("/{}", row.path), row)
            .expect("the table's paths are distinct, which a test proves");
    }
    router
});

/// Looks up the raw path below `{base}hub/`.
pub fn find(below_hub: &str) -> Found {
    let path = format!("/{below_hub}");
    let Ok(found) = ROUTER.at(&path) else {
        return Found::Nothing;
    };
    let mut params = Params::new();
    for (name, raw) in found.params.iter() {
        let Some(value) = decode(raw) else {
            return Found::Malformed;
        };
        let Some(part) = PARTS.into_iter().find(|part| *part == name) else {
            continue;
        };
        // The rest of a path goes on to somebody else, who decodes it.
        let value = if part == "rest" {
            raw.to_owned()
        } else {
            value
        };
        params.insert(part, value);
    }
    Found::Row(found.value, params)
}

fn decode(raw: &str) -> Option<String> {
    let value = percent_decode_str(raw).decode_utf8().ok()?.into_owned();
    (!value.chars().any(char::is_control)).then_some(value)
}

impl Row {
    /// Returns the handler for a method; HEAD is answered as GET without its body, but not by the
    /// API, where it is as unknown as it is to JupyterHub (API-07).
    pub fn handler(&self, method: &Method) -> Option<Handler> {
        let wanted = match *method {
            Method::HEAD if !matches!(self.realm, Realm::Api | Realm::OpenApi) => &Method::GET,
            _ => method,
        };
        let found = self.methods.iter().find(|(method, _)| method == wanted);
        found.map(|(_, handler)| *handler)
    }

    /// Returns the value of `Allow` (RFC 9110 section 10.2.1).
    pub fn allow(&self) -> String {
        let names: Vec<&str> = self.methods.iter().map(|(m, _)| m.as_str()).collect();
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(path: &str) -> Option<(&'static str, Params)> {
        match find(path) {
            Found::Row(row, params) => Some((row.path, params)),
            Found::Nothing | Found::Malformed => None,
        }
    }

    #[test]
    fn every_path_of_the_table_is_found() {
        for row in TABLE {
            let path = row.path.replace(['{', '}', '*'], "x");
            let found = matches!(find(&path), Found::Row(found, _) if found.path == row.path);
            assert!(found, "{path}");
        }
    }

    #[test]
    fn every_part_of_the_table_has_a_known_name() {
        for row in TABLE {
            for part in row.path.split('/').filter(|s| s.starts_with('{')) {
                assert!(
                    PARTS.contains(&part.trim_matches(['{', '}', '*'])),
                    "{part}"
                );
            }
        }
    }

    #[test]
    fn parts_are_decoded_after_the_match() {
        let (path, params) = row("user/a%2Fb/lab%20x").unwrap();
        assert_eq!(path, "user/{user}/{*rest}");
        assert_eq!(params["user"], "a/b");
        assert_eq!(params["rest"], "lab%20x");
        assert_eq!(row("api/users/%C3%A4").unwrap().1["user"], "ä");
    }

    #[test]
    fn the_default_server_has_an_empty_name() {
        let (path, params) = row("api/users/alice/servers/").unwrap();
        assert_eq!(path, "api/users/{user}/servers/");
        assert!(!params.contains_key("server"));
    }

    #[test]
    fn malformed_parts_are_refused() {
        for path in ["user/%00", "user/%FF", "user/a%0Ab"] {
            assert!(matches!(find(path), Found::Malformed), "{path}");
        }
    }

    #[test]
    fn unknown_paths_are_not_found() {
        for path in [
            "homes",
            "home/",
            "api/user/",
            "Home",
            "oauth2/authorize",
            "api/x",
        ] {
            assert!(matches!(find(path), Found::Nothing), "{path}");
        }
    }
}
