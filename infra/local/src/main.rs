//! `cauce`: Cauce on one machine.

fn main() -> std::process::ExitCode {
    // All of it is in the library: what an executable awaits is compiled once more in it.
    cauce_local::cli::main()
}
