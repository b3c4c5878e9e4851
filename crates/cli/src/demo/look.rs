//! Whether colour and non-ASCII text may be used, and what is drawn in which style.

use ratatui::style::{Color, Modifier, Style};

use super::view::{Level, ServiceState};

/// What the terminal may be shown.
///
/// The default is neither, which every terminal can show.
///
/// Nothing is said by colour alone: bold, reverse and words carry it as well, so that a screen
/// without colour says the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether colours are used.
    pub colour: bool,
    /// Whether text outside ASCII is used; without it, such text is replaced.
    pub unicode: bool,
}

impl Look {
    /// The look that the process's environment asks for, see [`Look::from_vars`].
    pub fn from_env() -> Self {
        Self::from_vars(|name| std::env::var_os(name).map(|v| v.to_string_lossy().into_owned()))
    }

    /// The look that the environment variables given by `var` ask for.
    ///
    /// There is no colour when `NO_COLOR` is set and not empty, or when `TERM` is `dumb`. Text outside
    /// ASCII is used when the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set and not empty
    /// names UTF-8.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| var(name).filter(|value| !value.is_empty());
        let locale = set("LC_ALL")
            .or_else(|| set("LC_CTYPE"))
            .or_else(|| set("LANG"));
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        Self {
            colour: set("NO_COLOR").is_none() && set("TERM").as_deref() != Some("dumb"),
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
        }
    }

    /// What stands where text was cut.
    pub(super) fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    /// What a horizontal rule is made of.
    pub(super) fn rule(self) -> &'static str {
        if self.unicode { "─" } else { "-" }
    }

    /// What stands for a character that cannot be shown.
    pub(super) fn replacement(self) -> &'static str {
        if self.unicode { "\u{fffd}" } else { "?" }
    }

    /// The head line and the title of a section.
    pub(super) fn title(self) -> Style {
        self.paint(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// A value that the eye should find.
    pub(super) fn value(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// A key that can be pressed.
    pub(super) fn key(self) -> Style {
        self.paint(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    /// Text that a search found.
    pub(super) fn matched(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A log line or notice of this level.
    pub(super) fn level(self, level: Level) -> Style {
        match level {
            Level::Info => Style::new(),
            Level::Warn => self.paint(Color::Yellow),
            Level::Error => self.paint(Color::Red).add_modifier(Modifier::BOLD),
        }
    }

    /// A service in this state.
    pub(super) fn service(self, state: ServiceState) -> Style {
        match state {
            ServiceState::Stopped => Style::new(),
            ServiceState::Starting => self.paint(Color::Yellow),
            ServiceState::Registered => self.paint(Color::Green).add_modifier(Modifier::BOLD),
            ServiceState::Failed => self.level(Level::Error),
        }
    }

    /// The mark of a connected service.
    pub(super) fn connected(self) -> Style {
        self.paint(Color::Green)
    }

    fn paint(self, colour: Color) -> Style {
        if self.colour {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(vars: &[(&str, &str)]) -> Look {
        Look::from_vars(|name| {
            vars.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn colour_is_refused_by_no_color_only_when_it_is_not_empty() {
        assert!(look(&[("NO_COLOR", "")]).colour);
        assert!(!look(&[("NO_COLOR", "0")]).colour);
    }

    #[test]
    fn a_dumb_terminal_gets_no_colour() {
        assert!(!look(&[("TERM", "dumb")]).colour);
        assert!(look(&[("TERM", "xterm-256color")]).colour);
    }

    #[test]
    fn the_locale_that_wins_decides_about_unicode() {
        assert!(look(&[("LANG", "en_GB.UTF-8")]).unicode);
        assert!(look(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]).unicode);
        assert!(!look(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")]).unicode);
        assert!(!look(&[]).unicode);
    }
}
