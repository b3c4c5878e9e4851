//! What callers rely on without saying so: values cross threads, errors are errors.

use std::{error::Error, hash::Hash};

use tuyau_wire::{
    Agreement, Announcement, Binding, Class, DecodeError, Grant, Hello, HelloError, Identity,
    IdentityError, Level, Message, NoCommonVersion, Parameter, Record, RejectCode, Rights, Rules,
    SecretKey, SecretKeyError, SignError, SignatureError, Signed, Verified, Withdrawal,
    frame::FrameError,
};

fn is_value<T: Send + Sync + Clone + 'static>() {}
fn is_key<T: Copy + Ord + Hash>() {}
fn is_error<T: Error + Send + Sync + Clone + Eq + 'static>() {}

#[test]
fn values_can_be_shared_between_threads() {
    is_value::<Agreement>();
    is_value::<Announcement>();
    is_value::<Binding>();
    is_value::<Hello>();
    is_value::<Identity>();
    is_value::<Message<'static>>();
    is_value::<RejectCode>();
    is_value::<SecretKey>();
    is_value::<Signed<Grant>>();
    is_value::<Signed<Record>>();
    is_value::<Signed<Rules>>();
    is_value::<Verified<Withdrawal>>();
}

#[test]
fn what_is_small_can_be_the_key_of_any_table() {
    is_key::<Class>();
    is_key::<Identity>();
    is_key::<Level>();
    is_key::<Parameter>();
    is_key::<Rights>();
}

#[test]
fn errors_can_be_boxed_and_compared() {
    is_error::<DecodeError>();
    is_error::<FrameError>();
    is_error::<HelloError>();
    is_error::<IdentityError>();
    is_error::<NoCommonVersion>();
    is_error::<SecretKeyError>();
    is_error::<SignError>();
    is_error::<SignatureError>();
}
