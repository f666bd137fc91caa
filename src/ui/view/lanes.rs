//! The lanes over the list of calls: the model and every server, with how it is and what it does.

use ratatui::buffer::Buffer;
use ratatui::text::Line;

use super::{greeting, marks, put_line};
use crate::session::{CallState, Health, Server, StepState};
use crate::ui::state::{Focus, Fold, Lineup, Selected, State, asks, open_calls};
use crate::ui::text::{self, Pen};
use crate::ui::theme::Role;

/// Draws one line a lane, and one for those that have no room.
pub(super) fn draw(state: &State, buffer: &mut Buffer) {
    let area = state.areas.lanes;
    if area.is_empty() {
        return;
    }
    let theme = state.theme();
    let (plain, dim) = (theme.style(Role::Text), theme.style(Role::Dim));
    let mut pen = Pen::new(area.width);
    let step = state.session.steps.last().filter(|step| step.ended_us.is_none());
    let (sign, role, words) = match step.map(|step| &step.state) {
        None => ("✓", Role::Good, text::count(state.session.steps.len(), "request")),
        Some(running) => {
            let shown = marks::step(running);
            let time = step.map(|step| text::duration(state.going_on_us(state.step_us(step)))).unwrap_or_default();
            (shown.sign, shown.role, format!("{} {time}", shown.word))
        }
    };
    debug_assert!(!matches!(step.map(|step| &step.state), Some(StepState::Answered)));
    pen.put(" ", plain).put(sign, theme.style(role)).put(" ", plain).column("model", 12, theme.style(Role::Strong));
    pen.put(" ", plain).put(&words, dim);
    put_line(buffer, area, 0, &pen.line());
    let lineup = &state.calls.lineup;
    for (row, lane) in lineup.shown.iter().enumerate() {
        if let Some(server) = state.session.servers.get(*lane) {
            put_line(buffer, area, row + 1, &line(state, *lane, server, area.width));
        }
    }
    if !lineup.is_whole() {
        put_line(buffer, area, lineup.shown.len() + 1, &rest(state, lineup, area.width));
    }
    let rule = "─".repeat(usize::from(area.width));
    let mut pen = Pen::new(area.width);
    pen.put(&rule, theme.style(Role::Border));
    put_line(buffer, area, usize::from(area.height - 1), &pen.line());
}

/// The lane of one server.
fn line(state: &State, lane: usize, server: &Server, width: u16) -> Line<'static> {
    let theme = state.theme();
    let (plain, dim) = (theme.style(Role::Text), theme.style(Role::Dim));
    let shown = marks::health(&state.session, server);
    let selected = state.selected == Selected::Server(lane);
    let name_style = theme.style(if selected { Role::Focus } else { Role::Strong });
    let mut pen = Pen::new(width);
    pen.put(if selected { "▸" } else { " " }, theme.style(Role::Name));
    pen.put(shown.sign, theme.style(shown.role)).put(" ", plain);
    pen.column(marks::lane(server.name.as_str()), 12, name_style).put(" ", plain);
    if server.losses > 0 {
        pen.put(marks::losses(server).trim_start(), theme.style(Role::Warn)).put(" ", plain);
    }
    let (tools, calls) = (text::count(server.tools.len(), "tool"), text::count(server.calls.len(), "call"));
    match &server.health {
        Health::Ready => {
            pen.put(&format!("{tools}, {calls}"), dim);
            if let Some(trouble) = state.session.trouble(server) {
                pen.put(&format!(", {trouble}"), theme.style(Role::Warn));
            }
        }
        Health::Stopped if state.session.ended.is_some() => drop(pen.put(&format!("{tools}, {calls}"), dim)),
        Health::Unknown
        | Health::Withheld(_)
        | Health::Starting
        | Health::Probing
        | Health::Listing
        | Health::Restarting { .. }
        | Health::Failed { .. }
        | Health::Stopped
        | Health::SwitchedOff(_) => drop(pen.put(&greeting::server_words(state, server), theme.style(shown.role))),
    }
    let open = |is: fn(CallState) -> bool| open_calls(&state.session, server).filter(|call| is(call.state)).count();
    let open = [
        (open(|state| state == CallState::Running), "running", Role::Busy),
        (open(|state| matches!(state, CallState::Proposed | CallState::Released)), "waiting", Role::Busy),
        (open(|state| matches!(state, CallState::Held(_))), "held", Role::Warn),
    ];
    for (count, word, role) in open.into_iter().filter(|(count, ..)| *count > 0) {
        pen.put(&format!(", {count} {word}"), theme.style(role));
    }
    if is_asking(state, server) {
        pen.put(", asks you", theme.style(Role::Warn));
    }
    pen.line()
}

/// Whether a server waits for an answer that can be given.
fn is_asking(state: &State, server: &Server) -> bool {
    !state.is_viewing() && asks(&state.session, server)
}

/// What the lanes are that have no room, what waits in them, and the key that shows them.
fn rest(state: &State, lineup: &Lineup, width: u16) -> Line<'static> {
    let theme = state.theme();
    let mut pen = Pen::new(width);
    let words = format!(" + {}", marks::census(&state.session, lineup.rest()));
    pen.put(&words, theme.style(Role::Dim));
    let servers = || lineup.rest().filter_map(|lane| state.session.servers.get(lane));
    let held = servers().flat_map(|server| open_calls(&state.session, server));
    let held = held.filter(|call| matches!(call.state, CallState::Held(_))).count();
    let asking = servers().filter(|server| is_asking(state, server)).count();
    for (count, word) in [(held, "held"), (asking, if asking == 1 { "asks" } else { "ask" })] {
        if count > 0 {
            pen.put(&format!(" · {count} {word}"), theme.style(Role::Warn));
        }
    }
    let label = match state.calls.fold {
        Fold::Quiet => "shows all ",
        Fold::Open => "folds ",
    };
    if state.focus != Focus::Input && pen.room() > label.len() + 4 {
        pen.to(usize::from(width) - label.len() - 2);
        pen.put("+ ", theme.style(Role::Name)).put(label, theme.style(Role::Dim));
    }
    pen.line()
}
