//! Looking through the layers, of a byte stream and of datagrams alike.

use core::{
    any::{Any, TypeId},
    iter::successors,
};

use crate::{Datagrams, Flow};

/// What [`FlowExt`](crate::FlowExt) has for flows of a known type, for what
/// [`Flow::inner`] gives.
impl dyn Flow + '_ {
    /// The outermost flow of the type `F` among this one and those that it runs over.
    pub fn find<F: Flow>(&self) -> Option<&F> {
        self.chain()
            .find_map(|flow| (flow as &dyn Any).downcast_ref())
    }

    /// This flow's information of the type `T`, else that of the flow beneath it, and so on.
    pub fn info<T: 'static>(&self) -> Option<&T> {
        self.chain()
            .find_map(|flow| flow.info_of(TypeId::of::<T>()))?
            .downcast_ref()
    }

    /// This flow, the one it runs over, and so on.
    fn chain(&self) -> impl Iterator<Item = &dyn Flow> {
        successors(Some(self), |flow| flow.inner())
    }
}

/// What [`DatagramsExt`](crate::DatagramsExt) has for datagrams of a known type, for what
/// [`Datagrams::inner`] gives.
impl dyn Datagrams + '_ {
    /// The outermost datagrams of the type `D` among these and those that they run over.
    pub fn find<D: Datagrams>(&self) -> Option<&D> {
        self.chain()
            .find_map(|datagrams| (datagrams as &dyn Any).downcast_ref())
    }

    /// The information of the type `T` that these have, else that of what is beneath, and so on.
    pub fn info<T: 'static>(&self) -> Option<&T> {
        self.chain()
            .find_map(|datagrams| datagrams.info_of(TypeId::of::<T>()))?
            .downcast_ref()
    }

    /// These, what they run over, and so on.
    fn chain(&self) -> impl Iterator<Item = &dyn Datagrams> {
        successors(Some(self), |datagrams| datagrams.inner())
    }
}
