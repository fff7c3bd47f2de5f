//! Administration of groups: who is in them, made and removed.

use maud::{Markup, html};

use super::nav;
use crate::{
    domain::names::{GroupName, UserName},
    pages::{
        bidi::isolated,
        forms,
        frame::{Frame, Page, framed},
        words::text,
    },
};

/// What the page shows.
#[derive(Clone)]
pub struct GroupsView {
    /// The frame; somebody is logged in who may see this.
    pub frame: Frame,
    /// What did not work of the last request.
    pub fault: Option<String>,
    /// The groups of this part.
    pub groups: Vec<GroupRow>,
    /// How many are left out before them.
    pub offset: u64,
    /// How many there are in all.
    pub total: u64,
    /// Whether the visitor may make groups.
    pub may_create: bool,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRow {
    /// Its name.
    pub name: GroupName,
    /// The first of its members.
    pub members: Vec<UserName>,
    /// How many it has.
    pub count: usize,
    /// Whether the visitor may change who is in it.
    pub may_edit: bool,
    /// Whether the visitor may remove it.
    pub may_delete: bool,
}

/// Renders the page.
pub fn groups_page(view: &GroupsView) -> Markup {
    let last = view.offset + u64::try_from(view.groups.len()).unwrap_or(0);
    let content = html! {
        h1 { (text!("admin-groups-title")) }
        (nav(&view.frame, "groups"))
        @if let Some(fault) = &view.fault { p.notice.bad role="alert" { (fault) } }
        @if view.groups.is_empty() { p { (text!("admin-groups-none")) } }
        @for (n, group) in view.groups.iter().enumerate() { (group_card(view, n, group)) }
        @if last < view.total {
            nav.parts aria-label=(text!("admin-parts")) {
                a.button rel="next" href=(view.frame.links.admin("groups", &[("offset", last.to_string())])) { (text!("admin-further")) }
            }
        }
        @if view.may_create { (create_form(view)) }
    };
    framed(
        &view.frame,
        &Page::still("admin", text!("admin-groups-title")),
        &content,
    )
}

fn post(view: &GroupsView, fields: &Markup) -> Markup {
    forms::post(&view.frame, &view.frame.links.admin("groups", &[]), fields)
}

fn group_card(view: &GroupsView, number: usize, group: &GroupRow) -> Markup {
    let (title, names) = (format!("group-{number}"), format!("names-{number}"));
    let hidden = html! { input type="hidden" name="group" value=(group.name); };
    html! {
        section.card aria-labelledby=(title) {
            h2 id=(title) { (group.name) }
            p { (text!("admin-groups-members", names = members(group); count = group.count)) }
            @if group.may_edit {
                (post(view, &html! {
                    (hidden)
                    div.field {
                        label for=(names) { (text!("admin-groups-names")) }
                        input id=(names) type="text" name="names" required autocomplete="off" autocapitalize="none" spellcheck="false";
                    }
                    div.actions {
                        button type="submit" name="do" value="add"
                            aria-label=(text!("admin-groups-add-label", group = group.name))
                        {
                            (text!("admin-groups-add"))
                        }
                        button type="submit" name="do" value="take-out"
                            aria-label=(text!("admin-groups-take-out-label", group = group.name))
                        {
                            (text!("admin-groups-take-out"))
                        }
                    }
                }))
            }
            @if group.may_delete {
                details {
                    summary { (text!("admin-groups-remove-title", group = html! { span.sr { (group.name) } })) }
                    (post(view, &html! {
                        (hidden)
                        p { (text!("admin-groups-remove-lead")) }
                        button.danger type="submit" name="do" value="remove" {
                            (text!("admin-groups-remove", group = isolated(&group.name)))
                        }
                    }))
                }
            }
        }
    }
}

/// Lists the members that are shown, and that there are more.
fn members(group: &GroupRow) -> Markup {
    html! {
        @for (n, member) in group.members.iter().enumerate() { @if n > 0 { ", " } (isolated(member)) }
        @if group.members.len() < group.count { " …" }
    }
}

fn create_form(view: &GroupsView) -> Markup {
    html! {
        section.card aria-labelledby="new-group" {
            h2 #new-group { (text!("admin-groups-new")) }
            (post(view, &html! {
                div.field {
                    label for="new-group-name" { (text!("admin-groups-name")) }
                    input #new-group-name type="text" name="group" required maxlength="255" autocomplete="off"
                        autocapitalize="none" spellcheck="false";
                }
                div.actions { button type="submit" name="do" value="create" { (text!("admin-groups-make")) } }
            }))
        }
    }
}
