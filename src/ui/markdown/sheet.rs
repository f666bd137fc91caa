//! How Markdown looks.

use ratatui::style::{Modifier, Style};
use tui_markdown::StyleSheet;

use crate::ui::theme::{Role, Theme};

/// The look of Markdown in a theme; signs of headings and fences are left out.
#[derive(Clone, Copy)]
pub(super) struct Sheet(pub(super) Theme);

impl StyleSheet for Sheet {
    fn heading(&self, _level: u8) -> Style {
        self.0.style(Role::Key).add_modifier(Modifier::BOLD)
    }
    fn heading_marker(&self, _level: u8) -> &str {
        ""
    }
    fn code(&self) -> Style {
        self.0.style(Role::Code)
    }
    fn code_block_fence(&self) -> &str {
        ""
    }
    fn link(&self) -> Style {
        self.0.style(Role::Text).add_modifier(Modifier::ITALIC)
    }
    fn blockquote(&self) -> Style {
        self.0.style(Role::Dim)
    }
    fn heading_meta(&self) -> Style {
        self.0.style(Role::Dim)
    }
    fn metadata_block(&self) -> Style {
        self.0.style(Role::Dim)
    }
    fn html(&self) -> Style {
        self.0.style(Role::Dim)
    }
    fn math_inline(&self) -> Style {
        self.0.style(Role::Code)
    }
    fn math_display(&self) -> Style {
        self.0.style(Role::Code)
    }
    fn alert(&self, _kind: tui_markdown::AlertKind) -> Style {
        self.0.style(Role::Warn)
    }
    fn alert_icon(&self, _kind: tui_markdown::AlertKind) -> &str {
        "!"
    }
    fn table_header(&self) -> Style {
        self.0.style(Role::Strong)
    }
    fn table_border(&self) -> Style {
        self.0.style(Role::Dim)
    }
    fn list_marker(&self) -> Style {
        self.0.style(Role::Name)
    }
}
