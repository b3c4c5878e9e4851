//! Joining and leaving a group, and what its key says.

use tuyau_wire::{Grant, Message, Rights, Rules, Signed};

use super::{Expect, Vector, keys, statements::EXPIRES, vector, with_expect};

pub fn vectors() -> Vec<Vector> {
    [members(), rules()].concat()
}

fn unsigned(rights: Rights) -> Grant {
    Grant {
        group: keys::group().identity(),
        identity: keys::alice().identity(),
        sequence: 1,
        rights,
        expires: EXPIRES,
    }
}

fn sign(grant: Grant) -> Signed<Grant> {
    Signed::sign(&keys::group(), grant).unwrap()
}

/// Alice may join and publish.
pub fn grant() -> Signed<Grant> {
    sign(unsigned(Rights::JoinAndPublish))
}

/// A grant that would be good if the group had signed it.
pub fn forged_grant() -> Signed<Grant> {
    Signed::from_parts(grant().bytes(), [0; 64]).unwrap()
}

/// A grant with every number at its bound.
pub fn largest_grant() -> Signed<Grant> {
    sign(Grant {
        sequence: u64::MAX,
        expires: u64::MAX,
        ..unsigned(Rights::JoinAndPublish)
    })
}

fn members() -> Vec<Vector> {
    let group = keys::group().identity();
    let join = |sequence, durable, grant| Message::Join {
        sequence,
        group,
        durable,
        grant,
    };
    let leave = |sequence| Message::Leave { sequence, group };
    let (to_join, to_publish) = (
        sign(unsigned(Rights::Join)),
        sign(unsigned(Rights::Publish)),
    );
    vec![
        vector(
            "join",
            "an open group, for the session",
            &join(6, false, None),
        ),
        vector(
            "join-durable",
            "an open group, until it leaves",
            &join(6, true, None),
        ),
        vector(
            "join-grant",
            "a restricted group",
            &join(6, true, Some(grant())),
        ),
        vector(
            "join-grant-join",
            "a grant to join",
            &join(6, false, Some(to_join)),
        ),
        vector(
            "join-grant-publish",
            "a grant to publish, which does not help",
            &join(6, false, Some(to_publish)),
        ),
        with_expect(
            "join-forged-grant",
            "a grant that the group did not sign",
            &join(6, true, Some(forged_grant())),
            Expect::BadSignature,
        ),
        vector(
            "join-largest",
            "everything at its bound",
            &join(u64::MAX, true, Some(largest_grant())),
        ),
        vector("leave", "a group", &leave(7)),
        vector("leave-last", "the last number", &leave(u64::MAX)),
    ]
}

fn rules() -> Vec<Vector> {
    let open = Rules {
        group: keys::group().identity(),
        sequence: 1,
        join_restricted: false,
        publish_restricted: false,
        grants_from: 0,
    };
    let restricted = Rules {
        sequence: 2,
        join_restricted: true,
        publish_restricted: true,
        grants_from: 1,
        ..open
    };
    let announcements = Rules {
        publish_restricted: true,
        ..open
    };
    let largest = Rules {
        sequence: u64::MAX,
        grants_from: u64::MAX,
        ..restricted
    };
    let sign = |rules| Signed::sign(&keys::group(), rules).unwrap();
    let declare = |sequence, rules| Message::Declare { sequence, rules };
    let forged = Signed::from_parts(sign(open.clone()).bytes(), [0; 64]).unwrap();
    vec![
        vector(
            "declare-open",
            "a group for everyone",
            &declare(8, sign(open)),
        ),
        vector(
            "declare-restricted",
            "joining and publishing want a grant",
            &declare(9, sign(restricted)),
        ),
        vector(
            "declare-publish",
            "publishing alone wants a grant",
            &declare(10, sign(announcements)),
        ),
        vector(
            "declare-largest",
            "everything at its bound",
            &declare(u64::MAX, sign(largest)),
        ),
        with_expect(
            "declare-forged",
            "rules that the group did not sign",
            &declare(8, forged),
            Expect::BadSignature,
        ),
    ]
}
