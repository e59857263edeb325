//! The `releasec` program: everything is in the library.

fn main() -> std::process::ExitCode {
    releasec::cli::main()
}
