//! What `spec/README.md` says in numbers is what the code does.

use std::fs;

use tuyau_wire::RejectCode;

use crate::support;

fn prose() -> String {
    let text = fs::read_to_string(support::directory().join("../README.md")).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_reject_code_is_in_the_table() {
    let prose = prose();
    for code in RejectCode::ALL {
        let row = format!("| {} | {} |", code.number(), code.name());
        assert!(prose.contains(&row), "{row}");
    }
}

#[test]
fn every_message_type_is_in_the_table() {
    let prose = prose();
    let names = [
        "hello", "listen", "unlisten", "send", "deliver", "accept", "reject", "lookup", "found",
    ];
    for (number, name) in names.iter().enumerate() {
        let row = format!("| {number} | `{name}` |");
        assert!(prose.contains(&row), "{row}");
    }
}

#[test]
fn the_table_of_limits_has_the_constants() {
    let prose = prose();
    assert_eq!(
        (tuyau_wire::MAX_FRAME, tuyau_wire::MIN_MAX_FRAME),
        (1 << 20, 4_096)
    );
    for row in [
        "| message | 1 MiB unless configured otherwise; stated in `hello`, 4,096 bytes".into(),
        format!("| nesting of arrays and maps | {} |", tuyau_wire::MAX_DEPTH),
        format!(
            "| versions, capabilities | {}, {} of {} bytes |",
            tuyau_wire::MAX_VERSIONS,
            tuyau_wire::MAX_CAPABILITIES,
            tuyau_wire::MAX_CAPABILITY
        ),
        format!("| agent | {} bytes |", tuyau_wire::MAX_AGENT),
        format!(
            "| routes of a record | {} of {} bytes |",
            tuyau_wire::MAX_ROUTES,
            tuyau_core::Address::MAX_LENGTH
        ),
        format!(
            "| text of a reject | {} bytes |",
            tuyau_wire::MAX_REJECT_TEXT
        ),
    ] {
        assert!(prose.contains(&row), "{row}");
    }
}

#[test]
fn every_capability_is_in_the_table() {
    let prose = prose();
    let row = format!("| `{}` |", tuyau_wire::capability::LOOKUP);
    assert!(prose.contains(&row), "{row}");
}
