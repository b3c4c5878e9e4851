//! For who writes a layer: what turns one flow into another, seen from both sides.
//!
//! The layer is a mask: each byte is combined with a number that both sides know. It hides nothing
//! from anyone who wants to know, and its security says so.

use std::{
    any::{Any, TypeId},
    convert::Infallible,
    error::Error,
    fmt,
    task::{Context as TaskContext, Poll, ready},
};

use tuyau::{mem, tokio::TokioTimer};
use tuyau_core::{
    Acceptor, Attempt, Flow, FlowError, FlowExt, Key, Layer, LayerKey, ListenerExt, ProtocolExt,
    Registry, Resolver, ResolverExt, Security, Stage, Target,
};

/// Names what the layer needs for a connect: the mask.
struct MaskKey;

impl LayerKey for MaskKey {
    type Config = u8;
    const NAME: &'static str = "mask";

    fn show(mask: &u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " with mask {mask:#04x}")
    }
}

/// The dialling side. A layer that shakes hands does that in `connect`.
struct Mask;

impl<F: Flow> Layer<F> for Mask {
    type Key = MaskKey;
    type Flow = Masked<F>;
    type Error = Infallible;

    const STAGE: Stage = Stage::new("mask");

    async fn connect(
        &self,
        inner: F,
        mask: &u8,
        _attempt: &Attempt,
    ) -> Result<Masked<F>, Infallible> {
        Ok(Masked {
            inner,
            mask: UsedMask(*mask),
        })
    }

    fn security(&self) -> Security {
        Security::Plain
    }
}

/// The serving side, with its mask.
#[derive(Clone)]
struct Unmask(u8);

impl<F: Flow> Acceptor<F> for Unmask {
    type Flow = Masked<F>;
    type Error = Infallible;

    async fn accept(self, inner: F) -> Result<Masked<F>, Infallible> {
        Ok(Masked {
            inner,
            mask: UsedMask(self.0),
        })
    }
}

/// How many bytes one write masks at a time; they live on the stack.
const CHUNK: usize = 1024;

/// Information of a masked flow: its mask.
#[derive(Clone, Copy, Debug, PartialEq)]
struct UsedMask(u8);

/// A flow whose bytes are masked on their way.
struct Masked<F> {
    inner: F,
    mask: UsedMask,
}

impl<F: Flow> Flow for Masked<F> {
    fn poll_read(
        &mut self,
        cx: &mut TaskContext<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        let count = ready!(self.inner.poll_read(cx, buffer))?;
        buffer[..count]
            .iter_mut()
            .for_each(|byte| *byte ^= self.mask.0);
        Poll::Ready(Ok(count))
    }

    fn poll_write(
        &mut self,
        cx: &mut TaskContext<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.poll_write_vectored(cx, &[bytes])
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut TaskContext<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        let mut chunk = [0; CHUNK];
        let bytes = slices.iter().copied().flatten();
        let filled = chunk
            .iter_mut()
            .zip(bytes)
            .map(|(place, byte)| *place = byte ^ self.mask.0);
        let count = filled.count();
        // What the flow beneath does not take is not accepted, so nothing needs to be remembered.
        self.inner.poll_write(cx, &chunk[..count])
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), FlowError>> {
        self.inner.poll_flush(cx)
    }

    fn poll_close_write(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), FlowError>> {
        self.inner.poll_close_write(cx)
    }

    fn abort(&mut self) {
        self.inner.abort();
    }

    fn inner(&self) -> Option<&dyn Flow> {
        Some(&self.inner)
    }

    fn info(&self, want: TypeId) -> Option<&dyn Any> {
        (want == TypeId::of::<UsedMask>()).then_some(&self.mask as _)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let hub = mem::Hub::new();
    let mut registry = Registry::new();
    registry.protocol(Key::new(), mem::Protocol::new(hub.clone()).layer(Mask));
    registry.resolver(Key::new(), 0, masked(mem::NameResolver));
    let context = registry.freeze(TokioTimer::new());

    // A server with the same mask reads what was written.
    let mut listener = hub.listen("ball")?.layer("mask+mem", Unmask(0x2a))?;
    let mut connected = context.connect(Target::name("ball")).open().await?;
    println!("{}", connected.report);
    let mut accepted = listener.accept().await?.handshake.await?;
    connected.flow.write_all(b"may I?").await?;
    let mut heard = [0; 6];
    accepted.read_exact(&mut heard).await?;
    assert_eq!(&heard, b"may I?");

    // One without it reads something else: this is what goes over the flow beneath.
    let mut listener = hub.listen("street")?;
    let mut connected = context.connect(Target::name("street")).open().await?;
    let mut accepted = listener.accept().await?.handshake.await?;
    connected.flow.write_all(b"may I?").await?;
    accepted.read_exact(&mut heard).await?;
    assert_eq!(heard, b"may I?".map(|byte| byte ^ 0x2a));

    // The layer answers questions about itself, and the flow beneath can be reached through it.
    assert_eq!(connected.flow.info(), Some(&UsedMask(0x2a)));
    assert!(connected.flow.find::<mem::Flow>().is_some());
    println!("the street heard {heard:02x?}, which is masked");
    Ok(())
}

/// Gives each endpoint that `resolver` finds the mask of this program.
fn masked<R: Resolver>(resolver: R) -> impl Resolver<Key = tuyau_core::Over<R::Key, MaskKey>> {
    resolver.configure::<MaskKey, _>(|_: &Target| Some(0x2a))
}
