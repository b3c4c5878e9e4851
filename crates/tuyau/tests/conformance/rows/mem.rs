//! Flows inside one process.

use tuyau::mem;
use tuyau_conformance::{
    DatagramTraits, Serving, ServingTraits, Traits, endpoint_cases, run_in_place,
};

use crate::{list::List, support::connected};

pub(crate) fn rows(list: &mut List) {
    list.flows("mem", Traits::stream(), run_in_place, pair);
    let traits = DatagramTraits::new().tells_drop();
    list.datagrams("mem_datagrams", traits, run_in_place, async || mem::datagram_pair());
    list.serving("mem", ServingTraits::new(), run_in_place, serving);
    let refused = &[
        "mem:///path",
        "mem://name:80",
        "mem://me@name",
        "mem://name?x=1",
    ];
    list.add("mem", endpoint_cases::<mem::MemKey>("mem", vec!["name".into()], refused));
}

async fn serving() -> Serving<mem::Listener, mem::Protocol> {
    let hub = mem::Hub::new();
    let listener = hub.listen("here").unwrap();
    Serving::new(listener, mem::Protocol::new(hub), "here".into())
}

pub(crate) async fn pair() -> (mem::Flow, mem::Flow) {
    let hub = mem::Hub::new();
    let listener = hub.listen("here").unwrap();
    connected(mem::Protocol::new(hub), "here".into(), listener).await
}
