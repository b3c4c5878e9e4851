//! What a router says to a sender beside receipts.

use tuyau_wire::{MAX_REJECT_TEXT, Message, RejectCode};

use super::{Vector, vector};

pub fn vectors() -> Vec<Vector> {
    [codes(), rejects(), credits()].concat()
}

/// One for each code, as a router would use it.
fn codes() -> Vec<Vector> {
    RejectCode::ALL
        .into_iter()
        .map(|code| {
            let name = format!("reject-{}", code.name().replace(' ', "-"));
            let title = format!("code {}, {}", code.number(), code.name());
            reject(&name, &title, Some(4), code, "")
        })
        .collect()
}

fn reject(name: &str, title: &str, sequence: Option<u64>, code: RejectCode, text: &str) -> Vector {
    let message = Message::Reject {
        sequence,
        code,
        text,
    };
    vector(name, title, &message)
}

fn rejects() -> Vec<Vector> {
    let longest = "x".repeat(MAX_REJECT_TEXT);
    let (unknown, internal) = (RejectCode::from_u64(1_000), RejectCode::Internal);
    vec![
        reject(
            "reject-text",
            "one message, with a text",
            Some(4),
            RejectCode::Unreachable,
            "not here",
        ),
        reject(
            "reject-session",
            "the session",
            None,
            RejectCode::ShuttingDown,
            "back soon",
        ),
        reject(
            "reject-unknown-code",
            "a code of the future",
            Some(1),
            unknown,
            "?",
        ),
        reject(
            "reject-last-code",
            "the last code and number",
            Some(u64::MAX),
            RejectCode::from_u64(u64::MAX),
            "",
        ),
        reject(
            "reject-longest",
            "the longest text",
            Some(1),
            internal,
            &longest,
        ),
        reject(
            "reject-utf-8",
            "a text that is not ASCII",
            Some(1),
            internal,
            "désolé ☂",
        ),
    ]
}

fn credits() -> Vec<Vector> {
    let credit = |handle, limit| Message::Credit { handle, limit };
    vec![
        vector("credit", "another 64 KiB", &credit(0, 131_072)),
        vector(
            "credit-last",
            "the last numbers",
            &credit(u64::MAX, u64::MAX),
        ),
    ]
}
