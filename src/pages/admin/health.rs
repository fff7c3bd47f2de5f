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
        words,
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
    pub fault: Option<String>,
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
            h2 #health { "The hub" }
            dl.usage.apart { (figures(view)) }
        }
        section aria-labelledby="services" {
            h2 #services { "Services" }
            @if view.services.is_empty() { p { "There are none." } } @else { (service_table(view)) }
        }
    };
    let content = html! {
        h1 { "Hub and services" }
        (nav(&view.frame, "hub"))
        @if let Some(fault) = &view.fault { p.notice.bad role="alert" { (fault) } }
        (live::part(&view.frame, &here, is_moving, &shown))
        @if view.may_shut_down { (shutdown_form(view)) }
    };
    let page = Page {
        script: Some(&assets::REFRESH_SCRIPT),
        ..Page::still("admin", "Hub")
    };
    framed(&view.frame, &page, &content)
}

fn figures(view: &HealthView) -> Markup {
    html! {
        @for (name, value) in [
            ("Version", env!("CARGO_PKG_VERSION").to_owned()),
            ("Up for", words::duration(view.uptime)),
            ("Users", view.users.to_string()),
            ("Servers that run", view.running.to_string()),
            ("Starting or stopping", view.moving.to_string()),
            ("Memory of servers", words::bytes(view.memory_bytes)),
            ("Database", words::bytes(view.database_bytes)),
        ] {
            div { dt { (name) } dd { (value) } }
        }
    }
}

fn service_table(view: &HealthView) -> Markup {
    html! {
        table.rows aria-labelledby="services" {
            thead {
                tr {
                    th scope="col" { "Name" }
                    th scope="col" { "State" }
                    th scope="col" { "Address" }
                }
            }
            tbody {
                @for service in &view.services {
                    @let (class, text) = match service.state {
                        ServiceState::Elsewhere => ("stopped", "Not run by Carrel"),
                        ServiceState::Starting => ("starting", "Starting"),
                        ServiceState::Running => ("running", "Running"),
                        ServiceState::Failed => ("failed", "Failed"),
                    };
                    tr {
                        td.main { (service.name) @if service.admin { " " span.tag { "administrator" } } }
                        td data-label="State" { span.state.(class) data-of=(service.name) { (text) } }
                        td data-label="Address" { @if service.url.is_empty() { "none" } @else { code { (service.url) } } }
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
            label for="sure" { "Nobody can log in or reach a server until it is started again" }
        }
        p.pick {
            input #with-servers type="checkbox" name="servers" value="yes";
            label for="with-servers" { "Stop everybody’s servers too; otherwise they go on and are found again" }
        }
        div.actions { button.danger type="submit" { "Shut down" } }
    };
    html! {
        section.card aria-labelledby="shutdown" {
            h2 #shutdown { "Shut the hub down" }
            (forms::post(&view.frame, &view.frame.links.admin("hub", &[]), &fields))
        }
    }
}
