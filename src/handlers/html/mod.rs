//! Pages: what a person in a browser asks of the hub, one file per family of pages.

pub mod accept_share;
pub mod admin;
pub mod failures;
pub mod files;
pub mod home;
pub mod login;
pub mod logout;
pub mod named_servers;
pub mod pending;
pub mod root;
pub mod shares;
pub mod sign_in;
pub mod spawn;
mod spawn_form;
pub mod tokens;
pub mod visit;

use http::StatusCode;
use maud::Markup;
use serde_json::Value;

use super::{Context, Request, api::body::shown, cut};
use crate::{
    assets,
    config::settings::site::SiteSettings,
    domain::{
        access::Caller,
        names::{ServerKey, ServerName, ServiceName, UserName},
        redirect,
        scope::ScopeName,
    },
    http::{error::Error, forms::Form, links::Link, reply, reply::Reply},
    pages::{
        accent::accent_style,
        frame::{Frame, Logo, Site, Visitor},
        words::{Text, text},
    },
};

/// Refuses a form in words for its page.
fn refused(words: &Text) -> Error {
    Error::bad_request(words.plain())
}

/// Refuses what no user can be called.
fn no_user_name(name: &str) -> Error {
    refused(&text!("refused-user-name", name = cut(name)))
}

/// Refuses what no group can be called.
fn no_group_name(name: &str) -> Error {
    refused(&text!("refused-group-name", name = cut(name)))
}

/// Returns the frame of a page for whoever asks.
pub fn frame(ctx: &Context) -> Frame {
    frame_saying(ctx, None)
}

/// Returns the frame of a page that may have an announcement of its own.
fn frame_saying(ctx: &Context, own: Option<&String>) -> Frame {
    let everywhere = ctx.settings.hub.announcements.everywhere.as_ref();
    Frame {
        links: ctx.links.clone(),
        visitor: ctx.caller.as_ref().and_then(|caller| {
            Some(Visitor {
                name: caller.user()?.clone(),
                admin: caller.grants().has(&ScopeName::AdminUi),
                services: services_for(ctx, caller),
            })
        }),
        xsrf: ctx.xsrf.clone(),
        site: site(&ctx.settings.site),
        announcement: own.or(everywhere).cloned(),
    }
}

/// Returns the services that pages show and the caller may use.
fn services_for(ctx: &Context, caller: &Caller) -> Vec<ServiceName> {
    let configured = ctx.settings.services.iter();
    let shown = configured.filter(|service| service.display && service.address.is_some());
    let mut names: Vec<ServiceName> = shown.map(|service| service.name.clone()).collect();
    names.retain(|name| caller.can(&ScopeName::AccessServices, name));
    names.sort();
    names
}

fn site(settings: &SiteSettings) -> Site {
    let style = settings.accent.map(accent_style);
    Site {
        title: settings.title.clone(),
        logo: settings.logo.as_ref().map(|logo| Logo {
            version: logo.version.clone(),
            content_type: logo.content_type,
            stretch_percent: logo.stretch_percent,
        }),
        style: style.map(|style| assets::version_of(style.as_bytes())),
        help: settings
            .help
            .as_ref()
            .map(|link| (link.text.clone(), link.url.clone())),
        imprint_url: settings.imprint_url.clone(),
        privacy_url: settings.privacy_url.clone(),
    }
}

/// Returns a page with its status.
fn page(status: StatusCode, markup: Markup) -> Reply {
    reply::html(status, markup.into_string())
}

/// Returns a redirect that the browser follows with GET.
fn see(location: &str) -> Reply {
    reply::redirect(StatusCode::FOUND, location)
}

/// Returns the query of a request; one that cannot be read is a bad request.
fn query(request: &Request) -> Result<Form, Error> {
    Form::parse_query(request.uri().query())
        .map_err(|cause| Error::bad_request("The address's query cannot be read").because(cause))
}

/// Returns the form of a request; one that cannot be read is a bad request.
fn form(request: &Request) -> Result<Form, Error> {
    Form::parse(request.body())
        .map_err(|cause| Error::bad_request("The form cannot be read").because(cause))
}

/// Returns the local target that a client asks to be led on to, if it is one.
fn next_target(ctx: &Context, query: &Form) -> Option<String> {
    redirect::local_target(query.get("next")?, &ctx.own)
}

/// Returns the person who asks, or the way over the login page that leads back here.
fn signed_in<'a>(ctx: &'a Context, request: &Request) -> Result<&'a UserName, Link> {
    ctx.person().ok_or_else(|| {
        let here = request.uri().path_and_query().map(|here| here.as_str());
        ctx.links.login(here)
    })
}

/// Tells those who may act for a user that there is none of this name.
async fn check_user(ctx: &Context, name: &UserName) -> Result<(), Error> {
    match ctx.hub().store.find_user(name).await? {
        Some(_) => Ok(()),
        None => Err(Error::not_found(format!("No such user: {name}"))),
    }
}

/// Returns the server a page is about: the one its path names, else the person's default one.
fn server_of(ctx: &Context, person: &UserName) -> Result<ServerKey, Error> {
    if ctx.param("user").is_empty() {
        return Ok(ServerKey {
            user: person.clone(),
            server: ServerName::default_server(),
        });
    }
    let user = ctx.user_param()?;
    let name = ctx.param("server");
    let server = ServerName::parse(name).map_err(|_| {
        let shown = shown(&Value::String(name.to_owned()));
        Error::bad_request(format!("Invalid server_name: {shown}"))
    })?;
    Ok(ServerKey { user, server })
}
