//! What the operator has written for the debugger: taken, doubted, or refused with what is wrong.

use serde_json::{Value, json};

use crate::protocol::{BreakAction, Breakpoint, CallId, Command, Decision, Json, ToolDefinition, secret_marks};
use crate::query::Query;
use crate::schema::Schema;
use crate::session::CallState;
use crate::ui::state::{Ask, Purpose, State};
use crate::ui::text;

use super::Effect;

/// What the model is told when no reason is given.
const NO_REASON: &str = "refused by the operator";

/// What an answer to one of the debugger's questions asks of the session.
pub(super) fn answer(state: &State, ask: &Ask) -> Result<Vec<Effect>, String> {
    let text = ask.text();
    let send = |call, decision| Ok(vec![Effect::Send(Command::Decide { call, decision })]);
    match ask.purpose {
        Purpose::GoTo | Purpose::Again(_) | Purpose::AgainWriting(_) => Ok(Vec::new()),
        Purpose::Deny(call) => {
            let reason = if text.trim().is_empty() { NO_REASON } else { text.trim() };
            send(call, Decision::Deny { reason: reason.to_owned() })
        }
        Purpose::Arguments(call) => send(call, Decision::Edit { value: arguments(state, call, &text)? }),
        Purpose::Result(call) => {
            let old = state.session.call(call).and_then(|call| call.result.clone());
            send(call, Decision::Edit { value: known(state, call, result(&text, old.as_ref())?)? })
        }
        Purpose::Answer(call) => send(call, Decision::Answer { result: known(state, call, result(&text, None)?)? }),
        Purpose::Breakpoints => {
            let breakpoints = text.lines().filter(|line| !line.trim().is_empty()).map(point_of);
            Ok(vec![Effect::Send(Command::Break { breakpoints: breakpoints.collect::<Result<_, _>>()? })])
        }
    }
}

/// The held call whose arguments or result were looked at in an editor and not changed.
pub(super) fn unchanged(state: &State, ask: &Ask) -> Option<CallId> {
    let call = match ask.purpose {
        Purpose::Arguments(call) | Purpose::Result(call) => state.session.call(call)?,
        Purpose::GoTo | Purpose::Deny(_) | Purpose::Answer(_) | Purpose::Breakpoints => return None,
        Purpose::Again(_) | Purpose::AgainWriting(_) => return None,
    };
    // One that has been let go is held again by an edit, whatever is in it.
    let is_held = matches!(call.state, CallState::Held(_));
    (is_held && !ask.is_changed()).then_some(call.id)
}

/// Why a result that can be taken may not be meant: it is not what the tool promises.
pub(super) fn doubt(state: &State, ask: &Ask) -> Option<String> {
    let (call, old) = match ask.purpose {
        Purpose::Answer(call) => (call, None),
        Purpose::Result(call) => (call, state.session.call(call).and_then(|call| call.result.as_ref())),
        Purpose::GoTo | Purpose::Deny(_) | Purpose::Arguments(_) | Purpose::Breakpoints => return None,
        Purpose::Again(call) | Purpose::AgainWriting(call) => {
            let violation = violation(state, call, &object(&ask.text()).ok()?)?;
            return Some(format!("Not what the tool takes, as it was recorded: {violation}"));
        }
    };
    let given = result(&ask.text(), old).ok().filter(|given| !given.is_tool_error())?;
    let promised = tool_of(state, call)?.output_schema.clone()?;
    let missed = Schema::new(promised).missed_by(&given)?;
    Some(format!("Not what the tool's schema promises: {missed}"))
}

/// Where the answer is no JSON, if it should be: row and column, 0-based.
pub(super) fn mistake(ask: &Ask) -> Option<(usize, usize)> {
    let is_json = match ask.purpose {
        Purpose::Arguments(_) | Purpose::Again(_) | Purpose::AgainWriting(_) => true,
        Purpose::Result(_) | Purpose::Answer(_) => ask.text().trim_start().starts_with('{'),
        Purpose::GoTo | Purpose::Deny(_) | Purpose::Breakpoints => false,
    };
    let error = Json::parse_written(&ask.text()).err().filter(|_| is_json)?;
    let row = error.line().checked_sub(1)?;
    // The column is counted in bytes.
    let line = ask.area.lines().get(row)?;
    let column = line.char_indices().take_while(|(at, _)| *at + 1 < error.column()).count();
    Some((row, column))
}

