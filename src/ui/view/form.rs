//! What a server asks the operator: who asks, why, the fields, and what will be sent.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::overlay::overlay_area;
use super::{popup, put_line};
use crate::ui::json::Doc;
use crate::ui::state::{Entry, Field, FormStage, Inquiry, Sought, State};
use crate::ui::text::{self, Pen, Piece};
use crate::ui::theme::{Role, Theme};

/// Rows under the form: what its keys do.
const FOOT: u16 = 2;

/// One row of a form.
#[derive(Debug)]
pub struct FormRow {
    /// What is drawn.
    pub line: Line<'static>,
    /// The position of the field it belongs to.
    pub field: Option<usize>,
}

/// Rows of a form that are on the screen at once.
#[must_use]
pub fn form_height(size: (u16, u16)) -> u16 {
    overlay_area(size).height.saturating_sub(2 + FOOT)
}

/// All rows of a form at a width.
#[must_use]
pub fn form_rows(form: &Inquiry, width: u16, theme: Theme) -> Vec<FormRow> {
    let mut sheet = Sheet { rows: Vec::new(), width: usize::from(width).max(4), theme };
    if let Some(over) = &form.over {
        sheet.words(&format!("✗ Nothing can be sent any more: {over}. Ctrl+Y copies what is here."), Role::Bad, None);
        sheet.blank();
    }
    if let Some(problem) = &form.problem {
        sheet.words(&format!("✗ The values together: {problem}"), Role::Bad, None);
        sheet.blank();
    }
    sheet.words(&format!("Server {} asks:", form.server), Role::Dim, None);
    let message = if form.message.trim().is_empty() { "(it does not say why)" } else { &form.message };
    sheet.words(message, Role::Text, None);
    sheet.blank();
    match (&form.wanted, form.stage) {
        (Sought::Visit(url), _) => {
            sheet.words("It wants you to visit this page; nothing is opened for you:", Role::Dim, None);
            sheet.words(url, Role::Name, None);
            sheet.blank();
            let words = "Look at the whole address first. What you do there does not pass through Callboard. Enter tells the \
                         server that you will visit it.";
            sheet.words(words, Role::Warn, None);
        }
        (Sought::Values { fields, .. }, FormStage::Filling(at)) => {
            for (position, field) in fields.iter().enumerate() {
                sheet.field(field, position, position == at);
            }
            if fields.is_empty() {
                sheet.words("It asks for no values: Enter is a yes.", Role::Dim, None);
            }
        }
        (Sought::Values { .. }, FormStage::Reviewing) => {
            sheet.words(&format!("This is what {} will get:", form.server), Role::Warn, None);
            for line in sent(form).lines() {
                sheet.words(line, Role::Text, None);
            }
        }
    }
    sheet.rows
}

/// What a text with a `format` is to be; the formats are those of forms (MCP 2025-11-25, Elicitation).
fn kind_of_text(format: Option<&str>) -> &'static str {
    match format {
        Some("email") => "an e-mail address, such as ada@example.com",
        Some("uri") => "an address, such as https://example.com/a",
        Some("date") => "a date, such as 2025-10-06",
        Some("date-time") => "a date and time, such as 2025-10-06T09:30:00Z",
        Some(_) | None => "text",
    }
}

/// The values as they will be sent, for reading.
fn sent(form: &Inquiry) -> String {
    let content = crate::protocol::Json::from(form.values());
    Doc::parse(&content).map_or_else(|| content.text().to_owned(), |doc| doc.pretty(0))
}

struct Sheet {
    rows: Vec<FormRow>,
    width: usize,
    theme: Theme,
}

impl Sheet {
    fn blank(&mut self) {
        self.rows.push(FormRow { line: Line::default(), field: None });
    }

    fn words(&mut self, words: &str, role: Role, field: Option<usize>) {
        for line in text::clean_block(words).lines() {
            let pieces = [Piece::new(line, self.theme.style(role))];
            let flowed = text::flow(&pieces, self.width, 2);
            self.rows.extend(flowed.into_iter().map(|(line, _)| FormRow { line, field }));
        }
    }

    fn line(&mut self, pen: &mut Pen, field: usize) {
        self.rows.push(FormRow { line: pen.line(), field: Some(field) });
    }

    fn field(&mut self, field: &Field, position: usize, is_here: bool) {
        let theme = self.theme;
        let mut pen = Pen::new(self.width);
        pen.put(if is_here { "▸ " } else { "  " }, theme.style(Role::Name));
        pen.put(&field.title, theme.style(if is_here { Role::Focus } else { Role::Strong }));
        pen.put(if field.required { "" } else { "  may be left empty" }, theme.style(Role::Dim));
        self.line(&mut pen, position);
        if !field.description.is_empty() {
            self.words(&format!("  {}", field.description), Role::Dim, Some(position));
        }
        self.entry(field, position, is_here);
        if let Some(problem) = &field.problem {
            self.words(&format!("  ✗ {problem}"), Role::Bad, Some(position));
        }
    }

