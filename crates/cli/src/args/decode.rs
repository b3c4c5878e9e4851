//! The options of `tuyau decode`.

use std::path::PathBuf;

use clap::Args;
use tuyau_wire::MAX_FRAME;

/// The options of `tuyau decode`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  tuyau decode captured.bin
  tuyau decode spec/vectors/session/alice.hex
  tuyau decode - --json")]
pub struct DecodeArgs {
    /// The file to read; `-` for standard input.
    pub file: PathBuf,
    /// The longest message that the receiver accepts, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = MAX_FRAME)]
    pub max_frame: usize,
    /// Prints JSON, one object a line.
    #[arg(long)]
    pub json: bool,
}
