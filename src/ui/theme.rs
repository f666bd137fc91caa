//! How things look: the only file that names a colour, and only the terminal's own sixteen.
//!
//! Colour is never the only sign: every state also has a mark, and every emphasis a modifier.

use ratatui::style::{Color, Modifier, Style};

/// Which set of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// For dark backgrounds.
    #[default]
    Dark,
    /// For light backgrounds.
    Light,
    /// No colours at all: bold, dim, underline and reverse only (`NO_COLOR`).
    Plain,
}

/// What a piece of the screen is, as far as its look goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Less important text.
    Dim,
    /// Emphasised text.
    Strong,
    /// Frames of panes.
    Border,
    /// The frame of the pane that has the focus.
    Focus,
    /// The operator's words.
    Question,
    /// Names of keys, tabs, lanes.
    Name,
    /// What went well.
    Good,
    /// What failed.
    Bad,
    /// What needs attention.
    Warn,
    /// What is going on.
    Busy,
    /// A reference or another thing one can go to.
    Link,
    /// The selected line where the pane has the focus.
    Selected,
    /// The selected line elsewhere.
    Marked,
    /// A place a search found.
    Found,
    /// JSON keys and headings.
    Key,
    /// JSON strings.
    String,
    /// JSON numbers.
    Number,
    /// JSON `true`, `false`, `null`.
    Word,
    /// The title bar.
    Bar,
    /// Code in an answer.
    Code,
}

impl Theme {
    /// The style of a role.
    #[must_use]
    pub fn style(self, role: Role) -> Style {
        let style = Style::new().add_modifier(modifier(role));
        match self {
            Self::Plain => style,
            Self::Dark => match dark(role) {
                Some(colour) => style.fg(colour),
                None => style,
            },
            Self::Light => match light(role) {
                Some(colour) => style.fg(colour),
                None => style,
            },
        }
    }
}

fn modifier(role: Role) -> Modifier {
    match role {
        Role::Text
        | Role::Good
        | Role::Busy
        | Role::Key
        | Role::String
        | Role::Number
        | Role::Word
        | Role::Code
        | Role::Warn
        | Role::Name => Modifier::empty(),
        Role::Dim | Role::Border => Modifier::DIM,
        Role::Strong | Role::Question | Role::Focus | Role::Bad | Role::Bar => Modifier::BOLD,
        Role::Link | Role::Marked => Modifier::UNDERLINED,
        Role::Selected => Modifier::REVERSED,
        Role::Found => Modifier::BOLD.union(Modifier::UNDERLINED),
    }
}

fn dark(role: Role) -> Option<Color> {
    match role {
        Role::Text | Role::Strong | Role::Dim | Role::Border | Role::Selected | Role::Marked | Role::Bar => None,
        Role::Focus | Role::Question | Role::Name | Role::Key => Some(Color::Cyan),
        Role::Good | Role::String => Some(Color::Green),
        Role::Bad => Some(Color::LightRed),
        Role::Warn | Role::Busy | Role::Found | Role::Code => Some(Color::Yellow),
        Role::Link => Some(Color::LightBlue),
        Role::Number | Role::Word => Some(Color::Magenta),
    }
}

fn light(role: Role) -> Option<Color> {
    match role {
        Role::Text | Role::Strong | Role::Dim | Role::Border | Role::Selected | Role::Marked | Role::Bar => None,
        Role::Focus | Role::Question | Role::Name | Role::Key | Role::Link => Some(Color::Blue),
        Role::Good | Role::String => Some(Color::Green),
        Role::Bad => Some(Color::Red),
        Role::Warn | Role::Busy | Role::Found | Role::Code | Role::Number | Role::Word => Some(Color::Magenta),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_theme_has_no_colour() {
        for role in [Role::Good, Role::Bad, Role::Link, Role::Number, Role::Focus] {
            let style = Theme::Plain.style(role);
            assert_eq!((style.fg, style.bg, style.underline_color), (None, None, None));
        }
    }

    #[test]
    fn a_selection_is_seen_without_colour() {
        assert!(Theme::Plain.style(Role::Selected).add_modifier.contains(Modifier::REVERSED));
    }
}
