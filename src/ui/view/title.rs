//! The title bar, the banner under it, and the line that says which pane is shown where only one is.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::text::Line;

use super::{marks, put_line};
use crate::protocol::{NoteLevel, Stepping};
use crate::session::Server;
use crate::ui::state::{Focus, State, Urgency};
use crate::ui::text::{self, Pen};
use crate::ui::theme::Role;
use crate::ui::update;

/// What closes the banner, where Esc does.
const CLOSES: &str = "Esc closes";

/// Draws the top of the screen.
pub(super) fn draw(state: &State, buffer: &mut Buffer) {
    let areas = &state.areas;
    let (mut pen, _) = written(state);
    put_line(buffer, areas.title, 0, &pen.line());
    for (row, line) in banner_lines(state, areas.banner.width).iter().enumerate() {
        let mut pen = Pen::new(areas.banner.width);
        if row == 0 && update::closes_banner(state) {
            pen.at_end(CLOSES, state.theme().style(Role::Dim));
        }
        put_line(buffer, areas.banner, row, &pen.line());
        put_line(buffer, areas.banner, row, line);
    }
    let (mut pen, _) = pane_tabs(state);
    put_line(buffer, areas.tabs, 0, &pen.line());
}

/// The lines of the banner; none if there is none.
#[must_use]
pub fn banner_lines(state: &State, width: u16) -> Vec<Line<'static>> {
    let Some((words, level)) = update::banner(state) else { return Vec::new() };
    let (sign, role) = match level {
        NoteLevel::Error => ("✗", Role::Bad),
        NoteLevel::Warning => ("⚠", Role::Warn),
        NoteLevel::Info => ("·", Role::Text),
    };
    let room = usize::from(width).saturating_sub(text::width(CLOSES) + 2);
    text::said(&format!("{sign} {words}"), room, state.theme().style(role))
}

/// The server under a column of the title bar.
#[must_use]
pub fn title_lane(state: &State, column: u16) -> Option<usize> {
    let (_, places) = written(state);
    places.into_iter().find(|(columns, _)| columns.contains(&usize::from(column))).map(|(_, lane)| lane)
}

/// The pane under a column of the line that says which is shown.
#[must_use]
pub fn pane_tab(state: &State, column: u16) -> Option<Focus> {
    let (_, places) = pane_tabs(state);
    places.into_iter().find(|(columns, _)| columns.contains(&usize::from(column))).map(|(_, focus)| focus)
}

fn written(state: &State) -> (Pen, Vec<(Range<usize>, usize)>) {
    let theme = state.theme();
    let (dim, plain) = (theme.style(Role::Dim), theme.style(Role::Text));
    let mut pen = Pen::new(state.areas.title.width);
    pen.put(" callboard", theme.style(Role::Bar));
    if state.areas.title.width >= 100 {
        pen.put(&format!(" {}", state.options.version), dim);
    }
    let mode_role = if state.options.mode.starts_with("LIVE") { Role::Good } else { Role::Warn };
    pen.put(" │ ", dim).put(&state.options.mode, theme.style(mode_role)).put(" │ ", dim);
    let model = match state.session.model() {
        "" if state.is_viewing() => "at its start",
        "" => "starting",
        model => model,
    };
    pen.put(&text::fit(model, 24), plain).put(" │ ", dim);
    let stepping = match state.session.stepping {
        Stepping::Off => "",
        Stepping::On => "STEP",
        Stepping::All => "STEP ALL",
        Stepping::Out => "STEP OUT",
    };
    if !stepping.is_empty() {
        pen.put(stepping, theme.style(Role::Warn)).put(" │ ", dim);
    }
    let tail = waiting_words(state);
    let servers = &state.session.servers;
    let named = || servers.iter().enumerate();
    let shown_width = |server: &Server| text::width(&text::clean_line(server.name.as_str())) + 3;
    let full: usize = named().map(|(_, server)| shown_width(server) + text::width(&marks::losses(server))).sum();
    let mut places = Vec::new();
    if full + 16 <= pen.room() {
        for (lane, server) in named() {
            let start = pen.used();
            let shown = marks::health(&state.session, server);
            pen.put(shown.sign, theme.style(shown.role)).put(" ", plain).put(server.name.as_str(), plain);
            pen.put(&marks::losses(server), theme.style(Role::Warn));
            places.push((start..pen.used(), lane));
            pen.put(" ", plain);
        }
    } else {
        let room = pen.room().saturating_sub(tail.iter().map(|words| text::width(words)).sum());
        let fits = |naming: &Naming| {
            let mut trial = Pen::new(room);
            summary(state, *naming, &mut trial);
            !trial.is_cut()
        };
        let naming = Naming::ALL.into_iter().find(fits).unwrap_or(Naming::Signs);
        places = summary(state, naming, &mut pen);
    }
    if servers.is_empty() && state.session.started.is_some() {
        pen.put("no servers", dim);
    }
    let short = text::clean_line(state.session.started.as_ref().map_or("", |started| started.id.tail()));
    let end = if short.is_empty() { String::new() } else { format!("…{short} ") };
    for words in &tail {
        pen.put(words, theme.style(Role::Warn));
    }
    pen.at_end(&end, dim);
    (pen, places)
}

