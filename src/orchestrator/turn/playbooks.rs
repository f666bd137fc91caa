//! Playbooks of the turn machine: what goes in, and in words what must come out, without a runtime.

mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::mcp::CallEnd;
use crate::orchestrator::{Policy, Resumed, Rules, prompt};
use crate::protocol::{
    Annotations, BreakAction, Breakpoint, CallStarted, CallStatus, Decision, DeliveredForm, Json, ModelCall, Record,
    RecordIndex, Stepping, ToolDefinition, Verdict,
};
use crate::query::Subject;
use crate::session::Session;

/// A turn with its conversation, and every effect so far.
struct Play {
    turn: Turn,
    conversation: Conversation,
    effects: Vec<Effect>,
    /// Answers given so far, for ids of the provider that are never the same.
    answers: usize,
    /// The last decision on each call that was made before it was sent and means more than to let it go.
    last_words: BTreeMap<CallId, Decision>,
}

impl Play {
    fn begin(gate: impl Into<Gate>) -> Self {
        Self::go_on(gate, Conversation::default())
    }

    fn go_on(gate: impl Into<Gate>, mut conversation: Conversation) -> Self {
        let (turn, effects) =
            Turn::begin("Why?".into(), "m".into(), toolbox(), gate.into(), Numbers::default(), &mut conversation);
        Self { turn, conversation, effects, answers: 0, last_words: BTreeMap::new() }
    }

    fn input(&mut self, input: Input) -> Vec<String> {
        let effects = self.turn.handle(input, &mut self.conversation);
        for effect in &effects {
            let Effect::SendCall { call, tool, arguments, .. } = effect else { continue };
            let (tool, arguments) =
                (self.turn.toolbox.find(tool.as_str()).expect("a tool"), Json::from(Value::Object(arguments.clone())));
            let refusal = self.turn.gate.refusal(tool, &Subject::of_proposal(tool, &arguments));
            assert_eq!(refusal, None, "{call} was sent against a refusal");
        }
        let shown = words(&effects);
        self.effects.extend(effects);
        shown
    }

    fn says(&mut self, text: &str) -> Vec<String> {
        self.input(Input::ModelAnswered(ModelAnswered { text: text.into(), ..ModelAnswered::default() }))
    }

    /// The model wants calls: names and arguments as it writes them.
    fn wants(&mut self, calls: &[(&str, &str)]) -> Vec<String> {
        self.answers += 1;
        let answer = self.answers;
        let call = |(position, (name, arguments)): (usize, &(&str, &str))| ModelCall {
            provider_id: format!("p{answer}.{position}"),
            name: (*name).to_owned(),
            arguments: (*arguments).to_owned(),
        };
        let calls = calls.iter().enumerate().map(call).collect();
        self.input(Input::ModelAnswered(ModelAnswered { calls, ..ModelAnswered::default() }))
    }

    fn fails(&mut self, code: ModelFailureCode) -> Vec<String> {
        self.input(Input::ModelFailed(ModelFailed { code, message: "no luck".into(), http_status: None }))
    }

    fn ends(&mut self, call: u64, text: &str) -> Vec<String> {
        self.input(Input::CallEnded { call: CallId(call), end: result(text), duration_us: 5 })
    }

    fn decides(&mut self, call: u64, decision: Decision) -> Vec<String> {
        self.input(Input::Decide { call: CallId(call), decision })
    }

    /// The results in the conversation: provider's id and text.
    fn delivered(&self) -> Vec<(String, String)> {
        let tool = |message: &Arc<Message>| match &**message {
            Message::Tool { provider_id, text, .. } => Some((provider_id.clone(), text.clone())),
            Message::System { .. } | Message::User { .. } | Message::Assistant { .. } => None,
        };
        self.conversation.messages().iter().filter_map(tool).collect()
    }

    fn told<'a, T>(&'a self, pick: impl Fn(&'a Event) -> Option<T>) -> Vec<T> {
        let events = self.effects.iter().filter_map(|effect| match effect {
            Effect::Tell(_, event) => Some(event),
            _ => None,
        });
        events.filter_map(pick).collect()
    }

    /// Failure codes of the calls that finished, in order of finishing.
    fn failures(&self) -> Vec<CallFailureCode> {
        self.told(|event| match event {
            Event::CallFinished(finished) => finished.failure.as_ref().map(|failure| failure.code),
            _ => None,
        })
    }

    fn forms(&self) -> Vec<DeliveredForm> {
        self.told(|event| match event {
            Event::CallDelivered(delivered) => Some(delivered.form),
            _ => None,
        })
    }

    fn ending(&self) -> Option<(Ending, Option<String>)> {
        self.told(|event| match event {
            Event::TurnEnded(ended) => Some((ended.ending, ended.reason.clone())),
            _ => None,
        })
        .pop()
    }
}

