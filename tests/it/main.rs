//! The program from the outside, and the source itself: that it keeps the rules it is built by.
//!
//! No test here needs root, systemd or a network, so they run with the unit tests.

#[cfg(test)]
mod command_line;
#[cfg(test)]
mod metrics_page;
#[cfg(test)]
mod rest_api;
#[cfg(test)]
mod tidy;
