//! Where the data pane's content comes from: what is selected and which side of it.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use serde_json::Value;

use crate::protocol::{Json, StopSite, ToolDefinition};
use crate::session::{Call, CallState, Frame, List, Server, Span, Step, StepState, content_text};
use crate::ui::json::{Doc, Tree};
use crate::ui::state::{Content, ListView, PaneKey, Selected, State, Tab, TextView};
use crate::ui::text::{self, Piece};
use crate::ui::theme::Role;
use crate::ui::view;

use super::facts;

/// Longest reason that the card above surely shows whole, bytes.
const LONGEST_ON_CARD: usize = 160;

/// The tab on the screen: the operator's choice, else the most telling one.
#[must_use]
pub fn tab(state: &State) -> Tab {
    if let Some(tab) = state.data.tab {
        return tab;
    }
    match state.call().map(|call| call.state) {
        None if state.selected == Selected::Request => Tab::Arguments,
        Some(
            CallState::Proposed | CallState::Released | CallState::Running | CallState::Held(StopSite::BeforeCall),
        ) => Tab::Arguments,
        Some(_) | None => Tab::Result,
    }
}

/// The key of the pane that should be on the screen.
pub(super) fn key(state: &State) -> PaneKey {
    let tab = tab(state);
    let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    // A pane that is not on the screen would have all of it.
    let width = if state.areas.data.width == 0 { state.size.0 } else { state.areas.data.width };
    let version = match (state.selected, tab) {
        (Selected::Nothing, _) => 0,
        (Selected::Request, _) => {
            mixed((state.request().map_or(0, |json| size(json.bytes())), state.session.records, 0))
        }
        (Selected::Span(Span::Call(_)), tab) => state.call().map_or(0, |call| match tab {
            Tab::Arguments => {
                // While it is held, what fits the width decides how they are shown.
                let held = call.state == CallState::Held(StopSite::BeforeCall);
                let held_in = if held { u64::from(width) + 1 } else { 0 };
                mixed((size(call.arguments.bytes()), held_in, call.decisions.len()))
            }
            Tab::Result => {
                let shown = call.edited.as_ref().or(call.result.as_ref());
                let bytes = shown.map_or(0, Json::bytes);
                size(bytes) * 2 + u64::from(call.state.is_final()) + size(call.decisions.len()) * (1 << 40)
            }
            Tab::Wire | Tab::Log => 0,
        }),
        (Selected::Span(Span::Step(_)), tab) => state.step().map_or(0, |step| match tab {
            Tab::Arguments => size(step.new_messages.bytes()),
            Tab::Result => {
                let ended = u64::from(step.ended_us.is_some());
                size(step.text.len() + step.reasoning.len()) * 64 + u64::from(step.retries) * 2 + ended
            }
            Tab::Wire | Tab::Log => 0,
        }),
        (Selected::Server(_), tab) => state.server().map_or(0, |server| match tab {
            Tab::Arguments => mixed((server.listings, 0, 0)),
            Tab::Result => mixed((server.listings, server.since_us, server.calls.len())),
            Tab::Wire | Tab::Log => 0,
        }),
    };
    PaneKey { selected: state.selected, tab, version, width }
}

/// One number for several that change.
fn mixed(parts: (u64, u64, usize)) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(parts)
}

/// The content for a key.
pub(super) fn content(state: &State, key: &PaneKey) -> Content {
    if state.selected == Selected::Nothing {
        return Content::Empty("The call you select shows here: what was sent, what came back, and how.".to_owned());
    }
    if state.selected == Selected::Request {
        return match (key.tab, state.request()) {
            (Tab::Arguments, Some(messages)) => of_request(state, messages, key),
            _ => Content::Empty("The model has not been asked yet.".to_owned()),
        };
    }
    match key.tab {
        Tab::Wire if frames(state).is_none() => Content::Empty("A model request has no MCP messages.".to_owned()),
        Tab::Wire => Content::Frames(ListView::default()),
        Tab::Log if state.server().is_none() && state.call().is_some() => {
            Content::Empty("No server has this tool, so there is no log.".to_owned())
        }
        Tab::Log if state.server().is_none() => Content::Empty("A model request has no server log.".to_owned()),
        Tab::Log => {
            let end = state.server().map_or(0, |server| server.log.len());
            Content::Log(ListView { cursor: end.saturating_sub(1), top: 0 })
        }
        Tab::Arguments | Tab::Result => match (state.call(), state.step(), state.server()) {
            (Some(call), _, _) => of_call(state, call, key),
            (None, Some(step), _) => of_step(state, step, key),
            (None, None, Some(server)) => of_server(state, server, key),
            (None, None, None) => Content::Empty("Nothing is known of it.".to_owned()),
        },
    }
}

/// The messages of what is selected.
#[must_use]
pub fn frames(state: &State) -> Option<Frames<'_>> {
    match state.selected {
        Selected::Span(Span::Call(_)) => state.call().map(|call| Frames::Call(&call.frames)),
        Selected::Server(_) => state.server().map(|server| Frames::Server(&server.frames)),
        Selected::Span(Span::Step(_)) | Selected::Nothing | Selected::Request => None,
    }
}

