//! The laws of datagrams, by name.

mod arriving;
mod waiting;

use tuyau_core::{AnyDatagrams, Datagrams};

use crate::{Case, IntoPair, NotRun, Pair, Work};

/// In what protocols of datagrams rightly differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DatagramTraits {
    tells_drop: bool,
}

impl DatagramTraits {
    /// As UDP: nobody is told that the other side has been dropped.
    pub const fn new() -> Self {
        Self { tells_drop: false }
    }

    /// Receiving fails once the other side has been dropped, as with QUIC.
    pub const fn tells_drop(mut self) -> Self {
        self.tells_drop = true;
        self
    }

    fn want_drop(self) -> Result<(), NotRun> {
        match self.tells_drop {
            true => Ok(()),
            false => Err(NotRun::new(
                "the protocol does not tell that a side was dropped",
            )),
        }
    }
}

/// Calls a macro with the path of each law.
#[doc(hidden)]
#[macro_export]
macro_rules! __for_each_datagram_law {
    ([$($callback:tt)*]) => {
        $($callback)*! {
            [
                arriving::boundaries_are_kept,
                arriving::an_empty_datagram_arrives,
                arriving::the_largest_datagram_arrives,
                arriving::a_datagram_that_is_too_large_is_refused,
                arriving::a_datagram_without_room_is_an_error,
                waiting::a_cancelled_receive_loses_nothing,
                waiting::receiving_and_sending_tasks_do_not_hinder_each_other,
                waiting::what_waits_is_bounded,
                waiting::dropping_is_told,
            ]
        }
    };
}

/// A case for each law of datagrams, and one for each law with the types erased: `law` and
/// `erased::law`.
///
/// Each gets a pair of its own from `pair`, made and used in what `run` drives. On the way between
/// the two nothing may be lost: the machine itself, or memory.
pub fn datagram_cases<P, R, M>(traits: DatagramTraits, run: R, pair: M) -> Vec<Case>
where
    P: IntoPair<Near: Datagrams, Far: Datagrams>,
    R: Fn(Work) + Clone + Send + 'static,
    M: AsyncFn() -> P + Clone + Send + 'static,
{
    macro_rules! list {
        ([$($file:ident::$law:ident,)*]) => {
            vec![$({
                let pair = pair.clone();
                Case::new(stringify!($law), run.clone(), async move || {
                    let Pair { near, far, keep } = pair().await.into_pair()?;
                    let result = $file::$law(near, far, traits).await;
                    drop(keep);
                    result
                })
            }, {
                let pair = pair.clone();
                let name = concat!("erased::", stringify!($law));
                Case::new(name, run.clone(), async move || {
                    let pair = pair().await.into_pair()?;
                    let erased = pair.map(AnyDatagrams::new, AnyDatagrams::new);
                    let Pair { near, far, keep } = erased;
                    let result = $file::$law(near, far, traits).await;
                    drop(keep);
                    result
                })
            }),*]
        };
    }
    __for_each_datagram_law!([list])
}

/// Makes a `#[test]` for each law of datagrams, in a module of the given name; see
/// [`datagram_cases`].
#[macro_export]
macro_rules! datagram_tests {
    ($name:ident, run = $run:expr, traits = $traits:expr, pair = $pair:expr $(,)?) => {
        #[cfg(test)]
        mod $name {
            use super::*;

            fn test(law: &str) {
                $crate::__test_named(law, $crate::datagram_cases($traits, $run, $pair));
            }

            $crate::__for_each_datagram_law!([$crate::__flow_tests]);
        }
    };
}
