#[path = "support.rs"]
mod support;

use support::{Cipher, Radio};
use tuyau_core::ProtocolExt;

fn main() {
    let _ = Radio.layer(Cipher);
}
