//! What the person looking has chosen.

use super::keys::Action;
use super::look::Look;
use super::scroll::Position;
use super::search::Found;
use super::view::Notice;

/// Which page is on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Header, routing table, services, log.
    #[default]
    Main,
    /// The whole state, in full.
    State,
    /// The whole state, while a search is being typed.
    Search,
    /// The list of keys.
    Help,
}

/// Look, mode, scroll positions, search and the outcome of actions.
///
/// [`Ui::on_key`] changes it on a key, the loop on the end of an action or a search;
/// nothing else does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ui {
    /// What the terminal may be shown.
    pub look: Look,
    /// The page shown.
    pub mode: Mode,
    /// The page to which help goes back.
    pub(super) below_help: Mode,
    /// The first entry that the table of the main screen shows.
    pub(super) table_top: usize,
    /// Where the page of the whole state stands.
    pub(super) position: Position,
    /// What is being typed after `/`.
    pub(super) typing: String,
    /// What was last searched for; empty when there is no search.
    pub(super) needle: String,
    /// What the last search came to.
    pub(super) hit: Hit,
    /// What the last action came to.
    pub notice: Option<Notice>,
    /// The actions that run or wait, in the order in which they were asked for.
    pub working: Vec<Action>,
}

/// What a search has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Hit {
    /// It is under way, or there is none.
    #[default]
    Pending,
    /// No entry matches.
    Nothing,
    /// This entry does.
    At(Found),
}

impl Ui {
    /// The main screen, from its beginning, in the given look.
    pub fn new(look: Look) -> Self {
        Self {
            look,
            ..Self::default()
        }
    }

    /// Takes in the result of a search for `needle`, unless another was begun since.
    ///
    /// The entry found comes to the top of the page.
    pub fn on_found(&mut self, needle: &str, found: Option<Found>) {
        if needle != self.needle {
            return;
        }
        self.hit = match found {
            Some(found) => {
                self.position = Position::At {
                    entry: found.index,
                    line: 0,
                };
                Hit::At(found)
            }
            None => Hit::Nothing,
        };
    }
}
