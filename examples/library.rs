//! For who writes a library that speaks over the network: depend on `tuyau-core` alone, and let the
//! application choose the protocols.
//!
//! The library is the module `shout`. It names no protocol, no runtime and no TLS; the same call runs
//! here over memory and over TLS on TCP.

use std::error::Error;

use tuyau::{
    mem,
    stack::Stack,
    tls::{ExpectedPeer, KeyPair},
};
use tuyau_core::{Address, Chain, Listener, ListenerExt, Target};

/// A library: it asks a server to shout a line back.
mod shout {
    use std::{error, fmt};

    use tuyau_core::{AnyFlow, ConnectError, Context, ErrorKind, Flow, FlowError, FlowExt, Target};

    /// The longest line, in bytes without its end.
    const MAX_LINE: usize = 256;

    /// Connects to the target and has it shout `line`.
    pub async fn ask(context: &Context, target: Target, line: &str) -> Result<String, Failure> {
        let connected = context.connect(target).open().await;
        let mut flow: AnyFlow = connected.map_err(Failure::Connect)?.flow;
        write_line(&mut flow, line).await.map_err(Failure::Flow)?;
        read_line(&mut flow).await.map_err(Failure::Flow)
    }

    /// Shouts one line back.
    pub async fn answer(mut flow: impl Flow) -> Result<(), FlowError> {
        let line = read_line(&mut flow).await?;
        write_line(&mut flow, &line.to_uppercase()).await?;
        flow.close_write().await
    }

    async fn write_line(flow: &mut impl Flow, line: &str) -> Result<(), FlowError> {
        flow.write_all(line.as_bytes()).await?;
        flow.write_all(b"\n").await?;
        flow.flush().await
    }

    async fn read_line(flow: &mut impl Flow) -> Result<String, FlowError> {
        let mut line = Vec::new();
        let mut byte = [0];
        loop {
            flow.read_exact(&mut byte).await?;
            match byte[0] {
                b'\n' => break,
                _ if line.len() == MAX_LINE => return Err(ErrorKind::Protocol.into()),
                byte => line.push(byte),
            }
        }
        String::from_utf8(line).map_err(|error| FlowError::new(ErrorKind::Protocol, error))
    }

    /// Why nothing was shouted.
    #[derive(Debug)]
    pub enum Failure {
        /// No flow came about; this error prints what was tried.
        Connect(ConnectError),
        /// The flow failed.
        Flow(FlowError),
    }

    impl fmt::Display for Failure {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(match self {
                Self::Connect(_) => "the server cannot be reached",
                Self::Flow(_) => "the conversation broke off",
            })
        }
    }

    impl error::Error for Failure {
        fn source(&self) -> Option<&(dyn error::Error + 'static)> {
            match self {
                Self::Connect(error) => Some(error),
                Self::Flow(error) => Some(error),
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The application: its key, and the stacks it wants to dial and listen with.
    let key = KeyPair::generate()?;
    let stack = Stack::new(key.clone(), None, mem::Hub::new())?;

    for address in ["mem://shouter", "tls://127.0.0.1:0"] {
        let address = serve(&stack, &address.parse()?).await?;
        let target = Target::from(address).with(ExpectedPeer(key.public_key()));
        println!("over {target}:");
        let answer = shout::ask(stack.context(), target, "is anybody there?").await?;
        assert_eq!(answer, "IS ANYBODY THERE?");
        println!("  {answer}");
    }

    let nobody = Target::from("mem://nobody".parse::<Address>()?);
    let error = shout::ask(stack.context(), nobody, "hello?").await.err();
    let error = error.ok_or("somebody answered under the name of nobody")?;
    println!("over mem://nobody:\n  {}", Chain(&error));
    assert!(matches!(error, shout::Failure::Connect(_)));
    Ok(())
}

/// Serves one client at the address, and gives the address with the port that was chosen.
async fn serve(stack: &Stack, address: &Address) -> Result<Address, Box<dyn Error>> {
    let mut listener = stack.listen(address).await?;
    let address = listener.address().clone();
    tokio::spawn(async move {
        let flow = listener.accept().await?.handshake.await?;
        shout::answer(flow).await?;
        Ok::<_, Box<dyn Error + Send + Sync>>(())
    });
    Ok(address)
}
