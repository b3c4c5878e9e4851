#[path = "support.rs"]
mod support;

use support::{Cipher, Line, Serial};
use tuyau_core::{Key, ProtocolExt, Registry};

const LINE: Key<Line> = Key::new();

fn main() {
    // Its endpoints are those beneath with the layer's configuration: another key.
    Registry::new().protocol(LINE, Serial.layer(Cipher));
}
