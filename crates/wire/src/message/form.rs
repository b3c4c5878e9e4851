//! The number, the name, the length and the sender of every message.

use crate::Role;

/// What is known of a message by its number.
pub(super) struct Form {
    /// The name of its type.
    pub(super) name: &'static str,
    /// How many elements its array has, the type among them.
    pub(super) count: u64,
    /// Who sends it; none when both do.
    pub(super) sender: Option<Role>,
}

impl Form {
    /// What its array is, for an error.
    pub(super) fn expected(&self) -> &'static str {
        match self.count {
            2 => "an array of 2",
            3 => "an array of 3",
            4 => "an array of 4",
            5 => "an array of 5",
            7 => "an array of 7",
            8 => "an array of 8",
            9 => "an array of 9",
            _ => "an array of another length",
        }
    }
}

const fn both(name: &'static str, count: u64) -> Form {
    let sender = None;
    Form {
        name,
        count,
        sender,
    }
}

const fn service(name: &'static str, count: u64) -> Form {
    let sender = Some(Role::Service);
    Form {
        name,
        count,
        sender,
    }
}

const fn router(name: &'static str, count: u64) -> Form {
    let sender = Some(Role::Router);
    Form {
        name,
        count,
        sender,
    }
}

pub(super) const HELLO: usize = 0;
pub(super) const LISTEN: usize = 1;
pub(super) const UNLISTEN: usize = 2;
pub(super) const BIND: usize = 3;
pub(super) const UNBIND: usize = 4;
pub(super) const SEND: usize = 5;
pub(super) const ANNOUNCE: usize = 6;
pub(super) const DELIVER: usize = 7;
pub(super) const REDELIVER: usize = 8;
pub(super) const ACKNOWLEDGE: usize = 9;
pub(super) const RECEIPT: usize = 10;
pub(super) const REJECT: usize = 11;
pub(super) const CREDIT: usize = 12;
pub(super) const REPLY: usize = 13;
pub(super) const REPLIED: usize = 14;
pub(super) const JOIN: usize = 15;
pub(super) const LEAVE: usize = 16;
pub(super) const DECLARE: usize = 17;
pub(super) const LOOKUP: usize = 18;
pub(super) const FOUND: usize = 19;
pub(super) const PING: usize = 20;
pub(super) const PONG: usize = 21;
pub(super) const DRAIN: usize = 22;
pub(super) const MISSED: usize = 23;

/// Every message, at the index of its number.
pub(super) const FORMS: [Form; 24] = [
    both("hello", 7),
    service("listen", 3),
    service("unlisten", 3),
    service("bind", 9),
    service("unbind", 2),
    service("send", 4),
    router("announce", 8),
    router("deliver", 4),
    router("redeliver", 4),
    service("acknowledge", 4),
    router("receipt", 4),
    both("reject", 4),
    router("credit", 3),
    service("reply", 4),
    router("replied", 3),
    service("join", 5),
    service("leave", 3),
    service("declare", 3),
    service("lookup", 3),
    router("found", 3),
    both("ping", 2),
    both("pong", 2),
    router("drain", 3),
    router("missed", 4),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_says_its_length() {
        for form in &FORMS {
            assert_eq!(
                form.expected(),
                alloc::format!("an array of {}", form.count)
            );
        }
    }
}
