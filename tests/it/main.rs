//! Tests of the built program from the outside, without root and without systemd.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod command_line;
