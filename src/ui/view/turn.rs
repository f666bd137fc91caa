//! One turn of the conversation as rows: question, steps, calls, answer, and what it is worth.

use ratatui::text::{Line, Span as Styled};

use super::marks;
use crate::protocol::{Attachment, Ending, ModelFailed, ModelFailureCode};
use crate::session::{Call, CallState, Session, Span, Standing, Step, StepState, Turn, Worth};
use crate::ui::markdown::{self, Against};
use crate::ui::state::{Advice, Focus, Row, State, Target};
use crate::ui::text::{self, Pen, Piece};
use crate::ui::theme::{Role, Theme};
use crate::ui::update;

/// Calls of one step that are listed in the conversation; the Calls pane has them all.
const MOST_CALLS: usize = 8;
/// Suggested actions listed under a failed call.
const MOST_ACTIONS: usize = 3;
/// Rows of a reason: a server can say as much as it likes in one line.
const REASON_ROWS: usize = 3;
/// Rows of what went wrong with a model, which says what to do in its last words.
const FAILURE_ROWS: usize = 14;

/// Rows of the turn at a position.
#[must_use]
pub fn turn_rows(state: &State, position: usize, width: u16) -> Vec<Row> {
    let Some(turn) = state.session.turns.get(position) else { return Vec::new() };
    let theme = state.theme();
    let mut rows = Vec::new();
    if turn.fresh {
        rows.extend([forgotten_row(width, theme), Row::default()]);
    }
    rows.extend(question_rows(&turn.question, "", width, theme, Role::Question));
    if !turn.attached.is_empty() {
        // Directly under the question.
        rows.pop();
        rows.extend(attached_rows(&turn.attached, width, theme));
        rows.push(Row::default());
    }
    let mut labelled = None;
    for step in turn.steps.iter().filter_map(|id| state.session.step(*id)) {
        let label = if labelled == Some(&step.model) { Label::Known } else { Label::Wanted };
        step_rows(state, step, label, width, &mut rows);
        labelled = Some(&step.model).filter(|_| !step.text.trim().is_empty()).or(labelled);
        call_rows(state, step, width, &mut rows);
    }
    let worth = Worth::of(&state.session, turn);
    unsupported_row(state, &worth, width, &mut rows);
    held_rows(state, turn, width, &mut rows);
    ending_rows(state, turn, width, &mut rows);
    rows.push(tally_row(state, turn, &worth, width));
    rows.push(Row::default());
    rows
}

/// Where the model's memory of the conversation ends.
pub(super) fn forgotten_row(width: u16, theme: Theme) -> Row {
    let mut pen = Pen::new(width);
    let dim = theme.style(Role::Dim);
    pen.put("── conversation forgotten here ", dim);
    pen.put(&"─".repeat(usize::from(width).saturating_sub(pen.used())), dim);
    pen.line().into()
}

/// Where the turn waits around the model.
fn held_rows(state: &State, turn: &Turn, width: u16, rows: &mut Vec<Row>) {
    let Some(held) = state.session.held_turn.as_ref().filter(|_| turn.ended_us.is_none()) else { return };
    let theme = state.theme();
    let pieces = [
        Piece::new("  ⏸ ", theme.style(Role::Warn)),
        Piece::new(&format!("Held: {}", held.told.reason), theme.style(Role::Warn)),
    ];
    words(rows, &pieces, width, 4);
    if !state.is_viewing() {
        let keys = "n\u{a0}goes\u{a0}on   c\u{a0}continues   K\u{a0}stops\u{a0}the\u{a0}turn";
        words(rows, &[Piece::new("    ", theme.style(Role::Text)), Piece::new(keys, theme.style(Role::Dim))], width, 4);
    }
    rows.push(Row::default());
}

