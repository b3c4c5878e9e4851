//! What each key does.

#[cfg(test)]
mod tests;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::Size;

use super::screen;
use super::scroll::Position;
use super::search::{Direction, Query};
use super::ui::{Hit, Mode, Ui};
use super::view::{ServiceId, View};

/// How many characters a search may have.
const LONGEST_NEEDLE: usize = 255;

/// Something that the person asks of the demo, and that may take a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Process one listen message of a simulated service (`m`).
    SimulateOne,
    /// Process a thousand of them (`M`).
    SimulateThousand,
    /// Let the first identity of the table announce a new route (`n`).
    NewRoute,
    /// Save the state to the snapshot file (`s`).
    Save,
    /// Restore the state from the snapshot file (`r`).
    Restore,
    /// Start the test service, or stop it if it runs (`1`, `2`).
    ToggleService(ServiceId),
}

impl Action {
    /// What is being done, in a few words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::SimulateOne => "one simulated message",
            Self::SimulateThousand => "a thousand simulated messages",
            Self::NewRoute => "a new route for the first identity",
            Self::Save => "saving the state",
            Self::Restore => "restoring the state",
            Self::ToggleService(ServiceId::One) => "starting or stopping service 1",
            Self::ToggleService(ServiceId::Two) => "starting or stopping service 2",
        }
    }
}

/// What is to be done after a key, beyond what changed in the [`Ui`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing, the key has no meaning here.
    Nothing,
    /// The `Ui` changed: draw it.
    Draw,
    /// Draw every cell again, because something else wrote to the terminal.
    Repaint,
    /// Perform an action.
    Perform(Action),
    /// Search the table, and tell [`Ui::on_found`] of the result.
    Find(Query),
    /// Leave the demo.
    Quit,
}

impl Ui {
    /// Takes in a key that was pressed while `view` was shown on a screen of `size`.
    ///
    /// The case of a letter matters. `Ctrl-C` leaves and `Ctrl-L` repaints in every mode.
    pub fn on_key(&mut self, key: KeyEvent, view: &View, size: Size) -> Effect {
        if key.kind == KeyEventKind::Release {
            return Effect::Nothing;
        }
        if key
            .modifiers
            .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
        {
            return self.on_chord(key);
        }
        match self.mode {
            Mode::Main => self.on_main(key.code, view, size),
            Mode::State => self.on_state(key.code, view, size),
            Mode::Search => self.on_search(key.code, view, size),
            Mode::Help => self.on_help(key.code),
        }
    }

    fn on_chord(&mut self, key: KeyEvent) -> Effect {
        let KeyCode::Char(letter) = key.code else {
            return Effect::Nothing;
        };
        if !key.modifiers.contains(KeyModifiers::CONTROL) {
            return Effect::Nothing;
        }
        match letter.to_ascii_lowercase() {
            'c' => Effect::Quit,
            'l' => Effect::Repaint,
            'u' if self.mode == Mode::Search => {
                self.typing.clear();
                Effect::Draw
            }
            _ => Effect::Nothing,
        }
    }

    fn on_main(&mut self, code: KeyCode, view: &View, size: Size) -> Effect {
        let action = match code {
            KeyCode::Char('m') => Action::SimulateOne,
            KeyCode::Char('M') => Action::SimulateThousand,
            KeyCode::Char('n') => Action::NewRoute,
            KeyCode::Char('s') => Action::Save,
            KeyCode::Char('r') => Action::Restore,
            KeyCode::Char('1') => Action::ToggleService(ServiceId::One),
            KeyCode::Char('2') => Action::ToggleService(ServiceId::Two),
            KeyCode::Char('q') => return Effect::Quit,
            KeyCode::Char('S') => return self.show(Mode::State),
            KeyCode::Char('?') => return self.help(),
            KeyCode::Esc => {
                self.notice = None;
                return Effect::Draw;
            }
            _ => return self.scroll_table(code, view, size),
        };
        Effect::Perform(action)
    }

