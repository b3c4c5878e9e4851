//! Ports that are free, in the place of the ones that documents name.

use std::net::TcpListener;

/// The ports of the documents, and those that are used in their place, so that tests disturb nobody
/// and each other neither.
#[derive(Clone)]
pub(crate) struct Ports(Vec<(u16, u16)>);

impl Ports {
    /// A free port for each port that is named.
    pub(crate) fn free(named: &[u16]) -> Self {
        // All at once, so that no port is given twice.
        let bound: Vec<_> = named
            .iter()
            .map(|_| TcpListener::bind("127.0.0.1:0"))
            .collect();
        let port = |listener: std::io::Result<TcpListener>| {
            let address = listener.and_then(|listener| listener.local_addr());
            address.expect("a port is free").port()
        };
        Self(
            named
                .iter()
                .copied()
                .zip(bound.into_iter().map(port))
                .collect(),
        )
    }

    /// The port in the place of `named`.
    pub(crate) fn of(&self, named: u16) -> u16 {
        let found = self.0.iter().find(|(port, _)| *port == named);
        found.expect("the port has a substitute").1
    }

    /// A command of a document with the ports that are used.
    pub(crate) fn substitute(&self, text: &str) -> String {
        let pairs = self.0.iter();
        pairs.fold(text.to_owned(), |text, (named, used)| {
            replace(&text, *named, *used)
        })
    }

    /// A printed line with the ports of the document.
    pub(crate) fn restore(&self, text: &str) -> String {
        let pairs = self.0.iter();
        pairs.fold(text.to_owned(), |text, (named, used)| {
            replace(&text, *used, *named)
        })
    }
}

/// The slash is how bash writes it, in `/dev/tcp/127.0.0.1/6000`.
fn replace(text: &str, from: u16, to: u16) -> String {
    [':', '/'].iter().fold(text.to_owned(), |text, between| {
        text.replace(
            &format!("127.0.0.1{between}{from}"),
            &format!("127.0.0.1{between}{to}"),
        )
    })
}
