//! A tool that is not what it was: how it differs, and taking it as it is now.

use crate::protocol::{Command, FieldChange, StopSite, ToolChanged};
use crate::session::{Call, CallState};
use crate::ui::state::{Matter, Overlay, Page, State};
use crate::ui::text::{self, Piece};
use crate::ui::theme::Role;

use super::{Effect, palette};

/// How the tool of a held call differs from what it was, while that waits for a yes.
#[must_use]
pub fn of_call<'a>(state: &'a State, call: &Call) -> Option<&'a ToolChanged> {
    state.session.change(&call.server, &call.tool)
}

/// The places that differ, each with what stood there and what stands there now.
#[must_use]
pub fn lines(change: &ToolChanged) -> Vec<(Role, String)> {
    let mut lines = Vec::new();
    for FieldChange { path, before, after } in &change.changes {
        lines.push((Role::Strong, path.clone()));
        let mut side = |sign: &str, text: &Option<String>, role| match text {
            Some(text) => {
                let cleaned = text::clean_block(text);
                lines.extend(cleaned.lines().map(|line| (role, format!("  {sign} {line}"))));
                if cleaned.is_empty() {
                    lines.push((role, format!("  {sign} (empty)")));
                }
            }
            None => lines.push((Role::Dim, format!("  {sign} (not there)"))),
        };
        side("−", before, Role::Bad);
        side("+", after, Role::Good);
    }
    if change.more > 0 {
        lines.push((Role::Warn, format!("… and {} more places", change.more)));
    }
    if lines.is_empty() {
        lines.push((Role::Warn, format!("{}: the old one cannot be shown", change.summary)));
    }
    lines
}

/// Whether the page over the panes says how the tool of the held call differs.
#[must_use]
pub fn is_shown(state: &State) -> bool {
    let Some(Overlay::Page(page)) = &state.overlay else { return false };
    let change = state.decidable().and_then(|call| of_call(state, call));
    change.is_some_and(|change| page.matters.contains(&Matter::Change(change.hash.clone())))
}

/// Takes the tool of the selected call as it is now, once the operator has read to the end how it differs. That page has what
/// the record of the change has: the first places that differ and the beginning of long texts, with what is left out; it says
/// where the whole tool is to be seen.
pub(super) fn accept(state: &mut State) -> Vec<Effect> {
    let Some(call) = state.decidable() else { return Vec::new() };
    let (id, number) = (call.id, call.id.0);
    let here = match call.state {
        CallState::Held(StopSite::AfterResult) => format!("r sends call {number} again"),
        _ => format!("n sends call {number} only, d denies call {number}"),
    };
    let Some(change) = of_call(state, call).cloned() else { return Vec::new() };
    let matter = Matter::Change(change.hash.clone());
    if state.read.contains(&matter) {
        if is_shown(state) {
            state.overlay = None;
        }
        state.notice = Some(format!("{} counts as it is now.", text::fit(change.tool.as_str(), 60)));
        return vec![Effect::Send(Command::AcceptTool { call: id, hash: change.hash })];
    }
    if is_shown(state) {
        state.notice = Some("Read it to its end first.".to_owned());
        return Vec::new();
    }
    let theme = state.theme();
    let plain = theme.style(Role::Text);
    let mut paragraphs = vec![
        vec![Piece::new(
            &format!(
                "{} on {} is not what it was when you first saw it, or last accepted it: {}.",
                change.tool, change.server, change.summary
            ),
            plain,
        )],
        vec![Piece::new(
            &format!("Read to the end, then a accepts it for good. Esc closes this; then {here}."),
            theme.style(Role::Warn),
        )],
        Vec::new(),
    ];
    paragraphs.extend(lines(&change).iter().map(|(role, line)| vec![Piece::new(line, theme.style(*role))]));
    paragraphs.push(Vec::new());
    paragraphs.push(vec![Piece::new(
        "Of many places the first are shown, and of long texts where they begin to differ: … says what is left out. The whole \
         tool as it is now is among the tools of its server: s, then T.",
        theme.style(Role::Dim),
    )]);
    let page = palette::titled("A tool that has changed", paragraphs);
    state.overlay = Some(Overlay::Page(Page { matters: vec![matter], ..page }));
    // The same key takes the tool: not one that is held down, nor one pressed before anything can have been read.
    state.seen.since_us = state.now_us;
    Vec::new()
}
