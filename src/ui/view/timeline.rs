//! Calls on a time axis: a lane for the model and one a server, a bar a call. Where too many lie in the window, how many.

mod axis;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use self::axis::{Axis, NAMES, axis};
use super::calls::filter_words;
use super::put_line;
use crate::protocol::CallId;
use crate::session::{Call, CallState, List, Server, Span, Step, StepState};
use crate::ui::layout::Shape;
use crate::ui::state::{Selected, State, Window};
use crate::ui::text::{self, Pen};
use crate::ui::theme::Role;

/// More bars than this in a lane are counted instead of drawn.
const MOST_BARS: usize = 400;
/// Rows a lane may take for calls side by side.
const MOST_ROWS: usize = 3;

/// One bar.
struct Bar {
    span: Span,
    from: u16,
    to: u16,
    row: usize,
    glyph: &'static str,
    role: Role,
}

/// One lane: bars, or how many calls began in each column.
struct Lane {
    name: String,
    y: u16,
    rows: u16,
    bars: Vec<Bar>,
    dense: Vec<usize>,
}

/// The lanes that are shown, and how many have no room.
struct Lanes {
    shown: Vec<Lane>,
    rest: usize,
}

/// Draws the timeline.
pub(super) fn draw(state: &State, buffer: &mut Buffer) {
    let area = state.areas.timeline;
    if area.height < 3 || area.width < NAMES + 8 {
        return;
    }
    let theme = state.theme();
    let dim = theme.style(Role::Dim);
    let Some(axis) = axis(state) else {
        let mut pen = Pen::new(area.width);
        pen.put(" Calls will stand here on a time axis.", dim);
        put_line(buffer, area, 0, &pen.line());
        return;
    };
    head(state, &axis, buffer);
    let lanes = lanes(state, &axis);
    for lane in lanes.shown {
        let mut pen = Pen::new(NAMES - 1);
        pen.put(" ", dim).put(&lane.name, theme.style(Role::Name));
        buffer.set_line(area.x, lane.y, &pen.line(), NAMES - 1);
        if !lane.dense.is_empty() {
            dense(state, &axis, &lane, buffer);
            continue;
        }
        for bar in &lane.bars {
            let y = lane.y + u16::try_from(bar.row).unwrap_or(0);
            let selected = state.selected == Selected::Span(bar.span);
            let style = theme.style(bar.role);
            for x in bar.from..=bar.to {
                buffer.set_string(x, y, bar.glyph, style);
            }
            label(state, &axis, &lane, bar, y, buffer);
            if selected {
                let here = Rect { x: bar.from, y, width: bar.to - bar.from + 1, height: 1 };
                buffer.set_style(here, theme.style(Role::Selected));
            }
        }
    }
    foot(state, lanes.rest, buffer);
}

/// The step or call under a place on the screen, or the nearest one of that lane.
#[must_use]
pub fn timeline_hit(state: &State, place: Position) -> Option<Span> {
    let axis = axis(state)?;
    let lane = lanes(state, &axis).shown.into_iter().find(|lane| (lane.y..lane.y + lane.rows).contains(&place.y))?;
    let row = usize::from(place.y - lane.y);
    let distance = |bar: &&Bar| {
        let beside = bar.from.saturating_sub(place.x).max(place.x.saturating_sub(bar.to));
        (beside, bar.row.abs_diff(row))
    };
    lane.bars.iter().min_by_key(distance).map(|bar| bar.span)
}

fn head(state: &State, axis: &Axis, buffer: &mut Buffer) {
    let theme = state.theme();
    let dim = theme.style(Role::Dim);
    let area = state.areas.timeline;
    let name = match state.calls.window {
        Window::Turn => " turn",
        Window::Session => " session",
    };
    let mut pen = Pen::new(area.width);
    pen.column(name, usize::from(NAMES), theme.style(Role::Strong));
    let last = text::duration(axis.whole_us());
    let room = usize::from(axis.area.width).saturating_sub(text::width(&last));
    match state.calls.window {
        Window::Turn => {
            let marks = (room / 14).clamp(1, 6);
            for mark in 0..marks {
                let column = room * mark / marks;
                let at = axis.whole_us() * u64::try_from(column).unwrap_or(0) / u64::from(axis.area.width.max(1));
                let words = if mark == 0 { "0".to_owned() } else { text::duration(at) };
                pen.to(usize::from(NAMES) + column).put("╵", dim).put(&words, dim);
            }
        }
        // Between two turns any time may lie, so that their beginnings say more than times.
        Window::Session => {
            let mut index = axis.from;
            while index < axis.to {
                let column = axis.turn_column(index);
                let words = format!("╵{}", axis.turns[index].id);
                let (from, wide) = (usize::from(NAMES) + column, text::width(&words));
                if column + wide >= room {
                    break;
                }
                pen.to(from).put(&words, dim);
                let taken = pen.used() - usize::from(NAMES);
                index = axis.first_turn_at(taken).max(index + 1);
            }
        }
    }
    pen.to(usize::from(NAMES) + room).put(&last, dim);
    put_line(buffer, area, 0, &pen.line());
}

