//! The API over a store in memory, without systemd, broker or sockets.

mod oauth;
mod paging;
mod refusals;
mod resources;
mod servers;
mod whole_hub;
mod world;
