#[path = "support.rs"]
mod support;

use support::{Line, Port};
use tuyau_core::{Key, Registry, ResolverExt, Table};

const PORT: Key<Port> = Key::new();

fn main() {
    Registry::new().resolver(PORT, 0, Table::<Line>::new().under::<Port>());
}
