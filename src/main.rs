//! Parses the command line, runs the command, and turns an error chain into text and an exit code.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    carrel::cli::main()
}
