//! The conformance kit of [`tuyau_core`]: the laws of flows, listeners, protocols, endpoints and
//! resolvers, to be run against your own.
//!
//! It needs no runtime and knows none. You say how a future is driven to its end (the `block_on` of
//! your runtime, or [`run_in_place`] where nothing has to be waited for), how two connected flows are
//! made, and in what your protocol rightly differs from TCP ([`Traits`]). The kit runs every law
//! against a pair of its own, in a thread of its own, with your types and with types erased. A law that
//! does not come to its end fails after [`DEADLINE`].
//!
//! # A protocol and its tests
//!
//! The flow first: two ends of a cable in memory.
//!
//! ```
//! use std::{
//!     sync::{Arc, Mutex},
//!     task::{Context, Poll, Waker},
//! };
//! use tuyau_core::{ErrorKind, Flow, FlowError};
//!
//! /// One direction, shared by its two ends.
//! #[derive(Default)]
//! struct Wire {
//!     bytes: Vec<u8>,
//!     ended: bool,
//!     cut: bool,
//!     waiting: Vec<Waker>,
//! }
//!
//! impl Wire {
//!     const CAPACITY: usize = 4096;
//!
//!     fn changed(&mut self) {
//!         self.waiting.drain(..).for_each(Waker::wake);
//!     }
//! }
//!
//! struct Cable {
//!     input: Arc<Mutex<Wire>>,
//!     output: Arc<Mutex<Wire>>,
//!     aborted: bool,
//! }
//!
//! impl Cable {
//!     fn pair() -> (Self, Self) {
//!         let (there, back) = (Arc::<Mutex<Wire>>::default(), Arc::<Mutex<Wire>>::default());
//!         let end = |input: &Arc<_>, output: &Arc<_>| Self {
//!             input: Arc::clone(input),
//!             output: Arc::clone(output),
//!             aborted: false,
//!         };
//!         (end(&back, &there), end(&there, &back))
//!     }
//!
//!     fn check(&self) -> Result<(), FlowError> {
//!         if self.aborted { Err(ErrorKind::Closed.into()) } else { Ok(()) }
//!     }
//! }
//!
//! impl Flow for Cable {
//!     fn poll_read(
//!         &mut self,
//!         cx: &mut Context<'_>,
//!         buffer: &mut [u8],
//!     ) -> Poll<Result<usize, FlowError>> {
//!         self.check()?;
//!         let mut wire = self.input.lock().unwrap();
//!         if buffer.is_empty() || (wire.ended && wire.bytes.is_empty()) {
//!             return Poll::Ready(Ok(0));
//!         }
//!         if wire.bytes.is_empty() {
//!             wire.waiting.push(cx.waker().clone());
//!             return Poll::Pending;
//!         }
//!         let count = wire.bytes.len().min(buffer.len());
//!         buffer[..count].copy_from_slice(&wire.bytes[..count]);
//!         wire.bytes.drain(..count);
//!         wire.changed();
//!         Poll::Ready(Ok(count))
//!     }
//!
//!     fn poll_write(
//!         &mut self,
//!         cx: &mut Context<'_>,
//!         bytes: &[u8],
//!     ) -> Poll<Result<usize, FlowError>> {
//!         self.check()?;
//!         let mut wire = self.output.lock().unwrap();
//!         if wire.ended {
//!             return Poll::Ready(Err(ErrorKind::Closed.into()));
//!         }
//!         if wire.cut {
//!             return Poll::Ready(Err(ErrorKind::Reset.into()));
//!         }
//!         let count = bytes.len().min(Wire::CAPACITY - wire.bytes.len());
//!         if count == 0 && !bytes.is_empty() {
//!             wire.waiting.push(cx.waker().clone());
//!             return Poll::Pending;
//!         }
//!         wire.bytes.extend_from_slice(&bytes[..count]);
//!         wire.changed();
//!         Poll::Ready(Ok(count))
//!     }
//!
//!     fn poll_write_vectored(
//!         &mut self,
//!         cx: &mut Context<'_>,
//!         slices: &[&[u8]],
//!     ) -> Poll<Result<usize, FlowError>> {
//!         let first = slices.iter().find(|slice| !slice.is_empty());
//!         self.poll_write(cx, first.unwrap_or(&&[][..]))
//!     }
//!
//!     fn is_write_vectored(&self) -> bool {
//!         false
//!     }
//!
//!     fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
//!         Poll::Ready(self.check())
//!     }
//!
//!     fn poll_close_write(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
//!         self.check()?;
//!         let mut wire = self.output.lock().unwrap();
//!         wire.ended = true;
//!         wire.changed();
//!         Poll::Ready(Ok(()))
//!     }
//!
//!     fn abort(&mut self) {
//!         self.aborted = true;
//!         for wire in [&self.input, &self.output] {
//!             let mut wire = wire.lock().unwrap();
//!             (wire.ended, wire.cut) = (true, true);
//!             wire.changed();
//!         }
//!     }
//! }
//!
//! impl Drop for Cable {
//!     fn drop(&mut self) {
//!         self.output.lock().unwrap().ended = true;
//!         self.output.lock().unwrap().changed();
//!         self.input.lock().unwrap().cut = true;
//!         self.input.lock().unwrap().changed();
//!     }
//! }
//!
//! // In tests/conformance.rs: one `#[test]` for each law.
//! async fn pair() -> (Cable, Cable) {
//!     Cable::pair()
//! }
//!
//! tuyau_conformance::flow_tests! {
//!     cable,
//!     run = tuyau_conformance::run_in_place,
//!     traits = tuyau_conformance::Traits::stream(),
//!     pair = pair,
//! }
//!
//! // Or as values, for a harness of one's own that lists rows made at run time:
//! use tuyau_conformance::{Traits, flow_cases, run_in_place};
//!
//! for case in flow_cases(Traits::stream(), run_in_place, pair) {
//!     let case = case.under("cable");
//!     let name = case.name().to_owned();
//!     match case.run() {
//!         Ok(()) => println!("{name}"),
//!         Err(reason) => println!("{name} was not run: {reason}"),
//!     }
//! }
//! ```
//!
//! With a runtime `run` is its `block_on`, for instance
//! `|work| tokio::runtime::Runtime::new().unwrap().block_on(work)`. A layer is tested in the same way,
//! over two connected flows of any kind. Where a machine lacks what a pair needs, the function gives
//! [`NotRun`] with the reason; with values, a harness can show that row as ignored.
//!
//! # The laws of flows
//!
//! [`flow_tests!`], [`flow_cases`], [`flow_laws`]:
//!
//! | law | what it wants |
//! |---|---|
//! | `the_end_is_sticky` | after the end a read gives 0, again and again |
//! | `the_other_half_stays_open` | ending one direction leaves the other open |
//! | `ending_twice_is_no_error_and_writing_after_it_is` | `poll_close_write` can be repeated, a write after it is `Closed` |
//! | `what_was_ended_arrives_although_its_flow_is_dropped` | what was written before the end is not taken back |
//! | `an_answer_arrives_although_its_flow_is_dropped` | nor when the peer had ended before |
//! | `the_end_wakes_a_waiting_reader` | and does not leave it waiting for ever |
//! | `dropping_closes` | the peer's reads end, its writes fail with `Reset` |
//! | `dropping_wakes_a_waiting_reader` | as the end does |
//! | `an_end_that_was_not_meant_is_told` | `Truncated` where the protocol can tell, after all that came before, or instead of it where it resets |
//! | `an_aborted_flow_is_closed_and_its_peer_sees_it` | every call gives `Closed`, the peer's read ends |
//! | `flushed_bytes_arrive` | for any size, without the end of the flow |
//! | `short_reads_lose_nothing` | what a read has no room for comes with the next |
//! | `vectored_writes_are_their_concatenation` | whatever the slices, and however many |
//! | `a_flow_takes_as_many_slices_as_it_says` | more than one when `is_write_vectored` |
//! | `nothing_is_read_into_or_written_from_no_room` | it is 0, at once, and means nothing |
//! | `a_cancelled_read_loses_nothing` | a read that gave `Pending` has taken nothing |
//! | `a_refused_write_takes_nothing` | a write that gave `Pending` has taken nothing |
//! | `both_directions_at_once_make_progress` | no deadlock when both sides write much |
//! | `reading_and_writing_tasks_do_not_hinder_each_other` | a waker for each direction |
//! | `what_is_accepted_is_bounded_and_arrives` | while the peer does not read |
//!
//! # The laws of listeners and protocols
//!
//! [`serving_tests!`], [`serving_cases`], for a listener and the way to dial it; and
//! [`datagram_serving_cases`], where the flows are datagrams:
//!
//! | law | what it wants |
//! |---|---|
//! | `who_dials_meets_who_accepts` | several, one after the other |
//! | `the_address_tells_the_port` | the one that the system chose when 0 was asked for |
//! | `a_peer_that_stops_does_not_block_the_next` | accepting and shaking hands are two steps; without a handshake, one that speaks and is not heard keeps nobody waiting |
//! | `connections_wait_until_they_are_accepted` | more than one |
//! | `a_cancelled_accept_loses_no_connection` | a wait that is given up and begun anew |
//! | `dropping_a_handshake_closes_the_connection` | and the listener goes on |
//! | `a_listener_that_is_dropped_while_it_accepts_is_gone` | dialling fails then |
//! | `dropping_a_listener_ends_what_waits` | nobody waits for a listener that is gone |
//! | `nothing_happens_before_the_first_poll` | of the future of `connect` |
//! | `a_dropped_connect_leaves_nothing_behind` | what it had reached is closed; without a handshake, nobody learns of it |
//! | `where_nobody_listens_it_is_refused` | at a stage and with a cause; its kind, if it says one, is `Refused` or `Unreachable` |
//! | `the_address_says_the_endpoint` | the key reads the address of the listener as the endpoint that is dialled, and not only as one that is shown in the same way, or reads none where [`ServingTraits`] state that |
//!
//! # The laws of datagrams
//!
//! [`datagram_tests!`], [`datagram_cases`], for protocols whose flow is [`tuyau_core::Datagrams`]:
//!
//! | law | what it wants |
//! |---|---|
//! | `boundaries_are_kept` | one send is one datagram, whatever its size |
//! | `an_empty_datagram_arrives` | as one of no bytes |
//! | `the_largest_datagram_arrives` | of `max_size` bytes |
//! | `a_datagram_that_is_too_large_is_refused` | with `TooLarge`, and the next one goes through |
//! | `a_datagram_without_room_is_an_error` | `TooLarge` for the receiver, never a silent cut |
//! | `a_cancelled_receive_loses_nothing` | a receive that gave `Pending` has taken nothing |
//! | `receiving_and_sending_tasks_do_not_hinder_each_other` | a waker for each direction |
//! | `what_waits_is_bounded` | while nobody receives |
//! | `dropping_is_told` | where the protocol can tell |
//!
//! # The laws of endpoints
//!
//! [`endpoint_cases`], for a key and some of its endpoints:
//!
//! | law | what it wants |
//! |---|---|
//! | `what_is_shown_is_read_back` | the same endpoint, and not only one that is shown in the same way |
//! | `another_form_is_refused` | with an example of the right one |
//!
//! # The laws of resolvers
//!
//! [`resolver_tests!`], [`resolver_cases`], for a resolver, a target that it knows and one that is none
//! of its own:
//!
//! | law | what it wants |
//! |---|---|
//! | `what_it_knows_is_found` | at least one endpoint, none that is wrong, no error, and an end of the answers |
//! | `what_is_not_its_own_is_left_to_others` | `None` for it, and no empty answer or error |
//! | `it_takes_the_schemes_that_are_its_own` | that of the target that it knows, where that is an address, and none that nobody has |
//! | `a_lookup_can_be_given_up_and_begun_anew` | before it was polled, and while it waits |
//! | `lookups_at_once_do_not_hinder_each_other` | each answers all, and wakes the task that waits for it |

mod case;
mod datagrams;
mod endpoint;
mod flow;
mod helpers;
mod pair;
mod resolver;
mod serving;
mod tasks;
mod traits;

pub use case::{Case, DEADLINE, NotRun, Work};
pub use datagrams::{DatagramTraits, datagram_cases};
pub use endpoint::endpoint_cases;
pub use flow::{FlowLaw, flow_cases, flow_laws};
pub use pair::{IntoPair, Pair};
pub use resolver::{IntoResolving, Resolving, resolver_cases};
pub use serving::{IntoServing, Serving, ServingTraits, datagram_serving_cases, serving_cases};
pub use tasks::run_in_place;
pub use traits::Traits;

#[doc(hidden)]
pub use flow::__test_named;
