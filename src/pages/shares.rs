//! Who may use the visitor's servers, the invitations that are out, and what others share with the visitor.

use std::time::Duration;

use maud::{Markup, html};

use super::{
    forms,
    frame::{Frame, Page, framed},
    scope_words, times, words,
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
    Refused(String),
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
    pub title: String,
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
        h1 { "Sharing" }
        @match &view.outcome {
            Some(Outcome::Invited { link, lifetime }) => (invited(link, *lifetime)),
            Some(Outcome::Refused(reason)) => p.notice.bad role="alert" { (reason) },
            None => {}
        }
        p.notice.warn {
            "Whoever can use a server of yours works in it as you: they see and change your files. \
             Share with people you trust, and stop sharing when you are done."
        }
        @if view.servers.is_empty() {
            p { "You have no server yet. " a href=(view.frame.links.home()) { "Start one" } ", then you can share it." }
        }
        @for server in &view.servers { (own_server(view, server)) }
        section aria-labelledby="with-me" {
            h2 #with-me { "Shared with you" }
            @if view.with_visitor.is_empty() {
                p { "Nobody shares a server with you." }
            } @else {
                (foreign_servers(view))
            }
        }
    };
    framed(&view.frame, &Page::still("shares", "Sharing"), &content)
}

fn invited(link: &str, lifetime: Duration) -> Markup {
    html! {
        div.notice.good role="status" {
            p { strong { "Send this link to whomever you invite:" } }
            p { code.secret #invitation tabindex="0" { (link) } }
            p {
                "Everybody who opens it in the next " (words::duration(lifetime)) " and logs in can accept. \
                 Copy it now; it cannot be shown again."
            }
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
                p { "Only you can use it." }
            } @else {
                ul.list { @for share in &server.shares { (share_item(view, server, share)) } }
                @if !server.invitations.is_empty() {
                    h3 { "Open invitations" }
                    ul.list { @for invitation in &server.invitations { (invitation_item(view, server, invitation)) } }
                }
            }
            @if !server.may_share {
                p.hint { "You may not share it; ask the administrator of this machine." }
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
        button.small.danger type="submit" aria-label={ "Stop sharing " (server.title) " with " (name) } { "Stop sharing" }
    };
    html! {
        li {
            div {
                strong { (name) } @if kind == "group" { " " span.tag { "group" } }
                span.hint { " since " (times::ago(view.now, share.since)) }
                @for scope in &share.scopes { div.hint title=(scope) { "may " (scope_words::describe_bare(scope)) } }
            }
            (forms::post(&view.frame, &view.frame.links.change_share(&server.key), &button))
        }
    }
}

fn invitation_item(view: &SharesView, server: &OwnServer, invitation: &InvitationView) -> Markup {
    let button = html! {
        input type="hidden" name="do" value="uninvite";
        input type="hidden" name="id" value=(invitation.id);
        button.small.danger type="submit" aria-label={ "Withdraw invitation " (invitation.id) } { "Withdraw" }
    };
    html! {
        li {
            div {
                "Ends " (times::ahead(view.now, invitation.expires)) ", "
                @match invitation.accepted {
                    0 => "not accepted yet",
                    1 => "accepted once",
                    many => { "accepted " (many) " times" },
                }
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
            label for=(id("kind")) { "Share with a" }
            select id=(id("kind")) name="kind" {
                @if view.naming.users { option value="user" { "user" } }
                @if view.naming.groups { option value="group" { "group" } }
            }
        }
        div.field {
            label for=(id("name")) { "Name" }
            input id=(id("name")) type="text" name="name" required maxlength="255" autocomplete="off"
                autocapitalize="none" spellcheck="false";
        }
        button type="submit" aria-label={ "Share " (server.title) } { "Share" }
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
            label for=(id("lifetime")) { "Invite by a link that is good for" }
            select id=(id("lifetime")) name="expires_in" {
                @for seconds in LIVES {
                    option value=(seconds) { (words::duration(Duration::from_secs(seconds))) }
                }
            }
        }
        button type="submit" aria-label={ "Make a link to " (server.title) } { "Make a link" }
    };
    forms::post(
        &view.frame,
        &view.frame.links.change_share(&server.key),
        &fields,
    )
}

fn foreign_servers(view: &SharesView) -> Markup {
    let links = &view.frame.links;
    html! {
        table.rows aria-labelledby="with-me" {
            thead {
                tr {
                    th scope="col" { "Server" }
                    th scope="col" { "State" }
                    th scope="col" { "Shared" }
                    th scope="col" { span.sr { "Leave" } }
                }
            }
            tbody {
                @for server in &view.with_visitor {
                    tr {
                        td.main data-label="Server" {
                            a href=(links.server(&server.key)) { (server.key.user) "’s "
                                @if server.key.server.is_default() { "server" } @else { (server.key.server) } }
                        }
                        td data-label="State" {
                            @if server.is_running { span.state.running { "Running" } } @else { span.state { "Stopped" } }
                        }
                        td data-label="Shared" {
                            (times::ago(view.now, server.since))
                            @if let Some(group) = &server.by_group { ", with your group " (group) }
                        }
                        td.do { @if server.by_group.is_none() { (leave_form(view, server)) } }
                    }
                }
            }
        }
    }
}

fn leave_form(view: &SharesView, server: &ForeignServer) -> Markup {
    let button = html! {
        input type="hidden" name="do" value="leave";
        button.danger type="submit" aria-label={ "Leave " (server.key) } { "Leave" }
    };
    forms::post(
        &view.frame,
        &view.frame.links.change_share(&server.key),
        &button,
    )
}