fn lanes(state: &State, axis: &Axis) -> Lanes {
    let session = &state.session;
    let area = state.areas.timeline;
    let count = session.servers.len() + 1;
    let room = usize::from(area.height.saturating_sub(2));
    // Where not all have room, only the model's lane says something without a bar.
    let tells = |(_, spans): &(String, Spans)| count <= room || !spans.is_empty();
    let servers =
        session.servers.iter().map(|server| (server.name.to_string(), call_spans(state, axis, server))).filter(tells);
    let model = ("model".to_owned(), model_spans(state, axis));
    let spans: Vec<(String, Spans)> = std::iter::once(model).chain(servers).collect();
    let mut wanted: Vec<usize> = spans.iter().map(|(_, spans)| rows_wanted(spans)).collect();
    while wanted.iter().sum::<usize>() > room {
        let Some(tallest) = wanted.iter_mut().max().filter(|rows| **rows > 1) else { break };
        *tallest -= 1;
    }
    let mut lanes = Vec::new();
    let mut y = area.y + 1;
    let bottom = area.bottom().saturating_sub(1);
    for ((name, spans), rows) in spans.into_iter().zip(wanted) {
        if y >= bottom {
            break;
        }
        let mut made = Lane { name, y, rows: 1, bars: Vec::new(), dense: Vec::new() };
        match spans {
            Spans::Few(spans) => made.bars = pack(spans, rows),
            Spans::Many(counts) => made.dense = counts,
        }
        made.rows = u16::try_from(rows).unwrap_or(1).min(bottom - y);
        made.bars.retain(|bar| bar.row < usize::from(made.rows));
        y += made.rows;
        lanes.push(made);
    }
    Lanes { rest: count - lanes.len(), shown: lanes }
}

fn rows_wanted(spans: &Spans) -> usize {
    match spans {
        Spans::Few(bars) => {
            let mut free = vec![0_u16; MOST_ROWS];
            let rows = bars.iter().map(|bar| place(&mut free, bar) + 1);
            rows.max().unwrap_or(1)
        }
        Spans::Many(_) => 1,
    }
}

/// The row of a bar, where `free` is the first free column of each row.
fn place(free: &mut [u16], bar: &Bar) -> usize {
    let row = free.iter().position(|from| *from <= bar.from).unwrap_or(free.len().saturating_sub(1));
    if let Some(free) = free.get_mut(row) {
        *free = bar.to.saturating_add(1);
    }
    row
}

enum Spans {
    Few(Vec<Bar>),
    Many(Vec<usize>),
}

impl Spans {
    fn is_empty(&self) -> bool {
        match self {
            Self::Few(bars) => bars.is_empty(),
            Self::Many(_) => false,
        }
    }
}

/// What of a list lies in the window: bars, or how many began in each column.
fn spans<T>(axis: &Axis, list: &List<T>, began_us: impl Fn(&T) -> u64, bar: impl Fn(&T) -> Option<Bar>) -> Spans {
    let first = list.partition_point(|item| began_us(item) < axis.start_us());
    let last = list.partition_point(|item| began_us(item) <= axis.end_us());
    if last - first > MOST_BARS {
        return Spans::Many(counts(axis, |at_us| list.partition_point(|item| began_us(item) < at_us)));
    }
    Spans::Few(list.range(first, last).filter_map(bar).collect())
}

fn model_spans(state: &State, axis: &Axis) -> Spans {
    let session = &state.session;
    match state.calls.kept_steps() {
        None => spans(axis, &session.steps, |step| step.requested_us, |step| Some(step_bar(axis, step))),
        Some(ids) => spans(
            axis,
            ids,
            |id| session.step(*id).map_or(0, |step| step.requested_us),
            |id| session.step(*id).map(|step| step_bar(axis, step)),
        ),
    }
}

