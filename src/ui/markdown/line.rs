//! One line of an answer: references and unsupported claims marked, then wrapped.

use std::ops::Range;

use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use super::Held;
use crate::protocol::CallId;
use crate::session::{Claim, Evidence, Mark, references};
use crate::ui::state::Link;
use crate::ui::text::{self, Piece};
use crate::ui::theme::{Role, Theme};

/// A screen line with what it leads to.
pub(super) struct Laid {
    pub line: Line<'static>,
    pub width: usize,
    pub links: Vec<Link>,
}

/// The screen lines of `pieces`. `subject` is what a reference stands for where no claim is beside it.
pub(super) fn laid(
    pieces: &[Piece],
    columns: usize,
    hang: usize,
    theme: Theme,
    held: Held<'_>,
    subject: Option<&str>,
) -> Vec<Laid> {
    let joined: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    let evidence = held.against.evidence;
    let check = |evidence: &Evidence| evidence.check_part(held.against.turn, &joined, held.totals);
    let claims = evidence.map(check).unwrap_or_default();
    let known = |call: CallId| call.index() < held.against.calls;
    let mut marks: Vec<(Range<usize>, Style)> = Vec::new();
    let links: Vec<(Range<usize>, CallId)> = references(&joined);
    for (range, call) in &links {
        let style = if known(*call) { theme.style(Role::Link) } else { unsupported(theme) };
        let from = joined[..range.start].rfind('[').unwrap_or(range.start);
        let to = joined[range.end..].find(']').map_or(range.end, |at| range.end + at + 1);
        marks.push((from..to, style));
    }
    let missing = claims.iter().filter(|claim| claim.mark == Mark::Unsupported);
    marks.extend(missing.map(|claim| (claim.range.clone(), unsupported(theme))));
    let hang = if hang < columns / 2 { hang } else { 0 };
    let lines = text::flow(&overlay(pieces, &marks), columns, hang).into_iter().enumerate();
    lines
        .map(|(number, (line, range))| {
            let shift = if number > 0 { hang } else { 0 };
            let width = shift + text::width(&joined[range.clone()]);
            let here = |place: &Range<usize>| place.start >= range.start && place.end <= range.end;
            let found = links.iter().filter(|(place, call)| here(place) && known(*call));
            let links = found.map(|(place, call)| {
                let start = shift + text::width(&joined[range.start..place.start]);
                let hint = hint(&joined, &claims, place, *call).or_else(|| subject.map(str::to_owned));
                Link { columns: start..start + place.len(), call: *call, hint }
            });
            let links = links.collect();
            Laid { line, width, links }
        })
        .collect()
}

/// The claim that a reference stands behind: the last one before it that its call's result has, else the last one.
fn hint(joined: &str, claims: &[Claim], place: &Range<usize>, call: CallId) -> Option<String> {
    let before = || claims.iter().rev().filter(|claim| claim.range.end <= place.start);
    before()
        .find(|claim| claim.mark == Mark::Supported(call))
        .or_else(|| before().next())
        .or_else(|| claims.first())
        .map(|claim| joined[claim.range.clone()].to_owned())
}

pub(super) fn unsupported(theme: Theme) -> Style {
    theme.style(Role::Bad).add_modifier(Modifier::UNDERLINED)
}

/// Pieces with further styles laid over byte ranges of the joined text.
fn overlay(pieces: &[Piece], marks: &[(Range<usize>, Style)]) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut start = 0;
    for piece in pieces {
        let end = start + piece.text.len();
        let mut cuts: Vec<usize> = vec![start, end];
        for (range, _) in marks {
            cuts.extend([range.start, range.end].into_iter().filter(|at| (start..end).contains(at)));
        }
        cuts.sort_unstable();
        cuts.dedup();
        for pair in cuts.windows(2) {
            let over = marks.iter().filter(|(range, _)| range.start <= pair[0] && pair[1] <= range.end);
            let style = over.fold(piece.style, |style, (_, mark)| style.patch(*mark));
            out.push(Piece { text: piece.text[pair[0] - start..pair[1] - start].to_owned(), style });
        }
        start = end;
    }
    out
}
