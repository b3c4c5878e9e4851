//! The language of the Tuyau router: identities, signed statements, messages, CBOR and framing.
//!
//! Two peers that have proved their [`Identity`] to each other, by TLS as a rule, exchange a stream
//! of [frames](frame). Each frame holds one [`Message`]. The first message in either direction is
//! a [`Hello`]; what both sides can do follows from [`Hello::negotiate`].
//!
//! A service makes itself reachable with a [`Record`] and takes that back with a [`Withdrawal`].
//! Both are signed: a [`Signed`] statement has been read, a [`Verified`] one has been checked, and
//! code that acts on a statement asks for the latter, so that it cannot forget.
//!
//! Everything is encoded deterministically, and anything else is refused with a [`DecodeError`]
//! that says where. The prose, the CDDL and the test vectors are in the folder `spec` of the
//! repository.
//!
//! This crate does no I/O, knows no runtime and needs no operating system: it is `no_std` with an
//! allocator.
//!
//! ```
//! use tuyau_wire::{Message, Record, SecretKey, Signed, frame};
//!
//! let key = SecretKey::from_seed([7; 32]);
//! let record = Record {
//!     identity: key.identity(),
//!     sequence: 1,
//!     routes: vec!["tls://127.0.0.1:6001".parse()?],
//!     expires: 1_900_000_000,
//! };
//! let message = Message::Listen { sequence: 1, record: Signed::sign(&key, record)? };
//!
//! let mut sent = Vec::new();
//! message.encode_frame(&mut sent);
//!
//! let frame = frame::split(&sent, tuyau_wire::MAX_FRAME)?.expect("the frame is complete");
//! let Message::Listen { record, .. } = Message::decode(frame.message)? else { unreachable!() };
//! let record = record.verify()?;
//! assert_eq!(record.identity, key.identity());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! - `std` (default): nothing here needs it; it turns on the same feature in the dependencies.
//! - `getrandom`: [`SecretKey::generate`], from the operating system's random numbers.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

pub mod capability;
pub mod cbor;
pub mod fast;
pub mod frame;
pub mod trace;

mod announcement;
mod binding;
mod class;
mod decode_error;
mod group;
mod hello;
mod identity;
mod level;
mod limits;
mod message;
mod record;
mod reject;
mod secret_key;
mod signed;
mod statement;
mod withdrawal;

pub use announcement::Announcement;
pub use binding::{Binding, Target};
pub use class::Class;
pub use decode_error::{DecodeError, DecodeErrorKind};
pub use group::{Grant, Rights, Rules};
pub use hello::{Agreement, Hello, HelloError, HelloErrorKind, NoCommonVersion, Parameter, Role};
pub use identity::{Identity, IdentityError, IdentityErrorKind, Short};
pub use level::Level;
pub use limits::{
    MAX_AGENT, MAX_CAPABILITIES, MAX_CAPABILITY, MAX_DEPTH, MAX_FRAME, MAX_PARAMETERS,
    MAX_REJECT_TEXT, MAX_ROUTES, MAX_VERSIONS, MIN_MAX_FRAME, VERSION,
};
pub use message::Message;
pub use record::Record;
pub use reject::RejectCode;
pub use secret_key::{SecretKey, SecretKeyError, SecretKeyErrorKind};
pub use signed::{SignError, SignatureError, Signed, Verified};
pub use statement::Statement;
pub use withdrawal::Withdrawal;
