//! The hub's own health, its services, and its end.

use std::time::Duration;

use maud::{Markup, html};

use super::nav;
use crate::{
    assets,
    domain::names::ServiceName,
    pages::{
        forms,
        frame::{Frame, Page, framed},
        live::{self, IsMoving},
        words::{Text, amounts, text},
    },
};

/// What the page shows.
#[derive(Clone)]
pub struct HealthView {
    /// The frame; somebody is logged in who may see this.
    pub frame: Frame,
    /// How long the hub has been up.
    pub uptime: Duration,
    /// How many users there are.
    pub users: u64,
    /// How many servers run and answer.
    pub running: usize,
    /// How many servers start or stop.
    pub moving: usize,
    /// How much memory the running servers use, as far as that is known.
    pub memory_bytes: u64,
    /// How large the database is.
    pub database_bytes: u64,
    /// The services the visitor may see.
    pub services: Vec<ServiceRow>,
    /// Whether the visitor may shut the hub down.
    pub may_shut_down: bool,
    /// What did not work of the last request.
    pub fault: Option<Text>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRow {
    /// Its name.
    pub name: ServiceName,
    /// Whether it is an administrator.
    pub admin: bool,
    /// Where it listens; empty when nowhere.
    pub url: String,
    /// How it is.
    pub state: ServiceState,
}

/// How a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceState {
    /// It runs elsewhere, and nobody here knows.
    Elsewhere,
    /// It is coming up.
    Starting,
    /// It runs.
    Running,
    /// It does not run, and is tried again later.
    Failed,
}

/// Renders the page.
pub fn health_page(view: &HealthView) -> Markup {
    let here = view.frame.links.admin("hub", &[]);
    let is_moving = IsMoving::from(view.moving > 0);
    let shown = html! {
        section.card aria-labelledby="health" {
            h2 #health { (text!("admin-hub-figures")) }
            dl.usage.apart { (figures(view)) }
        }
        section aria-labelledby="services" {
            h2 #services { (text!("admin-hub-services")) }
            @if view.services.is_empty() { p { (text!("admin-hub-services-none")) } } @else { (service_table(view)) }
        }
    };
    let content = html! {
        h1 { (text!("admin-hub-title")) }
        (nav(&view.frame, "hub"))
        @if let Some(fault) = &view.fault { p.notice.bad role="alert" { (fault) } }
        (live::part(&view.frame, &here, is_moving, &shown))
        @if view.may_shut_down { (shutdown_form(view)) }
    };
    let page = Page {
        script: Some(&assets::REFRESH_SCRIPT),
        ..Page::still("admin", text!("admin-hub-window"))
    };
    framed(&view.frame, &page, &content)
}

fn figures(view: &HealthView) -> Markup {
    html! {
        @for (name, value) in [
            (text!("admin-hub-version"), html! { (env!("CARGO_PKG_VERSION")) }),
            (text!("admin-hub-uptime"), html! { (amounts::duration(view.uptime)) }),
            (text!("admin-hub-users"), html! { (view.users) }),
            (text!("admin-hub-running"), html! { (view.running) }),
            (text!("admin-hub-moving"), html! { (view.moving) }),
            (text!("admin-hub-memory"), html! { (amounts::bytes(view.memory_bytes)) }),
            (text!("admin-hub-database"), html! { (amounts::bytes(view.database_bytes)) }),
        ] {
            div { dt { (name) } dd { (value) } }
        }
    }
}

fn service_table(view: &HealthView) -> Markup {
    let state = text!("admin-hub-column-state");
    let address = text!("admin-hub-column-address");
    html! {
        table.rows aria-labelledby="services" {
            thead {
                tr {
                    th scope="col" { (text!("admin-hub-column-name")) }
                    th scope="col" { (state) }
                    th scope="col" { (address) }
                }
            }
            tbody {
                @for service in &view.services {
                    @let (class, text) = match service.state {
                        ServiceState::Elsewhere => ("stopped", text!("admin-hub-service-elsewhere")),
                        ServiceState::Starting => ("starting", text!("admin-hub-service-starting")),
                        ServiceState::Running => ("running", text!("admin-hub-service-running")),
                        ServiceState::Failed => ("failed", text!("admin-hub-service-failed")),
                    };
                    tr {
                        td.main { (service.name) @if service.admin { " " span.tag { (text!("admin-hub-service-admin")) } } }
                        td data-label=(state) { span.state.(class) data-of=(service.name) { (text) } }
                        td data-label=(address) {
                            @if service.url.is_empty() {
                                (text!("admin-hub-no-address"))
                            } @else {
                                code { (service.url) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn shutdown_form(view: &HealthView) -> Markup {
    let fields = html! {
        p.pick {
            input #sure type="checkbox" name="sure" value="yes" required;
            label for="sure" { (text!("admin-hub-shut-down-sure")) }
        }
        p.pick {
            input #with-servers type="checkbox" name="servers" value="yes";
            label for="with-servers" { (text!("admin-hub-shut-down-servers")) }
        }
        div.actions { button.danger type="submit" { (text!("admin-hub-shut-down")) } }
    };
    html! {
        section.card aria-labelledby="shutdown" {
            h2 #shutdown { (text!("admin-hub-shut-down-title")) }
            (forms::post(&view.frame, &view.frame.links.admin("hub", &[]), &fields))
        }
    }
}
