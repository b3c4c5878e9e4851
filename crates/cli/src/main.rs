//! The program `tuyau`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tuyau_cli::main()
}
