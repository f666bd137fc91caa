//! The first screen: what this is, how the servers are, what could be asked. And the questions that wait.

use super::{marks, turn};
use crate::protocol::{Unapproved, Withheld};
use crate::session::{Health, Server};
use crate::ui::state::{Fold, Lineup, Row, State, Target, Urgency};
use crate::ui::text::{self, Pen};
use crate::ui::theme::Role;

/// Servers listed on the first screen, however low it is.
const LEAST_SERVERS: usize = 6;
/// Rows that are left for what stands around them, besides the questions.
const OTHER_ROWS: usize = 11;

/// Rows of the first screen.
#[must_use]
pub fn greeting_rows(state: &State, width: u16) -> Vec<Row> {
    let theme = state.theme();
    let (plain, dim, strong) = (theme.style(Role::Text), theme.style(Role::Dim), theme.style(Role::Strong));
    let mut rows: Vec<Row> = vec![Row::default()];
    let words = |text: &str, role: Role| {
        let piece = text::Piece::new(&format!("  {text}"), theme.style(role));
        let lines = text::flow(&[piece], usize::from(width.saturating_sub(1)), 2);
        lines.into_iter().map(|(line, _)| Row::from(line)).collect::<Vec<_>>()
    };
    rows.extend(words("Callboard", Role::Bar));
    let (what, who) = if state.is_viewing() { recorded(state) } else { live(state) };
    rows.extend(words(what, Role::Text));
    rows.extend(words(&who, Role::Dim));
    rows.push(Row::default());
    let servers = &state.session.servers;
    if servers.is_empty() && state.session.started.is_some() && !state.is_viewing() {
        rows.extend(words(
            "No servers are configured, so there is nothing to look things up in. `callboard mcp add` adds one.",
            Role::Warn,
        ));
        rows.push(Row::default());
    }
    let room = usize::from(state.areas.chat.height).saturating_sub(OTHER_ROWS + state.options.examples.len());
    // Those that wait for a word have rows of their own.
    let is_told = |lane: &usize| !matches!(servers[*lane].health, Health::Withheld(_));
    let told: Vec<usize> = (0..servers.len()).filter(is_told).collect();
    let urgencies: Vec<Urgency> = told.iter().map(|lane| Urgency::of(&state.session, &servers[*lane])).collect();
    let lineup = Lineup::new(&urgencies, None, room.max(LEAST_SERVERS), Fold::Quiet);
    for (lane, server) in lineup.shown.iter().map(|at| (told[*at], &servers[told[*at]])) {
        let shown = marks::health(&state.session, server);
        let name = text::fit(server.name.as_str(), 12);
        let gap = " ".repeat(13 - text::width(&name));
        let (hint, role) = match server.health {
            Health::Failed { .. } if state.is_viewing() => (String::new(), Role::Bad),
            Health::Failed { .. } => (format!(" — /restart {name} tries again"), Role::Bad),
            Health::Unknown
            | Health::Withheld(_)
            | Health::Starting
            | Health::Probing
            | Health::Listing
            | Health::Ready
            | Health::Restarting { .. }
            | Health::Stopped
            | Health::SwitchedOff(_) => (String::new(), Role::Dim),
        };
        let pieces = [
            text::Piece::new("  ", plain),
            text::Piece::new(shown.sign, theme.style(shown.role)),
            text::Piece::new(&format!(" {name}{gap}"), strong),
            text::Piece::new(&format!("{}{hint}", server_words(state, server)), theme.style(role)),
        ];
        for (line, _) in text::flow(&pieces, usize::from(width.saturating_sub(1)).max(4), 17).into_iter().take(3) {
            rows.push(Row { line, target: Some(Target::Server(lane)), ..Row::default() });
        }
    }
    if !lineup.is_whole() {
        let census = marks::census(&state.session, lineup.rest().map(|at| told[at]));
        rows.extend(words(&format!("+ {census}; /servers lists all"), Role::Dim));
    }
    rows.extend(withheld_rows(state, width));
    if !state.options.examples.is_empty() {
        rows.push(Row::default());
        let mut pen = Pen::new(width);
        pen.put("  Try", strong).put("   ↓ chooses, Enter asks", dim);
        rows.push(pen.line().into());
        for (at, question) in state.options.examples.iter().enumerate() {
            let mut pen = Pen::new(width);
            let chosen = state.chat.example == Some(at);
            let (sign, style) =
                if chosen { ("  ▸ ", theme.style(Role::Selected)) } else { ("  · ", theme.style(Role::Link)) };
            pen.put(sign, theme.style(Role::Name)).put(question, style);
            rows.push(Row { line: pen.line(), target: Some(Target::Example(at)), ..Row::default() });
        }
    }
    rows
}

/// What a live session is for, and who answers.
fn live(state: &State) -> (&'static str, String) {
    let who = match state.session.model() {
        "" => "The session is starting; you can type already.".to_owned(),
        "built-in" => "The built-in assistant answers: no language model, no key, no network.".to_owned(),
        name => format!("{} answers.", text::fit(name, 60)),
    };
    let what = "Ask in plain words. Answers come from tool calls on your servers; every call shows up with what was sent and what came back.";
    (what, who)
}

