#[path = "support.rs"]
mod support;

use support::{Cipher, Line, Port};
use tuyau_core::{Key, Over, Registry, ResolverExt, Table};

const SEALED: Key<Over<Port, Cipher>> = Key::new();

fn main() {
    let table = Table::<Line>::new().configure::<Cipher, _>(|_| Some(()));
    Registry::new().resolver(SEALED, 0, table);
}
