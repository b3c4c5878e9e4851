#[path = "support.rs"]
mod support;

use support::{Line, Port, Serial};
use tuyau_core::{Key, Registry, Table};

const LINE: Key<Line> = Key::new();
const PORT: Key<Port> = Key::new();

fn main() {
    let _ = (LINE, PORT);
    let mut registry = Registry::new();
    registry.protocol(LINE, Serial);
    registry.resolver(PORT, 0, Table::<Line>::new());
}