/// That a replay shows a moment before the first question, and where to go from there.
fn recorded(state: &State) -> (&'static str, String) {
    let place = match (state.playback.as_deref(), state.session.model()) {
        (Some(playback), _) if playback.length == 0 => return ("There is no record in this file.", String::new()),
        (_, "") => "This is its start.".to_owned(),
        (_, name) => format!("{} answers in it; nothing has been asked at this moment.", text::fit(name, 60)),
    };
    let way = "Space plays it, . goes to the next record, } to the next question, F to its end.";
    ("A recording: nothing is asked and nothing is executed.", format!("{place} {way}"))
}

/// One row for all servers that wait for the same word, however many they are.
fn withheld_rows(state: &State, width: u16) -> Vec<Row> {
    let theme = state.theme();
    let mut rows: Vec<(&Withheld, usize, Vec<&str>)> = Vec::new();
    for (lane, server) in state.session.servers.iter().enumerate() {
        let Health::Withheld(by) = &server.health else { continue };
        match rows.iter_mut().find(|(other, ..)| other.why == by.why) {
            Some((.., names)) => names.push(server.name.as_str()),
            None => rows.push((by, lane, vec![server.name.as_str()])),
        }
    }
    let row = |(by, lane, names): (&Withheld, usize, Vec<&str>)| {
        let shown = marks::health(&state.session, &state.session.servers[lane]);
        let mut pen = Pen::new(width);
        pen.put("  ", theme.style(Role::Text)).put(shown.sign, theme.style(shown.role));
        let many = text::count(names.len(), "project server");
        pen.put(&format!(" {many} "), theme.style(Role::Strong));
        pen.put(&withheld_words(state, by), theme.style(shown.role));
        pen.put(&format!(": {}", names.join(", ")), theme.style(Role::Dim));
        Row { line: pen.line(), target: Some(Target::Server(lane)), ..Row::default() }
    };
    rows.into_iter().map(row).collect()
}

/// How a server is that nobody has said yes to, and what to do about it where that can be done.
pub(super) fn withheld_words(state: &State, by: &Withheld) -> String {
    let words = by.words();
    match by.why {
        _ if state.is_viewing() => words.to_owned(),
        Unapproved::New | Unapproved::Changed => format!("{words} (/trust)"),
        Unapproved::Refused => format!("{words} (callboard mcp trust)"),
    }
}

/// How a server is, with its time while that runs.
pub(in crate::ui) fn server_words(state: &State, server: &Server) -> String {
    let since = || text::duration(state.going_on_us(state.now_us.saturating_sub(server.since_us)));
    match &server.health {
        Health::Unknown => "not started yet".to_owned(),
        Health::Withheld(by) => withheld_words(state, by),
        Health::Starting => format!("starting {}", since()),
        Health::Probing => format!("probing {}", since()),
        Health::Listing => format!("listing its tools {}", since()),
        Health::Ready => {
            let tools = text::count(server.tools.len(), "tool");
            let startup = server.ready.as_ref().map(|ready| format!(", ready in {} ms", ready.startup_ms));
            let trouble = state.session.trouble(server).map(|trouble| format!("; {trouble}")).unwrap_or_default();
            format!("{tools}{}{trouble}", startup.unwrap_or_default())
        }
        Health::Restarting { reason, attempt, of, .. } => format!("restarting {attempt}/{of}: {reason}"),
        Health::Failed { reason } => format!("failed: {reason}"),
        Health::Stopped => "stopped".to_owned(),
        Health::SwitchedOff(file) => format!("switched off in {file}"),
    }
}

/// Rows under the last turn: that it has been forgotten, and the questions that wait.
#[must_use]
pub fn queue_rows(state: &State, width: u16) -> Vec<Row> {
    let waiting = &state.session.waiting;
    let theme = state.theme();
    let mut rows = Vec::new();
    if state.session.cleared_at > 0 && state.session.cleared_at == state.session.turns.len() {
        rows.extend([turn::forgotten_row(width, theme), Row::default()]);
    }
    if !waiting.is_empty() {
        waiting_rows(state, width, &mut rows);
    }
    let attached = &state.reading.attached;
    if !attached.is_empty() {
        let mut pen = Pen::new(width);
        pen.put("Goes with your next question (/detach lets go of it):", theme.style(Role::Warn));
        rows.push(pen.line().into());
        rows.extend(turn::attached_rows(attached, width, theme));
        rows.push(Row::default());
    }
    rows
}

fn waiting_rows(state: &State, width: u16, rows: &mut Vec<Row>) {
    let is_starting = |server: &&Server| matches!(server.health, Health::Starting | Health::Probing | Health::Listing);
    let starting: Vec<&Server> = state.session.servers.iter().filter(is_starting).collect();
    let named = |server: &Server| {
        let since = text::duration(state.going_on_us(state.now_us.saturating_sub(server.since_us)));
        format!("{} ({since})", text::fit(server.name.as_str(), 20))
    };
    let why = |question: &str| {
        let called = question.strip_prefix("/call ").unwrap_or_default();
        let is_called = |server: &&&Server| called.starts_with(&format!("{}__", server.name));
        let names: Vec<String> = match starting.iter().find(is_called) {
            Some(server) => vec![named(server)],
            None => starting.iter().take(3).map(|server| named(server)).collect(),
        };
        match (state.session.running_turn(), names.is_empty()) {
            (None, false) => format!("waits (/stop gives it up); starting: {}", names.join(", ")),
            (Some(_), _) | (None, true) => "waits".to_owned(),
        }
    };
    for question in &state.session.waiting {
        let why = why(question);
        rows.extend(turn::question_rows(question, &why, width, state.theme(), Role::Dim));
    }
    rows.push(Row::default());
}
