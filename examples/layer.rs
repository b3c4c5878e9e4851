//! For who writes a layer: what turns one flow into another, seen from both sides, and the
//! conformance kit over it.
//!
//! The layer is a mask: each byte is combined with a number that the dialling side says first. It
//! hides nothing from anyone who wants to know, and its security says so.
//! [The book](../docs/book/layer.md) builds it step by step.

use std::{
    any::{Any, TypeId},
    error::Error,
    fmt,
    task::{Context as TaskContext, Poll, ready},
};

use tuyau::{mem, tokio::TokioTimer};
use tuyau_core::{
    Acceptor, Address, Attempt, EndpointError, Flow, FlowError, FlowExt, Key, Layer, LayerKey,
    ListenerExt, Literal, Over, ProtocolExt, Registry, ResolverExt, Security, Stage, Target,
};

/// Names what the layer needs for a connect: the mask.
pub struct MaskKey;

/// The mask where an address says none.
pub const USUAL: u8 = 0x2a;

impl LayerKey for MaskKey {
    type Config = u8;
    const NAME: &'static str = "mask";

    /// It stands after the endpoint beneath, which must have no query of its own.
    fn show(mask: &u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "?mask={mask}")
    }

    fn read(address: &Address) -> Result<u8, EndpointError> {
        let Some(mask) = address.query("mask") else {
            return Ok(USUAL);
        };
        let wrong = |_| EndpointError::new(address, "a mask up to 255, as in `?mask=42`");
        mask.parse().map_err(wrong)
    }
}

/// How many bytes one write masks at a time; they live on the stack.
const CHUNK: usize = 1024;

/// Information of a masked flow: its mask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UsedMask(pub u8);

/// A flow whose bytes are masked on their way.
pub struct Masked<F> {
    inner: F,
    mask: UsedMask,
}

impl<F> Masked<F> {
    /// Masks what is read from and written to `inner`.
    pub fn new(inner: F, mask: u8) -> Self {
        let mask = UsedMask(mask);
        Self { inner, mask }
    }
}

impl<F: Flow> Flow for Masked<F> {
    fn poll_read(
        &mut self,
        cx: &mut TaskContext<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        let count = ready!(self.inner.poll_read(cx, buffer))?;
        let read = buffer[..count].iter_mut();
        read.for_each(|byte| *byte ^= self.mask.0);
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
        let masked = bytes.map(|byte| byte ^ self.mask.0);
        let filled = chunk.iter_mut().zip(masked);
        let count = filled.map(|(place, byte)| *place = byte).count();
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

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        (want == TypeId::of::<UsedMask>()).then_some(&self.mask as _)
    }
}

/// The dialling side: it says the mask.
#[derive(Clone, Copy)]
pub struct Mask;

impl<F: Flow> Layer<F> for Mask {
    type Key = MaskKey;
    type Flow = Masked<F>;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("mask");

    async fn connect(
        &self,
        mut inner: F,
        mask: &u8,
        _attempt: &Attempt,
    ) -> Result<Masked<F>, FlowError> {
        inner.write_all(&[*mask]).await?;
        inner.flush().await?;
        Ok(Masked::new(inner, *mask))
    }

    fn security(&self) -> Security {
        Security::Plain
    }
}

/// The serving side: it hears the mask.
#[derive(Clone, Copy)]
pub struct Unmask;

impl<F: Flow> Acceptor<F> for Unmask {
    type Flow = Masked<F>;
    type Error = FlowError;

    async fn accept(self, mut inner: F) -> Result<Masked<F>, FlowError> {
        let mut mask = [0];
        inner.read_exact(&mut mask).await?;
        Ok(Masked::new(inner, mask[0]))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let hub = mem::Hub::new();
    let mut registry = Registry::new();
    registry.protocol(Key::new(), mem::Protocol::new(hub.clone()).layer(Mask));
    // Two ways to a mask: the address says it, or the application does.
    let literal = Literal::<Over<mem::MemKey, MaskKey>>::new();
    registry.resolver(Key::new(), 0, literal.only_scheme("mask+mem"));
    let by_name = mem::NameResolver.configure::<MaskKey, _>(|_| Some(USUAL));
    registry.resolver(Key::new(), 0, by_name.for_scheme("mem"));
    let context = registry.freeze(TokioTimer::new());

    // A server with the layer reads what was written.
    let mut listener = hub.listen("ball")?.layer("mask+mem", Unmask)?;
    let target: Address = "mask+mem://ball?mask=7".parse()?;
    let mut connected = context.connect(target).open().await?;
    println!("{}", connected.report);
    let mut accepted = listener.accept().await?.handshake.await?;
    connected.flow.write_all(b"may I?").await?;
    let mut heard = [0; 6];
    accepted.read_exact(&mut heard).await?;
    assert_eq!(&heard, b"may I?");

    // The layer answers questions about itself, and the flow beneath can be reached through it.
    assert_eq!(connected.flow.info(), Some(&UsedMask(7)));
    assert!(connected.flow.find::<mem::Flow>().is_some());

    // One without it hears the mask, and then something else: this is what goes over the flow beneath.
    let mut listener = hub.listen("street")?;
    let mut connected = context.connect(Target::name("street")).open().await?;
    let mut accepted = listener.accept().await?.handshake.await?;
    connected.flow.write_all(b"may I?").await?;
    let mut heard = [0; 7];
    accepted.read_exact(&mut heard).await?;
    assert_eq!(heard[0], USUAL);
    assert_eq!(heard[1..], b"may I?".map(|byte| byte ^ USUAL));
    println!("the street heard {heard:02x?}, which is masked");
    Ok(())
}

#[cfg(test)]
mod tests {
    use tuyau_conformance::{
        Serving, ServingTraits, Traits, endpoint_cases, flow_tests, run_in_place, serving_tests,
    };
    use tuyau_core::{Layered, LayeredListener};

    use super::*;

    flow_tests! {
        masked,
        run = run_in_place,
        traits = Traits::stream(),
        pair = pair,
    }

    async fn pair() -> (Masked<mem::Flow>, Masked<mem::Flow>) {
        let (near, far) = mem::pair();
        let attempt = Attempt::new(Stage::new("mask"));
        let near = Mask.connect(near, &USUAL, &attempt).await.unwrap();
        (near, Unmask.accept(far).await.unwrap())
    }

    serving_tests! {
        mask_over_mem,
        run = run_in_place,
        traits = ServingTraits::new(),
        serve = serve,
    }

    async fn serve() -> Serving<LayeredListener<mem::Listener, Unmask>, Layered<mem::Protocol, Mask>>
    {
        let hub = mem::Hub::new();
        let listener = hub.listen("ball").unwrap();
        let listener = listener.layer("mask+mem", Unmask).unwrap();
        let protocol = mem::Protocol::new(hub).layer(Mask);
        Serving::new(listener, protocol, ("ball".into(), USUAL))
    }

    #[test]
    fn masks_are_read_as_they_are_shown() {
        type MaskOverMem = Over<mem::MemKey, MaskKey>;
        let endpoints = vec![("ball".into(), 0), ("ball".into(), 255)];
        let refused = &["mask+mem://ball?mask=256", "mask+mem:///path"];
        for case in endpoint_cases::<MaskOverMem>("mask+mem", endpoints, refused) {
            case.run().unwrap();
        }
    }
}
