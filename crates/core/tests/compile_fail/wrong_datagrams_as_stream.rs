#[path = "support.rs"]
mod support;

use support::{Line, Radio};
use tuyau_core::{Key, Registry};

const LINE: Key<Line> = Key::new();

fn main() {
    Registry::new().protocol(LINE, Radio);
}