fn tool_of(state: &State, call: CallId) -> Option<&ToolDefinition> {
    state.session.tool_of(state.session.call(call)?)
}

/// Where arguments break the schema of the call's tool.
fn violation(state: &State, call: CallId, arguments: &Json) -> Option<String> {
    Schema::new(tool_of(state, call)?.input_schema.clone()).violation(&arguments.value())
}

/// Arguments as they were written.
pub(super) fn object(text: &str) -> Result<Json, String> {
    let json = Json::parse_written(text).map_err(|error| format!("This is no JSON: {error}"))?;
    match json.value().is_object() {
        true => Ok(json),
        false => Err("Arguments are a JSON object: {…}".to_owned()),
    }
}

/// Arguments that keep the schema of the call's tool.
fn arguments(state: &State, call: CallId, text: &str) -> Result<Json, String> {
    let json = object(text)?;
    match violation(state, call, &json) {
        Some(violation) => Err(format!("The tool does not take this: {violation}")),
        None => known(state, call, json),
    }
}

/// What was written, if every mark in it stands for a secret of the call: the session has those, and puts them back.
fn known(state: &State, call: CallId, written: Json) -> Result<Json, String> {
    let call = state.session.call(call);
    let contents =
        call.map(|call| [Some(&call.proposed), Some(&call.arguments), call.result.as_ref(), call.edited.as_ref()]);
    let contents: Vec<Value> = contents.into_iter().flatten().flatten().map(Json::value).collect();
    let of_call: Vec<&str> = contents.iter().flat_map(secret_marks).collect();
    match secret_marks(&written.value()).iter().find(|mark| !of_call.contains(*mark)) {
        Some(mark) => Err(unknown_secret(mark)),
        None => Ok(written),
    }
}

/// What is wrong with a mark that stands for a secret nobody here has.
pub(super) fn unknown_secret(mark: &str) -> String {
    format!(
        "{mark} stands for a secret that was kept out of the recording and is not known here: write the value itself in \
         its place, or take it out"
    )
}

/// A `CallToolResult` with `text` as its body; JSON where it begins with a brace, words otherwise.
fn result(text: &str, old: Option<&Json>) -> Result<Json, String> {
    let is_error = old.is_some_and(Json::is_tool_error);
    let content = json!([{"type": "text", "text": text}]);
    // An object that cannot be read must not reach the model as words: it would be taken for a result without anything in it.
    let structured = match text.trim_start().starts_with('{') {
        true => Some(Json::parse_written(text).map_err(|error| format!("This is no JSON: {error}"))?.value()),
        false => None,
    };
    Ok(Json::from(match structured {
        Some(body) => json!({"content": content, "structuredContent": body, "isError": is_error}),
        None => json!({"content": content, "isError": is_error}),
    }))
}

/// How many points a text of breakpoints sets.
pub(super) fn told(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (logs, stops): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("log "));
    match (stops.len(), logs.len()) {
        (0, 0) => "There are no breakpoints and no log points now.".to_owned(),
        (stops, logs) => {
            format!("{} and {} set.", text::count(stops, "breakpoint"), text::count(logs, "log point"))
        }
    }
}

fn point_of(line: &str) -> Result<Breakpoint, String> {
    let line = line.trim();
    let (on, action) = match line.strip_prefix("log ") {
        Some(on) => (on.trim(), BreakAction::Log),
        None => (line, BreakAction::Stop),
    };
    match on.parse::<Query>() {
        Ok(query) if query.is_empty() => Err("An empty expression would stop at everything; p does that.".to_owned()),
        Ok(_) => Ok(Breakpoint { on: on.to_owned(), action }),
        Err(error) => Err(format!("{on}: {error}")),
    }
}
