//! Bytes that every implementation must refuse, a case for each rule.

use tuyau_wire::Message;

use super::{Expect, Vector, keys};

mod build;

use build::{Item, array, bytes, negative, null, raw, text, uint};

pub fn vectors() -> Vec<Vector> {
    [
        encodings(),
        shapes(),
        hellos(),
        statements(),
        bodies(),
        answers(),
    ]
    .concat()
}

/// A case. Its kind is stated here; the offset is the decoder's, and stands in the file from then
/// on, where a change of it is seen.
fn vector(name: &str, title: &str, kind: &str, item: Item) -> Vector {
    let offset = Message::decode(&item).err().map(|error| error.offset());
    let expect = Expect::Refused {
        kind: kind.into(),
        offset,
    };
    Vector {
        folder: "message",
        name: name.into(),
        title: title.into(),
        expect,
        bytes: item,
    }
}

/// Not well-formed, or not deterministic.
fn encodings() -> Vec<Vector> {
    let deep = [vec![0x82, 0x05], vec![0x81; 16], vec![0x00]].concat();
    vec![
        vector("empty", "no bytes", "truncated", raw(&[])),
        vector(
            "truncated",
            "an element is missing",
            "truncated",
            raw(&[0x82, 0x05]),
        ),
        vector(
            "truncated-number",
            "half a number",
            "truncated",
            raw(&[0x82, 0x05, 0x19, 0x01]),
        ),
        vector("truncated-body", "half a body", "truncated", half_body()),
        vector(
            "huge-array",
            "more elements than bytes",
            "truncated",
            raw(&[0x9a, 255, 255, 255, 255]),
        ),
        vector(
            "trailing",
            "a byte after the message",
            "trailing",
            raw(&[0x82, 0x05, 0x01, 0x00]),
        ),
        vector(
            "indefinite-array",
            "an array without count",
            "indefinite",
            raw(&[0x9f, 0x05, 0x01, 0xff]),
        ),
        vector(
            "indefinite-body",
            "a body in chunks",
            "indefinite",
            array(&[uint(3), uint(1), bob(), raw(&[0x5f, 0x41, 0x00, 0xff])]),
        ),
        vector(
            "indefinite-text",
            "a text in chunks",
            "indefinite",
            reject(raw(&[0x7f, 0x61, 0x78, 0xff])),
        ),
        vector(
            "not-shortest-type",
            "the type in two bytes",
            "not-shortest",
            raw(&[0x82, 0x18, 0x05, 0x01]),
        ),
        vector(
            "not-shortest-count",
            "the count in two bytes",
            "not-shortest",
            raw(&[0x98, 0x02, 0x05, 0x01]),
        ),
        vector(
            "not-shortest-request",
            "255 in three bytes",
            "not-shortest",
            raw(&[0x82, 0x05, 0x19, 0x00, 0xff]),
        ),
        vector(
            "not-shortest-long",
            "65,535 in five bytes",
            "not-shortest",
            raw(&[0x82, 0x05, 0x1a, 0, 0, 0xff, 0xff]),
        ),
        vector(
            "not-shortest-longest",
            "2^32 - 1 in nine bytes",
            "not-shortest",
            raw(&[0x82, 0x05, 0x1b, 0, 0, 0, 0, 255, 255, 255, 255]),
        ),
        vector(
            "not-shortest-body",
            "the length of a body in two bytes",
            "not-shortest",
            array(&[uint(3), uint(1), bob(), raw(&[0x58, 0x01, 0x00])]),
        ),
        vector(
            "reserved",
            "additional information 30",
            "reserved",
            raw(&[0x82, 0x05, 0x1e]),
        ),
        vector(
            "break",
            "a break that ends nothing",
            "indefinite",
            raw(&[0x82, 0x05, 0xff]),
        ),
        vector(
            "tag",
            "a tagged number",
            "unsupported",
            raw(&[0x82, 0x05, 0xc1, 0x01]),
        ),
        vector(
            "float",
            "a floating-point number",
            "unsupported",
            raw(&[0x82, 0x05, 0xf9, 0x3c, 0x00]),
        ),
        vector(
            "undefined",
            "the value undefined",
            "unsupported",
            raw(&[0x82, 0x05, 0xf7]),
        ),
        vector(
            "simple",
            "a simple value",
            "unsupported",
            raw(&[0x82, 0x05, 0xf8, 0xff]),
        ),
        vector("depth", "17 arrays in one another", "depth", deep),
        vector(
            "key-order",
            "a map with its keys unsorted",
            "key-order",
            raw(&[0x82, 0x05, 0xa2, 0x02, 0x00, 0x01, 0x00]),
        ),
        vector(
            "key-twice",
            "a map with a key twice",
            "key-order",
            raw(&[0x82, 0x05, 0xa2, 0x01, 0x00, 0x01, 0x00]),
        ),
        vector(
            "utf-8",
            "a text that is not UTF-8",
            "utf-8",
            reject(raw(&[0x62, 0xc3, 0x28])),
        ),
        vector(
            "utf-8-surrogate",
            "half of a surrogate pair",
            "utf-8",
            reject(raw(&[0x63, 0xed, 0xa0, 0x80])),
        ),
    ]
}