fn step_bar(axis: &Axis, step: &Step) -> Bar {
    let (glyph, role) = match step.state {
        StepState::Waiting | StepState::Retrying { .. } => ("░", Role::Busy),
        StepState::Streaming => ("▒", Role::Busy),
        StepState::Answered => ("━", Role::Key),
        StepState::Failed(_) => ("╳", Role::Bad),
        StepState::Stopped => ("╌", Role::Dim),
    };
    bar(axis, Span::Step(step.id), step.requested_us, step.ended_us.unwrap_or(axis.end_us()), glyph, role)
}

fn call_spans(state: &State, axis: &Axis, server: &Server) -> Spans {
    let session = &state.session;
    let Some(calls) = state.calls.shown_of(server) else { return Spans::Few(Vec::new()) };
    let proposed_us = |id: &CallId| session.call(*id).map_or(0, |call| call.proposed_us);
    spans(axis, calls, proposed_us, |id| session.call(*id).map(|call| call_bar(axis, call)))
}

fn call_bar(axis: &Axis, call: &Call) -> Bar {
    let (glyph, role) = match call.state {
        CallState::Proposed | CallState::Released => ("░", Role::Dim),
        CallState::Held(_) => ("░", Role::Warn),
        CallState::Running => ("▒", Role::Busy),
        CallState::Ok => ("█", Role::Good),
        CallState::Error => ("╳", Role::Bad),
        CallState::Cancelled | CallState::Denied => ("╌", Role::Dim),
    };
    let start = call.started_us.unwrap_or(call.proposed_us);
    bar(axis, Span::Call(call.id), start, call.finished_us.unwrap_or(axis.end_us()), glyph, role)
}

fn bar(axis: &Axis, span: Span, start_us: u64, end_us: u64, glyph: &'static str, role: Role) -> Bar {
    let from = axis.column(start_us);
    Bar { span, from, to: axis.column(end_us).max(from), row: 0, glyph, role }
}

/// How many begin in each column, by binary search: the cost does not grow with their number.
fn counts(axis: &Axis, before: impl Fn(u64) -> usize) -> Vec<usize> {
    let mut last = before(axis.start_us());
    (1..=axis.area.width)
        .map(|column| {
            let now = before(axis.time(column));
            let count = now - last;
            last = now;
            count
        })
        .collect()
}

/// Puts bars that lie side by side in time on rows of their own, as far as there are rows.
fn pack(mut bars: Vec<Bar>, rows: usize) -> Vec<Bar> {
    let mut free = vec![0_u16; rows];
    for bar in &mut bars {
        bar.row = place(&mut free, bar);
    }
    bars
}

/// Writes a call's number after its bar, or in it.
fn label(state: &State, axis: &Axis, lane: &Lane, bar: &Bar, y: u16, buffer: &mut Buffer) {
    let Span::Call(id) = bar.span else { return };
    let words = id.0.to_string();
    let wide = u16::try_from(words.len()).unwrap_or(u16::MAX);
    let next =
        lane.bars.iter().filter(|other| other.row == bar.row && other.from > bar.to).map(|other| other.from).min();
    let end = next.unwrap_or(axis.area.right());
    let style = state.theme().style(Role::Link);
    if bar.to.saturating_add(wide) < end {
        buffer.set_string(bar.to + 1, y, &words, style);
    } else if bar.to - bar.from > wide {
        // No room behind it: the number stands in the bar.
        buffer.set_string(bar.from + 1, y, &words, state.theme().style(bar.role).add_modifier(Modifier::REVERSED));
    }
}

fn dense(state: &State, axis: &Axis, lane: &Lane, buffer: &mut Buffer) {
    const LEVELS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let most = lane.dense.iter().copied().max().unwrap_or(0).max(1);
    let style = state.theme().style(Role::Good);
    for (column, count) in (axis.area.x..).zip(&lane.dense) {
        let level = (count * 8).div_ceil(most);
        buffer.set_string(column, lane.y, LEVELS[level.min(8)], style);
    }
}

/// What is selected, in words under the lanes, and how many lanes have no room. Where no frame tells of a filter, that.
fn foot(state: &State, rest: usize, buffer: &mut Buffer) {
    let area = state.areas.timeline;
    let mut pen = Pen::new(area.width);
    let dim = state.theme().style(Role::Dim);
    let rest = if rest > 0 { format!(" + {} ", text::count(rest, "other lane")) } else { String::new() };
    let room = usize::from(area.width).saturating_sub(text::width(&rest) + 2);
    if state.areas.shape == Shape::Single && state.calls.is_filtered() {
        filter_words(state, &mut pen);
    } else {
        pen.put(" ", dim).put(&text::fit(&super::data::headline(state), room), dim);
    }
    pen.at_end(&rest, dim);
    put_line(buffer, area, usize::from(area.height - 1), &pen.line());
}
