//! The `exeunt` program. Everything it does is in the library; this file only hands over.

use std::process::ExitCode;

fn main() -> ExitCode {
    exeunt::cli::run()
}
