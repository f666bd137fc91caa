//! The step debugger: what its keys ask of the session, and the texts it lets the operator write.

use crate::protocol::{BreakAction, Breakpoint, CallId, Command, Decision, Json, Stepping, StopSite};
use crate::session::Span;
use crate::session::{Call, CallState, content_text};
use crate::ui::json::Doc;
use crate::ui::keymap::StepKey;
use crate::ui::state::{Overlay, Purpose, Selected, State};
use crate::ui::text;

use super::{Effect, asking, changed, seen, select};

/// Carries out a key of the step debugger.
pub(super) fn act(state: &mut State, key: StepKey) -> Vec<Effect> {
    match key {
        StepKey::Step => go_on(state, None),
        StepKey::Continue => go_on(state, Some(Stepping::Off)),
        StepKey::StepOut => go_on(state, Some(Stepping::Out)),
        StepKey::StepAll => all_go_on(state),
        StepKey::Edit => edit(state),
        StepKey::Revert => decide(state, Decision::Revert),
        StepKey::Retry | StepKey::Allow if !seen::may_decide(state) => Vec::new(),
        StepKey::Answer => ask(state, Purpose::Answer, ""),
        StepKey::Deny => ask(state, Purpose::Deny, ""),
        StepKey::Retry => decide(state, Decision::Retry),
        StepKey::Allow => {
            state.decidable().map(|call| Effect::Send(Command::Allow { call: call.id })).into_iter().collect()
        }
        StepKey::Accept if seen::is_unread(state) => Vec::new(),
        StepKey::Accept => changed::accept(state),
        StepKey::Break => toggle_point(state, BreakAction::Stop),
        StepKey::Log => toggle_point(state, BreakAction::Log),
        StepKey::Breakpoints => {
            let text: Vec<String> = state.session.breakpoints.iter().map(line_of).collect();
            asking::open(state, Purpose::Breakpoints, &text.join("\n"));
            Vec::new()
        }
        StepKey::StopTurn => vec![Effect::Send(Command::StopTurn)],
        StepKey::Toggle => {
            let stepping = match state.session.stepping {
                Stepping::Off => Stepping::On,
                Stepping::On | Stepping::All | Stepping::Out => Stepping::Off,
            };
            vec![Effect::Send(Command::Step { stepping })]
        }
        StepKey::Outside => match &state.overlay {
            Some(Overlay::Ask(ask)) => vec![Effect::EditOutside(ask.text())],
            Some(_) | None => Vec::new(),
        },
        StepKey::Original => {
            original(state);
            Vec::new()
        }
        StepKey::Empty => {
            if let Some(Overlay::Ask(ask)) = &mut state.overlay {
                ask.empty();
            }
            Vec::new()
        }
    }
}

fn go_on(state: &mut State, stepping: Option<Stepping>) -> Vec<Effect> {
    let mut effects = match state.decidable().map(|call| call.state) {
        Some(CallState::Released) => {
            state.notice = state.decidable().map(|call| {
                let waits = state.session.waits_for(call).map(|other| format!(" and waits for call {}", other.0));
                format!(
                    "Call {} is released{}; it can still be changed or denied.",
                    call.id.0,
                    waits.unwrap_or_default()
                )
            });
            Vec::new()
        }
        Some(_) | None if !seen::may_decide(state) => return Vec::new(),
        Some(_) => decide(state, Decision::Run),
        None => vec![Effect::Send(Command::Proceed)],
    };
    if let Some(stepping) = stepping.filter(|stepping| *stepping != state.session.stepping) {
        effects.push(Effect::Send(Command::Step { stepping }));
    }
    effects
}

/// Lets everything go that has been there for a moment; what has only just come up waits, and the operator is told.
fn all_go_on(state: &mut State) -> Vec<Effect> {
    if state.session.held_turn.is_some() {
        return go_on(state, None);
    }
    let (new, seen): (Vec<CallId>, Vec<CallId>) =
        select::held(state).partition(|id| state.session.call(*id).is_some_and(|call| seen::is_new(state, call)));
    if !new.is_empty() {
        let these = text::count(new.len(), "call");
        let numbers: Vec<String> = new.iter().map(|call| call.0.to_string()).collect();
        let numbers = numbers.join(", ");
        state.notice = Some(match seen.len() {
            0 => format!("Only just come up, {these}: {numbers}. Look first, then press A again."),
            seen => format!("{seen} let go. Only just come up, {these}: {numbers}. Look first, then press A again."),
        });
    }
    seen.into_iter().map(|call| Effect::Send(Command::Decide { call, decision: Decision::Run })).collect()
}

