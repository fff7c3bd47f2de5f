//! `docs/rest-api.yml` says what the hub does, all of it and nothing else; `docs/rest-api.md` is the same for
//! people.

mod curl;
mod document;
mod page;
mod routes;
mod schemas;
mod strict;
