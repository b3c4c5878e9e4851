//! The datagrams of a connection (RFC 9221).

use std::{
    any::{Any, TypeId},
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use quinn::{ConnectionError, SendDatagramError};
use tuyau_core::{Address, Datagrams, ErrorKind, FlowError, Incoming};

use super::{
    Connection, Error, Kind,
    listener::{Handshake, Listener},
};

/// The datagrams of a QUIC connection: encrypted, apart from each other, and perhaps lost.
///
/// They know what a [`Flow`](super::Flow) of the connection knows. While the network is slower than
/// the sender, the oldest ones that have not left yet are dropped.
pub struct DatagramFlow {
    connection: Connection,
    receiving: Receiving,
}

type Receiving = Pin<Box<dyn Future<Output = Result<Bytes, ConnectionError>> + Send>>;

impl DatagramFlow {
    pub(super) fn new(connection: Connection) -> Self {
        let receiving = receive(&connection);
        Self {
            connection,
            receiving,
        }
    }

    /// The connection, for streams beside the datagrams.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

fn receive(connection: &Connection) -> Receiving {
    let quinn = connection.quinn.clone();
    Box::pin(async move { quinn.read_datagram().await })
}

impl Datagrams for DatagramFlow {
    fn poll_send(&mut self, _cx: &mut Context<'_>, datagram: &[u8]) -> Poll<Result<(), FlowError>> {
        let sent = self
            .connection
            .quinn
            .send_datagram(Bytes::copy_from_slice(datagram));
        Poll::Ready(sent.map_err(|error| match error {
            SendDatagramError::TooLarge => FlowError::new(ErrorKind::TooLarge, error),
            SendDatagramError::ConnectionLost(error) => self.connection.lost(error).while_writing(),
            error => Error::new(Kind::NoDatagrams, error).while_writing(),
        }))
    }

    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        let received = ready!(self.receiving.as_mut().poll(cx));
        self.receiving = receive(&self.connection);
        let datagram = received.map_err(|error| self.connection.lost(error).while_reading())?;
        Poll::Ready(match buffer.get_mut(..datagram.len()) {
            Some(room) => {
                room.copy_from_slice(&datagram);
                Ok(datagram.len())
            }
            None => Err(ErrorKind::TooLarge.into()),
        })
    }

    fn max_size(&self) -> usize {
        self.connection.quinn.max_datagram_size().unwrap_or(0)
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        self.connection.info(want)
    }
}

impl fmt::Debug for DatagramFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatagramFlow")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

/// A [`Listener`] whose flows are the datagrams of accepted connections.
#[derive(Debug)]
pub struct DatagramListener(pub(super) Listener);

impl tuyau_core::Listener for DatagramListener {
    type Flow = DatagramFlow;
    type Error = Error;
    type Handshake = Handshake<DatagramFlow>;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Incoming<Self::Handshake>, Error>> {
        let (origin, connected) = ready!(self.0.poll_connection(cx))?;
        let handshake = async move {
            let datagrams = connected.await?.datagrams();
            datagrams.map_err(|error| Error::new(Kind::NoDatagrams, error))
        };
        Poll::Ready(Ok(Incoming {
            origin,
            handshake: Box::pin(handshake),
        }))
    }

    fn address(&self) -> &Address {
        self.0.address()
    }
}