/// A key that decides, where the selected call is none it could be about.
pub(super) fn elsewhere(state: &mut State, key: StepKey, label: &str) -> Vec<Effect> {
    if key == StepKey::StepAll && select::held(state).next().is_some() {
        return all_go_on(state);
    }
    let words = match (state.decidable(), select::held_first(state, None), state.call()) {
        (Some(call), _, _) if key == StepKey::Revert => {
            format!("There is nothing to take back: call {} is as it came.", call.id.0)
        }
        (Some(call), _, _) => format!("“{label}” is not for call {} as it stands.", call.id.0),
        (None, Some(next), _) => {
            select::select(state, Selected::Span(Span::Call(next)));
            state.data.tab = None;
            // What is typed after a key that opens a field must not act as keys.
            let can_answer = state.held().is_some_and(|call| call.state == CallState::Held(StopSite::BeforeCall));
            if matches!(key, StepKey::Deny | StepKey::Edit) || (key == StepKey::Answer && can_answer) {
                return act(state, key);
            }
            format!("Call {} is the next one held, and now selected; press the key again for it.", next.0)
        }
        (None, None, _) if key == StepKey::Answer && select::under_way(state).nth(1).is_some() => {
            let numbers: Vec<String> = select::under_way(state).map(|call| call.0.to_string()).collect();
            format!("Calls {} are under way: select one of them, and the same key cancels it.", numbers.join(", "))
        }
        (None, None, Some(call)) => {
            format!("“{label}” is for a held call; call {} is not held, and nothing else is.", call.id.0)
        }
        (None, None, None) => format!("“{label}” is for a held call, and nothing is held."),
    };
    state.notice = Some(words);
    Vec::new()
}

fn decide(state: &State, decision: Decision) -> Vec<Effect> {
    let held = state.decidable().map(|call| call.id);
    held.map(|call| Effect::Send(Command::Decide { call, decision })).into_iter().collect()
}

fn ask(state: &mut State, purpose: impl FnOnce(CallId) -> Purpose, text: &str) -> Vec<Effect> {
    if let Some(call) = state.decidable().map(|call| call.id) {
        // The field opens at once, because what is typed next is meant for it; the call is seen behind it.
        seen::show(state);
        asking::open(state, purpose(call), text);
    }
    Vec::new()
}

fn edit(state: &mut State) -> Vec<Effect> {
    match state.decidable().map(|call| (call.state, call.id)) {
        Some((CallState::Held(StopSite::AfterResult), id)) => {
            let text = state.session.call(id).map(shown_result).unwrap_or_default();
            ask(state, Purpose::Result, &text)
        }
        Some((_, id)) => {
            let text = state.session.call(id).map(|call| pretty(&call.arguments)).unwrap_or_default();
            ask(state, Purpose::Arguments, &text)
        }
        None => Vec::new(),
    }
}

/// Puts what the model wanted, what the server said, or the last result of the tool into the editor.
fn original(state: &mut State) {
    let Some(Overlay::Ask(ask)) = &state.overlay else { return };
    let text = match ask.purpose {
        Purpose::Arguments(call) => state.session.call(call).map(|call| pretty(&call.proposed)),
        Purpose::Result(call) => state.session.call(call).map(|call| body_text(call.result.as_ref())),
        Purpose::Answer(call) => {
            let asked = state.session.call(call);
            let is_same = |call: &&Call| {
                asked.is_some_and(|asked| (&asked.server, &asked.tool) == (&call.server, &call.tool))
                    && call.state == CallState::Ok
            };
            let last = state.session.calls.iter().rev().find(is_same);
            last.map(|call| body_text(call.result.as_ref()))
        }
        Purpose::Breakpoints => Some(state.session.breakpoints.iter().map(line_of).collect::<Vec<_>>().join("\n")),
        Purpose::Again(call) | Purpose::AgainWriting(call) => {
            state.session.call(call).map(|call| pretty(&call.arguments))
        }
        Purpose::GoTo | Purpose::Deny(_) => None,
    };
    match (&mut state.overlay, text) {
        (Some(Overlay::Ask(ask)), Some(text)) => ask.set(&text),
        _ => state.notice = Some("There is nothing to put here.".to_owned()),
    }
}

fn shown_result(call: &Call) -> String {
    body_text(call.edited.as_ref().or(call.result.as_ref()))
}

/// What is worth editing of a result.
fn body_text(result: Option<&Json>) -> String {
    let Some(result) = result else { return String::new() };
    let value = result.value();
    match value.get("structuredContent").filter(|body| !body.is_null()) {
        Some(body) => pretty(&Json::from(body)),
        None => content_text(&value),
    }
}

fn pretty(json: &Json) -> String {
    Doc::parse(json).map_or_else(|| json.text().to_owned(), |doc| doc.pretty(0))
}

/// Sets a point at the tool of the selected call, or removes it.
fn toggle_point(state: &mut State, action: BreakAction) -> Vec<Effect> {
    let Some(call) = state.call() else {
        state.notice = Some("Select a call first; B sets breakpoints on anything.".to_owned());
        return Vec::new();
    };
    let on = format!("server:{} tool:{}", quoted(call.server.as_str()), quoted(call.tool.as_str()));
    let mut breakpoints = state.session.breakpoints.clone();
    let before = breakpoints.len();
    breakpoints.retain(|point| point.on != on || point.action != action);
    let is_new = breakpoints.len() == before;
    if is_new {
        breakpoints.push(Breakpoint { on: on.clone(), action });
    }
    let what = match action {
        BreakAction::Stop => "Breakpoint",
        BreakAction::Log => "Log point",
    };
    let word = if is_new { "set at" } else { "removed from" };
    state.notice = Some(format!("{what} {word} {on}"));
    vec![Effect::Send(Command::Break { breakpoints })]
}

fn quoted(name: &str) -> String {
    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")) }
}

/// A breakpoint as it is written: a log point begins with `log `.
fn line_of(point: &Breakpoint) -> String {
    match point.action {
        BreakAction::Stop => point.on.clone(),
        BreakAction::Log => format!("log {}", point.on),
    }
}
