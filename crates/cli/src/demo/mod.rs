//! `tuyau demo`: a router with services around it, on a screen or as lines.
//!
//! What happens is told by a [`Story`]: it has the router, makes up services and starts real ones.
//! [`tell()`] goes through it step by step and verifies each.
//!
//! The screen works against a plain [`View`] and a small [`Model`], which the story is: it knows
//! nothing of running routers, sockets or keys, and can be tested without them.
//!
//! - [`View`] is what there is to show, [`Window`] the part of the table that the screen needs.
//! - [`Ui`] is what the person looking has chosen: the mode, the scroll position, the search. It turns
//!   a key into an [`Effect`] and touches nothing else.
//! - [`draw()`] puts a view and a `Ui` on a frame; [`Look`] says whether colour and non-ASCII text may
//!   be used.
//! - [`Guard`] takes the terminal over and gives it back whatever happens, [`Inputs`] reads its keys.
//! - [`run()`] is the loop that joins them to a [`Model`]; [`run_on()`] is the same loop over any terminal
//!   and any source of keys.

mod error;
mod events;
mod headless;
mod keys;
mod look;
mod model;
mod run;
mod screen;
mod scroll;
mod search;
mod story;
mod terminal;
mod text;
mod ui;
mod view;

pub use error::{DemoError, DemoErrorKind};
pub use events::{Input, Inputs};
pub use headless::{HeadlessError, HeadlessErrorKind, tell};
pub use keys::{Action, Effect};
pub use look::Look;
pub use run::{Ended, Model, Stop, run, run_on};
pub use screen::{MINIMUM, draw, window};
pub use scroll::Position;
pub use search::{Direction, Found, Query, locate};
pub use story::{Child, ChildPhase, ChildState, Line, Log, Story, StoryError, StoryErrorKind};
pub use terminal::{Guard, Screen, require_terminal};
pub use ui::{Mode, Ui};
pub use view::{
    LOG_LINES, Level, LogLine, Notice, Row, ServiceId, ServiceState, ServiceView, View, Window,
};
