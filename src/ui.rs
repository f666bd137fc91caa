//! The console.
pub mod json;
pub mod markdown;
pub mod state {
    use crate::protocol::CallId;
    use ratatui::text::Line;
    use std::ops::Range;
    #[derive(Debug, Clone)]
    pub struct Row {
        pub line: Line<'static>,
        pub links: Vec<Link>,
        pub target: Option<()>,
    }
    #[derive(Debug, Clone)]
    pub struct Link {
        pub columns: Range<usize>,
        pub call: CallId,
        pub hint: Option<String>,
    }
    impl Row {
        pub fn is_blank(&self) -> bool {
            self.line.spans.iter().all(|s| s.content.trim().is_empty())
        }
    }
}
pub mod text;
pub mod theme;
