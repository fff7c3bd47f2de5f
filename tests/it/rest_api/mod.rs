//! `docs/rest-api.yml` says what the hub does, all of it and nothing else.

mod document;
mod routes;
mod strict;
