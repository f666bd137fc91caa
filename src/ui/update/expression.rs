//! Expressions being typed: what may follow, taking it, and where one goes wrong.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::protocol::Json;
use crate::query::{self, Query};
use crate::session::Session;
use crate::ui::state::{Ask, Offers, Overlay, State};

use super::{commands, records};

/// Looks again at what may stand in place of the word being typed.
pub(super) fn look(state: &mut State) {
    let session = &state.session;
    if state.calls.filter.typing {
        let words = &state.calls.filter.words;
        state.calls.filter.offers = offers(session, words, words.chars().count());
    }
    if let Some(Overlay::Ask(ask)) = &mut state.overlay
        && ask.purpose.is_expression()
    {
        let (line, column, before) = here(ask);
        let cursor = column.saturating_sub(before);
        ask.offers = offers(session, &line.chars().skip(before).collect::<String>(), cursor);
    }
}

/// Puts the next word that may stand here in place of the one being typed.
pub(super) fn complete(state: &mut State) {
    match &mut state.overlay {
        Some(Overlay::Ask(ask)) => complete_line(ask),
        Some(_) | None => complete_filter(state),
    }
    let only = match &state.overlay {
        Some(Overlay::Ask(ask)) => ask.offers.words().len() == 1,
        Some(_) | None => state.calls.filter.offers.words().len() == 1,
    };
    // With nothing else to choose, the next key may complete what follows.
    if only {
        look(state);
    }
}

fn complete_filter(state: &mut State) {
    let filter = &mut state.calls.filter;
    let cursor = filter.words.chars().count();
    let Some((range, word)) = filter.offers.take(cursor) else { return };
    let kept: String = filter.words.chars().take(range.start).collect();
    filter.words = kept + word;
    records::refilter(state);
    state.calls.reveal = true;
}

fn complete_line(ask: &mut Ask) {
    let (_, column, before) = here(ask);
    let Some((range, word)) = ask.offers.take(column.saturating_sub(before)) else { return };
    for _ in range {
        ask.area.delete_char();
    }
    ask.area.insert_str(word);
    ask.problem = None;
}

/// The line of the cursor, the cursor's column in it, and the characters before its expression.
fn here(ask: &Ask) -> (String, usize, usize) {
    let cursor = ask.area.cursor();
    let line = ask.area.lines().get(cursor.0).cloned().unwrap_or_default();
    let before = before_expression(&line);
    (line, cursor.1, before)
}

/// Characters of a breakpoint's line that are not its expression: blanks, and the word of a log point.
fn before_expression(line: &str) -> usize {
    let trimmed = line.trim_start();
    let expression = trimmed.strip_prefix("log ").unwrap_or(trimmed).trim_start();
    line.chars().count() - expression.chars().count()
}

/// Where the first line that is no expression goes wrong: row and column, 0-based.
pub(super) fn mistake(ask: &Ask) -> Option<(usize, usize)> {
    let wrong = |(row, line): (usize, &String)| {
        let before = before_expression(line);
        let expression: String = line.chars().skip(before).collect();
        expression.trim_end().parse::<Query>().err().map(|error| (row, before + error.column))
    };
    ask.area.lines().iter().enumerate().find_map(wrong)
}

/// Shows what can be written, over what is being asked.
pub(super) fn explain(state: &mut State) {
    let under = match state.overlay.take() {
        Some(Overlay::Ask(ask)) => Some(ask),
        Some(_) | None => None,
    };
    commands::query(state);
    if let Some(Overlay::Page(page)) = &mut state.overlay {
        page.under = under;
    }
}

fn offers(session: &Session, text: &str, cursor: usize) -> Offers {
    let words = query::complete(text, cursor, &|field| known(session, field));
    Offers::new(words, query::word_at(text, cursor).start)
}

/// Values of a field that the session knows; for `arg` and `result`, the names in the schemas of the tools.
fn known(session: &Session, field: &str) -> Vec<String> {
    let tools = || session.servers.iter().flat_map(|server| server.tools.iter());
    let names: BTreeSet<String> = match field {
        "server" => session.servers.iter().map(|server| server.name.as_str().to_owned()).collect(),
        "tool" => tools().map(|tool| tool.tool.as_str().to_owned()).collect(),
        "model" => session.steps.iter().map(|step| step.model.clone()).collect(),
        "arg" => tools().flat_map(|tool| properties(&tool.input_schema)).collect(),
        "result" => tools().filter_map(|tool| tool.output_schema.as_ref()).flat_map(properties).collect(),
        _ => BTreeSet::new(),
    };
    names.into_iter().collect()
}

fn properties(schema: &Json) -> Vec<String> {
    let value = schema.value();
    let properties = value.get("properties").and_then(Value::as_object);
    properties.map(|names| names.keys().cloned().collect()).unwrap_or_default()
}
