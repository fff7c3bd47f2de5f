//! Tests of the built program from the outside, without root and without systemd.

mod command_line;
