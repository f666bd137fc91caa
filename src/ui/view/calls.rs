//! The list of calls: one row a step or call, grouped under its turn; only the rows in view are looked at.

use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use ratatui::text::Line;

use super::{Focused, frame, lanes, marks, put_line};
use crate::session::{Call, CallState, Span, Step};
use crate::ui::state::{CallRow, Focus, Form, Selected, State};
use crate::ui::text::{self, Pen};
use crate::ui::theme::Role;

/// Draws the pane's frame, the lanes and the list.
pub(super) fn draw(state: &State, buffer: &mut Buffer) {
    let outer = state.areas.calls_frame;
    if outer.is_empty() {
        return;
    }
    let theme = state.theme();
    let mut title = Pen::new(outer.width.saturating_sub(4));
    title.put(" Calls ", theme.style(Role::Strong));
    let form = match state.calls.form {
        Form::List => "list",
        Form::Timeline => "timeline",
    };
    title.put(&format!("{} · {form} ", state.session.calls.len()), theme.style(Role::Dim));
    let mut foot = Pen::new(outer.width.saturating_sub(4));
    filter_words(state, &mut foot);
    frame(state, buffer, outer, Focused::of(state, &[Focus::Calls]), &mut title, &mut foot);
    lanes::draw(state, buffer);
    list(state, buffer);
}

/// What is filtered for, and how many rows that leaves.
pub(super) fn filter_words(state: &State, foot: &mut Pen) {
    let filter = &state.calls.filter;
    if filter.words.is_empty() && !filter.typing {
        return;
    }
    let theme = state.theme();
    let cursor = if filter.typing { "▏" } else { "" };
    foot.put(" / ", theme.style(Role::Name));
    let wrong = filter.problem.as_ref().map_or(usize::MAX, |problem| problem.column);
    let part = |from: usize, count: usize| filter.words.chars().skip(from).take(count).collect::<String>();
    foot.put(&part(0, wrong), theme.style(Role::Strong));
    foot.put(&part(wrong, 1), theme.style(Role::Bad).add_modifier(Modifier::UNDERLINED));
    foot.put(&part(wrong.saturating_add(1), usize::MAX), theme.style(Role::Strong));
    foot.put(cursor, theme.style(Role::Name));
    if filter.typing && !filter.offers.words().is_empty() {
        foot.put("  ", theme.style(Role::Dim));
        super::offers(state, &filter.offers, foot);
        return;
    }
    match &filter.problem {
        Some(problem) => foot.put(&format!(" {problem} "), theme.style(Role::Bad)),
        None => foot.put(&format!(" {} ", text::count(state.calls.len(), "row")), theme.style(Role::Dim)),
    };
}

fn list(state: &State, buffer: &mut Buffer) {
    let area = state.areas.calls;
    if area.is_empty() {
        return;
    }
    let theme = state.theme();
    if state.calls.is_empty() {
        let words = if state.calls.is_filtered() {
            "No call is like this. Esc shows all."
        } else {
            "Each call will stand here as it happens."
        };
        let mut pen = Pen::new(area.width);
        pen.put(&format!(" {words}"), theme.style(Role::Dim));
        put_line(buffer, area, 0, &pen.line());
    }
    let mut rows = usize::from(area.height);
    // Where there is no frame, what is filtered for stands on the last row.
    let bare = state.areas.shape == crate::ui::layout::Shape::Single;
    if bare && (state.calls.is_filtered() || state.calls.filter.typing) {
        rows = rows.saturating_sub(1);
        let mut pen = Pen::new(area.width);
        filter_words(state, &mut pen);
        put_line(buffer, area, rows, &pen.line());
    }
    for row in 0..rows {
        let Some(shown) = state.calls.row(state.calls.top + row) else { break };
        let (line, selected) = match shown {
            CallRow::Turn(turn) => (turn_line(state, turn, area.width), false),
            CallRow::Span(span) => {
                let selected = state.selected == Selected::Span(span);
                let line = match span {
                    Span::Call(id) => state.session.call(id).map(|call| call_line(state, call, area.width)),
                    Span::Step(id) => state.session.step(id).map(|step| step_line(state, step, area.width)),
                };
                (line.unwrap_or_default(), selected)
            }
        };
        put_line(buffer, area, row, &line);
        if selected {
            let y = area.y + u16::try_from(row).unwrap_or(0);
            let here = ratatui::layout::Rect { y, height: 1, ..area };
            let focused = state.focus == Focus::Calls && state.overlay.is_none();
            let role = if focused { Role::Selected } else { Role::Strong };
            buffer.set_style(here, theme.style(role));
            buffer.set_string(area.x, y, "▸", theme.style(Role::Name));
        }
    }
}

