//! What clients and servers of the laws say to each other, over bytes and over datagrams.

use tuyau_core::{Datagrams, DatagramsExt, Flow, FlowError, FlowExt};

use crate::helpers::send;

/// How a number is said over a flow, and heard.
pub(crate) trait Payload<F>: 'static {
    /// Says a number.
    async fn say(flow: &mut F, number: u8) -> Result<(), FlowError>;

    /// Hears a number; nothing when the stream has ended.
    async fn hear(flow: &mut F) -> Result<Option<u8>, FlowError>;
}

/// A number is a byte.
pub(crate) struct Bytes;

impl<F: Flow> Payload<F> for Bytes {
    async fn say(flow: &mut F, number: u8) -> Result<(), FlowError> {
        send(flow, &[number]).await
    }

    async fn hear(flow: &mut F) -> Result<Option<u8>, FlowError> {
        let mut number = [0];
        let count = flow.read(&mut number).await?;
        Ok((count > 0).then_some(number[0]))
    }
}

/// A number is a datagram of one byte.
pub(crate) struct Packets;

impl<F: Datagrams> Payload<F> for Packets {
    async fn say(flow: &mut F, number: u8) -> Result<(), FlowError> {
        flow.send(&[number]).await
    }

    async fn hear(flow: &mut F) -> Result<Option<u8>, FlowError> {
        let mut number = [0; 8];
        let length = flow.receive(&mut number).await?;
        assert_eq!(length, 1, "a datagram that nobody sent");
        Ok(Some(number[0]))
    }
}
