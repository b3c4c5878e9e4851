#[path = "support.rs"]
mod support;

use support::{Radio, Serial};
use tuyau_core::{AnyFlow, Connected, Context, Handle, Target};

async fn forced(context: &Context, handle: &Handle<Radio>) {
    let connect = context.connect(Target::name("x")).via(handle);
    // Forced through a protocol, a connect gives that protocol's own flow, not a byte stream.
    let _: Connected<AnyFlow> = connect.open().await.unwrap();
}

fn main() {
    let _ = (forced, Serial);
}
