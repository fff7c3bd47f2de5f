//! The API over a store in memory, without systemd, broker or sockets.

mod oauth;
mod refusals;
mod paging;
mod resources;
mod servers;
mod world;
