//! A pen that writes one screen line: cleans, measures and cuts everything it is given.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{clean_line, head, width};

/// One line of at most `columns` columns in the making.
#[derive(Debug)]
pub struct Pen {
    spans: Vec<Span<'static>>,
    columns: usize,
    used: usize,
    cut: bool,
}

impl Pen {
    /// An empty line of at most `columns`.
    #[must_use]
    pub fn new(columns: impl Into<usize>) -> Self {
        Self { spans: Vec::new(), columns: columns.into(), used: 0, cut: false }
    }

    /// Columns that are free.
    #[must_use]
    pub fn room(&self) -> usize {
        self.columns - self.used
    }

    /// Columns written so far.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used
    }

    /// Whether something did not fit.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Writes `text`; what does not fit is cut with `…`.
    pub fn put(&mut self, text: &str, style: Style) -> &mut Self {
        if self.cut || text.is_empty() {
            return self;
        }
        let text = clean_line(text);
        let wide = width(&text);
        if wide <= self.room() {
            self.used += wide;
            self.spans.push(Span::styled(text.into_owned(), style));
            return self;
        }
        self.cut = true;
        let Some(room) = self.room().checked_sub(1) else { return self };
        let (kept, kept_width) = head(&text, room);
        self.used += kept_width + 1;
        self.spans.push(Span::styled(format!("{kept}…"), style));
        self
    }

    /// Writes `text` cut or padded to exactly `columns` (or what is left of the line).
    pub fn column(&mut self, text: &str, columns: usize, style: Style) -> &mut Self {
        let columns = columns.min(self.room());
        let text = super::fit(text, columns);
        let gap = columns - width(&text);
        self.put(&text, style).blank(gap)
    }

    /// Writes `text` at the end of a field of `columns`.
    pub fn right(&mut self, text: &str, columns: usize, style: Style) -> &mut Self {
        let columns = columns.min(self.room());
        let text = super::fit(text, columns);
        let gap = columns - width(&text);
        self.blank(gap).put(&text, style)
    }

    /// Leaves `columns` blank.
    pub fn blank(&mut self, columns: usize) -> &mut Self {
        let columns = columns.min(self.room());
        if columns > 0 && !self.cut {
            self.used += columns;
            self.spans.push(Span::raw(" ".repeat(columns)));
        }
        self
    }

    /// Fills the line with blanks up to `column` from its start.
    pub fn to(&mut self, column: usize) -> &mut Self {
        let gap = column.saturating_sub(self.used);
        self.blank(gap)
    }

    /// Fills the rest of the line so that `text` stands at its end, if there is room for it.
    pub fn at_end(&mut self, text: &str, style: Style) -> &mut Self {
        let wide = width(&clean_line(text));
        if wide < self.room() {
            let gap = self.room() - wide;
            self.blank(gap).put(text, style);
        }
        self
    }

    /// The line.
    #[must_use]
    pub fn line(&mut self) -> Line<'static> {
        Line::from(std::mem::take(&mut self.spans))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Pen)) -> String {
        let mut pen = Pen::new(10_usize);
        write(&mut pen);
        pen.line().to_string()
    }

    #[test]
    fn nothing_is_written_after_the_cut() {
        let line = written(|pen| {
            pen.put("0123456", Style::new()).put("789abc", Style::new()).put("z", Style::new());
        });
        assert_eq!(line, "012345678…");
    }

    #[test]
    fn columns_are_padded_and_cut() {
        let line = written(|pen| {
            pen.column("ab", 4, Style::new()).right("7", 3, Style::new()).at_end("z", Style::new());
        });
        assert_eq!(line, "ab    7  z");
    }

    #[test]
    fn escapes_never_pass() {
        let line = written(|pen| {
            pen.put("\u{1b}[2J", Style::new());
        });
        assert_eq!(line, "␛[2J");
    }
}
