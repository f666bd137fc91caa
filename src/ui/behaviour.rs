//! What the console does: effects of keys, the shared selection, and properties that hold for any keys and sizes.

mod arriving;
mod editing;
mod expressions;
mod gate;
mod long;
mod marking;
mod materials;
mod meant;
mod picking;
mod projects;
mod replaying;
mod servers;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::fixtures::{Console, Story, finished, json, result_held};
use super::outside::{Answer, Entry, Request};
use super::state::{Focus, Leaving, Overlay, Purpose, RunbookEntry, Selected, Tab, WayOut};
use super::update::{Effect, Msg, tab, update};
use super::view::view;
use super::{keymap, text};
use crate::protocol::*;
use crate::session::Span;

fn submitted(effects: &[Effect]) -> Option<&str> {
    effects.iter().find_map(|effect| match effect {
        Effect::Send(Command::Submit(question)) => Some(question.text.as_str()),
        _ => None,
    })
}

fn held() -> Console {
    let mut story = Story::ready();
    story.turn("Close it").request("gpt-4o").answer("");
    let call = story.propose("ticket", "update_ticket", r#"{"ticket_id":"TKT-1001"}"#);
    story.hold(call, "it may write");
    story.console(120, 40)
}

#[test]
fn enter_sends_what_was_typed_and_history_brings_it_back() {
    let mut console = Story::ready().console(80, 24);
    console.type_text("Which tickets are open?");
    assert_eq!(submitted(&console.press("Enter")), Some("Which tickets are open?"));
    assert!(console.state.input.is_blank());
    console.press("Up");
    assert_eq!(console.state.input.text(), "Which tickets are open?");
}

#[test]
fn before_the_first_question_of_a_session_come_those_of_earlier_ones() {
    let mut console = Story::ready().console(80, 24);
    console.state.options.file = Some("here".into());
    console.type_text("half a thought");
    assert_eq!(console.press("Up"), [Effect::Ask(Request::Questions { but: Some("here".into()) })]);
    let past = || Msg::Answered(Answer::Questions(vec!["First?".into(), "Second?".into(), "Second?".into()]));
    update(&mut console.state, past());
    assert_eq!(console.state.input.text(), "Second?", "it is shown as soon as it is known");
    assert_eq!(console.press("Up Up"), []);
    assert_eq!(console.state.input.text(), "First?");
    console.press("Down Down");
    assert_eq!(console.state.input.text(), "half a thought");
    let mut other = Story::ready().console(80, 24);
    other.press("Up");
    other.type_text("Who pays?");
    update(&mut other.state, past());
    assert_eq!(other.state.input.text(), "Who pays?", "what is being typed stays");
    other.press("Enter");
    assert!(other.state.input.is_blank(), "whoever has gone on is not disturbed");
    other.press("Up Up");
    assert_eq!(other.state.input.text(), "Second?");
}

#[test]
fn letters_only_type_while_the_input_has_the_keys() {
    let mut console = held();
    console.later_ms(1000).type_text("nd?:/rx1");
    assert_eq!(console.state.input.text(), "nd?:/rx1");
}

#[test]
fn a_pasted_text_stays_in_the_input_with_its_lines() {
    let mut console = Story::ready().console(80, 24);
    let effects = update(&mut console.state, Msg::Paste("one\ntwo\u{202e}\r\n".into()));
    assert_eq!((effects, console.state.input.text().as_str()), (vec![], "one\ntwo\n"));
    assert!(console.screen().contains("1 invisible character"));
}

#[test]
fn an_example_is_chosen_and_asked() {
    let mut console = Story::ready().console(80, 24);
    console.press("Down Down");
    assert!(console.screen().contains("▸ Show me customer CUST-001"));
    let effects = console.press("Enter");
    assert_eq!(submitted(&effects), Some("Show me customer CUST-001's information and SLA terms"));
}

#[test]
fn escape_stops_the_turn_and_never_quits() {
    let mut story = Story::ready();
    story.turn("Which?").request("built-in");
    let mut console = story.console(80, 24);
    assert_eq!(console.press("Esc"), [Effect::Send(Command::StopTurn)]);
    for closed in ["Tab ?", "Ctrl+p", "Tab Tab f"] {
        let mut console = story.console(80, 24);
        console.press(closed).len();
        assert_eq!(console.press("Esc Esc"), [], "{closed}: the second may have been meant for what the first closed");
        assert!(console.screen().contains("Esc again stops the turn."), "{closed}: {}", console.screen());
        assert_eq!(console.press("Esc"), [Effect::Send(Command::StopTurn)], "{closed}");
        let mut console = story.console(80, 24);
        console.press(closed).len();
        assert_eq!(console.press("Esc Down Esc"), [Effect::Send(Command::StopTurn)], "{closed}: it has been seen");
    }
    let mut idle = Story::ready().console(80, 24);
    assert_eq!(idle.press("Esc Esc Tab Esc Esc"), []);
    assert_eq!(idle.state.focus, Focus::Input);
}

#[test]
fn ctrl_c_clears_then_asks_then_quits_then_leaves() {
    let mut console = Story::ready().console(80, 24);
    console.type_text("draft");
    assert_eq!(console.press("Ctrl+c"), []);
    assert!(console.state.input.is_blank());
    assert_eq!(console.press("Ctrl+c"), []);
    assert!(console.screen().contains("Ctrl+C again quits"));
    console.state.way_out = WayOut::Back;
    console.press("Esc Ctrl+c");
    assert!(console.screen().contains("Ctrl+C again goes back to the session before"), "{}", console.screen());
    assert_eq!(console.press("Ctrl+c"), [Effect::Send(Command::Quit)]);
    assert_eq!(console.press("Ctrl+c"), [Effect::Leave]);
}

#[test]
fn another_key_between_two_ctrl_c_disarms() {
    let mut console = Story::ready().console(80, 24);
    console.press("Ctrl+c Tab");
    assert_eq!(console.press("Ctrl+c"), []);
    assert_eq!(console.state.leaving, Leaving::Armed);
}

#[test]
fn a_refused_question_is_back_in_the_input() {
    let mut console = Story::ready().console(80, 24);
    console.type_text("Which?").press("Enter");
    update(&mut console.state, Msg::Refused(Command::Submit("Which?".into())));
    assert_eq!(console.state.input.text(), "Which?");
    assert!(console.screen().contains("Not sent"));
}

#[test]
fn when_the_feed_ends_the_screen_stays_and_says_so() {
    let mut console = finished().console(120, 40);
    assert_eq!(update(&mut console.state, Msg::FeedOver), []);
    assert!(console.screen().contains("The session is over"));
    console.press("Ctrl+c");
    assert_eq!(console.press("Ctrl+c"), [Effect::Leave]);
    let mut leaving = finished().console(120, 40);
    leaving.press("Ctrl+c Ctrl+c");
    assert_eq!(update(&mut leaving.state, Msg::FeedOver), [Effect::Leave]);
}

#[test]
fn a_command_runs_and_an_unknown_one_says_what_is_near() {
    let mut console = Story::ready().console(80, 24);
    console.type_text("/clear");
    assert_eq!(console.press("Enter"), [Effect::Send(Command::ClearConversation)]);
    console.type_text(":restrat kb").press("Enter");
    assert!(console.screen().contains("Did you mean /restart?"));
    assert_eq!(console.state.input.text(), ":restrat kb", "what was typed stays");
    console.press("Ctrl+c");
    console.type_text("/model built-in");
    assert_eq!(console.press("Enter"), [Effect::Send(Command::SelectModel { name: "built-in".into() })]);
    console.type_text("/mod").press("Tab");
    assert_eq!(console.state.input.text(), "/model ");
    console.press("Ctrl+c");
    console.type_text("/note seen it");
    assert_eq!(console.press("Enter"), [Effect::Send(Command::Note { text: "seen it".into() })]);
}

#[test]
fn a_held_call_is_run_or_denied_but_not_by_a_key_meant_for_something_else() {
    let mut console = held();
    console.press("Tab Tab");
    assert_eq!(console.press("n"), [], "it has only just come up");
    console.later_ms(600);
    let run = Effect::Send(Command::Decide { call: CallId(1), decision: Decision::Run });
    assert_eq!(console.press("n"), [run]);
    assert_eq!(console.press("d"), [], "it asks why");
    console.type_text("not on a Sunday");
    let deny = Decision::Deny { reason: "not on a Sunday".into() };
    assert_eq!(console.press("Enter"), [Effect::Send(Command::Decide { call: CallId(1), decision: deny })]);
}

/// Decisions over call 1 among the effects.
fn decided(effects: &[Effect]) -> Vec<Decision> {
    let decision = |effect: &Effect| match effect {
        Effect::Send(Command::Decide { call: CallId(1), decision }) => Some(decision.clone()),
        _ => None,
    };
    effects.iter().filter_map(decision).collect()
}

#[test]
fn arguments_are_edited_and_checked_against_the_schema_before_anything_is_asked() {
    let mut console = editing::editing();
    assert!(console.screen().contains("Arguments of call 1"), "{}", console.screen());
    update(&mut console.state, Msg::Edited(Ok("{\"query\": 5}".into())));
    assert_eq!(console.press("Enter"), []);
    assert!(console.screen().contains("The tool does not take this: /query: 5"), "{}", console.screen());
    console.press("Backspace Backspace");
    console.type_text("\"printer\"}");
    let value = Json::parse("{\"query\": \"printer\"}").expect("JSON");
    assert_eq!(decided(&console.press("Enter")), [Decision::Edit { value }]);
    assert!(matches!(&console.press("e Ctrl+g")[..], [Effect::EditOutside(text)] if text.contains("vpn")));
    update(&mut console.state, Msg::Edited(Ok("{\"query\":\"a\"}\n".into())));
    let value = Json::parse("{\"query\":\"a\"}").expect("JSON");
    assert_eq!(decided(&console.press("Enter")), [Decision::Edit { value: value.clone() }]);
    let decided_edit =
        CallDecided { verdict: Verdict::Edit, by: "operator".into(), reason: None, before: None, after: Some(value) };
    console.happens(1, decided_edit);
    assert_eq!(decided(&console.press("V")), [Decision::Revert]);
}

#[test]
fn a_result_is_edited_retried_or_kept_back_before_the_model_sees_it() {
    let mut console = result_held().console(120, 40);
    console.later_ms(600).press("Tab Tab e");
    assert_eq!(decided(&console.press("Esc r")), [Decision::Retry]);
    console.press("e Down End Backspace Backspace Backspace Backspace");
    console.type_text("7}");
    console.press("Enter");
    assert!(console.screen().contains("Result of call 1") || console.state.overlay.is_none());
    console.press("Esc e");
    update(&mut console.state, Msg::Edited(Ok("in words".into())));
    let edited = decided(&console.press("Enter"));
    let [Decision::Edit { value }] = &edited[..] else { panic!("{edited:?}") };
    assert_eq!(value.value()["content"][0]["text"], "in words");
}

#[test]
fn stepping_goes_on_stops_at_breakpoints_and_steps_out() {
    let mut console = held();
    console.later_ms(600).press("Tab Tab");
    let step = |stepping| Effect::Send(Command::Step { stepping });
    assert_eq!(console.press("o")[1..], [step(Stepping::Out)]);
    assert_eq!(decided(&console.press("c")), [Decision::Run]);
    assert_eq!(decided(&console.press("A")), [Decision::Run]);
    assert_eq!(console.press("p"), [step(Stepping::On)]);
    assert_eq!(console.press("a"), [Effect::Send(Command::Allow { call: CallId(1) })]);
    let on = "server:ticket tool:update_ticket".to_owned();
    let set = Breakpoint { on, action: BreakAction::Stop };
    assert_eq!(console.press("b"), [Effect::Send(Command::Break { breakpoints: vec![set] })]);
    console.press("B");
    console.type_text("log status:error");
    let log = Breakpoint { on: "status:error".into(), action: BreakAction::Log };
    assert_eq!(console.press("Enter"), [Effect::Send(Command::Break { breakpoints: vec![log] })]);
    console.press("B");
    console.type_text("dur>");
    assert_eq!(console.press("Enter"), []);
    assert!(console.screen().contains("column 5"), "{}", console.screen());
}

#[test]
fn a_running_call_is_cancelled_alone_and_its_server_restarted() {
    let mut story = Story::ready();
    story.turn("Which?").request("built-in").answer("");
    let call = story.propose("kb", "search_articles", "{}");
    story.run("kb", call, "{}");
    let mut console = story.console(120, 40);
    console.press("Tab Tab");
    assert_eq!(console.press("x"), [Effect::Send(Command::CancelCall { call: CallId(1) })]);
    assert_eq!(console.press("r"), [Effect::Send(Command::RestartServer { server: "kb".into() })]);
    console.press("S");
    assert_eq!((console.state.focus, tab(&console.state)), (Focus::Data, Tab::Log));
}

#[test]
fn new_calls_are_followed_until_the_operator_chooses() {
    let mut console = finished().console(120, 40);
    assert_eq!(console.state.selected, Selected::Span(Span::Call(CallId(4))));
    console.press("Tab Tab [");
    let chosen = console.state.selected;
    let mut story = finished();
    story.turn("More?").request("built-in").answer("").call("kb", "search_articles", "{}", 1, "{}");
    let more = story.records().split_off(finished().records().len());
    console.tell(more, 9_000_000);
    assert_eq!(console.state.selected, chosen);
    console.press("F");
    assert_eq!(console.state.selected, Selected::Span(Span::Call(CallId(5))));
}

#[test]
fn a_reference_opens_its_call_at_the_value_it_stands_for() {
    let mut console = finished().console(120, 40);
    console.press("Tab Home");
    let opened = (0..20).any(|_| {
        console.press("l Enter");
        let pane = console.state.data.pane();
        let at_value = match pane.map(|pane| &pane.content) {
            Some(super::state::Content::Json(tree, _)) => tree.doc.text(tree.node()) == "\"2025-10-01T08:15:00Z\"",
            _ => false,
        };
        at_value && console.state.selected == Selected::Span(Span::Call(CallId(1)))
    });
    assert!(opened, "{}", console.screen());
}

#[test]
fn a_suggestion_goes_into_the_input() {
    let mut story = Story::ready();
    story.turn("Show me CUST-999").request("built-in").answer("");
    let call = story.propose("customer", "lookup_customer", "{}");
    story.run("customer", call, "{}");
    let body = r#"{"error":"not_found","reason":"No such customer.","suggested_actions":["Show me CUST-009"]}"#;
    story.finish("customer", call, CallStatus::Error, 1, body);
    let mut console = story.console(120, 40);
    console.press("Tab Tab 1");
    assert_eq!((console.state.focus, console.state.input.text().as_str()), (Focus::Input, "Show me CUST-009"));
}

#[test]
fn copying_gives_the_value_and_the_raw_text() {
    let mut console = finished().console(120, 40);
    console.press("Tab Tab Tab j");
    assert_eq!(console.press("y"), [Effect::Copy("CUST-002".into())]);
    let raw = console.press("Y");
    assert!(matches!(&raw[..], [Effect::Copy(text)] if text.contains("\"balance\":12450.50")));
}

#[test]
fn tools_listed_again_are_shown_as_they_are_now() {
    let mut story = Story::ready();
    let mut console = story.console(120, 40);
    console.press("Tab Tab Tab");
    console.press("s T f");
    let before = console.screen();
    assert!(before.contains("Does what search_tickets says."), "{before}");
    let tool = ToolDefinition {
        description: "Quite another tool.".into(),
        ..console.state.session.servers[0].tools[0].clone()
    };
    let tools = vec![tool; console.state.session.servers[0].tools.len()];
    story.say(ServerListed { server: "ticket".into(), tools, rejected: Vec::new() });
    let records = story.records();
    console.tell(records[records.len() - 1..].to_vec(), 9_000_000);
    let after = console.screen();
    assert!(after.contains("Quite another tool."), "{after}");
}

#[test]
fn a_result_too_long_for_a_tree_is_text_to_its_end() {
    let mut story = Story::ready();
    let body = format!(r#"{{"first":1,"long":"{}","last":2}}"#, "x".repeat(super::json::MOST_BYTES));
    story.turn("Which?").request("built-in").answer("").call("ticket", "search_tickets", "{}", 1, &body);
    let mut console = story.console(120, 40);
    console.press("Tab Tab");
    let screen = console.screen();
    assert!(screen.contains(r#""first":1"#) && screen.contains("xxxxxxxxxx"), "{screen}");
    console.press("Tab G");
    let screen = console.screen();
    assert!(screen.contains(r#""last":2"#), "{screen}");
}

#[test]
fn a_click_selects_and_the_wheel_scrolls() {
    let mut console = finished().console(120, 40);
    let screen = console.screen();
    let row = screen.lines().position(|line| line.contains("✓   2 customer")).expect("call 2 is listed");
    let click = |column, row| MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column,
        row: u16::try_from(row).unwrap_or(0),
        modifiers: KeyModifiers::NONE,
    };
    update(&mut console.state, Msg::Mouse(click(70, row)));
    assert_eq!(console.state.selected, Selected::Span(Span::Call(CallId(2))));
    let wheel = MouseEvent { kind: MouseEventKind::ScrollUp, ..click(10, 10) };
    update(&mut console.state, Msg::Resize(120, 30));
    update(&mut console.state, Msg::Mouse(wheel));
    assert!(console.screen().contains("more below"));
}

#[test]
fn a_planned_call_waits_for_its_own_server_and_says_which() {
    let mut story = Story::begun();
    story.start("ticket").start("customer").start("billing").start("mine").asked("/call mine__look {}");
    let screen = story.console(80, 24).screen();
    assert!(screen.contains("starting: mine ("), "{screen}");
}

#[test]
fn a_question_asked_before_the_servers_are_up_is_seen_to_wait() {
    let mut story = Story::begun();
    story.start("ticket").asked("Which tickets are open?");
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut console = story.console(columns, rows);
        let screen = console.screen();
        assert!(screen.contains("▌ Which tickets are open?"), "{screen}");
        assert!(screen.contains("waits (/stop gives it up); starting: ticket ("), "{screen}");
        assert_eq!(console.press("Esc"), [Effect::Send(Command::StopTurn)]);
        console.type_text("/stop");
        assert_eq!(console.press("Enter"), [Effect::Send(Command::StopTurn)]);
    }
}

#[test]
fn an_idle_console_does_not_move() {
    assert!(!finished().console(120, 40).state.is_moving());
    assert!(held().state.is_moving());
}

#[test]
fn the_conversation_scrolls_from_end_to_start_and_back() {
    let mut story = Story::ready();
    for turn in 0..30 {
        story.turn(&format!("question {turn}")).request("built-in").answer("one\n\ntwo\n\nthree");
        story.end(Ending::Answered, None);
    }
    let mut console = story.console(80, 24);
    console.press("Tab");
    for _ in 0..40 {
        console.press("PageUp");
    }
    assert!(console.screen().contains("question 0"));
    for _ in 0..40 {
        console.press("PageDown");
    }
    let screen = console.screen();
    assert!(screen.contains("question 29") && !screen.contains("more below"), "{screen}");
}

fn replayed(effects: &[Effect]) -> Vec<ReplayCommand> {
    let command = |effect: &Effect| match effect {
        Effect::Send(Command::Replay(command)) => Some(command.clone()),
        _ => None,
    };
    effects.iter().filter_map(command).collect()
}

#[test]
fn the_keys_of_a_replay_move_in_time() {
    let mut console = finished().console(120, 40);
    console.view(40, 60);
    let step = |stride, way| ReplayCommand::Step(stride, way);
    assert_eq!(
        replayed(&console.press("Space . [ } E 7 > m n o")),
        [
            ReplayCommand::Toggle,
            step(Stride::Record, Way::Next),
            step(Stride::Call, Way::Previous),
            step(Stride::Turn, Way::Next),
            step(Stride::Error, Way::Previous),
            ReplayCommand::GoTo(Place::Tenths(7)),
            ReplayCommand::Faster,
            ReplayCommand::Bookmark,
            step(Stride::Site, Way::Next),
            step(Stride::TurnEnd, Way::Next),
        ]
    );
    console.press("g");
    console.type_text("c17");
    let place = Place::Call(CallId(17));
    assert_eq!(replayed(&console.press("Enter")), [ReplayCommand::GoTo(place)]);
    console.press("/");
    console.type_text("dur>");
    assert_eq!(replayed(&console.press("Enter")), [], "that is no expression yet");
    console.type_text("1s");
    assert_eq!(replayed(&console.press("Enter")), [ReplayCommand::Filter("dur>1s".into())]);
}

#[test]
fn a_jump_replaces_the_session_even_by_one_of_the_same_length() {
    let mut console = finished().console(120, 40);
    console.view(40, 60).press("k");
    let chosen = console.state.selected;
    let mut other = Story::ready();
    other.wait_ms(2_000).turn("Another question?").request("built-in").answer("");
    for tool in ["one", "two", "three", "four"] {
        other.call("kb", tool, "{}", 1, r#"{"other":true}"#);
    }
    other.request("built-in").answer("Done.");
    let session = crate::session::Session::fold(&other.records());
    assert_eq!(session.spans.len(), console.state.session.spans.len());
    update(&mut console.state, Msg::Jumped(Box::new(session)));
    let screen = console.screen();
    assert!(screen.contains("Another question?") && screen.contains("four"), "{screen}");
    assert!(!screen.contains("TKT-1001") && !screen.contains("search_tickets"), "{screen}");
    assert_eq!(console.state.selected, chosen, "what was chosen is still there");
    update(&mut console.state, Msg::Jumped(Box::default()));
    assert_eq!(console.state.selected, Selected::Nothing);
}

#[test]
fn the_time_of_a_replay_goes_back_with_it_and_stands_still_while_paused() {
    let mut console = finished().console(120, 40);
    console.view(40, 60);
    let at = |at_us| Playback { moment: Moment { at_us, ..Moment::default() }, ..Playback::default() };
    console.play(at(9_000_000)).play(at(2_000_000)).later_ms(5_000);
    assert_eq!(console.state.now_us, 2_000_000);
    assert!(!console.state.is_moving());
}

#[test]
fn nothing_is_sent_from_a_replay_but_motions() {
    let mut console = held();
    console.view(3, 9).later_ms(2_000);
    for key in ('!'..='~').filter(|key| !matches!(key, 'i' | ':' | 'M')) {
        let effects = console.press(&key.to_string());
        let outside = effects
            .iter()
            .find(|effect| matches!(effect, Effect::Send(command) if !matches!(command, Command::Replay(_))));
        assert!(outside.is_none(), "{key} sends {outside:?}");
        console.press("Esc Esc");
        console.state.focus = Focus::Calls;
    }
}

#[test]
fn other_sessions_are_searched_opened_and_compared() {
    let mut console = finished().console(120, 40);
    console.view(40, 60);
    console.state.options.file = Some("/sessions/here.jsonl".into());
    assert_eq!(console.press("O"), [Effect::Ask(Request::Sessions)]);
    let entry = |name: &str| Entry { file: name.into(), words: format!("about {name}"), ..Entry::default() };
    let known = vec![entry("/one"), entry("/two")];
    let preview = update(&mut console.state, Msg::Answered(Answer::Sessions(known.clone())));
    assert_eq!(preview, [Effect::Ask(Request::Preview("/one".into()))]);
    console.type_text("two");
    assert_eq!(console.press("Enter"), [Effect::Ask(Request::Open("/two".into()))]);
    console.press("D");
    update(&mut console.state, Msg::Answered(Answer::Sessions(known)));
    let (left, right) = ("/sessions/here.jsonl".into(), "/one".into());
    assert_eq!(console.press("Enter"), [Effect::Ask(Request::Compare { left, right })]);
}

#[test]
fn a_recorded_call_is_made_again_only_after_enter_and_a_session_forked_where_it_stands() {
    let mut console = finished().console(120, 40);
    console.view(40, 60);
    console.state.options.file = Some("/sessions/one.jsonl".into());
    let fork = Request::Fork { file: "/sessions/one.jsonl".into(), records: 40 };
    assert_eq!(console.press("C"), [Effect::Ask(fork)]);
    console.state.selected = Selected::Span(Span::Call(CallId(2)));
    assert_eq!(console.press("R"), []);
    let asked = console.press("Enter");
    assert!(matches!(&asked[..], [Effect::Ask(Request::Again { call: CallId(2), .. })]), "{asked:?}");
}

#[test]
fn a_click_on_the_bar_goes_there() {
    let mut console = finished().console(120, 40);
    console.view(40, 60);
    let bar = console.state.areas.scrub;
    let click = MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: bar.right() - 2,
        row: bar.y + 1,
        modifiers: KeyModifiers::NONE,
    };
    let end = Place::Position(60);
    assert_eq!(replayed(&update(&mut console.state, Msg::Mouse(click))), [ReplayCommand::GoTo(end)]);
}

/// The story with something of everything, hostile text included.
fn everything() -> Story {
    let nasty = "a\u{1b}[2J\u{202e}b\u{200b}\u{7f}\tc\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}日本👩‍👩‍👧";
    let mut story = finished();
    story.log("ticket", nasty).lose("kb", nasty, AfterLoss::Failed);
    story.say(NoteTaken { level: NoteLevel::Error, text: nasty.into() });
    story.turn(nasty).request(nasty).answer(nasty);
    let arguments = serde_json::json!({ nasty: [nasty, {"x": nasty}], "n": 12345678901234567890_u64 }).to_string();
    let call = story.propose("", nasty, &arguments);
    story.hold(call, nasty);
    let failing = story.propose("customer", nasty, &arguments);
    story.run("customer", failing, &arguments);
    let body = serde_json::json!({ "reason": nasty, "suggested_actions": [nasty, nasty] }).to_string();
    story.finish("customer", failing, CallStatus::Error, 3, &body);
    let open = story.propose("asset", "check", "[[1,2],{}]");
    story.run("asset", open, "[[1,2],{}]");
    story.asked(nasty);
    story
}

const KEYS: [KeyCode; 17] = [
    KeyCode::Tab,
    KeyCode::BackTab,
    KeyCode::Enter,
    KeyCode::Esc,
    KeyCode::Up,
    KeyCode::Down,
    KeyCode::Left,
    KeyCode::Right,
    KeyCode::Home,
    KeyCode::End,
    KeyCode::PageUp,
    KeyCode::PageDown,
    KeyCode::Backspace,
    KeyCode::Delete,
    KeyCode::Insert,
    KeyCode::F(1),
    KeyCode::Null,
];

fn any_msg() -> impl Strategy<Value = Msg> {
    let modifiers = prop_oneof![
        6 => Just(KeyModifiers::NONE),
        1 => Just(KeyModifiers::CONTROL),
        1 => Just(KeyModifiers::ALT),
    ];
    let code = prop_oneof![
        2 => prop::sample::select(KEYS.to_vec()),
        3 => prop::char::range(' ', '~').prop_map(KeyCode::Char),
    ];
    let kind = prop_oneof![
        Just(MouseEventKind::Down(MouseButton::Left)),
        Just(MouseEventKind::ScrollUp),
        Just(MouseEventKind::ScrollDown),
    ];
    prop_oneof![
        12 => (code, modifiers).prop_map(|(code, modifiers)| Msg::Key(KeyEvent::new(code, modifiers))),
        2 => (kind, 0_u16..220, 0_u16..70)
            .prop_map(|(kind, column, row)| Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })),
        1 => (0_u16..220, 0_u16..70).prop_map(|(columns, rows)| Msg::Resize(columns, rows)),
        1 => any::<String>().prop_map(Msg::Paste),
        1 => (0_u64..60_000_000).prop_map(Msg::Tick),
    ]
}

/// Draws, and checks that nothing hidden reached a cell.
fn draw(console: &Console) {
    let (columns, rows) = console.state.size;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a test backend");
    terminal.draw(|frame| view(&console.state, frame)).expect("a test backend");
    for cell in &terminal.backend().buffer().content {
        assert!(!cell.symbol().chars().any(text::is_hidden), "{:?}", cell.symbol());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_size_is_drawn(columns in 0_u16..240, rows in 0_u16..80, focus in 0_usize..4, keys in "[vtzf?sw/]{0,3}") {
        let mut console = everything().console(columns, rows);
        for _ in 0..focus {
            console.press("Tab");
        }
        console.type_text(&keys);
        console.later_ms(5_000);
        draw(&console);
    }

    #[test]
    fn any_keys_are_survived(msgs in prop::collection::vec(any_msg(), 0..60)) {
        let mut console = everything().console(120, 40);
        for msg in msgs {
            update(&mut console.state, msg);
            draw(&console);
        }
    }

    #[test]
    fn any_keys_and_jumps_in_a_replay_are_survived(msgs in prop::collection::vec((any_msg(), 0_usize..80), 0..40)) {
        let mut console = everything().console(120, 40);
        console.view(20, 60);
        for (msg, length) in msgs {
            update(&mut console.state, msg);
            if length % 4 == 0 {
                let mut records = everything().records();
                records.truncate(length);
                update(&mut console.state, Msg::Jumped(Box::new(crate::session::Session::fold(&records))));
            }
            draw(&console);
        }
    }

    #[test]
    fn any_prefix_of_a_session_is_drawn(length in 0_usize..80) {
        let mut records = everything().records();
        records.truncate(length);
        let mut console = Console::new(200, 60);
        console.tell(records, 10_000_000);
        draw(&console);
    }
}

#[test]
fn the_readme_table_names_every_group() {
    let markdown = keymap::keys_markdown();
    for group in keymap::Group::ALL {
        assert!(markdown.contains(group.title()));
    }
}

fn three_held() -> Console {
    let mut story = Story::ready();
    story.turn("Close them").request("gpt-4o").answer("");
    for ticket in ["TKT-1001", "TKT-1002", "TKT-1003"] {
        let call = story.propose("ticket", "update_ticket", &format!(r#"{{"ticket_id":"{ticket}"}}"#));
        story.hold(call, "it may write");
    }
    story.console(120, 40)
}

/// Lets a held call go that others are before.
fn release(console: &mut Console, call: u64) {
    let decided = CallDecided { verdict: Verdict::Run, by: "operator".into(), reason: None, before: None, after: None };
    console.happens(call, decided);
}

#[test]
fn a_released_call_says_what_it_waits_for_and_can_still_be_denied_and_changed() {
    let mut console = three_held();
    release(&mut console, 2);
    console.later_ms(600).press("Tab Tab ]");
    assert_eq!(selected_call(&console), Some(2));
    let screen = console.screen();
    assert!(screen.contains("Released, waits for call 1") && !screen.contains("n sends it"), "{screen}");
    assert!(screen.contains("released, waits for call 1"), "{screen}");
    assert!(screen.contains("⏸ 2 held"), "{screen}");
    assert_eq!(console.press("n"), []);
    assert!(console.screen().contains("Call 2 is released and waits for call 1"), "{}", console.screen());
    console.press("d");
    console.type_text("no");
    let deny = Decision::Deny { reason: "no".into() };
    assert_eq!(console.press("Enter"), [Effect::Send(Command::Decide { call: CallId(2), decision: deny })]);
    console.press("e");
    assert!(console.screen().contains("Arguments of call 2"), "{}", console.screen());
}

#[test]
fn a_key_that_decides_goes_to_the_next_held_call_first_if_none_is_selected() {
    let mut console = three_held();
    release(&mut console, 1);
    console.later_ms(600).press("Tab Tab [ [ [ [");
    assert_eq!(selected_call(&console), None, "a model step is selected");
    assert_eq!(console.press("n"), []);
    assert_eq!(selected_call(&console), Some(2));
    assert!(console.screen().contains("Call 2 is the next one held, and now selected"), "{}", console.screen());
    console.press("[ [ F");
    assert_eq!(selected_call(&console), Some(2));
    let run = |call| Effect::Send(Command::Decide { call: CallId(call), decision: Decision::Run });
    console.press("[ [ [");
    assert_eq!(console.press("A"), [run(2), run(3)]);
}

#[test]
fn a_call_whose_arguments_are_not_on_the_screen_is_shown_before_it_is_sent() {
    let mut story = Story::ready();
    story.turn("Close it").request("gpt-4o").answer("");
    let call = story.propose("ticket", "update_ticket", r#"{"ticket_id":"TKT-1001"}"#);
    story.hold(call, "it may write");
    for key in ["n", "c", "o", "a"] {
        let mut console = story.console(80, 24);
        console.later_ms(600).press("Tab");
        assert!(!console.screen().contains("TKT-1001"), "{}", console.screen());
        assert_eq!(console.press(key), [], "{key}");
        let screen = console.screen();
        assert!(screen.contains("TKT-1001") && screen.contains("press the key again"), "{key}: {screen}");
        assert_eq!(console.press(key), [], "{key}: nobody can have read it yet");
        assert!(!console.later_ms(600).press(key).is_empty(), "{key}");
    }
}

#[test]
fn what_is_typed_after_a_key_that_opens_a_field_is_written_into_it_wherever_the_key_was_pressed() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        for selected in ["", "s"] {
            for (key, title) in [("d", "Deny call 1"), ("x", "Answer call 1")] {
                let mut story = Story::ready();
                story.turn("Close it").request("gpt-4o").answer("");
                let call = story.propose("ticket", "update_ticket", r#"{"ticket_id":"TKT-1001"}"#);
                story.hold(call, "it may write");
                let mut console = story.console(columns, rows);
                console.later_ms(600).press("Tab").len();
                console.press(selected).len();
                console.press(key).len();
                console.type_text("no, not on a Sunday");
                let Some(Overlay::Ask(ask)) = &console.state.overlay else { panic!("{key} at {columns}×{rows}") };
                assert_eq!(ask.text(), "no, not on a Sunday", "{key} at {columns}×{rows}");
                assert!(console.screen().contains(title), "{}", console.screen());
            }
        }
    }
}

#[test]
fn the_first_key_says_that_it_only_shows_where_one_pane_is_on_the_screen() {
    let mut story = Story::ready();
    story.turn("Close it").request("gpt-4o").answer("");
    let call = story.propose("ticket", "update_ticket", r#"{"ticket_id":"TKT-1001"}"#);
    story.hold(call, "it may write");
    let mut console = story.console(80, 24);
    let screen = console.screen();
    assert!(screen.contains("Tab, then n shows what would be sent, and n again sends"), "{screen}");
    console.press("Tab");
    assert!(console.screen().contains(" n show what waits  d deny  e edit"), "{}", console.screen());
    console.later_ms(600).press("n");
    console.later_ms(600).press("Down");
    assert!(console.screen().contains(" n step  d deny  e edit"), "{}", console.screen());
    assert!(!story.console(120, 40).screen().contains("n again sends"));
}

#[test]
fn nothing_is_reverted_where_nothing_was_changed() {
    let mut console = three_held();
    console.later_ms(600).press("Tab Tab");
    assert_eq!(console.press("V"), []);
    assert!(console.screen().contains("There is nothing to take back: call 1 is as it came."), "{}", console.screen());
}

#[test]
fn what_the_operator_made_of_a_call_stands_beside_it() {
    let mut story = result_held();
    let decided = |verdict, after| CallDecided {
        verdict,
        by: "operator".into(),
        reason: Some("not for a model".into()),
        before: None,
        after,
    };
    let result = json(r#"{"content":[],"structuredContent":{"total_count":3},"isError":false}"#);
    let ended = |result| CallFinished {
        status: CallStatus::Ok,
        duration_us: 12_000,
        result: Some(result),
        failure: None,
        mismatch: None,
    };
    let scope = story.of(1);
    story.put(scope, decided(Verdict::Deny, None)).put(scope, ended(result.clone()));
    let answered = story.propose("ticket", "get_ticket_metrics", "{}");
    story.hold(answered, "stepping");
    let scope = story.of(answered);
    story.put(scope, decided(Verdict::Answer, Some(result.clone()))).put(scope, ended(result.clone()));
    let edited = story.propose("ticket", "get_ticket_metrics", "{}");
    story.hold(edited, "stepping").edit(edited, r#"{"priority":"low"}"#);
    let mut console = story.console(120, 40);
    let screen = console.screen();
    for word in ["✎ kept back", "✎ answered by operator", "✎ edited"] {
        assert!(screen.contains(word), "{word}: {screen}");
    }
    console.press("Tab Tab [ [");
    let screen = console.screen();
    assert!(screen.contains("Kept back: the model was told “not for a model”"), "{screen}");
}

fn selected_call(console: &Console) -> Option<u64> {
    console.state.call().map(|call| call.id.0)
}

#[test]
fn the_first_of_several_held_calls_stays_selected_and_a_decision_leads_to_the_next() {
    let mut console = three_held();
    assert_eq!(selected_call(&console), Some(1));
    assert!(console.screen().contains("⏸ 3 held: Tab"));
    console.press("Tab");
    assert!(console.screen().contains("⏸ 3 held: F next"));
    let mut decided = 0;
    for call in [1, 2, 3] {
        assert_eq!(selected_call(&console), Some(call));
        assert_eq!(console.press("n"), [], "nobody has looked at it yet");
        console.later_ms(600);
        let effects = console.press("n");
        let wanted = Command::Decide { call: CallId(call), decision: Decision::Run };
        assert_eq!(effects, [Effect::Send(wanted)], "it has been there long enough");
        let event =
            CallDecided { verdict: Verdict::Run, by: "operator".into(), reason: None, before: None, after: None };
        console.happens(call, event);
        console
            .happens(call, CallStarted { attempt: 1, arguments: Json::default(), timeout_ms: 1000, read_only: false });
        decided += 1;
        if decided < 3 {
            assert!(console.screen().contains(&format!("⏸ {} held", 3 - decided)));
        }
    }
    assert!(!console.screen().contains("held: "));
}

#[test]
fn f_goes_round_the_held_calls() {
    let mut console = three_held();
    console.press("Tab F");
    assert_eq!(selected_call(&console), Some(2));
    console.press("F F");
    assert_eq!(selected_call(&console), Some(1));
}

#[test]
fn a_key_that_decides_says_when_the_call_is_not_held() {
    let mut console = finished().console(120, 40);
    console.press("Tab d");
    assert!(console.screen().contains("“deny” is for a held call; call 4 is not held, and nothing else is."));
}

#[test]
fn stepping_is_in_the_title_and_said_when_it_changes() {
    let mut story = Story::ready();
    story.say(SteppingChanged { stepping: Stepping::On });
    let mut console = story.console(80, 24);
    let screen = console.screen();
    assert!(screen.contains("│ STEP │") && screen.contains("Stepping is on"), "{screen}");
    console.press("Tab");
    assert!(console.screen().contains("│ STEP │"));
}

#[test]
fn a_forgotten_conversation_is_seen_at_once() {
    let mut story = finished();
    story.say(ConversationCleared {});
    for (columns, rows) in [(80, 24), (100, 28), (120, 40), (200, 60)] {
        let mut console = story.console(columns, rows);
        let screen = console.screen();
        assert!(screen.contains("── conversation forgotten here ──────"), "{screen}");
        console.view(60, 60).press("BackTab");
        let screen = console.screen();
        assert!(screen.contains("── conversation forgotten here ──────"), "{screen}");
    }
}

#[test]
fn every_place_where_the_conversation_was_forgotten_is_seen() {
    let mut story = Story::ready();
    for question in ["One?", "Two?", "Three?"] {
        story.turn(question).request("built-in").answer("Yes.").end(Ending::Answered, None);
        story.say(ConversationCleared {});
    }
    let screen = story.console(120, 40).screen();
    assert_eq!(screen.matches("── conversation forgotten here ──────").count(), 3, "{screen}");
}

#[test]
fn a_server_that_died_and_came_back_is_remembered() {
    let mut story = finished();
    let again = AfterLoss::Restarting { attempt: 1, of: 3, delay_ms: 500 };
    story.wait_ms(70_000).lose("ticket", "it was ended by signal 9", again);
    let mut console = story.console(120, 40);
    assert!(console.screen().contains("Server ticket was lost: it was ended by signal 9; starting it again, 1 of 3."));
    story.wait_ms(500).start("ticket").up("ticket", 4, 9);
    console = story.console(120, 40);
    let screen = console.screen();
    assert!(screen.contains("ticket ↻1"), "{screen}");
    assert!(screen.contains("Server ticket is back; it had been lost: it was ended by signal 9."), "{screen}");
    console.type_text("/servers").press("Enter");
    assert!(console.screen().contains("1 time, last at 1:12: it was ended by signal 9"), "{}", console.screen());
    console.press("Esc Tab s s t t");
    while console.state.server().is_none_or(|server| server.name.as_str() != "ticket") {
        console.press("s");
    }
    let screen = console.screen();
    assert!(screen.contains("lost      1 time, last at 1:12"), "{screen}");
    assert!(screen.contains("program   callboard-ticket 0.1.0"), "{screen}");
}

#[test]
fn a_server_that_never_started_is_not_said_to_be_lost() {
    let mut story = Story::begun();
    story.start("kb").lose("kb", "no such program", AfterLoss::Failed);
    let screen = story.console(120, 40).screen();
    assert!(!screen.contains("was lost") && !screen.contains('↻'), "{screen}");
}

#[test]
fn an_answer_without_calls_says_what_it_stands_on() {
    let tally = |text: &str| {
        let mut story = finished();
        story.turn("And then?").request("gpt-4o").answer(text).end(Ending::Answered, None);
        let screen = story.console(200, 60).screen();
        let words = ["no result behind it: unverified", "no calls: from results of earlier turns", "no calls ·"];
        words.into_iter().find(|words| screen.contains(words)).map(str::to_owned)
    };
    assert_eq!(tally("It is TKT-1001 [1].").as_deref(), Some("no calls: from results of earlier turns"));
    assert_eq!(tally("It is TKT-1001.").as_deref(), Some("no calls: from results of earlier turns"));
    assert_eq!(tally("It is TKT-7777.").as_deref(), Some("no result behind it: unverified"));
    assert_eq!(tally("It is TKT-1001 [1], as TKT-7777 was.").as_deref(), Some("no result behind it: unverified"));
    assert_eq!(tally("It is TKT-1001 [99].").as_deref(), Some("no result behind it: unverified"));
    assert_eq!(tally("Say which customer you mean.").as_deref(), Some("no calls ·"));
}

#[test]
fn calls_that_brought_nothing_vouch_for_no_answer() {
    let tally = |text: &str| {
        let mut story = finished();
        story.turn("And then?").request("gpt-4o");
        let call = story.propose("ticket", "search_tickets", "{}");
        story.deny(call, "not now").request("gpt-4o").answer(text).end(Ending::Answered, None);
        let screen = story.console(200, 60).screen();
        screen.lines().find(|line| line.contains("1 call · 1 denied")).map(str::to_owned).expect("a tally")
    };
    assert!(tally("It is TKT-7777.").contains("1 denied · no result behind it: unverified"));
    assert!(!tally("You did not want me to look.").contains("unverified"));
}

#[test]
fn what_a_failed_model_asks_for_in_its_last_words_is_on_the_screen() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut story = Story::ready();
        let message = format!("The quota is used up (it said: {}). Check your billing.", "a word ".repeat(50));
        story.turn("Why?").request("gpt-4o").fail(ModelFailureCode::RateLimited, &message, Some(429));
        let screen = story.end(Ending::Failed, None).console(columns, rows).screen();
        assert!(screen.contains("billing."), "{screen}");
    }
}

#[test]
fn a_tool_that_is_not_supported_does_not_make_its_server_unwell() {
    let mut story = Story::ready();
    let rejected = |kind| RejectedTool { kind, ..RejectedTool::one("dig".into(), "it runs as a task only".into()) };
    let listed = |kind| ServerListed { server: "kb".into(), tools: Vec::new(), rejected: vec![rejected(kind)] };
    let trouble = |console: &Console| {
        let session = &console.state.session;
        session.server(&"kb".into()).and_then(|server| session.trouble(server))
    };
    story.say(listed(Rejection::Unsupported));
    assert_eq!(trouble(&story.console(120, 40)), None);
    story.say(listed(Rejection::Fault));
    assert_eq!(trouble(&story.console(120, 40)).as_deref(), Some("1 tool cannot be used"));
}

#[test]
fn a_call_that_was_never_sent_has_no_duration() {
    let mut story = Story::ready();
    story.turn("Close it").request("gpt-4o").answer("");
    let call = story.propose("ticket", "update_ticket", "{}");
    story.hold(call, "it may write").wait_ms(900).deny(call, "no");
    let console = story.console(120, 40);
    assert_eq!(console.state.call().and_then(|call| console.state.call_us(call)), None);
    assert!(console.screen().contains("1 denied"));
}

#[test]
fn tab_completes_commands_and_their_names_and_stays_while_something_can_be_added() {
    let mut console = Story::ready().console(80, 24);
    let runbook = |name: &str, parameters: &str| RunbookEntry {
        name: name.into(),
        parameters: parameters.into(),
        summary: "Finds out".into(),
    };
    console.state.options.runbooks = vec![runbook("customer-360", "CUSTOMER"), runbook("daily", "")];
    console.type_text("/r").press("Tab");
    assert!(console.screen().contains("Type on: /resources   /restart   /run"), "{}", console.screen());
    console.type_text("un").press("Tab");
    assert_eq!(console.state.input.text(), "/run ");
    console.type_text("cu");
    assert!(console.screen().contains("/run customer-360 CUSTOMER"), "{}", console.screen());
    console.press("Tab");
    assert_eq!((console.state.input.text().as_str(), console.state.focus), ("/run customer-360 ", Focus::Input));
    console.press("Ctrl+c");
    console.type_text("/restart ti").press("Tab");
    assert_eq!(console.state.input.text(), "/restart ticket");
    console.press("Tab");
    assert_eq!(console.state.focus, Focus::Chat, "nothing can be added any more");
}

#[test]
fn a_command_that_cannot_be_run_stays_in_the_input() {
    let mut console = Story::ready().console(80, 24);
    for line in ["/foo", "/restart foo", "/step maybe", "/note"] {
        console.type_text(line);
        assert_eq!(console.press("Enter"), []);
        assert_eq!(console.state.input.text(), line);
        console.press("Ctrl+c");
    }
}

#[test]
fn a_draft_that_was_cleared_comes_back() {
    let mut console = finished().console(80, 24);
    console.type_text("half a question").press("Ctrl+c");
    assert!(console.state.input.is_blank());
    console.press("Up");
    assert_eq!(console.state.input.text(), "half a question");
}

fn long_answer() -> Console {
    let mut story = finished();
    let lines: Vec<String> = (1..=60).map(|line| format!("- line {line}")).collect();
    story.turn("All of them?").request("gpt-4o").stream(&lines.join("\n"));
    story.answer(&lines.join("\n")).end(Ending::Answered, None);
    story.console(80, 24)
}

#[test]
fn a_long_answer_is_read_from_its_beginning() {
    let mut console = long_answer();
    let first = |console: &Console| console.screen().lines().nth(2).map(|line| line.trim().to_owned());
    assert_eq!(first(&console).as_deref(), Some("- line 1"), "{}", console.screen());
    assert!(console.screen().contains("more below: PgDn"));
    console.press("PageDown PageDown PageDown PageDown");
    let screen = console.screen();
    assert!(screen.contains("- line 60") && !screen.contains("more below"), "{screen}");
    console.later_ms(1000);
    assert!(console.screen().contains("- line 60"), "the reader decides");
}

#[test]
fn a_search_that_finds_nothing_here_offers_no_next_match() {
    let mut console = finished().console(120, 40);
    console.press("Tab Tab Tab /");
    console.type_text("premium").press("Enter");
    assert!(console.screen().contains("n next match"), "{}", console.screen());
    console.press("T");
    assert!(!console.screen().contains("n next match"), "{}", console.screen());
}

#[test]
fn a_long_message_is_wrapped() {
    let mut story = Story::ready();
    let text = format!("The data is not sound: {} and that is the end of it.", "one thing after another, ".repeat(5));
    story.say(NoteTaken { level: NoteLevel::Warning, text: text.clone() });
    let screen = story.console(80, 24).screen();
    assert!(screen.contains("The data is not sound") && screen.contains("the end of it."), "{screen}");
    let mut story = Story::ready();
    story.say(NoteTaken { level: NoteLevel::Info, text });
    let screen = story.console(80, 24).screen();
    assert!(screen.contains("The data is not sound") && screen.contains("the end of it."), "{screen}");
}

#[test]
fn the_time_axis_leaves_out_what_lies_between_turns() {
    let mut story = finished();
    story.wait_ms(600_000).turn("Again?").request("built-in").wait_ms(10);
    story.call("ticket", "search_tickets", "{}", 12, "{}");
    story.request("built-in").answer("Yes [5].").end(Ending::Answered, None);
    let mut console = story.console(120, 40);
    console.press("Tab Tab v w");
    let screen = console.screen();
    let bar = screen.lines().find(|line| line.contains(" ticket  ") && line.contains('█')).map(str::to_owned);
    assert!(bar.is_some_and(|bar| bar.matches('█').count() > 8), "{screen}");
    assert!(screen.contains("╵t1") && screen.contains("╵t2"), "{screen}");
}

#[test]
fn before_the_first_turn_there_is_no_time_axis() {
    let screen = Story::ready().console(200, 60).screen();
    assert!(screen.contains("Calls will stand here on a time axis.") && !screen.contains('╵'), "{screen}");
}

#[test]
fn the_selected_row_stays_in_view_when_the_list_gets_shorter() {
    let mut story = Story::ready();
    for turn in 0..20 {
        story.turn(&format!("question {turn}")).request("built-in").answer("one");
    }
    let mut console = story.console(120, 60);
    console.press("Tab Tab End");
    for (columns, rows) in [(80, 24), (120, 24), (120, 60), (120, 20)] {
        update(&mut console.state, Msg::Resize(columns, rows));
        let listed = console.screen().lines().any(|line| line.contains("▸✓     model"));
        assert!(listed, "{columns}x{rows}: {}", console.screen());
    }
}

#[test]
fn the_help_begins_with_what_works_here() {
    let mut console = held();
    console.later_ms(600).press("Tab Tab ?");
    let screen = console.screen();
    let (here, commands) = (screen.find("Here and now"), screen.find("Commands, in the input"));
    assert!(here.is_some_and(|here| commands.is_none_or(|commands| here < commands)), "{screen}");
    assert!(screen.contains("Let what is held go on"), "{screen}");
}

#[test]
fn the_palette_finds_from_the_input_what_the_panes_can_do() {
    let mut console = finished().console(120, 40);
    console.press("Ctrl+p");
    console.type_text("log points to change");
    assert!(console.screen().contains("All breakpoints and log points"), "{}", console.screen());
    console.press("Enter");
    assert!(matches!(&console.state.overlay, Some(Overlay::Ask(ask)) if ask.purpose == Purpose::Breakpoints));
    let mut console = held();
    console.later_ms(600).press("Ctrl+p");
    console.type_text("let what is held go on");
    assert!(!console.screen().contains("Let what is held go on"), "nothing is decided from afar");
}
