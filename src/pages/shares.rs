//! Who may use the visitor's servers, the invitations that are out, and what others share with the visitor.

use std::time::Duration;

use maud::{Markup, html};

use super::{
    bidi::isolated,
    forms,
    frame::{Frame, Page, framed},
    scope_words,
    secret::secret,
    times,
    words::{Text, amounts, text},
};
use crate::domain::{
    names::{GroupName, ServerKey},
    share::{Grantee, ShareCodeId},
    time::Timestamp,
};

/// What the page shows.
#[derive(Clone)]
pub struct SharesView {
    /// The frame; somebody is logged in.
    pub frame: Frame,
    /// The instant to which durations on the page refer.
    pub now: Timestamp,
    /// What happened to the last request, if there was one.
    pub outcome: Option<Outcome>,
    /// The visitor's own servers.
    pub servers: Vec<OwnServer>,
    /// Whom the visitor may name.
    pub naming: Naming,
    /// What others share with the visitor.
    pub with_visitor: Vec<ForeignServer>,
}

/// What became of a request.
#[derive(Clone)]
pub enum Outcome {
    /// An invitation was made; this is the only time its whole link is seen.
    Invited {
        /// The link.
        link: String,
        /// How long it is good.
        lifetime: Duration,
    },
    /// It was refused, for this reason.
    Refused(Text),
}

/// Whom somebody may share with by name; whoever they may not know of, they can only invite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Naming {
    /// Other users.
    pub users: bool,
    /// Groups.
    pub groups: bool,
}

/// One of the visitor's servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnServer {
    /// Which one.
    pub key: ServerKey,
    /// What its owner calls it.
    pub title: Text,
    /// Whether the visitor may share it.
    pub may_share: bool,
    /// With whom it is shared.
    pub shares: Vec<ShareView>,
    /// The invitations that are good.
    pub invitations: Vec<InvitationView>,
}

/// Somebody who may use a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareView {
    /// Who.
    pub with: Grantee,
    /// What they may do, as scopes.
    pub scopes: Vec<String>,
    /// Since when.
    pub since: Timestamp,
}

/// A link that lets whoever has it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationView {
    /// Its number.
    pub id: ShareCodeId,
    /// When it ends.
    pub expires: Timestamp,
    /// How often it was accepted.
    pub accepted: i64,
}

/// A server of somebody else's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignServer {
    /// Which one.
    pub key: ServerKey,
    /// The group of the visitor's that has it; by name when there is none.
    pub by_group: Option<GroupName>,
    /// Whether it can be used now.
    pub is_running: bool,
    /// Since when it is shared.
    pub since: Timestamp,
}

/// The lives an invitation can have, in seconds; the first is the usual one.
const LIVES: [u64; 5] = [86_400, 3_600, 604_800, 2_592_000, 15_552_000];

/// Renders the page.
pub fn shares_page(view: &SharesView) -> Markup {
    let content = html! {
        h1 { (text!("shares-title")) }
        @match &view.outcome {
            Some(Outcome::Invited { link, lifetime }) => (invited(link, *lifetime)),
            Some(Outcome::Refused(reason)) => p.notice.bad role="alert" { (reason) },
            None => {}
        }
        @if view.servers.iter().any(|server| server.may_share) {
            p.notice.warn { (text!("shares-warning")) }
        }
        @if view.servers.is_empty() {
            @let link = html! { a href=(view.frame.links.home()) { (text!("shares-none-link")) } };
            p { (text!("shares-none", link = link)) }
        }
        @for server in &view.servers { (own_server(view, server)) }
        section aria-labelledby="with-me" {
            h2 #with-me { (text!("shares-foreign-title")) }
            @if view.with_visitor.is_empty() {
                p { (text!("shares-foreign-none")) }
            } @else {
                (foreign_servers(view))
            }
        }
    };
    framed(
        &view.frame,
        &Page::still("shares", text!("shares-title")),
        &content,
    )
}

fn invited(link: &str, lifetime: Duration) -> Markup {
    html! {
        div.notice.good role="status" {
            p { strong { (text!("shares-invited")) } }
            (secret("invitation", link))
            p { (text!("shares-invited-hint", time = amounts::exact_duration(lifetime))) }
        }
    }
}

fn own_server(view: &SharesView, server: &OwnServer) -> Markup {
    let id = |what: &str| format!("{what}-{}", server.key.server);
    let title = id("server");
    html! {
        section.card aria-labelledby=(title) {
            h2 id=(title) { (server.title) }
            @if server.shares.is_empty() && server.invitations.is_empty() {
                p { (text!("shares-nobody")) }
            } @else {
                ul.list { @for share in &server.shares { (share_item(view, server, share)) } }
                @if !server.invitations.is_empty() {
                    h3 { (text!("shares-invitations")) }
                    ul.list { @for invitation in &server.invitations { (invitation_item(view, server, invitation)) } }
                }
            }
            @if !server.may_share {
                p.hint { (text!("shares-forbidden")) }
            } @else { div.fields.apart {
                @if view.naming.users || view.naming.groups { (grant_form(view, server, &id)) }
                (invite_form(view, server, &id))
            } }
        }
    }
}