/// Well-formed, and not an array that begins with a known type and has the right count.
fn shapes() -> Vec<Vector> {
    vec![
        vector(
            "map",
            "a map instead of an array",
            "type",
            raw(&[0xa1, 0x05, 0x01]),
        ),
        vector(
            "number",
            "a number instead of an array",
            "type",
            raw(&[0x05]),
        ),
        vector(
            "frame-in-frame",
            "a byte string instead of an array",
            "type",
            bytes(&[0x82, 0x05, 0x01]),
        ),
        vector("no-type", "an array of nothing", "length", raw(&[0x80])),
        vector(
            "type-text",
            "a type that is a text",
            "type",
            array(&[text("accept"), uint(1)]),
        ),
        vector(
            "type-negative",
            "a type below zero",
            "type",
            array(&[negative(1), uint(1)]),
        ),
        vector(
            "type-7",
            "the next type",
            "unknown-type",
            array(&[uint(7), uint(1)]),
        ),
        vector(
            "type-huge",
            "a type far away",
            "unknown-type",
            array(&[uint(1 << 40)]),
        ),
        vector(
            "one-too-few",
            "accept without request",
            "length",
            array(&[uint(5)]),
        ),
        vector(
            "one-too-many",
            "accept with two requests",
            "length",
            array(&[uint(5), uint(1), uint(2)]),
        ),
    ]
}

