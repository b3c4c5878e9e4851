//! The writing half of a channel, on either side.

use std::{future::Future, pin::Pin, sync::Arc};

use russh::{ChannelWriteHalf, Disconnect, client, server};

/// One message on its way to the session's task.
pub(super) type Sending = Pin<Box<dyn Future<Output = Result<(), russh::Error>> + Send>>;

/// What a flow sends, whichever side it is on.
pub(super) trait Channel: Send + Sync {
    /// Sends bytes, within the window that the peer grants.
    fn data(self: Arc<Self>, bytes: Vec<u8>) -> Sending;
    /// Ends the writing half.
    fn eof(self: Arc<Self>) -> Sending;
    /// Tells the exit status of the command that this side ran.
    fn exit(self: Arc<Self>, status: u32) -> Sending;
    /// What is left to say when the flow is dropped, so that the session's task ends.
    fn farewell(self: Arc<Self>) -> Option<Sending>;
}

/// The client's side: its task ends when its handle and its channels are gone.
pub(super) struct ClientChannel {
    pub(super) half: ChannelWriteHalf<client::Msg>,
    pub(super) _handle: client::Handle<super::client::Handler>,
}

impl Channel for ClientChannel {
    fn data(self: Arc<Self>, bytes: Vec<u8>) -> Sending {
        Box::pin(async move { self.half.data_bytes(bytes).await })
    }

    fn eof(self: Arc<Self>) -> Sending {
        Box::pin(async move { self.half.eof().await })
    }

    fn exit(self: Arc<Self>, _status: u32) -> Sending {
        Box::pin(async { Err(russh::Error::Inconsistent) })
    }

    fn farewell(self: Arc<Self>) -> Option<Sending> {
        None
    }
}

/// The server's side: its task ends when it is told so.
pub(super) struct ServerChannel {
    pub(super) half: ChannelWriteHalf<server::Msg>,
    pub(super) handle: server::Handle,
}

impl Channel for ServerChannel {
    fn data(self: Arc<Self>, bytes: Vec<u8>) -> Sending {
        Box::pin(async move { self.half.data_bytes(bytes).await })
    }

    fn eof(self: Arc<Self>) -> Sending {
        Box::pin(async move { self.half.eof().await })
    }

    fn exit(self: Arc<Self>, status: u32) -> Sending {
        Box::pin(async move { self.half.exit_status(status).await })
    }

    fn farewell(self: Arc<Self>) -> Option<Sending> {
        Some(Box::pin(async move {
            self.half.close().await?;
            let reason = Disconnect::ByApplication;
            let text = "the channel was closed".to_owned();
            self.handle.disconnect(reason, text, String::new()).await
        }))
    }
}