/// Messages in one of the two ways the session keeps them.
#[derive(Clone, Copy, Debug)]
pub enum Frames<'a> {
    /// Of a call.
    Call(&'a [Frame]),
    /// Of a server, those of calls left out.
    Server(&'a List<Frame>),
}

impl<'a> Frames<'a> {
    /// How many there are.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Call(frames) => frames.len(),
            Self::Server(frames) => frames.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// One of them.
    #[must_use]
    pub fn get(self, at: usize) -> Option<&'a Frame> {
        match self {
            Self::Call(frames) => frames.get(at),
            Self::Server(frames) => frames.get(at),
        }
    }
}

/// Entries of the list on the screen.
pub(super) fn entries(state: &State) -> usize {
    match state.data.pane().map(|pane| &pane.content) {
        Some(Content::Frames(_)) => frames(state).map_or(0, Frames::len),
        Some(Content::Log(_)) => state.server().map_or(0, |server| server.log.len()),
        Some(Content::Empty(_) | Content::Json(..) | Content::Text(_)) | None => 0,
    }
}

fn of_call(state: &State, call: &Call, key: &PaneKey) -> Content {
    if key.tab == Tab::Arguments {
        return match call.state == CallState::Held(StopSite::BeforeCall) {
            true => held_arguments(state, &call.arguments, key),
            false => json(state, &call.arguments, key),
        };
    }
    match (call.edited.as_ref().or(call.result.as_ref()), call.state) {
        (Some(result), _) => of_result(state, result, key),
        (None, CallState::Held(StopSite::AfterResult)) => {
            let reason = call.failure.as_ref().map_or("There is no result.", |failure| &failure.message);
            plain(state, reason, key)
        }
        (None, CallState::Proposed | CallState::Released | CallState::Held(_)) => {
            Content::Empty("Not sent yet: there is no result.".to_owned())
        }
        (None, CallState::Running) => Content::Empty("No result yet.".to_owned()),
        (None, CallState::Ok | CallState::Error) => match &call.failure {
            Some(failure) if failure.message.len() > LONGEST_ON_CARD => plain(state, &failure.message, key),
            Some(_) | None => Content::Empty("There is no result; see above why.".to_owned()),
        },
        (None, CallState::Cancelled) if !call.was_sent() => {
            Content::Empty("Cancelled: it was never sent, so there is no result.".to_owned())
        }
        (None, CallState::Cancelled) => Content::Empty("Cancelled: there is no result.".to_owned()),
        (None, CallState::Denied) => {
            let reason = call.failure.as_ref().map_or("", |failure| &failure.message);
            plain(state, &format!("Denied: it was never sent. The model was told:\n{reason}"), key)
        }
    }
}

/// What is worth reading of an MCP result: its structured content, else its text, else all of it.
fn of_result(state: &State, result: &Json, key: &PaneKey) -> Content {
    let Some(doc) = Doc::parse(result) else { return json(state, result, key) };
    let member = |wanted: &str| doc.children(0).find(|node| doc.key(*node) == Some(wanted));
    let structured = member("structuredContent").map(|node| doc.text(node)).filter(|text| *text != "null");
    if let Some(body) = structured.and_then(|text| Json::parse(text).ok()) {
        return json(state, &body, key);
    }
    let value = result.value();
    let blocks = value.get("content").and_then(Value::as_array).map_or(0, Vec::len);
    let words = content_text(&value);
    let as_json = Json::parse(&words).ok().filter(|_| words.trim_start().starts_with(['{', '[']));
    match as_json {
        Some(body) => json(state, &body, key),
        None if blocks > 0 && !words.is_empty() => plain(state, &words, key),
        None => json(state, result, key),
    }
}

/// A line of a page of facts; names are shorter than their column.
fn put_fact(words: &mut String, name: &str, value: String) {
    if !value.is_empty() {
        words.push_str(&format!("{name:<9} {value}\n"));
    }
}

fn of_step(state: &State, step: &Step, key: &PaneKey) -> Content {
    if key.tab == Tab::Arguments {
        return json(state, &step.new_messages, key);
    }
    let mut words = String::new();
    let mut fact = |name, value| put_fact(&mut words, name, value);
    fact("model", step.model.clone());
    fact("state", step_words(&step.state));
    fact(
        "request",
        format!(
            "{}, {} offered",
            text::count(step.messages as usize, "message"),
            text::count(step.tools as usize, "tool")
        ),
    );
    if let Some(usage) = step.usage {
        fact("tokens", format!("{} in, {} out", usage.input_tokens, usage.output_tokens));
    }
    fact("finish", step.finish_reason.clone().unwrap_or_default());
    if let (Some(first), Some(_)) = (step.first_us, step.ended_us) {
        fact("first", text::duration(first.saturating_sub(step.requested_us)));
    }
    fact("took", text::duration(step.ended_us.unwrap_or(state.session.last_us).saturating_sub(step.requested_us)));
    fact("calls", step.calls.iter().map(|call| format!("[{}]", call.0)).collect::<Vec<_>>().join(" "));
    if !step.reasoning.is_empty() {
        words.push_str(&format!("\nReasoning\n{}\n", step.reasoning));
    }
    if !step.text.is_empty() {
        words.push_str(&format!("\nText\n{}", step.text));
    }
    facts(state, &words, key)
}

