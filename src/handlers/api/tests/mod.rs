//! The API over a store in memory, without systemd, broker or sockets.

mod admin_pages;
mod announcements;
mod groups;
mod invitations;
mod metrics;
mod named_server_forms;
mod oauth;
mod paging;
mod refusals;
mod resources;
mod roles;
mod root;
mod server_scopes;
mod servers;
mod service_menu;
mod services;
mod share_codes;
mod share_page;
mod shares;
mod sign_in;
mod site;
mod spawn_forms;
mod token_page;
mod users;
mod whole_hub;
mod world;
