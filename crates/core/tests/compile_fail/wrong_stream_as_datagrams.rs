#[path = "support.rs"]
mod support;

use support::{Line, Serial};
use tuyau_core::{Key, Registry};

const LINE: Key<Line> = Key::new();

fn main() {
    Registry::new().datagrams(LINE, Serial);
}