/// Rows of a question, with a word under it about what it waits for.
pub(super) fn question_rows(question: &str, word: &str, width: u16, theme: Theme, role: Role) -> Vec<Row> {
    let room = usize::from(width).saturating_sub(3).max(4);
    let cleaned = text::clean_block(question);
    let mut rows: Vec<Row> = Vec::new();
    for line in cleaned.lines() {
        for (line, _) in text::flow(&[Piece::new(line, theme.style(role))], room, 0) {
            let mut spans = vec![Styled::styled("▌ ", theme.style(Role::Name))];
            spans.extend(line.spans);
            rows.push(Line::from(spans).into());
        }
    }
    if !word.is_empty() {
        let mut pen = Pen::new(width);
        pen.put(&format!("  ◌ {word}"), theme.style(Role::Busy));
        rows.push(pen.line().into());
    }
    rows.push(Row::default());
    rows
}

/// Rows that name what goes with a question, one each.
pub(super) fn attached_rows(attached: &[Attachment], width: u16, theme: Theme) -> Vec<Row> {
    let row = |attached: &Attachment| {
        let mut pen = Pen::new(width);
        let size = text::bytes(attached.text.len());
        pen.put("  + ", theme.style(Role::Name)).put(&format!("{attached}, {size}"), theme.style(Role::Dim));
        Row::from(pen.line())
    };
    attached.iter().map(row).collect()
}

fn words(rows: &mut Vec<Row>, pieces: &[Piece], width: u16, hang: usize) {
    let lines = text::flow(pieces, usize::from(width).max(4), hang);
    rows.extend(lines.into_iter().map(|(line, _)| Row::from(line)));
}

/// Whether the model's name stands over a text: over the first of a turn, and where another model goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Wanted,
    Known,
}

fn step_rows(state: &State, step: &Step, label: Label, width: u16, rows: &mut Vec<Row>) {
    let theme = state.theme();
    let target = Some(Target::Span(Span::Step(step.id)));
    if !step.reasoning.is_empty() {
        let mut pen = Pen::new(width);
        let size = text::bytes(step.reasoning.len());
        pen.put(&format!("  ┊ reasoning, {size}"), theme.style(Role::Dim));
        rows.push(Row { line: pen.line(), target: target.clone(), ..Row::default() });
    }
    if !step.text.trim().is_empty() {
        if label == Label::Wanted {
            let mut pen = Pen::new(width);
            pen.put("  ", theme.style(Role::Text)).put(&step.model, theme.style(Role::Dim));
            rows.push(pen.line().into());
        }
        let done = step.state == StepState::Answered && step.calls.is_empty();
        let Session { evidence, calls, .. } = &state.session;
        let against = Against { evidence: done.then_some(evidence), turn: step.turn, calls: calls.len() };
        let mut answer = markdown::rows(&step.text, usize::from(width.saturating_sub(1)), 2, theme, against);
        if let (Some(first), true) = (answer.first_mut(), step.calls.is_empty()) {
            first.begins = true;
        }
        if let (Some(last), StepState::Streaming) = (answer.last_mut(), &step.state) {
            last.line.spans.push(Styled::styled("▍", theme.style(Role::Busy)));
        }
        rows.extend(answer);
        rows.push(Row::default());
    }
    match &step.state {
        StepState::Waiting => {
            let mut pen = Pen::new(width);
            let verb = if step.model == "built-in" { "planning" } else { "asking" };
            let time = text::duration(state.going_on_us(state.step_us(step)));
            pen.put(&format!("  ◌ {verb} {}… {time}", text::fit(&step.model, 30)), theme.style(Role::Busy));
            rows.push(Row { line: pen.line(), target, ..Row::default() });
        }
        StepState::Retrying { retried, since_us } => {
            let until = since_us.saturating_add(retried.delay_ms.saturating_mul(1000));
            let left = until.saturating_sub(state.now_us).div_ceil(1_000_000);
            let line = format!(
                "  ◌ attempt {} of {} in {left} s: {} (Esc stops)",
                retried.attempt, retried.of, retried.reason
            );
            words(rows, &[Piece::new(&line, theme.style(Role::Warn))], width, 4);
        }
        StepState::Failed(failed) => failure_rows(failed, theme, width, rows),
        StepState::Streaming | StepState::Answered | StepState::Stopped => {}
    }
}

