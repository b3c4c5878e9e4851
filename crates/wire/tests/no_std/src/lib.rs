//! A program for a machine without an operating system, as far as the linker can tell.
//!
//! It brings the panic handler that otherwise only `std` brings, so any crate below it that links
//! `std` is a compile error (E0152, found duplicate lang item `panic_impl`).

#![no_std]

extern crate alloc;

use alloc::vec::Vec;
use core::alloc::{GlobalAlloc, Layout};

use tuyau_core::Address;
use tuyau_wire::{Identity, Message, Record, SecretKey, Signed, frame};

/// An allocator that has no memory to give.
struct NoMemory;

// SAFETY: a null pointer is how an allocator says that it has no memory, and nothing that was
// never given can be taken back.
unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: NoMemory = NoMemory;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Uses one function of every part, so that all of them are linked.
pub fn everything(route: &str, identity: &str, pem: &str, received: &[u8]) -> Option<Vec<u8>> {
    let route: Address = route.parse().ok()?;
    let identity: Identity = identity.parse().ok()?;
    let key = SecretKey::from_pkcs8_pem(pem).ok()?;
    let record = Record {
        identity,
        sequence: 1,
        routes: [route].into(),
        expires: 0,
    };
    let record = Signed::sign(&key, record)
        .ok()?
        .verify()
        .ok()?
        .into_signed();
    let frame = frame::split(received, tuyau_wire::MAX_FRAME).ok()??;
    let Message::Ping { token: sequence } = Message::decode(frame.message).ok()? else {
        return None;
    };
    let mut out = Vec::new();
    Message::Listen { sequence, record }.encode_frame(&mut out);
    Some(out)
}