/// The messages of a request to read, each under its role; the whole text if they are no messages.
fn of_request(state: &State, messages: &Json, key: &PaneKey) -> Content {
    let value = messages.value();
    let Some(messages) = value.as_array() else { return long(state, messages.text(), key) };
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut words = String::new();
    for (number, message) in (1..).zip(messages) {
        let of = text(message, "tool_call_id");
        words.push_str(&format!("── {number} {} {of}\n", text(message, "role")));
        for part in
            ["reasoning_content", "content"].map(|name| text(message, name)).iter().filter(|part| !part.is_empty())
        {
            words.push_str(&format!("{part}\n"));
        }
        for call in message.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            let function = &call["function"];
            words.push_str(&format!("→ {} {}\n", text(function, "name"), text(function, "arguments")));
        }
        words.push('\n');
    }
    plain(state, words.trim_end(), key)
}

fn step_words(step: &StepState) -> String {
    match step {
        StepState::Waiting => "waiting for the first word".to_owned(),
        StepState::Retrying { retried, .. } => {
            format!("attempt {} of {} follows: {}", retried.attempt, retried.of, retried.reason)
        }
        StepState::Streaming => "answering".to_owned(),
        StepState::Answered => "answered".to_owned(),
        StepState::Failed(failed) => format!("failed: {}", failed.message),
        StepState::Stopped => "stopped".to_owned(),
    }
}

fn of_server(state: &State, server: &Server, key: &PaneKey) -> Content {
    if key.tab == Tab::Arguments {
        let tools: &[ToolDefinition] = &server.tools;
        let listed = serde_json::to_string(tools).ok().and_then(|text| Json::parse(&text).ok());
        return match listed {
            Some(listed) if !tools.is_empty() => json(state, &listed, key),
            _ => Content::Empty("It has not listed any tools.".to_owned()),
        };
    }
    let mut words = String::new();
    put_fact(&mut words, "server", server.name.to_string());
    put_fact(&mut words, "state", facts::health(state, server));
    for (name, value) in facts::of_server(server) {
        put_fact(&mut words, name, value);
    }
    let names = server.tools.iter().map(|tool| tool.tool.as_str()).collect::<Vec<_>>().join(", ");
    put_fact(&mut words, "tools", names);
    if let Some(instructions) = server.ready.as_ref().map(|ready| &ready.instructions).filter(|text| !text.is_empty()) {
        words.push_str(&format!("\nInstructions\n{instructions}"));
    }
    facts(state, &words, key)
}

fn json(state: &State, json: &Json, key: &PaneKey) -> Content {
    match Doc::parse(json) {
        Some(doc) => Content::Json(Box::new(Tree::new(doc)), None),
        None => long(state, json.text(), key),
    }
}

/// A whole text of JSON, every character of which can be scrolled to.
fn long(state: &State, json: &str, key: &PaneKey) -> Content {
    let source = text::clean_json(json).into_owned();
    Content::Text(TextView::cut(source, usize::from(key.width), state.theme().style(Role::Text)))
}

/// What will be sent, all of which has to be seen: a tree only if no row of it is cut and nothing is folded.
fn held_arguments(state: &State, arguments: &Json, key: &PaneKey) -> Content {
    let Some(doc) = Doc::parse(arguments) else { return long(state, arguments.text(), key) };
    let tree = Tree::new(doc);
    match view::is_whole(&tree, key.width, state.theme()) {
        true => Content::Json(Box::new(tree), None),
        false => long(state, &tree.doc.pretty(0), key),
    }
}

fn plain(state: &State, source: &str, key: &PaneKey) -> Content {
    flowed(state, source, key, |_| 0)
}

/// Lines that begin with a name go on under their value.
fn facts(state: &State, source: &str, key: &PaneKey) -> Content {
    flowed(state, source, key, |line| if line.len() > 10 && line.as_bytes().get(9) == Some(&b' ') { 10 } else { 0 })
}

fn flowed(state: &State, source: &str, key: &PaneKey, hang: impl Fn(&str) -> usize) -> Content {
    let columns = usize::from(key.width.max(1));
    let style = state.theme().style(Role::Text);
    let cleaned = text::clean_block(source);
    let lines = cleaned.lines().flat_map(|line| text::flow(&[Piece::new(line, style)], columns, hang(line)));
    Content::Text(TextView::of_lines(source.to_owned(), lines.map(|(line, _)| line).collect()))
}