fn hellos() -> Vec<Vector> {
    let hello = |versions: &[u64], capabilities: &[&str], role, agent: &str, max_frame| {
        let versions: Vec<_> = versions.iter().copied().map(uint).collect();
        let capabilities: Vec<_> = capabilities.iter().copied().map(text).collect();
        array(&[
            uint(0),
            array(&versions),
            array(&capabilities),
            uint(role),
            text(agent),
            uint(max_frame),
        ])
    };
    let many: Vec<_> = (0..33).map(|number| format!("{number:02}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let long = "x".repeat(200);
    let versions = |versions: &[u64]| hello(versions, &[], 0, "x", 4_096);
    let capabilities = |capabilities: &[&str]| hello(&[1], capabilities, 0, "x", 4_096);
    let agent = |agent| hello(&[1], &[], 0, agent, 4_096);
    vec![
        vector("hello-no-version", "no version", "length", versions(&[])),
        vector(
            "hello-nine-versions",
            "a version too many",
            "length",
            versions(&[1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ),
        vector(
            "hello-versions-unsorted",
            "versions unsorted",
            "order",
            versions(&[2, 1]),
        ),
        vector(
            "hello-version-twice",
            "a version twice",
            "order",
            versions(&[1, 1]),
        ),
        vector(
            "hello-33-capabilities",
            "a capability too many",
            "length",
            capabilities(&many),
        ),
        vector(
            "hello-capability-empty",
            "an empty capability",
            "length",
            capabilities(&[""]),
        ),
        vector(
            "hello-capability-long",
            "a capability of 65 bytes",
            "length",
            capabilities(&[&long[..65]]),
        ),
        vector(
            "hello-capability-space",
            "a space in a capability",
            "value",
            capabilities(&["a b"]),
        ),
        vector(
            "hello-capabilities-unsorted",
            "capabilities unsorted",
            "order",
            capabilities(&["b", "a"]),
        ),
        vector(
            "hello-capability-twice",
            "a capability twice",
            "order",
            capabilities(&["a", "a"]),
        ),
        vector(
            "hello-role-2",
            "a role that is not known",
            "value",
            hello(&[1], &[], 2, "x", 4_096),
        ),
        vector("hello-agent-empty", "an empty agent", "length", agent("")),
        vector(
            "hello-agent-long",
            "an agent of 129 bytes",
            "length",
            agent(&long[..129]),
        ),
        vector(
            "hello-agent-control",
            "an escape in the agent",
            "value",
            agent("\u{1b}[2J"),
        ),
        vector(
            "hello-agent-utf-8",
            "an agent that is not ASCII",
            "value",
            agent("é"),
        ),
        vector(
            "hello-max-frame",
            "a longest message that is too short",
            "value",
            hello(&[1], &[], 0, "x", 4_095),
        ),
    ]
}

fn statements() -> Vec<Vector> {
    let record = |routes: &[&str]| {
        let routes: Vec<_> = routes.iter().copied().map(text).collect();
        array(&[alice(), uint(1), array(&routes), uint(1_900_000_000)])
    };
    let listen =
        |record: &[u8]| array(&[uint(1), uint(1), array(&[bytes(record), bytes(&[0; 64])])]);
    let good = record(&["mem://x"]);
    let wide = [&[0x98, 0x04], &good[1..]].concat();
    let long = format!("unix:///{}", "x".repeat(248));
    let route = |route: &str| listen(&record(&[route]));
    let no_routes = array(&[alice(), uint(1), array(&[]), uint(1)]);
    let past = array(&[alice(), uint(1), array(&[text("mem://x")]), negative(1)]);
    let three = array(&[alice(), uint(1), array(&[text("mem://x")])]);
    let withdrawal = array(&[alice(), uint(1), uint(2)]);
    let unlisten = array(&[
        uint(2),
        uint(1),
        array(&[bytes(&withdrawal), bytes(&[0; 64])]),
    ]);
    let short_signature = array(&[uint(1), uint(1), array(&[bytes(&good), bytes(&[0; 63])])]);
    let unsigned = array(&[uint(1), uint(1), array(&[bytes(&good)])]);
    let unwrapped = array(&[uint(1), uint(1), array(&[good.clone(), bytes(&[0; 64])])]);
    vec![
        vector(
            "listen-no-route",
            "a record without routes",
            "length",
            listen(&no_routes),
        ),
        vector(
            "listen-nine-routes",
            "a route too many",
            "length",
            listen(&record(&["mem://x"; 9])),
        ),
        vector("listen-route-empty", "an empty route", "length", route("")),
        vector(
            "listen-route-long",
            "a route of 256 bytes",
            "length",
            route(&long),
        ),
        vector(
            "listen-route-no-scheme",
            "a route without a scheme",
            "route",
            route("127.0.0.1:6001"),
        ),
        vector(
            "listen-route-port",
            "a port that is too great",
            "route",
            route("tls://127.0.0.1:65536"),
        ),
        vector(
            "listen-expires-negative",
            "an expiry before 1970",
            "type",
            listen(&past),
        ),
        vector(
            "listen-no-expiry",
            "a record of three elements",
            "length",
            listen(&three),
        ),
        vector(
            "listen-record-not-shortest",
            "a record with a longer head",
            "not-shortest",
            listen(&wide),
        ),
        vector(
            "listen-record-trailing",
            "a byte after the record",
            "trailing",
            listen(&[&good[..], &[0x00]].concat()),
        ),
        vector(
            "listen-record-truncated",
            "half a record",
            "truncated",
            listen(&good[..20]),
        ),
        vector(
            "listen-record-empty",
            "a record of no bytes",
            "truncated",
            listen(&[]),
        ),
        vector(
            "listen-record-unwrapped",
            "a record that is not in a byte string",
            "type",
            unwrapped,
        ),
        vector(
            "listen-signature-short",
            "a signature of 63 bytes",
            "length",
            short_signature,
        ),
        vector(
            "listen-unsigned",
            "a record without signature",
            "length",
            unsigned,
        ),
        vector(
            "unlisten-three",
            "a withdrawal of three elements",
            "length",
            unlisten,
        ),
    ]
}

fn bodies() -> Vec<Vector> {
    let send = |to: Item| array(&[uint(3), uint(1), to, bytes(b"hi there")]);
    let second = [&[0xf0][..], &[0xff; 30], &[0x7f]].concat();
    let first = |byte: u8| [&[byte][..], &[0; 31]].concat();
    vec![
        vector(
            "send-to-31",
            "an identity of 31 bytes",
            "length",
            send(bytes(&[1; 31])),
        ),
        vector(
            "send-to-33",
            "an identity of 33 bytes",
            "length",
            send(bytes(&[1; 33])),
        ),
        vector(
            "send-to-text",
            "an identity as text",
            "type",
            send(text(&keys::bob().identity().to_string())),
        ),
        vector(
            "send-to-no-point",
            "an identity that is no point",
            "identity",
            send(bytes(&first(2))),
        ),
        vector(
            "send-to-weak",
            "an identity of low order",
            "identity",
            send(bytes(&first(1))),
        ),
        vector(
            "send-to-second",
            "the second encoding of a point",
            "identity",
            send(bytes(&second)),
        ),
        vector(
            "send-request-negative",
            "a request below zero",
            "type",
            array(&[uint(3), negative(1), bob(), bytes(&[])]),
        ),
        vector(
            "send-request-null",
            "a request that is null",
            "type",
            array(&[uint(3), null(), bob(), bytes(&[])]),
        ),
        vector(
            "send-body-text",
            "a body that is a text string",
            "type",
            array(&[uint(3), uint(1), bob(), text("hi there")]),
        ),
        vector(
            "deliver-order",
            "request and sender exchanged",
            "type",
            array(&[uint(4), uint(1), bob(), bytes(&[])]),
        ),
    ]
}

fn answers() -> Vec<Vector> {
    let long = "x".repeat(513);
    let reject_of = |request: Item, code: Item| array(&[uint(6), request, code, text("")]);
    vec![
        vector(
            "reject-text-long",
            "a text of 513 bytes",
            "length",
            reject(text(&long)),
        ),
        vector(
            "reject-text-control",
            "a line break in the text",
            "value",
            reject(text("a\nb")),
        ),
        vector(
            "reject-text-bytes",
            "a text as a byte string",
            "type",
            reject(bytes(b"x")),
        ),
        vector(
            "reject-code-null",
            "no code",
            "type",
            reject_of(uint(1), null()),
        ),
        vector(
            "reject-request-text",
            "a request that is a text",
            "type",
            reject_of(text("1"), uint(1)),
        ),
    ]
}

fn alice() -> Item {
    bytes(keys::alice().identity().as_bytes())
}

fn bob() -> Item {
    bytes(keys::bob().identity().as_bytes())
}

fn reject(text: Item) -> Item {
    array(&[uint(6), uint(1), uint(15), text])
}

fn half_body() -> Item {
    let mut whole = array(&[uint(3), uint(1), bob(), bytes(b"hi there")]);
    whole.truncate(whole.len() - 4);
    whole
}
