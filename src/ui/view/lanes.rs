//! The lanes over the list of calls: the model and every server, with how it is and what it does.

use ratatui::buffer::Buffer;

use super::{greeting, marks, put_line};
use crate::session::{CallState, Health, StepState};
use crate::ui::state::{Selected, State};
use crate::ui::text::{self, Pen};
use crate::ui::theme::Role;

/// Draws one line a lane.
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
    for (lane, server) in state.session.servers.iter().enumerate().take(usize::from(area.height.saturating_sub(2))) {
        let shown = marks::health(&state.session, server);
        let selected = state.selected == Selected::Server(lane);
        let name_style = theme.style(if selected { Role::Focus } else { Role::Strong });
        let mut pen = Pen::new(area.width);
        pen.put(if selected { "▸" } else { " " }, theme.style(Role::Name));
        pen.put(shown.sign, theme.style(shown.role)).put(" ", plain);
        pen.column(marks::lane(server.name.as_str()), 12, name_style).put(" ", plain);
        if server.losses > 0 {
            pen.put(marks::losses(server).trim_start(), theme.style(Role::Warn)).put(" ", plain);
        }
        // A server's newest calls are the ones that may be under way.
        let open = server.calls.iter().rev().take(64).filter_map(|id| state.session.call(*id));
        let open = open.filter(|call| call.state == CallState::Running).count();
        match &server.health {
            Health::Ready => {
                let calls = text::count(server.calls.len(), "call");
                pen.put(&format!("{}, {calls}", text::count(server.tools.len(), "tool")), dim);
                if let Some(trouble) = state.session.trouble(server) {
                    pen.put(&format!(", {trouble}"), theme.style(Role::Warn));
                }
                if open > 0 {
                    pen.put(&format!(", {open} running"), theme.style(Role::Busy));
                }
            }
            Health::Stopped if state.session.ended.is_some() => {
                let (tools, calls) = (server.tools.len(), server.calls.len());
                pen.put(&format!("{}, {}", text::count(tools, "tool"), text::count(calls, "call")), dim);
            }
            Health::Unknown
            | Health::Withheld(_)
            | Health::Starting
            | Health::Probing
            | Health::Restarting { .. }
            | Health::Failed { .. }
            | Health::Stopped => {
                pen.put(&greeting::server_words(state, server), theme.style(shown.role));
            }
        }
        put_line(buffer, area, lane + 1, &pen.line());
    }
    let rule = "─".repeat(usize::from(area.width));
    let mut pen = Pen::new(area.width);
    pen.put(&rule, theme.style(Role::Border));
    put_line(buffer, area, usize::from(area.height - 1), &pen.line());
}
