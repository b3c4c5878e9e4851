//! Talking to the server: its references, then a pack with everything they lead to.

use std::{
    fs::File,
    io::Write,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use futures_io::{AsyncRead, AsyncWrite};
use futures_lite::{AsyncReadExt, io};
use gix_hash::ObjectId;
use gix_protocol::{
    Command, Handshake,
    fetch::{Arguments, Response},
    handshake::Ref,
    ls_refs::RefPrefixes,
};
use gix_transport::{
    Protocol, Service,
    client::{
        async_io::{ExtendedBufRead, Transport},
        git::{ConnectMode, async_io::Connection},
    },
};
use gix_utils::progress::Discard;
use tuyau_core::Flow;

use crate::{
    Dialect, Error, Remote, error::protocol, http::Exchange, repository::Refs, stream::Stream,
};

/// How this side calls itself.
const AGENT: &str = concat!("tuyau-git/", env!("CARGO_PKG_VERSION"));

/// What the server has.
pub(crate) struct Fetched {
    pub(crate) refs: Refs,
    /// The file with the pack as it came, unless the repository is empty.
    pub(crate) pack: Option<PathBuf>,
}

/// Fetches everything over a flow; the pack becomes a file in `packs`.
pub(crate) async fn fetch(
    flow: &mut impl Flow,
    dialect: Dialect,
    remote: &Remote,
    packs: &Path,
) -> Result<Fetched, Error> {
    match dialect {
        Dialect::Http => {
            let exchange = Exchange::new(Stream(flow), remote);
            talk(exchange, ConnectMode::Process, remote, packs).await
        }
        Dialect::Process => talk(Stream(flow), ConnectMode::Process, remote, packs).await,
        Dialect::Daemon => talk(Stream(flow), ConnectMode::Daemon, remote, packs).await,
    }
}

async fn talk<S>(
    stream: S,
    mode: ConnectMode,
    remote: &Remote,
    packs: &Path,
) -> Result<Fetched, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (reading, writing) = io::split(stream);
    let host = Some((remote.host(), remote.port()));
    let path = remote.path();
    let mut transport = Connection::new(reading, writing, Protocol::V2, path, host, mode, false);
    let refused = |_| Ok(None);
    let service = Service::UploadPack;
    let mut silent = Discard;
    let shaken = gix_protocol::handshake(&mut transport, service, refused, vec![], &mut silent);
    let mut server = shaken.await.map_err(protocol("begin with the server"))?;
    let listed = list(&mut transport, &mut server).await?;
    let refs = Refs::new(listed)?;
    let pack = match refs.ids().next() {
        Some(_) => Some(receive(&mut transport, &server, &refs, packs).await?),
        None => None,
    };
    if server.server_protocol_version == Protocol::V2 {
        // A server that waits for more commands would take a silent end for an accident.
        let ended = gix_protocol::indicate_end_of_interaction(&mut transport, false).await;
        ended.map_err(protocol("take leave of the server"))?;
    }
    Ok(Fetched { refs, pack })
}

/// The server's references. In the older protocols they came with its first words.
async fn list(transport: &mut impl Transport, server: &mut Handshake) -> Result<Vec<Ref>, Error> {
    if let Some(refs) = server.refs.take() {
        return Ok(refs);
    }
    let mut wanted = RefPrefixes::new();
    wanted.extend(["HEAD", "refs/heads/", "refs/tags/"].map(Into::into));
    let agent = ("agent", Some(AGENT.into()));
    let command = gix_protocol::LsRefsCommand::new(Some(wanted), &server.capabilities, agent);
    let listed = command.invoke_async(transport, &mut Discard, false).await;
    listed.map_err(protocol("list the server's references"))
}

/// Asks for everything, with nothing here yet, and writes the pack to a file.
async fn receive(
    transport: &mut impl Transport,
    server: &Handshake,
    refs: &Refs,
    packs: &Path,
) -> Result<PathBuf, Error> {
    let version = server.server_protocol_version;
    let mut features = Command::Fetch.default_features(version, &server.capabilities);
    features.push(("agent", Some(AGENT.into())));
    let mut arguments = Arguments::new(version, features, false);
    let wanted: std::collections::BTreeSet<ObjectId> = refs.ids().collect();
    wanted.iter().for_each(|id| arguments.want(id));

    let asking = "ask for the server's objects";
    let mut reader = arguments
        .send(transport, true)
        .await
        .map_err(protocol(asking))?;
    let response = Response::from_line_reader(version, &mut reader, true, false).await;
    response.map_err(protocol(asking))?;
    // From here on, what the server tells people comes between the pieces of the pack.
    reader.set_progress_handler(Some(Box::new(|_, _| ControlFlow::Continue(()))));
    let path = packs.join("incoming");
    let mut file = File::create(&path).map_err(|error| Error::file(&path, error))?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut buffer).await {
            Ok(0) => return Ok(path),
            Ok(count) => file
                .write_all(&buffer[..count])
                .map_err(|error| Error::file(&path, error))?,
            Err(error) => return Err(protocol("receive the server's objects")(error)),
        }
    }
}
