//! `cauce`: Cauce on one machine.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
