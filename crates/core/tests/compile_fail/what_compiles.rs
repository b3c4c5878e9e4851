#[path = "support.rs"]
mod support;

use support::{Cipher, Line, Port, Radio, Serial};
use tuyau_core::{
    AnyFlow, Connected, Context, Key, ProtocolExt, Registry, ResolverExt, Table, Target,
};

const LINE: Key<Line> = Key::new();
const PORT: Key<Port> = Key::new();

async fn forced(context: &Context, handle: &tuyau_core::Handle<Serial>) {
    let connect = context.connect(Target::name("x")).via(handle);
    let _: Connected<AnyFlow> = connect.open().await.unwrap();
}

#[test]
fn endpoint_types_that_agree_compile() {
    let _ = forced;
    let mut registry = Registry::new();
    registry.protocol(LINE, Serial);
    registry.datagrams(LINE, Radio);
    registry.protocol(Key::new(), Serial.layer(Cipher));
    registry.resolver(LINE, 0, Table::<Line>::new());
    registry.resolver(PORT, 0, Table::<Port>::new().under::<Port>());
}