    fn entry(&mut self, Field { entry, format, .. }: &Field, position: usize, is_here: bool) {
        let theme = self.theme;
        let mut pen = Pen::new(self.width);
        pen.put("    ", theme.style(Role::Text));
        match entry {
            Entry::Text(text) | Entry::Number(text) | Entry::Integer(text) | Entry::Json(text) => {
                let kind = match entry {
                    Entry::Number(_) => "a number",
                    Entry::Integer(_) => "a whole number",
                    Entry::Json(_) => "JSON",
                    Entry::Text(_) | Entry::Flag(_) | Entry::One(..) | Entry::Many(..) => {
                        kind_of_text(format.as_deref())
                    }
                };
                let cursor = if is_here { "▏" } else { "" };
                if text.is_empty() {
                    pen.put(cursor, theme.style(Role::Name)).put(kind, theme.style(Role::Dim));
                } else {
                    // Its end is where the cursor is.
                    let words = format!("    {text}{cursor}");
                    return self.words(&words, Role::Text, Some(position));
                }
            }
            Entry::Flag(flag) => {
                let word = match flag {
                    Some(true) => "[yes] no ",
                    Some(false) => " yes [no]",
                    None => " yes  no ",
                };
                pen.put(word, theme.style(Role::Text));
                pen.put(if is_here { "  Space turns it" } else { "" }, theme.style(Role::Dim));
            }
            Entry::One(values, chosen) => {
                let label = chosen.and_then(|at| values.get(at)).map_or("(none)", |choice| choice.label.as_str());
                let place = format!("  {}/{}", chosen.map_or(0, |at| at + 1), values.len());
                let room = self.width.saturating_sub(30);
                pen.put(&text::fit(label, room), theme.style(Role::Text)).put(&place, theme.style(Role::Dim));
                pen.put(if is_here { "  ← → choose" } else { "" }, theme.style(Role::Dim));
            }
            Entry::Many(values, at) => {
                for (number, (choice, taken)) in values.iter().enumerate() {
                    let mut pen = Pen::new(self.width);
                    let sign = if is_here && number == *at { "  ▸ " } else { "    " };
                    pen.put(sign, theme.style(Role::Name));
                    pen.put(if *taken { "[x] " } else { "[ ] " }, theme.style(Role::Text));
                    pen.put(&choice.label, theme.style(Role::Text));
                    if is_here && number == *at {
                        pen.put("  ← → go, Space takes", theme.style(Role::Dim));
                    }
                    self.line(&mut pen, position);
                }
                return;
            }
        }
        self.line(&mut pen, position);
    }
}

/// Draws the form.
pub(super) fn draw(state: &State, form: &Inquiry, frame: &mut Frame<'_>) {
    let theme = state.theme();
    let area = overlay_area(state.size);
    let inner = popup(frame.buffer_mut(), area, theme, "A server asks");
    if inner.height <= FOOT || inner.width < 4 {
        return;
    }
    let rows = form_rows(form, inner.width.saturating_sub(2), theme);
    let sheet = Rect { x: inner.x + 1, width: inner.width - 2, height: inner.height - FOOT, ..inner };
    for (row, shown) in rows.iter().skip(form.top).take(usize::from(sheet.height)).enumerate() {
        put_line(frame.buffer_mut(), sheet, row, &shown.line);
    }
    let left = rows.len().saturating_sub(form.top + usize::from(sheet.height));
    let mut pen = Pen::new(inner.width);
    if left > 0 {
        pen.at_end(&format!("{} below ", text::count(left, "line")), theme.style(Role::Dim));
    }
    put_line(frame.buffer_mut(), inner, usize::from(inner.height - 2), &pen.line());
    // What is the same in every form stands in the last line of the screen.
    let keys: &[(&str, &str)] = match (form.stage, &form.wanted) {
        (FormStage::Filling(_), Sought::Values { .. }) => {
            &[("Enter", "looks it over"), ("↑↓", "fields"), ("Esc", "leaves it for later")]
        }
        (FormStage::Filling(_), Sought::Visit(_)) => &[("Enter", "says yes"), ("Esc", "leaves it for later")],
        (FormStage::Reviewing, _) => &[("Enter", "sends it"), ("Esc", "back to the fields")],
    };
    let mut pen = Pen::new(inner.width);
    for (key, label) in keys {
        pen.put(&format!(" {key} "), theme.style(Role::Name)).put(&format!("{label} "), theme.style(Role::Dim));
    }
    put_line(frame.buffer_mut(), inner, usize::from(inner.height - 1), &pen.line());
}