    fn on_state(&mut self, code: KeyCode, view: &View, size: Size) -> Effect {
        match code {
            KeyCode::Char('/') => {
                self.typing.clear();
                self.show(Mode::Search)
            }
            KeyCode::Char('n') => self.next(Direction::Forward, view, size),
            KeyCode::Char('N') => self.next(Direction::Backward, view, size),
            KeyCode::Char('?') => self.help(),
            KeyCode::Char('q' | 'S') => self.show(Mode::Main),
            KeyCode::Esc if self.needle.is_empty() => self.show(Mode::Main),
            KeyCode::Esc => {
                self.needle.clear();
                self.hit = Hit::Pending;
                Effect::Draw
            }
            _ => self.scroll_state(code, view, size),
        }
    }

    fn on_search(&mut self, code: KeyCode, view: &View, size: Size) -> Effect {
        match code {
            KeyCode::Enter => {
                self.mode = Mode::State;
                self.needle = std::mem::take(&mut self.typing);
                self.hit = Hit::Pending;
                return self.find(screen::top_entry(view, self, size), Direction::Forward);
            }
            KeyCode::Esc => self.mode = Mode::State,
            KeyCode::Backspace => {
                self.typing.pop();
            }
            KeyCode::Char(letter)
                if !letter.is_control() && self.typing.chars().count() < LONGEST_NEEDLE =>
            {
                self.typing.push(letter);
            }
            _ => return Effect::Nothing,
        }
        Effect::Draw
    }

    fn on_help(&mut self, code: KeyCode) -> Effect {
        match code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q' | '?') => self.show(self.below_help),
            _ => Effect::Nothing,
        }
    }

    fn show(&mut self, mode: Mode) -> Effect {
        self.mode = mode;
        Effect::Draw
    }

    fn help(&mut self) -> Effect {
        self.below_help = self.mode;
        self.show(Mode::Help)
    }

    fn next(&mut self, direction: Direction, view: &View, size: Size) -> Effect {
        let from = match (self.hit, direction) {
            (Hit::At(found), Direction::Forward) => found.index.saturating_add(1),
            (Hit::At(found), Direction::Backward) => {
                found.index.checked_sub(1).unwrap_or(usize::MAX)
            }
            _ => screen::top_entry(view, self, size),
        };
        self.find(from, direction)
    }

    fn find(&mut self, from: usize, direction: Direction) -> Effect {
        if self.needle.is_empty() {
            return Effect::Draw;
        }
        Effect::Find(Query {
            needle: self.needle.clone(),
            from,
            direction,
        })
    }

    fn scroll_table(&mut self, code: KeyCode, view: &View, size: Size) -> Effect {
        let page = screen::table_rows(size);
        let last = view.total.saturating_sub(page);
        let top = self.table_top.min(last);
        self.table_top = match code {
            KeyCode::Down | KeyCode::Char('j') => top + 1,
            KeyCode::Up | KeyCode::Char('k') => top.saturating_sub(1),
            KeyCode::PageDown => top + page,
            KeyCode::PageUp => top.saturating_sub(page),
            KeyCode::Home => 0,
            KeyCode::End => last,
            _ => return Effect::Nothing,
        }
        .min(last);
        Effect::Draw
    }

    fn scroll_state(&mut self, code: KeyCode, view: &View, size: Size) -> Effect {
        let page = screen::state_page(view, self.look, size);
        let leap = page.height.saturating_sub(1).max(1);
        self.position = match code {
            KeyCode::Down | KeyCode::Char('j') => page.down(self.position, 1),
            KeyCode::Up | KeyCode::Char('k') => page.up(self.position, 1),
            KeyCode::PageDown | KeyCode::Char(' ') => page.down(self.position, leap),
            KeyCode::PageUp => page.up(self.position, leap),
            KeyCode::Home => Position::default(),
            KeyCode::End => Position::End,
            _ => return Effect::Nothing,
        };
        Effect::Draw
    }
}