fn share_item(view: &SharesView, server: &OwnServer, share: &ShareView) -> Markup {
    let (kind, name) = match &share.with {
        Grantee::User(name) => ("user", name.as_str()),
        Grantee::Group(name) => ("group", name.as_str()),
    };
    let button = html! {
        input type="hidden" name="do" value="revoke";
        input type="hidden" name="kind" value=(kind);
        input type="hidden" name="name" value=(name);
        button.small.danger type="submit" aria-label=(text!("shares-stop-label", server = server.title, name = name)) {
            (text!("shares-stop"))
        }
    };
    html! {
        li {
            div {
                strong { (name) } @if kind == "group" { " " span.tag { (text!("shares-group")) } }
                span.hint { " " (text!("shares-since", time = times::ago(view.now, share.since))) }
                @for scope in &share.scopes {
                    div.hint title=(scope) { (text!("shares-may", scope = scope_words::describe_bare(scope))) }
                }
            }
            (forms::post(&view.frame, &view.frame.links.change_share(&server.key), &button))
        }
    }
}

fn invitation_item(view: &SharesView, server: &OwnServer, invitation: &InvitationView) -> Markup {
    let button = html! {
        input type="hidden" name="do" value="uninvite";
        input type="hidden" name="id" value=(invitation.id);
        button.small.danger type="submit" aria-label=(text!("shares-withdraw-label", id = invitation.id)) {
            (text!("shares-withdraw"))
        }
    };
    let ends = times::ahead(view.now, invitation.expires);
    html! {
        li {
            div {
                (text!("shares-invitation", time = ends; count = invitation.accepted))
                " " code.hint { (invitation.id) }
            }
            (forms::post(&view.frame, &view.frame.links.change_share(&server.key), &button))
        }
    }
}

fn grant_form(view: &SharesView, server: &OwnServer, id: &impl Fn(&str) -> String) -> Markup {
    let fields = html! {
        input type="hidden" name="do" value="grant";
        div.field {
            label for=(id("kind")) { (text!("shares-kind")) }
            select id=(id("kind")) name="kind" {
                @if view.naming.users { option value="user" { (text!("shares-kind-user")) } }
                @if view.naming.groups { option value="group" { (text!("shares-kind-group")) } }
            }
        }
        div.field {
            label for=(id("name")) { (text!("shares-name")) }
            input id=(id("name")) type="text" name="name" required maxlength="255" autocomplete="off"
                autocapitalize="none" spellcheck="false";
        }
        button type="submit" aria-label=(text!("shares-share-label", server = server.title)) { (text!("shares-share")) }
    };
    forms::post(
        &view.frame,
        &view.frame.links.change_share(&server.key),
        &fields,
    )
}

fn invite_form(view: &SharesView, server: &OwnServer, id: &impl Fn(&str) -> String) -> Markup {
    let fields = html! {
        input type="hidden" name="do" value="invite";
        div.field {
            label for=(id("lifetime")) { (text!("shares-lifetime")) }
            select id=(id("lifetime")) name="expires_in" {
                @for seconds in LIVES {
                    option value=(seconds) { (amounts::exact_duration(Duration::from_secs(seconds))) }
                }
            }
        }
        button type="submit" aria-label=(text!("shares-invite-label", server = server.title)) {
            (text!("shares-invite"))
        }
    };
    forms::post(
        &view.frame,
        &view.frame.links.change_share(&server.key),
        &fields,
    )
}

fn foreign_servers(view: &SharesView) -> Markup {
    let server = text!("shares-column-server");
    let state = text!("shares-column-state");
    let shared = text!("shares-column-shared");
    html! {
        table.rows aria-labelledby="with-me" {
            thead {
                tr {
                    th scope="col" { (server) }
                    th scope="col" { (state) }
                    th scope="col" { (shared) }
                    th scope="col" { span.sr { (text!("shares-leave")) } }
                }
            }
            tbody {
                @for foreign in &view.with_visitor {
                    tr {
                        td.main data-label=(server) {
                            a href=(view.frame.links.server(&foreign.key)) { (foreign_name(&foreign.key)) }
                        }
                        td data-label=(state) {
                            @if foreign.is_running {
                                span.state.running { (text!("shares-running")) }
                            } @else {
                                span.state { (text!("shares-stopped")) }
                            }
                        }
                        td data-label=(shared) {
                            @let since = times::ago(view.now, foreign.since);
                            @match &foreign.by_group {
                                Some(group) => (text!("shares-by-group", time = since, group = isolated(group))),
                                None => (since),
                            }
                        }
                        td.do { @if foreign.by_group.is_none() { (leave_form(view, foreign)) } }
                    }
                }
            }
        }
    }
}

fn foreign_name(key: &ServerKey) -> Text {
    match key.server.is_default() {
        true => text!("shares-foreign", owner = isolated(&key.user)),
        false => text!(
            "shares-foreign-named",
            owner = isolated(&key.user),
            server = key.server
        ),
    }
}

fn leave_form(view: &SharesView, server: &ForeignServer) -> Markup {
    let button = html! {
        input type="hidden" name="do" value="leave";
        button.danger type="submit" aria-label=(text!("shares-leave-label", server = server.key)) { (text!("shares-leave")) }
    };
    forms::post(
        &view.frame,
        &view.frame.links.change_share(&server.key),
        &button,
    )
}