fn turn_line(state: &State, position: usize, width: u16) -> Line<'static> {
    let theme = state.theme();
    let Some(turn) = state.session.turns.get(position) else { return Line::default() };
    let mut pen = Pen::new(width);
    let took = state.turn_us(turn).map(|us| format!(" · {}", text::duration(us))).unwrap_or_default();
    let end = format!("{}{took}", text::count(turn.calls.len(), "call"));
    let room = usize::from(width).saturating_sub(text::width(&end) + 2);
    pen.put(&text::fit(&format!("{}  {}", turn.id, turn.question), room), theme.style(Role::Question));
    pen.at_end(&end, theme.style(Role::Dim));
    pen.line()
}

/// Widths of the columns, from the width of the pane.
struct Columns {
    lane: usize,
    tool: usize,
}

impl Columns {
    fn of(width: u16) -> Self {
        match width {
            0..=44 => Self { lane: 0, tool: usize::from(width).saturating_sub(19) },
            45..=69 => Self { lane: 8, tool: 21 },
            _ => Self { lane: 11, tool: 26 },
        }
    }
}

fn call_line(state: &State, call: &Call, width: u16) -> Line<'static> {
    let theme = state.theme();
    let shown = marks::call(call.state);
    let columns = Columns::of(width);
    let (plain, dim) = (theme.style(Role::Text), theme.style(Role::Dim));
    let mut pen = Pen::new(width);
    pen.put(" ", plain).put(shown.sign, theme.style(shown.role));
    let number = call.id.0.to_string();
    let by_hand = call.by_hand().map_or("", |_| marks::BY_HAND);
    let room = 4_usize.saturating_sub(text::width(by_hand)).max(number.len());
    pen.put(by_hand, theme.style(Role::Warn)).right(&number, room, theme.style(Role::Link)).put(" ", plain);
    if columns.lane > 0 {
        pen.column(marks::lane(call.server.as_str()), columns.lane, dim).put(" ", plain);
    }
    pen.column(call.tool.as_str(), columns.tool, plain).put(" ", plain);
    let time = match call.state {
        // Nobody's server gave this result.
        CallState::Ok | CallState::Error if call.is_answered() => "answered".to_owned(),
        CallState::Ok | CallState::Error | CallState::Running => {
            state.call_us(call).map(text::duration).unwrap_or_default()
        }
        CallState::Proposed | CallState::Released | CallState::Held(_) | CallState::Denied | CallState::Cancelled => {
            shown.word.to_owned()
        }
    };
    let role = if call.state == CallState::Ok && by_hand.is_empty() { Role::Dim } else { shown.role };
    pen.right(&time, 9, theme.style(role)).put(" ", plain);
    if pen.room() > 4 {
        // A long text is only looked at as far as it can be seen.
        let arguments = call.arguments.text();
        let cut = arguments.char_indices().nth(pen.room() * 3).map_or(arguments.len(), |(at, _)| at);
        pen.put(&short(&arguments[..cut]), dim);
    }
    pen.line()
}

/// The beginning of an object of arguments without its quotes: `priority=critical status=open`.
fn short(arguments: &str) -> String {
    let mut out = String::with_capacity(arguments.len());
    let mut in_string = false;
    let mut escaped = false;
    for c in arguments.strip_prefix('{').unwrap_or(arguments).chars() {
        match c {
            _ if escaped => {
                escaped = false;
                out.push(c);
            }
            '\\' if in_string => {
                escaped = true;
                out.push(c);
            }
            '"' => in_string = !in_string,
            ':' if !in_string => out.push('='),
            ',' if !in_string => out.push(' '),
            c if !in_string && c.is_whitespace() => {}
            c => out.push(c),
        }
    }
    if out.ends_with('}') && !in_string {
        out.pop();
    }
    out
}

fn step_line(state: &State, step: &Step, width: u16) -> Line<'static> {
    let theme = state.theme();
    let shown = marks::step(&step.state);
    let columns = Columns::of(width);
    let (plain, dim) = (theme.style(Role::Text), theme.style(Role::Dim));
    let mut pen = Pen::new(width);
    pen.put(" ", plain).put(shown.sign, theme.style(shown.role)).put("     ", plain);
    if columns.lane > 0 {
        pen.column("model", columns.lane, theme.style(Role::Key)).put(" ", plain);
    }
    pen.column(&step.model, columns.tool, theme.style(Role::Key)).put(" ", plain);
    pen.right(&text::duration(state.step_us(step)), 9, dim).put(" ", plain);
    if pen.room() > 4 {
        let said = step.text.trim_start().lines().next().unwrap_or("");
        let words = if step.calls.is_empty() {
            said.to_owned()
        } else {
            format!("→ {} {said}", text::count(step.calls.len(), "call"))
        };
        pen.put(&words.replace(['*', '`', '#'], ""), dim);
    }
    pen.line()
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn arguments_in_short_are_readable() {
        assert_eq!(short(r#"{"priority":"critical","limit":5}"#), "priority=critical limit=5");
        assert_eq!(short(r#"{"query":"a: \"b\", c"}"#), r#"query=a: \"b\", c"#);
        assert_eq!(short(r#"{"a":{"b":[1,2]},"c":"unfinish"#), "a={b=[1 2]} c=unfinish");
        assert_eq!(short("{}"), "");
    }
}
