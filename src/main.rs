//! Parses the command line, runs the command, and turns an error chain into text and an exit code.

fn main() {}