/// What waits for the operator.
fn waiting_words(state: &State) -> Vec<String> {
    let mut words = Vec::new();
    match if state.is_viewing() { 0 } else { state.session.open_inputs().count() } {
        0 => {}
        1 => words.push("? 1 asks ".to_owned()),
        asking => words.push(format!("? {asking} ask ")),
    }
    if state.session.held_turn.is_some() {
        words.push("⏸ turn held ".to_owned());
    }
    match update::held(state) {
        0 => {}
        held => words.push(format!("⏸ {held} held ")),
    }
    words
}

/// How much is said of servers where not all can be named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// The names of all that are not simply ready, and how many are.
    Notable,
    /// The names of those in trouble, and how many others are in which state.
    Trouble,
    /// How many are in which state.
    Words,
    /// The same without words.
    Signs,
}

impl Naming {
    /// From the one that says most.
    const ALL: [Self; 4] = [Self::Notable, Self::Trouble, Self::Words, Self::Signs];

    fn names(self, server: &Server, urgency: Urgency) -> bool {
        let is_notable = server.losses > 0 || matches!(urgency, Urgency::Trouble | Urgency::Coming);
        match self {
            Self::Notable => is_notable,
            Self::Trouble => urgency == Urgency::Trouble,
            Self::Words | Self::Signs => false,
        }
    }
}

/// How servers are, state by state, those in trouble first: names, and how many others there are.
fn summary(state: &State, naming: Naming, pen: &mut Pen) -> Vec<(Range<usize>, usize)> {
    let (theme, session) = (state.theme(), &state.session);
    let mut places = Vec::new();
    for group in marks::groups(session, 0..session.servers.len()) {
        let (shown, style) = (group.shown, theme.style(group.shown.role));
        let mut others = Vec::new();
        for lane in group.lanes {
            let Some(server) = session.servers.get(lane) else { continue };
            if !naming.names(server, Urgency::of(session, server)) {
                others.push(lane);
                continue;
            }
            let start = pen.used();
            pen.put(&format!("{} {}", shown.sign, text::fit(server.name.as_str(), 12)), style);
            pen.put(&format!("{} ", marks::losses(server)), theme.style(Role::Warn));
            places.push((start..pen.used(), lane));
        }
        let Some(first) = others.first() else { continue };
        let start = pen.used();
        match naming {
            Naming::Signs => pen.put(&format!("{} {} ", shown.sign, others.len()), style),
            Naming::Notable | Naming::Trouble | Naming::Words => {
                pen.put(&format!("{} {} {} ", shown.sign, others.len(), shown.word), style)
            }
        };
        places.push((start..pen.used(), *first));
    }
    places
}

fn pane_tabs(state: &State) -> (Pen, Vec<(Range<usize>, Focus)>) {
    let theme = state.theme();
    let mut pen = Pen::new(state.areas.tabs.width);
    let mut places = Vec::new();
    let calls = state.session.calls.len();
    let panes =
        [(Focus::Chat, "Chat".to_owned()), (Focus::Calls, format!("Calls {calls}")), (Focus::Data, "Data".to_owned())];
    pen.put(" ", theme.style(Role::Text));
    for (focus, label) in panes {
        let here = state.focus == focus || (focus == Focus::Chat && state.focus == Focus::Input);
        let start = pen.used();
        let (label, role) =
            if here { (format!("▸{label} "), Role::Focus) } else { (format!(" {label} "), Role::Dim) };
        pen.put(&label, theme.style(role));
        places.push((start..pen.used(), focus));
    }
    let hint = super::data::headline(state);
    pen.put("  ", theme.style(Role::Text)).put(&hint, theme.style(Role::Dim));
    (pen, places)
}