fn failure_rows(failed: &ModelFailed, theme: Theme, width: u16, rows: &mut Vec<Row>) {
    // What to do is said by the message; here only what it cannot know of the console.
    let (what, besides) = match failed.code {
        ModelFailureCode::Unauthorised => {
            ("The key was refused", "Check OPENAI_API_KEY, or start without it to use the built-in assistant.")
        }
        ModelFailureCode::NotFound => ("There is no such model or address", ""),
        ModelFailureCode::RateLimited => ("Too many requests, or no quota left", ""),
        ModelFailureCode::BadRequest => ("The endpoint refused the request", ""),
        ModelFailureCode::ContextOverflow => {
            ("The conversation is too long for the model", "/clear begins a new one; nothing recorded is lost.")
        }
        ModelFailureCode::ServerError => ("The endpoint has a problem of its own", ""),
        ModelFailureCode::TimedOut => ("The model did not answer in time", "A faster model may do better."),
        ModelFailureCode::Unreachable => {
            ("The endpoint cannot be reached", "The built-in assistant needs no network: /model built-in.")
        }
        ModelFailureCode::BrokenStream => ("The answer broke off", ""),
        ModelFailureCode::Malformed => ("The endpoint does not speak the protocol", ""),
    };
    // That the answer had begun well is no news.
    let status = failed
        .http_status
        .filter(|status| *status != 200)
        .map(|status| format!(" (HTTP {status})"))
        .unwrap_or_default();
    words(rows, &[Piece::new(&format!("  ✗ {what}{status}"), theme.style(Role::Bad))], width, 4);
    // What it asks for comes last: the words are cut only where they would fill the pane.
    for line in text::clean_block(&failed.message).lines().take(6) {
        let line = text::in_rows(line, usize::from(width), FAILURE_ROWS, " (all of it in Data)");
        words(rows, &[Piece::new(&format!("    {line}"), theme.style(Role::Text))], width, 4);
    }
    let last = format!("{besides} ↑ brings the question back.");
    words(rows, &[Piece::new(&format!("    {}", last.trim_start()), theme.style(Role::Dim))], width, 4);
    rows.push(Row::default());
}

fn call_rows(state: &State, step: &Step, width: u16, rows: &mut Vec<Row>) {
    let theme = state.theme();
    for call in step.calls.iter().take(MOST_CALLS).filter_map(|id| state.session.call(*id)) {
        rows.push(call_row(state, call, width));
        if let Some(reason) = call.held_reason.as_ref().filter(|_| matches!(call.state, CallState::Held(_))) {
            words(rows, &[Piece::new(&format!("      {reason}"), theme.style(Role::Warn))], width, 6);
            if state.held().is_some_and(|held| held.id == call.id) && update::shows_first(state) {
                let way = if state.focus == Focus::Input { "Tab, then n" } else { "n" };
                let said = format!("      {way} shows what would be sent, and n again sends what is shown.");
                words(rows, &[Piece::new(&said, theme.style(Role::Dim))], width, 6);
            }
        }
        if let Some(refusal) = call.refusal.as_ref().filter(|refusal| !refusal.trim().is_empty()) {
            let told = format!("the model was told: {}", text::first_line(refusal));
            let told = text::in_rows(&told, usize::from(width), REASON_ROWS, " (all of it in Data)");
            words(rows, &[Piece::new(&format!("      {told}"), theme.style(Role::Warn))], width, 6);
        }
        let Some(advice) = Advice::of(call) else { continue };
        let first = advice.reason.lines().next().unwrap_or("");
        let reason = text::in_rows(first, usize::from(width), REASON_ROWS, " (all of it in Data)");
        words(rows, &[Piece::new(&format!("      {reason}"), theme.style(Role::Bad))], width, 6);
        for (number, action) in advice.actions.iter().take(MOST_ACTIONS).enumerate() {
            let mut pen = Pen::new(width);
            pen.put(&format!("      {} ", number + 1), theme.style(Role::Name)).put(action, theme.style(Role::Link));
            rows.push(Row { line: pen.line(), target: Some(Target::Action(action.clone())), ..Row::default() });
        }
    }
    if step.calls.len() > MOST_CALLS {
        let mut pen = Pen::new(width);
        pen.put(&format!("    … {} more in Calls", step.calls.len() - MOST_CALLS), theme.style(Role::Dim));
        rows.push(pen.line().into());
    }
    if !step.calls.is_empty() {
        rows.push(Row::default());
    }
}

