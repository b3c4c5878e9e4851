//! Looking through layers, whether the outermost type is known, erased, or behind a reference.

use std::{
    any::{Any, TypeId},
    task::{Context, Poll},
};

use tuyau_core::{
    AnyDatagrams, AnyFlow, Datagrams, DatagramsExt, ErrorKind, Flow, FlowError, FlowExt,
};

/// One level of a stack, over what is beneath. It carries nothing.
struct Level<const DEPTH: u8, F> {
    beneath: Option<F>,
    depth: Depth,
    bottom: Option<Bottom>,
}

/// Each level knows its own.
#[derive(Debug, PartialEq)]
struct Depth(u8);

/// Only the lowest level knows this.
#[derive(Debug, PartialEq)]
struct Bottom;

/// What nobody knows.
#[derive(Debug, PartialEq)]
struct Unknown;

type Third = Level<3, AnyFlow>;
type Second = Level<2, AnyFlow>;
type First<F = AnyFlow> = Level<1, F>;

impl<const DEPTH: u8, F> Level<DEPTH, F> {
    fn new(beneath: Option<F>) -> Self {
        Self {
            bottom: beneath.is_none().then_some(Bottom),
            depth: Depth(DEPTH),
            beneath,
        }
    }

    fn knows(&self, want: TypeId) -> Option<&dyn Any> {
        if want == TypeId::of::<Depth>() {
            return Some(&self.depth);
        }
        let bottom = self.bottom.as_ref()?;
        (want == TypeId::of::<Bottom>()).then_some(bottom)
    }
}

/// `First` beneath, then `Second`, then `Third`.
fn stack() -> Third {
    let second: Second = Level::new(Some(AnyFlow::new(First::<AnyFlow>::new(None))));
    Level::new(Some(AnyFlow::new(second)))
}

#[test]
fn law_8_a_flow_of_a_known_type_is_looked_through() {
    let flow = stack();
    assert_eq!(flow.find::<Third>().unwrap().depth, Depth(3));
    assert_eq!(flow.find::<First>().unwrap().depth, Depth(1));
    assert!(flow.find::<Level<4, AnyFlow>>().is_none());
    assert_eq!(flow.info::<Depth>(), Some(&Depth(3)));
    assert_eq!(flow.info::<Bottom>(), Some(&Bottom));
    assert_eq!(flow.info::<Unknown>(), None);
}

#[test]
fn law_8_an_erased_flow_and_a_reference_to_one_find_the_same() {
    let flow = AnyFlow::new(stack());
    assert!(flow.find::<Second>().is_some());
    assert_eq!(flow.info::<Depth>(), Some(&Depth(3)));
    assert_eq!(flow.info::<Bottom>(), Some(&Bottom));
    let third = flow.inner().unwrap();
    assert!(third.find::<Third>().is_some());
    let second = third.inner().unwrap();
    assert!(second.find::<Third>().is_none());
    assert_eq!(second.info::<Depth>(), Some(&Depth(2)));
    assert_eq!(second.info::<Bottom>(), Some(&Bottom));
}

#[test]
fn law_8_datagrams_are_looked_through_as_flows_are() {
    let first = First::<AnyDatagrams>::new(None);
    let datagrams = Level::<2, _>::new(Some(AnyDatagrams::new(first)));
    fn finds_all(datagrams: &impl Datagrams) {
        assert!(datagrams.find::<Level<2, AnyDatagrams>>().is_some());
        assert!(datagrams.find::<First<AnyDatagrams>>().is_some());
        assert_eq!(datagrams.info::<Depth>(), Some(&Depth(2)));
        assert_eq!(datagrams.info::<Bottom>(), Some(&Bottom));
        assert_eq!(datagrams.info::<Unknown>(), None);
    }
    finds_all(&datagrams);
    assert_eq!(datagrams.inner().unwrap().info(), Some(&Depth(1)));
    let erased = AnyDatagrams::new(datagrams);
    finds_all(&erased);
    assert_eq!(erased.info::<Bottom>(), Some(&Bottom));
}

fn never<T>() -> Poll<Result<T, FlowError>> {
    Poll::Ready(Err(ErrorKind::Unsupported.into()))
}

impl<const DEPTH: u8, F: Flow> Flow for Level<DEPTH, F> {
    fn poll_read(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<Result<usize, FlowError>> {
        never()
    }

    fn poll_write(&mut self, _: &mut Context<'_>, _: &[u8]) -> Poll<Result<usize, FlowError>> {
        never()
    }

    fn poll_write_vectored(
        &mut self,
        _: &mut Context<'_>,
        _: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        never()
    }

    fn is_write_vectored(&self) -> bool {
        false
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        never()
    }

    fn poll_close_write(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        never()
    }

    fn abort(&mut self) {}

    fn inner(&self) -> Option<&dyn Flow> {
        Some(self.beneath.as_ref()?)
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        self.knows(want)
    }
}

impl<const DEPTH: u8, D: Datagrams> Datagrams for Level<DEPTH, D> {
    fn poll_send(&mut self, _: &mut Context<'_>, _: &[u8]) -> Poll<Result<(), FlowError>> {
        never()
    }

    fn poll_receive(
        &mut self,
        _: &mut Context<'_>,
        _: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        never()
    }

    fn max_size(&self) -> usize {
        0
    }

    fn inner(&self) -> Option<&dyn Datagrams> {
        Some(self.beneath.as_ref()?)
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        self.knows(want)
    }
}