/// `look` and `list` read, `change` and `remove` write; all but `list` need an `id`, and `list` says what it returns.
fn toolbox() -> Toolbox {
    let rows = json!({"type": "object", "properties": {"rows": {"type": "array"}}});
    let tool = |name: &str, read_only: bool, schema: Value| ToolDefinition {
        model_name: name.into(),
        server: "desk".into(),
        tool: name.into(),
        title: None,
        description: String::new(),
        input_schema: Json::from(schema),
        output_schema: (name == "list").then(|| Json::from(&rows)),
        annotations: Annotations { read_only, ..Annotations::default() },
        believed: true,
        hash: String::new(),
    };
    let with_id = json!({"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]});
    let any = json!({"type": "object"});
    let (reads, writes) = (true, false);
    Toolbox::new(vec![
        tool("look", reads, with_id.clone()),
        tool("list", reads, any),
        tool("change", writes, with_id.clone()),
        tool("remove", writes, with_id),
    ])
}

fn result(text: &str) -> CallEnd {
    let result = json!({"content": [{"type": "text", "text": text}]});
    CallEnd { status: CallStatus::Ok, result: Some(Json::from(result)), failure: None, mismatch: None }
}

fn object(text: &str) -> Json {
    Json::parse(text).expect("test JSON")
}

/// Effects as one reads them.
fn words(effects: &[Effect]) -> Vec<String> {
    let word = |effect: &Effect| match effect {
        Effect::Tell(Scope { call: Some(call), .. }, event) => format!("{} {call}", event.kind()),
        Effect::Tell(_, event) => event.kind().to_owned(),
        Effect::AskModel { step, tools: ToolUse::Offered } => format!("ask {step}"),
        Effect::AskModel { step, tools: ToolUse::Withheld } => format!("ask {step} without tools"),
        Effect::AbortModel => "abort the model".into(),
        Effect::SendCall { call, .. } => format!("send {call}"),
        Effect::AbortCall { call, .. } => format!("abort {call}"),
        Effect::End => "end".into(),
    };
    effects.iter().map(word).collect()
}

#[test]
fn an_answer_without_calls_ends_the_turn() {
    let mut play = Play::begin(Policy::default());
    assert_eq!(words(&play.effects), ["turn.started", "model.requested", "ask s1"]);
    assert_eq!(play.says("Because."), ["model.answered", "turn.ended", "end"]);
    assert_eq!(play.ending(), Some((Ending::Answered, None)));
    assert!(play.turn.is_over());
    assert_eq!(play.says("And another thing."), [""; 0], "nothing comes after the end");
}

#[test]
fn reading_calls_run_side_by_side_and_are_delivered_in_the_models_order() {
    let mut play = Play::begin(Policy::default());
    assert_eq!(
        play.wants(&[("look", r#"{"id":1}"#), ("look", r#"{"id":2}"#)]),
        ["model.answered", "call.proposed c1", "call.proposed c2", "send c1", "send c2"]
    );
    assert_eq!(play.ends(2, "two"), ["call.finished c2"]);
    assert_eq!(
        play.ends(1, "one"),
        ["call.finished c1", "call.delivered c1", "call.delivered c2", "model.requested", "ask s2"]
    );
    let expected = [("p1.0", "[call 1]\none"), ("p1.1", "[call 2]\ntwo")];
    assert_eq!(play.delivered(), expected.map(|(id, text)| (id.to_owned(), text.to_owned())));
    assert_eq!(play.forms(), [DeliveredForm::Original; 2]);
}

#[test]
fn writing_calls_run_alone_and_in_order() {
    let mut play = Play::begin(Policy::Auto);
    let sent =
        play.wants(&[("look", r#"{"id":1}"#), ("change", r#"{"id":2}"#), ("list", "{}"), ("remove", r#"{"id":3}"#)]);
    assert_eq!(sent.last().map(String::as_str), Some("send c1"), "the rest waits for the write before it: {sent:?}");
    assert_eq!(play.ends(1, ""), ["call.finished c1", "send c2"]);
    assert_eq!(play.ends(2, ""), ["call.finished c2", "send c3"]);
    assert_eq!(play.ends(3, ""), ["call.finished c3", "send c4"]);
    assert_eq!(play.ends(4, "").last().map(String::as_str), Some("ask s2"));
}

#[test]
fn a_held_call_is_sent_only_after_a_yes() {
    let mut play = Play::begin(Policy::AskWrites);
    assert_eq!(
        play.wants(&[("change", r#"{"id":1}"#), ("look", r#"{"id":2}"#)]),
        ["model.answered", "call.proposed c1", "call.held c1", "call.proposed c2"],
        "a read after a write that is undecided waits too"
    );
    assert_eq!(play.turn.held(), [CallId(1)]);
    assert_eq!(play.ends(1, "a lie"), [""; 0], "nothing was sent, so nothing can end");
    assert_eq!(play.decides(1, Decision::Run), ["call.decided c1", "send c1"]);
    assert_eq!(play.decides(1, Decision::Deny { reason: "too late".into() }), [""; 0]);
    assert_eq!(play.ends(1, ""), ["call.finished c1", "send c2"]);
}

#[test]
fn an_edited_call_is_sent_with_the_edit_and_the_models_own_words_stay() {
    let mut play = Play::begin(Policy::AskWrites);
    play.wants(&[("change", r#"{"id":1}"#)]);
    let edit = Decision::Edit { value: object(r#"{"id":7}"#) };
    assert_eq!(play.decides(1, edit), ["call.decided c1", "call.held c1"], "what is sent can be looked at first");
    assert_eq!(play.decides(1, Decision::Run), ["call.decided c1", "send c1"]);
    let Some(Effect::SendCall { arguments, .. }) = play.effects.last() else { panic!("nothing was sent") };
    assert_eq!(arguments["id"], 7);
    let decided = play.told(|event| match event {
        Event::CallDecided(decided) => Some(decided.clone()),
        _ => None,
    });
    assert_eq!((&decided[0].before, &decided[0].after), (&Some(object(r#"{"id":1}"#)), &Some(object(r#"{"id":7}"#))));
    let Message::Assistant { calls, .. } = &*play.conversation.messages()[1] else { panic!("no answer") };
    assert_eq!(calls[0].arguments, r#"{"id":1}"#);
    play.ends(1, "seven");
    let text = "[call 1; the operator changed its arguments to {\"id\":7}]\nseven";
    assert_eq!(play.delivered()[0].1, text, "without that it would be taken for the answer to the model's own words");
    let Some(Message::Tool { sent, form, .. }) = play.conversation.messages().last().map(|last| &**last) else {
        panic!("no result")
    };
    assert_eq!((sent.as_ref(), *form), (Some(&object(r#"{"id":7}"#)), DeliveredForm::Original));
}

#[test]
fn a_call_that_was_changed_and_then_refused_was_made_with_nothing() {
    let mut play = Play::begin(Policy::AskWrites);
    play.wants(&[("change", r#"{"id":1}"#)]);
    play.decides(1, Decision::Edit { value: object(r#"{"id":7}"#) });
    play.decides(1, Decision::Deny { reason: "no".into() });
    assert_eq!(play.delivered()[0].1, "[call 1 was refused]\nno");
}

#[test]
fn an_edit_that_breaks_the_schema_leaves_the_call_held() {
    let mut play = Play::begin(Policy::AskWrites);
    play.wants(&[("change", r#"{"id":1}"#)]);
    for arguments in [r#"{"id":"one"}"#, "17", "[]"] {
        assert_eq!(play.decides(1, Decision::Edit { value: object(arguments) }), ["call.held c1"], "{arguments}");
        assert_eq!(play.turn.held(), [CallId(1)]);
    }
    assert_eq!(play.decides(1, Decision::Run), ["call.decided c1", "send c1"]);
}

#[test]
fn an_answered_call_is_not_sent_and_the_model_gets_the_operators_result() {
    let mut play = Play::begin(Policy::AskWrites);
    play.wants(&[("change", r#"{"id":1}"#)]);
    let result = object(r#"{"content":[{"type":"text","text":"done by hand"}]}"#);
    assert_eq!(
        play.decides(1, Decision::Answer { result }),
        ["call.decided c1", "call.finished c1", "call.delivered c1", "model.requested", "ask s2"]
    );
    assert_eq!(play.delivered()[0].1, "[call 1]\ndone by hand");
    assert_eq!(play.forms(), [DeliveredForm::Synthetic]);
}

#[test]
fn a_result_given_by_hand_waits_like_any_other_while_stepping_and_is_the_operators_all_along() {
    let mut play = Play::begin(stepping(Stepping::On));
    play.wants(&[("look", r#"{"id":1}"#)]);
    let text = |words: &str| object(&format!(r#"{{"content":[{{"type":"text","text":"{words}"}}]}}"#));
    assert_eq!(
        play.decides(1, Decision::Answer { result: text("one") }),
        ["call.decided c1", "call.received c1", "call.held c1"]
    );
    assert_eq!(play.decides(1, Decision::Edit { value: text("two") }), ["call.decided c1", "call.held c1"]);
    play.decides(1, Decision::Run);
    assert_eq!(play.delivered()[0].1, "[call 1]\ntwo");
    assert_eq!(play.forms(), [DeliveredForm::Synthetic], "no server has said any of it");
    let mut refused = Play::begin(stepping(Stepping::On));
    refused.wants(&[("look", r#"{"id":1}"#)]);
    refused.decides(1, Decision::Answer { result: text("one") });
    refused.decides(1, Decision::Deny { reason: "on second thoughts".into() });
    assert_eq!(refused.failures(), [CallFailureCode::Denied], "there is no result of a server to keep");
}

#[test]
fn a_result_given_by_hand_is_recorded_with_what_its_schema_misses() {
    let mut play = Play::begin(Policy::AskAll);
    play.wants(&[("list", "{}")]);
    play.decides(1, Decision::Answer { result: object(r#"{"content":[],"structuredContent":{"rows":7}}"#) });
    let mismatches = play.told(|event| match event {
        Event::CallFinished(finished) => finished.mismatch.clone(),
        _ => None,
    });
    assert!(mismatches[0].contains("/rows: 7 is not of type"), "{mismatches:?}");
}

#[test]
fn a_session_that_ends_tells_the_truth_about_what_was_held_and_what_was_running() {
    let mut play = Play::begin(Policy::AskWrites);
    play.wants(&[("look", r#"{"id":1}"#), ("change", r#"{"id":2}"#), ("look", r#"{"id":3}"#)]);
    let effects = play.input(Input::Stop(StopReason::Closing));
    assert!(!effects.iter().any(|effect| effect == "user.interrupted"), "nobody stopped it: {effects:?}");
    let messages = play.told(|event| match event {
        Event::CallFinished(finished) => finished.failure.as_ref().map(|failure| failure.message.clone()),
        _ => None,
    });
    assert_eq!(
        messages,
        [
            "The console was closed while this call was running.",
            "The console was closed while this call was held; it was never sent.",
            "The console was closed before this call was sent.",
        ]
    );
    assert_eq!(play.ending(), Some((Ending::Stopped, Some("the console was closed".to_owned()))));
}

#[test]
fn a_denied_call_is_not_sent_and_the_model_gets_the_reason() {
    let mut play = Play::begin(Policy::AskWrites);
    play.wants(&[("change", r#"{"id":1}"#)]);
    play.decides(1, Decision::Deny { reason: "not on a Sunday".into() });
    assert_eq!(play.delivered()[0].1, "[call 1 was refused]\nnot on a Sunday");
    assert_eq!((play.failures(), play.forms()), (vec![CallFailureCode::Denied], vec![DeliveredForm::Denied]));
}

fn stepping(stepping: Stepping) -> Gate {
    Gate::new(Policy::Auto, Rules::default(), stepping)
}

#[test]
fn a_step_stops_before_the_call_and_after_its_result() {
    let mut play = Play::begin(stepping(Stepping::On));
    assert_eq!(play.wants(&[("look", r#"{"id":1}"#)]), ["model.answered", "call.proposed c1", "call.held c1"]);
    assert_eq!(play.decides(1, Decision::Run), ["call.decided c1", "send c1"]);
    assert_eq!(play.ends(1, "seven"), ["call.received c1", "call.held c1"]);
    let edit = Decision::Edit { value: object(r#"{"content":[{"type":"text","text":"eight"}]}"#) };
    assert_eq!(play.decides(1, edit), ["call.decided c1", "call.held c1"]);
    assert_eq!(
        play.decides(1, Decision::Run),
        ["call.decided c1", "call.finished c1", "call.delivered c1", "model.requested", "ask s2"]
    );
    assert_eq!(play.delivered()[0].1, "[call 1]\neight", "the model gets the edit");
    assert_eq!(play.forms(), [DeliveredForm::Edited]);
    let finished = play.told(|event| match event {
        Event::CallFinished(finished) => finished.result.clone(),
        _ => None,
    });
    assert!(finished[0].text().contains("seven"), "the record keeps what the server said");
}

#[test]
fn a_result_that_is_kept_back_is_denied_to_the_model_and_kept_in_the_record() {
    let mut play = Play::begin(stepping(Stepping::On));
    play.wants(&[("look", r#"{"id":1}"#)]);
    play.decides(1, Decision::Run);
    play.ends(1, "secret");
    play.decides(1, Decision::Deny { reason: "not for a model".into() });
    assert_eq!(play.delivered()[0].1, "[call 1 was refused]\nnot for a model");
    assert_eq!((play.failures(), play.forms()), (vec![], vec![DeliveredForm::Denied]));
}

#[test]
fn a_call_is_tried_again_and_still_ends_once() {
    let mut play = Play::begin(stepping(Stepping::On));
    play.wants(&[("change", r#"{"id":1}"#)]);
    assert_eq!(play.decides(1, Decision::Retry), ["call.held c1"], "there is nothing to try again yet");
    play.decides(1, Decision::Run);
    play.ends(1, "first");
    assert_eq!(play.decides(1, Decision::Retry), ["call.decided c1", "send c1"]);
    let Some(Effect::SendCall { attempt, .. }) = play.effects.last() else { panic!("nothing was sent") };
    assert_eq!(*attempt, 2);
    assert_eq!(play.ends(1, "second"), ["call.received c1", "call.held c1"]);
    play.decides(1, Decision::Run);
    assert_eq!(play.delivered()[0].1, "[call 1]\nsecond");
}

#[test]
fn the_turn_waits_around_the_model_and_can_be_stopped_there() {
    let mut play = Play::begin(stepping(Stepping::All));
    assert_eq!(words(&play.effects), ["turn.started", "turn.held"]);
    assert_eq!(play.input(Input::Proceed), ["turn.resumed", "model.requested", "ask s1"]);
    assert_eq!(play.wants(&[("look", r#"{"id":1}"#)]), ["model.answered", "turn.held"]);
    assert_eq!(play.input(Input::Proceed), ["turn.resumed", "call.proposed c1", "call.held c1"]);
    play.decides(1, Decision::Run);
    play.ends(1, "");
    assert_eq!(
        play.decides(1, Decision::Run),
        ["call.decided c1", "call.finished c1", "call.delivered c1", "turn.held"]
    );
    assert_eq!(play.input(Input::Stop(StopReason::Operator)), ["user.interrupted", "turn.ended", "end"]);
}

#[test]
fn what_only_stepping_held_goes_on_when_stepping_ends_and_what_writes_still_waits() {
    let mut play = Play::begin(Gate::new(Policy::AskWrites, Rules::default(), Stepping::On));
    play.wants(&[("look", r#"{"id":1}"#), ("change", r#"{"id":2}"#)]);
    assert_eq!(play.turn.held(), [CallId(1), CallId(2)]);
    let off = Input::GateChanged(Box::default());
    let told = ["call.decided c1", "call.held c2", "note.taken", "send c1"];
    assert_eq!(play.input(off), told, "how many went on is said, and why the other still waits");
    assert_eq!(play.turn.held(), [CallId(2)], "nobody has said yes to a call that writes");
}

/// Three calls that are held, the last two of which write.
fn three_held() -> Play {
    let mut play = Play::begin(Gate::new(Policy::AskWrites, Rules::default(), Stepping::On));
    play.wants(&[("look", r#"{"id":1}"#), ("change", r#"{"id":2}"#), ("remove", r#"{"id":3}"#)]);
    assert_eq!(play.turn.held(), [CallId(1), CallId(2), CallId(3)]);
    assert_eq!(play.decides(2, Decision::Run), ["call.decided c2"], "it waits for call 1");
    play
}

#[test]
fn a_released_call_that_is_denied_before_it_was_sent_is_never_sent() {
    let mut play = three_held();
    let deny = Decision::Deny { reason: "on second thoughts".into() };
    assert_eq!(play.decides(2, deny), ["call.decided c2", "call.finished c2"]);
    play.decides(1, Decision::Run);
    play.ends(1, "");
    assert_eq!(play.decides(1, Decision::Run), ["call.decided c1", "call.finished c1"], "nothing else is sent");
}

#[test]
fn a_released_call_that_is_changed_is_held_again_and_sent_as_changed() {
    let mut play = three_held();
    let edit = |value: &str| Decision::Edit { value: object(value) };
    assert_eq!(play.decides(2, edit(r#"{"id":8}"#)), ["call.decided c2", "call.held c2"]);
    assert_eq!(play.turn.held(), [CallId(1), CallId(2), CallId(3)]);
    assert_eq!(play.decides(2, Decision::Run), ["call.decided c2"]);
    assert_eq!(
        play.decides(2, edit(r#"{"id":8}"#)),
        ["call.decided c2", "call.held c2"],
        "the same again holds it too"
    );
    assert_eq!(play.decides(2, edit(r#"{"id":9}"#)), ["call.decided c2", "call.held c2"]);
    play.decides(2, Decision::Run);
    play.decides(1, Decision::Run);
    play.ends(1, "");
    assert_eq!(play.decides(1, Decision::Run), ["call.decided c1", "call.finished c1", "send c2"]);
    let Some(Effect::SendCall { arguments, .. }) = play.effects.last() else { panic!("nothing was sent") };
    assert_eq!(arguments["id"], 9);
}

#[test]
fn what_the_operator_has_made_of_arguments_and_result_is_taken_back() {
    let mut play = Play::begin(stepping(Stepping::On));
    play.wants(&[("change", r#"{"id":1}"#)]);
    play.decides(1, Decision::Edit { value: object(r#"{"id":7}"#) });
    assert_eq!(play.decides(1, Decision::Revert), ["call.decided c1", "call.held c1"]);
    play.decides(1, Decision::Run);
    let Some(Effect::SendCall { arguments, .. }) = play.effects.last() else { panic!("nothing was sent") };
    assert_eq!(arguments["id"], 1);
    play.ends(1, "as it came");
    play.decides(1, Decision::Edit { value: object(r#"{"content":[]}"#) });
    assert_eq!(play.decides(1, Decision::Revert), ["call.decided c1", "call.held c1"]);
    play.decides(1, Decision::Run);
    assert_eq!(play.delivered()[0].1, "[call 1]\nas it came");
    assert_eq!(play.forms(), [DeliveredForm::Original]);
}

#[test]
fn a_result_in_place_of_a_servers_goes_back_to_what_was_given_first() {
    let mut play = Play::begin(stepping(Stepping::On));
    play.wants(&[("look", r#"{"id":1}"#)]);
    let text = |words: &str| object(&format!(r#"{{"content":[{{"type":"text","text":"{words}"}}]}}"#));
    play.decides(1, Decision::Answer { result: text("one") });
    play.decides(1, Decision::Edit { value: text("two") });
    play.decides(1, Decision::Revert);
    play.decides(1, Decision::Run);
    assert_eq!((play.delivered()[0].1.as_str(), play.forms()), ("[call 1]\none", vec![DeliveredForm::Synthetic]));
}

#[test]
fn a_released_call_can_still_be_answered() {
    let mut play = three_held();
    let result = object(r#"{"content":[]}"#);
    let answer = Decision::Answer { result };
    assert_eq!(play.decides(2, answer), ["call.decided c2", "call.received c2", "call.held c2"]);
    assert_eq!(play.decides(2, Decision::Run), ["call.decided c2", "call.finished c2"]);
}

#[test]
fn a_breakpoint_that_is_taken_away_lets_nothing_go_that_it_has_stopped() {
    let mut gate = Gate::from(Policy::Auto);
    gate.set_breakpoints(&[Breakpoint { on: "tool:look".into(), action: BreakAction::Stop }]).expect("fine");
    let mut play = Play::begin(gate);
    play.wants(&[("look", r#"{"id":1}"#)]);
    assert_eq!(play.input(Input::GateChanged(Box::new(Policy::Auto.into()))), [""; 0]);
    assert_eq!(play.input(Input::GateChanged(Box::new(stepping(Stepping::On)))), [""; 0]);
    assert_eq!(play.input(Input::GateChanged(Box::new(stepping(Stepping::Off)))), [""; 0]);
    assert_eq!(play.turn.held(), [CallId(1)]);
    assert_eq!(play.decides(1, Decision::Run), ["call.decided c1", "send c1"]);
}

#[test]
fn what_the_operator_has_changed_waits_for_a_yes_when_stepping_ends() {
    let mut play = Play::begin(stepping(Stepping::On));
    play.wants(&[("look", r#"{"id":1}"#)]);
    play.decides(1, Decision::Edit { value: object(r#"{"id":2}"#) });
    assert_eq!(play.input(Input::GateChanged(Box::new(stepping(Stepping::Off)))), [""; 0]);
    assert_eq!(play.turn.held(), [CallId(1)]);
}

#[test]
fn a_breakpoint_on_the_outcome_holds_the_result_only() {
    let mut gate = Gate::from(Policy::Auto);
    let on = |on: &str, action| Breakpoint { on: on.into(), action };
    gate.set_breakpoints(&[on("status:error", BreakAction::Stop), on("tool:look", BreakAction::Log)]).expect("fine");
    let mut play = Play::begin(gate);
    assert_eq!(
        play.wants(&[("look", r#"{"id":1}"#)]),
        ["model.answered", "call.proposed c1", "note.taken c1", "send c1"]
    );
    let end = CallEnd { status: CallStatus::Error, ..result("no") };
    let held = play.input(Input::CallEnded { call: CallId(1), end, duration_us: 5 });
    assert_eq!(held, ["call.received c1", "call.held c1"]);
}

#[test]
fn a_session_that_only_reads_refuses_to_write_without_asking() {
    let mut play = Play::begin(Policy::ReadOnly);
    assert_eq!(
        play.wants(&[("remove", r#"{"id":1}"#), ("look", r#"{"id":1}"#)]),
        ["model.answered", "call.proposed c1", "call.decided c1", "call.finished c1", "call.proposed c2", "send c2"]
    );
}

#[test]
fn what_cannot_be_called_is_answered_with_the_reason_and_never_sent() {
    let cases = [
        ("lock", "{}", CallFailureCode::UnknownTool, "Nearest: look"),
        ("look", r#"{"id":"#, CallFailureCode::BadArguments, "no JSON"),
        ("look", "[1]", CallFailureCode::BadArguments, "must be a JSON object"),
        ("look", "", CallFailureCode::BadArguments, "\"id\" is a required property"),
        ("look", r#"{"id":"one"}"#, CallFailureCode::BadArguments, "/id"),
    ];
    for (name, arguments, code, reason) in cases {
        for policy in [Policy::AskAll, Policy::Auto, Policy::ReadOnly] {
            let mut play = Play::begin(policy);
            assert_eq!(
                play.wants(&[(name, arguments)]),
                [
                    "model.answered",
                    "call.proposed c1",
                    "call.finished c1",
                    "call.delivered c1",
                    "model.requested",
                    "ask s2"
                ]
            );
            assert_eq!(play.failures(), [code]);
            assert!(play.delivered()[0].1.contains(reason), "{:?}", play.delivered());
        }
    }
}

#[test]
fn malformed_arguments_are_shown_as_the_model_wrote_them() {
    let mut play = Play::begin(Policy::Auto);
    play.wants(&[("look", "{\"id\":")]);
    let proposed = play.told(|event| match event {
        Event::CallProposed(proposed) => Some(proposed.arguments.text().to_owned()),
        _ => None,
    });
    assert_eq!(proposed, [r#""{\"id\":""#]);
}

#[test]
fn nothing_at_all_counts_as_no_arguments() {
    let mut play = Play::begin(Policy::default());
    assert_eq!(play.wants(&[("list", " ")]).last().map(String::as_str), Some("send c1"));
}

#[test]
fn a_result_after_cancel_is_ignored() {
    let mut play = Play::begin(Policy::default());
    play.wants(&[("look", r#"{"id":1}"#), ("look", r#"{"id":2}"#)]);
    assert_eq!(play.input(Input::CancelCall(CallId(1))), ["call.finished c1", "abort c1"]);
    assert_eq!(play.ends(1, "late"), [""; 0]);
    assert_eq!(play.input(Input::CancelCall(CallId(1))), [""; 0]);
    play.ends(2, "two");
    assert_eq!(play.delivered()[0].1, "[call 1 was cancelled]\nThe operator cancelled this call.");
    assert_eq!(play.failures(), [CallFailureCode::Cancelled]);
}

#[test]
fn a_held_call_that_is_cancelled_was_never_sent() {
    let mut play = Play::begin(Policy::AskAll);
    play.wants(&[("look", r#"{"id":1}"#)]);
    assert_eq!(
        play.input(Input::CancelCall(CallId(1))),
        ["call.finished c1", "call.delivered c1", "model.requested", "ask s2"]
    );
}

#[test]
fn stop_while_the_model_is_asked_gives_up_the_request() {
    let mut play = Play::begin(Policy::default());
    assert_eq!(
        play.input(Input::Stop(StopReason::Operator)),
        ["abort the model", "user.interrupted", "turn.ended", "end"]
    );
    assert_eq!(play.ending(), Some((Ending::Stopped, None)));
    assert_eq!(play.says("late"), [""; 0]);
}

#[test]
fn stop_while_calls_run_ends_all_of_them_and_leaves_a_whole_conversation() {
    let mut play = Play::begin(Policy::AskWrites);
    play.wants(&[("look", r#"{"id":1}"#), ("look", r#"{"id":2}"#), ("change", r#"{"id":3}"#)]);
    play.ends(2, "two");
    assert_eq!(
        play.input(Input::Stop(StopReason::Operator)),
        [
            "user.interrupted",
            "call.finished c1",
            "abort c1",
            "call.finished c3",
            "call.delivered c1",
            "call.delivered c2",
            "call.delivered c3",
            "turn.ended",
            "end"
        ]
    );
    let ids: Vec<String> = play.delivered().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["p1.0", "p1.1", "p1.2"]);
}

#[test]
fn an_answer_that_the_endpoint_cut_short_is_not_whole() {
    for (finish_reason, says) in
        [("length", "write no more"), ("MAX_TOKENS", "write no more"), ("content_filter", "filter")]
    {
        let mut play = Play::begin(Policy::Auto);
        let (text, finish_reason) = ("It is too lo".into(), Some(finish_reason.to_owned()));
        play.input(Input::ModelAnswered(ModelAnswered { text, finish_reason, ..ModelAnswered::default() }));
        assert!(matches!(play.ending(), Some((Ending::Limited, Some(reason))) if reason.contains(says)));
    }
    let mut play = Play::begin(Policy::Auto);
    let (text, finish_reason) = ("All of it.".into(), Some("stop".to_owned()));
    play.input(Input::ModelAnswered(ModelAnswered { text, finish_reason, ..ModelAnswered::default() }));
    assert!(matches!(play.ending(), Some((Ending::Answered, None))));
}

#[test]
fn a_recording_without_an_answer_ends_the_turn_and_blames_no_operator() {
    let mut play = Play::begin(Policy::Auto);
    play.wants(&[("look", r#"{"id":1}"#), ("change", r#"{"id":2}"#)]);
    assert_eq!(
        play.input(Input::Missed),
        [
            "call.finished c1",
            "abort c1",
            "call.finished c2",
            "call.delivered c1",
            "call.delivered c2",
            "turn.ended",
            "end"
        ]
    );
    let whys = play.told(|event| match event {
        Event::CallFinished(finished) => finished.failure.as_ref().map(|failure| failure.message.clone()),
        _ => None,
    });
    assert_eq!(whys, [MISSED, MISSED]);
    assert_eq!(play.ending(), Some((Ending::Failed, Some(MISSED.to_owned()))));
}

#[test]
fn the_third_identical_call_is_refused_and_a_last_request_goes_without_tools() {
    let mut play = Play::begin(Policy::default());
    for (call, arguments) in [(1, r#"{"a":1,"b":2}"#), (2, r#"{ "b":2, "a":1 }"#)] {
        play.wants(&[("list", arguments)]);
        play.ends(call, "same");
    }
    assert_eq!(
        play.wants(&[("list", r#"{"a":1,"b":2}"#)]),
        [
            "model.answered",
            "call.proposed c3",
            "note.taken",
            "call.finished c3",
            "call.delivered c3",
            "model.requested",
            "ask s4 without tools"
        ]
    );
    assert_eq!(play.failures(), [CallFailureCode::LimitReached]);
    play.wants(&[("list", "{}")]);
    let (ending, reason) = play.ending().expect("an end");
    assert_eq!(ending, Ending::Limited);
    assert!(reason.is_some_and(|reason| reason.contains("list") && reason.contains("3 times")));
    assert_eq!(play.turn.numbers().calls, 3, "calls of a request without tools are no calls");
}

#[test]
fn a_request_tells_of_as_many_tools_as_the_model_is_offered() {
    let (toolbox, mut conversation) = (toolbox().offered_to(3), Conversation::default());
    let (_, effects) =
        Turn::begin("Why?".into(), "m".into(), toolbox, Gate::default(), Numbers::default(), &mut conversation);
    let Effect::Tell(_, Event::ModelRequested(requested)) = &effects[1] else { panic!("{effects:?}") };
    assert_eq!(requested.tools, 3);
}

#[test]
fn a_call_is_the_same_however_the_keys_of_its_objects_are_ordered() {
    let mut play = Play::begin(Policy::default());
    for (call, arguments) in [(1, r#"{"rows":[{"a":1,"b":2}]}"#), (2, r#"{"rows":[{"b":2,"a":1}]}"#)] {
        play.wants(&[("list", arguments)]);
        play.ends(call, "same");
    }
    play.wants(&[("list", r#"{"rows":[{"a":1,"b":2}]}"#)]);
    assert_eq!(play.failures(), [CallFailureCode::LimitReached]);
}

#[test]
fn an_answer_with_too_many_calls_gets_a_reason_for_those_that_were_not_made() {
    let mut play = Play::begin(Policy::Auto);
    let arguments: Vec<String> = (0..MOST_CALLS + 3).map(|id| format!(r#"{{"id":{id}}}"#)).collect();
    let calls: Vec<(&str, &str)> = arguments.iter().map(|arguments| ("look", arguments.as_str())).collect();
    play.wants(&calls);
    assert_eq!(play.failures(), [CallFailureCode::LimitReached; 3]);
    for call in 1..=u64::try_from(MOST_CALLS).unwrap() {
        play.ends(call, "seen");
    }
    assert_eq!(play.delivered().len(), MOST_CALLS + 3, "each call is answered");
}

#[test]
fn after_twenty_five_steps_one_answer_is_asked_for_without_tools() {
    let mut play = Play::begin(Policy::default());
    for step in 1..u64::from(MOST_STEPS) {
        assert!(!play.turn.is_over());
        play.wants(&[("look", &format!(r#"{{"id":{step}}}"#))]);
        play.ends(step, "more");
    }
    assert_eq!(words(&play.effects).last().map(String::as_str), Some("ask s25 without tools"));
    play.says("That is all I know.");
    assert!(matches!(play.ending(), Some((Ending::Limited, Some(reason))) if reason.contains("25 model steps")));
}

#[test]
fn a_conversation_too_long_for_the_model_is_shortened_once() {
    let mut play = Play::begin(Policy::default());
    play.wants(&[("list", "{}")]);
    play.ends(1, &"x".repeat(3 * prompt::RESULT_LIMIT));
    assert_eq!(play.forms(), [DeliveredForm::Truncated]);
    let before = play.delivered()[0].1.len();
    assert_eq!(
        play.fails(ModelFailureCode::ContextOverflow),
        ["model.failed", "note.taken", "model.requested", "ask s3"]
    );
    assert!(play.delivered()[0].1.len() < before / 4);
    assert_eq!(play.fails(ModelFailureCode::ContextOverflow), ["model.failed", "turn.ended", "end"]);
    assert_eq!(play.ending(), Some((Ending::Failed, Some("no luck".into()))));
}

#[test]
fn an_overflow_with_nothing_to_shorten_fails_at_once() {
    let mut play = Play::begin(Policy::default());
    assert_eq!(play.fails(ModelFailureCode::ContextOverflow), ["model.failed", "turn.ended", "end"]);
}

#[test]
fn a_model_failure_ends_the_turn_with_its_words() {
    let mut play = Play::begin(Policy::default());
    assert_eq!(play.fails(ModelFailureCode::Unauthorised), ["model.failed", "turn.ended", "end"]);
    assert_eq!(play.ending(), Some((Ending::Failed, Some("no luck".into()))));
}

#[test]
fn numbers_go_on_over_the_turns_of_a_session() {
    let mut play = Play::begin(Policy::default());
    play.wants(&[("list", "{}")]);
    play.ends(1, "");
    play.says("One.");
    let numbers = play.turn.numbers();
    assert_eq!(numbers, Numbers { turns: 1, steps: 2, calls: 1 });
    let (turn, effects) =
        Turn::begin("And?".into(), "m".into(), toolbox(), Policy::default().into(), numbers, &mut play.conversation);
    assert_eq!(turn.id(), TurnId(2));
    assert_eq!(words(&effects).last().map(String::as_str), Some("ask s3"));
    let Effect::Tell(_, Event::ModelRequested(requested)) = &effects[1] else { panic!("{effects:?}") };
    assert_eq!(requested.messages, 5, "the conversation so far goes along");
    assert_eq!(requested.new_messages.value().as_array().map(Vec::len), Some(2), "the first answer and the question");
}

/// Something that may happen; call numbers are counted back from the last one.
#[derive(Clone, Debug)]
enum Act {
    Wants(Vec<(usize, usize)>),
    Says,
    Fails(ModelFailureCode),
    Ends(u64, CallStatus),
    Decides(u64, u8),
    Cancels(u64),
    Proceeds,
    Steps(Stepping),
    Breaks(Vec<&'static str>),
    Changes(Vec<&'static str>),
    Misses,
    Stops,
}

const NAMES: [&str; 5] = ["look", "list", "change", "remove", "no_such_tool"];
const ARGUMENTS: [&str; 5] = [r#"{"id":1}"#, r#"{"id":2}"#, r#"{"id":"x"}"#, r#"{"id":"#, ""];

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let back = || 0..4_u64;
    let status = prop_oneof![Just(CallStatus::Ok), Just(CallStatus::Error)];
    let code = prop_oneof![Just(ModelFailureCode::ContextOverflow), Just(ModelFailureCode::ServerError)];
    let act = prop_oneof![
        8 => proptest::collection::vec((0..NAMES.len(), 0..ARGUMENTS.len()), 1..5).prop_map(Act::Wants),
        1 => Just(Act::Says),
        1 => code.prop_map(Act::Fails),
        16 => (back(), status).prop_map(|(call, status)| Act::Ends(call, status)),
        12 => (back(), 0..10_u8).prop_map(|(call, decision)| Act::Decides(call, decision)),
        3 => back().prop_map(Act::Cancels),
        6 => Just(Act::Proceeds),
        2 => steppings().prop_map(Act::Steps),
        2 => points().prop_map(Act::Breaks),
        2 => prop::sample::subsequence(vec!["look", "change"], 0..=2).prop_map(Act::Changes),
        1 => Just(Act::Misses),
        1 => Just(Act::Stops),
    ];
    proptest::collection::vec(act, 0..80)
}

fn steppings() -> impl Strategy<Value = Stepping> {
    prop_oneof![Just(Stepping::Off), Just(Stepping::On), Just(Stepping::All), Just(Stepping::Out)]
}

fn points() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(vec!["status:error", "tool:look", "arg.id=2"], 0..=3)
}

fn gates() -> impl Strategy<Value = Gate> {
    let policies = [Policy::AskAll, Policy::AskWrites, Policy::Auto, Policy::ReadOnly];
    let denied = prop::sample::subsequence(vec!["arg.id=9"], 0..=1);
    (prop::sample::select(policies.to_vec()), steppings(), points(), denied).prop_map(
        |(policy, stepping, points, denied)| {
            let deny = denied.iter().map(|rule| rule.parse().expect("an expression")).collect();
            let mut gate = Gate::new(policy, Rules { deny, ..Rules::default() }, stepping);
            set(&mut gate, &points);
            gate
        },
    )
}

fn set(gate: &mut Gate, points: &[&str]) {
    let point = |on: &&str| Breakpoint { on: (*on).into(), action: BreakAction::Stop };
    gate.set_breakpoints(&points.iter().map(point).collect::<Vec<_>>()).expect("expressions");
}

impl Play {
    /// Whether a call has been proposed, has not been sent and is not over.
    fn is_unsent(&self, call: CallId) -> bool {
        let mut proposed = false;
        for effect in &self.effects {
            match effect {
                Effect::Tell(scope, Event::CallProposed(_)) if scope.call == Some(call) => proposed = true,
                Effect::Tell(scope, Event::CallFinished(_)) if scope.call == Some(call) => return false,
                Effect::SendCall { call: sent, .. } if *sent == call => return false,
                _ => {}
            }
        }
        proposed
    }

    fn act(&mut self, act: &Act) {
        let number = |back: u64, play: &Self| play.turn.numbers().calls.saturating_sub(back);
        match act {
            Act::Wants(calls) => {
                let calls: Vec<_> = calls.iter().map(|(name, text)| (NAMES[*name], ARGUMENTS[*text])).collect();
                self.wants(&calls);
            }
            Act::Says => {
                self.says("An answer.");
            }
            Act::Fails(code) => {
                self.fails(*code);
            }
            Act::Ends(back, status) => {
                let (call, end) = (CallId(number(*back, self)), CallEnd { status: *status, ..result("r") });
                self.input(Input::CallEnded { call, end, duration_us: 1 });
            }
            Act::Decides(back, decision) => {
                let decision = match decision {
                    0 => Decision::Edit { value: object(r#"{"id":9}"#) },
                    1 => Decision::Edit { value: object(r#"{"id":null}"#) },
                    2 => Decision::Answer { result: object(r#"{"content":[]}"#) },
                    3 => Decision::Deny { reason: "no".into() },
                    4 | 5 => Decision::Retry,
                    6 => Decision::Revert,
                    _ => Decision::Run,
                };
                let call = CallId(number(*back, self));
                let is_answered = matches!(self.last_words.get(&call), Some(Decision::Answer { .. }));
                let counts = match &decision {
                    Decision::Run | Decision::Retry | Decision::Revert => false,
                    Decision::Answer { .. } | Decision::Deny { .. } => true,
                    // One that breaks the schema changes nothing, and of an answered call it changes the result.
                    Decision::Edit { value } => value == &object(r#"{"id":9}"#) && !is_answered,
                };
                if is_answered && decision == Decision::Retry && self.is_unsent(call) {
                    // Instead of the answer that still waits it is to be sent.
                    self.last_words.remove(&call);
                }
                if decision == Decision::Revert && !is_answered && self.is_unsent(call) {
                    self.last_words.remove(&call);
                }
                if counts && self.is_unsent(call) {
                    self.last_words.insert(call, decision.clone());
                }
                self.decides(call.0, decision);
            }
            Act::Cancels(back) => {
                self.input(Input::CancelCall(CallId(number(*back, self))));
            }
            Act::Proceeds => {
                self.input(Input::Proceed);
            }
            Act::Steps(stepping) => {
                let mut gate = self.turn.gate.clone();
                gate.stepping = *stepping;
                self.input(Input::GateChanged(Box::new(gate)));
            }
            Act::Breaks(points) => {
                let mut gate = self.turn.gate.clone();
                set(&mut gate, points);
                self.input(Input::GateChanged(Box::new(gate)));
            }
            Act::Changes(tools) => {
                let mut gate = self.turn.gate.clone();
                gate.changed = Arc::new(trust::changes(tools, "h2"));
                self.input(Input::GateChanged(Box::new(gate)));
            }
            Act::Misses => {
                self.input(Input::Missed);
            }
            Act::Stops => {
                self.input(Input::Stop(StopReason::Operator));
            }
        }
    }
}

/// What is known of a call from the effects so far.
#[derive(Debug, Default)]
struct Fate {
    held: bool,
    answered: bool,
    running: bool,
    retries: u32,
    sent: u32,
    finished: u32,
    delivered: u32,
    aborted: u32,
    writes: bool,
}

/// Goes through the effects in order and checks what must hold at every point.
fn fates(effects: &[Effect]) -> Result<BTreeMap<CallId, Fate>, TestCaseError> {
    let mut fates: BTreeMap<CallId, Fate> = BTreeMap::new();
    for (position, effect) in effects.iter().enumerate() {
        match effect {
            Effect::Tell(Scope { call: Some(call), .. }, event) => {
                if let Event::CallProposed(proposed) = event {
                    prop_assert!(!fates.contains_key(call), "{call} is proposed twice");
                    fates.insert(*call, Fate { writes: !proposed.read_only, ..Fate::default() });
                    continue;
                }
                let Some(fate) = fates.get_mut(call) else {
                    return Err(TestCaseError::fail(format!("{} of an unknown {call}", event.kind())));
                };
                match event {
                    Event::CallHeld(_) => {
                        prop_assert!(!fate.running, "{call} is held while it runs");
                        fate.held = true;
                    }
                    Event::CallDecided(decided) => {
                        prop_assert!(fate.finished == 0 && !fate.running, "{call} was decided too late");
                        fate.held = !matches!(decided.verdict, Verdict::Run | Verdict::Retry);
                        fate.answered |= decided.verdict == Verdict::Answer;
                        fate.retries += u32::from(decided.verdict == Verdict::Retry);
                    }
                    Event::CallReceived(_) => {
                        prop_assert!(fate.running || fate.answered, "{call} got a result that nobody gave");
                        fate.running = false;
                    }
                    Event::CallFinished(_) => {
                        fate.finished += 1;
                        fate.running = false;
                    }
                    Event::CallDelivered(_) => {
                        prop_assert_eq!(fate.finished, 1, "{} was delivered before its end", call);
                        fate.delivered += 1;
                    }
                    _ => {}
                }
            }
            Effect::SendCall { call, read_only, .. } => {
                prop_assert_eq!(fates[call].writes, !read_only);
                prop_assert!(!fates[call].held, "{call} was sent while it was held");
                let mut running = fates.iter().filter(|(_, fate)| fate.running);
                prop_assert!(
                    running.all(|(_, fate)| *read_only && !fate.writes),
                    "{call} was sent beside a call that writes"
                );
                if let Some(fate) = fates.get_mut(call) {
                    prop_assert!(fate.finished == 0 && !fate.running, "{call} was sent twice at once");
                    fate.sent += 1;
                    fate.running = true;
                }
            }
            Effect::AbortCall { call, .. } => {
                if let Some(fate) = fates.get_mut(call) {
                    fate.aborted += 1;
                }
            }
            Effect::End => prop_assert_eq!(position, effects.len() - 1, "something came after the end"),
            Effect::Tell(..) | Effect::AskModel { .. } | Effect::AbortModel => {}
        }
    }
    Ok(fates)
}

/// The records a session would make of the effects.
fn records(effects: &[Effect]) -> Vec<Record> {
    let event = |effect: &Effect| match effect {
        Effect::Tell(scope, event) => Some((*scope, event.clone())),
        Effect::SendCall { scope, arguments, read_only, attempt, .. } => {
            let arguments = Json::from(Value::Object(arguments.clone()));
            Some((*scope, CallStarted { attempt: *attempt, arguments, timeout_ms: 1, read_only: *read_only }.into()))
        }
        Effect::AskModel { .. } | Effect::AbortModel | Effect::AbortCall { .. } | Effect::End => None,
    };
    let record = |(index, (scope, event))| Record { index: RecordIndex(index), at_us: index, unix_ms: 0, scope, event };
    (0..).zip(effects.iter().filter_map(event)).map(record).collect()
}

/// Each call of an answer has one message, in its order, before anything else is said.
fn is_whole(conversation: &Conversation) -> Result<(), TestCaseError> {
    let mut open: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for message in conversation.messages() {
        match &**message {
            Message::Tool { provider_id, .. } => {
                prop_assert!(!open.is_empty() && open.remove(0) == *provider_id, "{provider_id} is out of order");
                prop_assert!(seen.insert(provider_id.clone()));
            }
            Message::Assistant { calls, .. } => {
                prop_assert!(open.is_empty(), "{open:?} have no message");
                open = calls.iter().map(|call| call.provider_id.clone()).collect();
            }
            Message::System { .. } | Message::User { .. } => prop_assert!(open.is_empty()),
        }
    }
    prop_assert!(open.is_empty(), "{open:?} have no message");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_happens_every_call_ends_once_and_is_answered_once(gate in gates(), acts in acts()) {
        let mut play = Play::begin(gate);
        for act in &acts {
            play.act(act);
        }
        play.act(&Act::Stops);
        prop_assert!(play.turn.is_over());
        prop_assert_eq!(words(&play.effects).iter().filter(|word| *word == "end").count(), 1);
        for (call, fate) in fates(&play.effects)? {
            prop_assert_eq!((fate.finished, fate.delivered), (1, 1), "{} {:?}", call, fate);
            prop_assert!(fate.sent <= 1 + fate.retries && fate.aborted <= fate.sent, "{call} {fate:?}");
        }
        let steps = play.turn.numbers().steps;
        prop_assert!(steps <= MOST_STEPS + 1, "{steps} steps; one more than the limit only after shortening");
    }

    #[test]
    fn whatever_happens_what_is_sent_is_what_was_last_decided(gate in gates(), acts in acts()) {
        let mut play = Play::begin(gate);
        for act in &acts {
            play.act(act);
        }
        for effect in &play.effects {
            let Effect::SendCall { call, arguments, tool, .. } = effect else { continue };
            match play.last_words.get(call) {
                // `list` takes anything, so the other edit counts there too.
                Some(Decision::Edit { .. }) if tool.as_str() != "list" => prop_assert_eq!(&arguments["id"], 9),
                // Nobody has changed it, or the change was taken back.
                None if tool.as_str() != "list" => prop_assert_ne!(&arguments["id"], 9),
                Some(Decision::Answer { .. } | Decision::Deny { .. }) => {
                    return Err(TestCaseError::fail(format!("{call} was sent against the operator's word")));
                }
                Some(_) | None => {}
            }
        }
    }

    #[test]
    fn whatever_happens_each_call_of_an_answer_gets_one_message_in_its_order(gate in gates(), acts in acts()) {
        let mut play = Play::begin(gate);
        for act in acts.iter().chain([&Act::Stops]) {
            play.act(act);
        }
        is_whole(&play.conversation)?;
    }

    #[test]
    fn whatever_happens_a_fork_at_any_record_has_a_message_for_each_call_it_knows(gate in gates(), acts in acts()) {
        let mut play = Play::begin(gate);
        for act in &acts {
            play.act(act);
        }
        let records: Vec<Arc<Record>> = records(&play.effects).into_iter().map(Arc::new).collect();
        for length in 0..=records.len() {
            is_whole(&Resumed { records: records[..length].to_vec() }.read().conversation)?;
        }
    }

    #[test]
    fn whatever_happens_the_records_of_a_turn_make_sense_to_a_session(gate in gates(), acts in acts()) {
        let mut play = Play::begin(gate);
        for act in acts.iter().chain([&Act::Stops]) {
            play.act(act);
        }
        let mut session = Session::default();
        for record in records(&play.effects) {
            session.apply(&record);
            prop_assert_eq!(session.oddities, 0, "{:?}", record);
        }
        prop_assert!(session.calls.iter().all(|call| call.state.is_final()));
        prop_assert!(session.running_turn().is_none());
    }
}