fn call_row(state: &State, call: &Call, width: u16) -> Row {
    let theme = state.theme();
    let shown = marks::call(call.state);
    let mut pen = Pen::new(width);
    pen.put("  ", theme.style(Role::Text)).put(shown.sign, theme.style(shown.role));
    pen.put(&format!(" [{}] ", call.id.0), theme.style(Role::Link));
    pen.put(marks::lane(call.server.as_str()), theme.style(Role::Dim)).put(" ", theme.style(Role::Text));
    pen.put(call.tool.as_str(), theme.style(Role::Text));
    let time = state.call_us(call).filter(|us| *us > 0).map(|us| format!(" {}", text::duration(us)));
    let time = time.unwrap_or_default();
    let state_word = if call.state == CallState::Ok { "" } else { shown.word };
    pen.put(&format!("  {state_word}"), theme.style(shown.role)).put(&time, theme.style(Role::Dim));
    if let Some(word) = call.by_hand() {
        pen.put(&format!(" {} {word}", marks::BY_HAND), theme.style(Role::Warn));
    }
    if let (CallState::Released, Some(other)) = (call.state, state.session.waits_for(call)) {
        pen.put(&format!(", waits for call {}", other.0), theme.style(Role::Dim));
    }
    Row { line: pen.line(), target: Some(Target::Span(Span::Call(call.id))), ..Row::default() }
}

fn unsupported_row(state: &State, worth: &Worth, width: u16, rows: &mut Vec<Row>) {
    let Some(words_of_it) = worth.unsupported_words() else { return };
    words(rows, &[Piece::new(&format!("  {words_of_it}"), state.theme().style(Role::Bad))], width, 4);
}

fn ending_rows(state: &State, turn: &Turn, width: u16, rows: &mut Vec<Row>) {
    let theme = state.theme();
    let reason = turn.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let failed_step = turn
        .steps
        .last()
        .and_then(|id| state.session.step(*id))
        .is_some_and(|step| matches!(step.state, StepState::Failed(_)));
    let (line, role) = match turn.ending {
        Some(Ending::Stopped) => (format!("  ⊘ stopped{reason}"), Role::Warn),
        Some(Ending::Limited) => (format!("  ⚠ a limit was reached{reason}"), Role::Warn),
        Some(Ending::Failed) if !failed_step => (format!("  ✗ failed{reason}"), Role::Bad),
        None if state.is_at_end() => ("  ⊘ the recording ends here, before the turn does".to_owned(), Role::Warn),
        Some(Ending::Failed | Ending::Answered) | None => return,
    };
    words(rows, &[Piece::new(&line, theme.style(role))], width, 4);
}

fn tally_row(state: &State, turn: &Turn, worth: &Worth, width: u16) -> Row {
    let theme = state.theme();
    let dim = theme.style(Role::Dim);
    let tally = turn.tally(&state.session);
    let mut pen = Pen::new(width);
    pen.put("  ── ", dim);
    let parts = [
        (tally.ok, "ok", Role::Good),
        (tally.failed, "failed", Role::Bad),
        (tally.cancelled, "cancelled", Role::Dim),
        (tally.denied, "denied", Role::Dim),
        (tally.open, "open", Role::Busy),
    ];
    let standing = Some(worth.standing).filter(|_| turn.ending == Some(Ending::Answered));
    let role = if standing == Some(Standing::Unverified) { Role::Warn } else { Role::Dim };
    match (turn.calls.len(), standing) {
        (0, Some(standing)) => pen.put(standing.words(), theme.style(role)),
        (count, _) => pen.put(&text::count(count, "call"), dim),
    };
    for (count, word, role) in parts.into_iter().filter(|(count, ..)| *count > 0) {
        pen.put(" · ", dim).put(&format!("{count} {word}"), theme.style(role));
    }
    // Calls that brought nothing vouch for nothing.
    if let (1.., Some(standing @ Standing::Unverified)) = (turn.calls.len(), standing) {
        pen.put(" · ", dim).put(standing.words(), theme.style(role));
    }
    if let Some(time) = state.turn_us(turn) {
        pen.put(&format!(" · {}", text::duration(time)), dim);
    }
    pen.line().into()
}
