//! The bar of a replay: where it stands, how it moves, and what lies where in the recording.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::put_line;
use crate::protocol::{MarkKind, Pace, Playback, Reading};
use crate::ui::state::State;
use crate::ui::text::{self, Pen};
use crate::ui::theme::Role;

/// Draws the bar.
pub(super) fn draw(state: &State, buffer: &mut Buffer) {
    let area = state.areas.scrub;
    let Some(playback) = state.playback.as_deref().filter(|_| !area.is_empty()) else { return };
    put_line(buffer, area, 0, &words(state, playback).line());
    put_line(buffer, area, 1, &bar(state, playback).line());
}

/// The position in the recording that a place on the bar stands for.
#[must_use]
pub fn scrub_position(state: &State, place: Position) -> Option<u64> {
    let area = state.areas.scrub;
    let playback = state.playback.as_deref()?;
    let on_bar = area.contains(place) && place.y == area.y + 1;
    let column = u64::from(place.x.saturating_sub(area.x + 1));
    let last = u64::from(columns(area.width)).saturating_sub(1).max(1);
    on_bar.then(|| playback.length * column.min(last) / last)
}

fn columns(width: u16) -> u16 {
    width.saturating_sub(2)
}

fn words(state: &State, playback: &Playback) -> Pen {
    let theme = state.theme();
    let (plain, dim, name) = (theme.style(Role::Text), theme.style(Role::Dim), theme.style(Role::Name));
    let mut pen = Pen::new(state.areas.scrub.width);
    let (sign, word, role) = match playback.pace {
        Pace::Paused => ("⏸", "paused", Role::Warn),
        Pace::Playing => ("▶", "playing", Role::Good),
        Pace::Following => ("▶", "following", Role::Busy),
    };
    pen.put(&format!(" {sign} {word} "), theme.style(role)).put(&playback.speed.to_string(), name);
    pen.put("  ", plain).put(&clock(playback.moment.now_us(state.clock_us)), plain);
    pen.put(&format!(" of {}  ", clock(playback.end_us)), dim);
    match playback.last {
        None => pen.put("no records", dim),
        Some(last) => {
            let here = playback.here.map_or_else(|| "start".to_owned(), |index| index.to_string());
            pen.put(&here, plain).put(&format!(" of {last}"), dim)
        }
    };
    if playback.is_seeking {
        pen.put("  seeking…", theme.style(Role::Busy));
    }
    match playback.reading {
        Reading::Indexing { done, of } => {
            pen.put(&format!("  reading {} %", done.saturating_mul(100) / of.max(1)), theme.style(Role::Busy));
        }
        Reading::Growing => {
            pen.put("  still being written", theme.style(Role::Busy));
        }
        Reading::Complete => {}
    }
    if let Some(matching) = playback.matching {
        pen.put(&format!("  {matching} in the filter"), name);
    }
    if playback.problem_count > 0 {
        pen.put(&format!("  ⚠ {} bad", playback.problem_count), theme.style(Role::Warn));
    }
    match state.replaying.made_again {
        0 => pen.at_end("nothing is executed ", dim),
        made => pen.at_end(&format!("{} made LIVE ", text::count(made, "call")), theme.style(Role::Warn)),
    };
    pen
}

/// What a column of the bar shows, the most telling last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Rest,
    Passed,
    Turn,
    Error,
    Bookmark,
    Here,
    HereAtBookmark,
}

fn bar(state: &State, playback: &Playback) -> Pen {
    let theme = state.theme();
    let wide = usize::from(columns(state.areas.scrub.width));
    let mut pen = Pen::new(state.areas.scrub.width);
    if wide == 0 {
        return pen;
    }
    let column = |position: u64| {
        let last = wide as u64 - 1;
        let at = (position.min(playback.length) * last).checked_div(playback.length);
        usize::try_from(at.unwrap_or(0)).unwrap_or(0)
    };
    let here = column(playback.position);
    let mut cells: Vec<Cell> = (0..wide).map(|at| if at <= here { Cell::Passed } else { Cell::Rest }).collect();
    let mut raise = |position: u64, cell: Cell| {
        let at = &mut cells[column(position)];
        *at = cell.max(*at);
    };
    for mark in playback.marks.iter() {
        let cell = match mark.kind {
            MarkKind::Turn => Cell::Turn,
            MarkKind::Error => Cell::Error,
        };
        raise(mark.position, cell);
    }
    playback.bookmarks.iter().for_each(|position| raise(*position, Cell::Bookmark));
    let is_marked = playback.bookmarks.contains(&playback.position);
    raise(playback.position, if is_marked { Cell::HereAtBookmark } else { Cell::Here });
    pen.put(" ", theme.style(Role::Text));
    for run in cells.chunk_by(|one, other| one == other) {
        let (sign, role) = match run[0] {
            Cell::Rest => ("─", Role::Border),
            Cell::Passed => ("━", Role::Name),
            Cell::Turn => ("┿", Role::Question),
            Cell::Error => ("✗", Role::Bad),
            Cell::Bookmark => ("◆", Role::Warn),
            Cell::Here => ("●", Role::Strong),
            Cell::HereAtBookmark => ("◈", Role::Strong),
        };
        pen.put(&sign.repeat(run.len()), theme.style(role));
    }
    pen
}

/// `m:ss.t`, with hours where there are any.
fn clock(us: u64) -> String {
    let (seconds, tenths) = (us / 1_000_000, us / 100_000 % 10);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}.{tenths}"),
        hours => format!("{hours}:{minutes:02}:{seconds:02}.{tenths}"),
    }
}
