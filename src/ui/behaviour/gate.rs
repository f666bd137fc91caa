//! Which held call comes next, and what the keys for all of them do.

use super::{selected_call, three_held};
use crate::protocol::*;
use crate::ui::fixtures::{Console, Story, json, result_held};
use crate::ui::state::Follow;
use crate::ui::update::Effect;

fn denied(console: &mut Console, call: u64) {
    let reason = Some("no".to_owned());
    let decided = CallDecided { verdict: Verdict::Deny, by: "operator".into(), reason, before: None, after: None };
    console.happens(call, decided);
    let failure = Some(CallFailure { code: CallFailureCode::Denied, message: "no".into() });
    let status = CallStatus::Denied;
    console.happens(call, CallFinished { status, duration_us: 0, result: None, failure, mismatch: None });
}

#[test]
fn after_a_denial_the_next_held_call_is_selected() {
    let mut console = three_held();
    console.later_ms(600).press("Tab Tab d");
    console.type_text("no").press("Enter");
    for next in [2, 3] {
        denied(&mut console, next - 1);
        assert_eq!(selected_call(&console), Some(next));
    }
    denied(&mut console, 3);
    assert_eq!(selected_call(&console), Some(3), "nothing else waits");
}

#[test]
fn who_decided_a_call_of_their_own_choice_is_shown_the_next_one_that_is_held() {
    let mut console = three_held();
    console.later_ms(600).press("Tab Tab ] ]");
    assert_eq!(selected_call(&console), Some(3));
    for call in [3, 1, 2] {
        console.press("F");
        denied(&mut console, call);
    }
    assert_eq!(console.state.follow, Follow::Latest);
}

#[test]
fn all_go_on_that_have_been_there_for_a_moment_and_the_rest_is_told() {
    let mut console = three_held();
    console.later_ms(600).press("Tab Tab");
    let proposed = CallProposed {
        server: "ticket".into(),
        tool: "update_ticket".into(),
        arguments: Json::default(),
        provider_id: "p4".into(),
        read_only: false,
    };
    console.happens(4, proposed);
    console.happens(4, CallHeld { site: StopSite::BeforeCall, reason: "it may write".into(), remedy: String::new() });
    let run = |call| Effect::Send(Command::Decide { call: CallId(call), decision: Decision::Run });
    assert_eq!(console.press("A"), [run(1), run(2), run(3)]);
    let screen = console.screen();
    assert!(screen.contains("3 let go. Only just come up, 1 call: 4. Look first, then press A again."), "{screen}");
    console.later_ms(600);
    assert_eq!(console.press("A"), [run(1), run(2), run(3), run(4)], "the others are not yet decided here");
}

#[test]
fn every_call_of_a_long_answer_is_counted_and_let_go() {
    let mut story = Story::ready();
    story.turn("Close them").request("gpt-4o").answer("");
    for ticket in 0..100 {
        let call = story.propose("ticket", "update_ticket", &format!(r#"{{"n":{ticket}}}"#));
        story.hold(call, "it may write");
    }
    let mut console = story.console(120, 40);
    console.later_ms(600).press("Tab");
    assert!(console.screen().contains("⏸ 100 held"), "{}", console.screen());
    assert_eq!(selected_call(&console), Some(1));
    assert_eq!(console.press("A").len(), 100);
}

#[test]
fn all_go_on_says_so_when_everything_has_only_just_come_up() {
    let mut console = three_held();
    console.press("Tab Tab");
    assert_eq!(console.press("A"), []);
    let screen = console.screen();
    assert!(screen.contains("Only just come up, 3 calls: 1, 2, 3. Look first, then press A again."), "{screen}");
}

#[test]
fn what_was_said_is_listed_whole_after_it_is_gone() {
    let mut story = Story::ready();
    let long = format!("{}THE END", "a log point has a lot to say; ".repeat(40));
    story.wait_ms(65_000).say(NoteTaken { level: NoteLevel::Info, text: long });
    story.say(NoteTaken { level: NoteLevel::Warning, text: "Something was left out.".into() });
    let mut console = story.console(120, 40);
    let screen = console.screen();
    assert!(!screen.contains("THE END") && screen.contains("… /notices"), "{screen}");
    console.press("Esc");
    assert!(!console.screen().contains("a log point"), "{}", console.screen());
    console.type_text("/notices").press("Enter");
    let screen = console.screen();
    for part in ["Notices", "1:05  a log point has", "THE END", "1:05  Something was left out."] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
}

#[test]
fn a_key_does_not_decide_over_the_call_that_comes_up_in_place_of_the_one_it_was_meant_for() {
    let run = |call| Effect::Send(Command::Decide { call: CallId(call), decision: Decision::Run });
    let mut console = three_held();
    console.later_ms(60_000).press("Tab Tab");
    assert_eq!(console.press("n"), [run(1)]);
    released(&mut console, 1);
    assert_eq!(selected_call(&console), Some(2));
    assert_eq!(console.later_ms(150).press("n"), [], "nobody has read it");
    assert!(console.screen().contains("Call 2 has only just come up: look first"), "{}", console.screen());
    assert_eq!(console.later_ms(600).press("n"), [run(2)], "a moment later it is meant");
}

#[test]
fn a_key_that_is_held_down_decides_over_one_call_only() {
    let mut console = three_held();
    console.later_ms(60_000).press("Tab Tab n");
    released(&mut console, 1);
    console.later_ms(500);
    for _ in 0..100 {
        assert_eq!(console.later_ms(33).press("n"), [], "the keyboard repeats it, and nobody means it");
    }
    assert_eq!(console.later_ms(300).press("n").len(), 1, "it was let go, and is pressed again");
}

#[test]
fn a_call_that_is_chosen_a_moment_ago_has_to_be_looked_at_too() {
    let mut console = three_held();
    console.later_ms(60_000).press("Tab Tab ]");
    assert_eq!((selected_call(&console), console.press("n")), (Some(2), Vec::new()));
    assert_eq!(console.later_ms(600).press("n").len(), 1);
}

#[test]
fn what_comes_up_under_a_page_is_looked_at_once_that_is_closed() {
    let mut console = three_held();
    console.later_ms(60_000).press("Tab Tab ?");
    released(&mut console, 1);
    console.later_ms(60_000);
    assert_eq!(console.press("Esc n"), []);
    assert_eq!(console.later_ms(600).press("n").len(), 1);
}

fn released(console: &mut Console, call: u64) {
    let decided = CallDecided { verdict: Verdict::Run, by: "operator".into(), reason: None, before: None, after: None };
    console.happens(call, decided);
}

#[test]
fn a_turn_that_has_only_just_stopped_does_not_go_on_with_a_key_meant_for_something_else() {
    let turn = Scope { turn: Some(TurnId(1)), ..Scope::default() };
    for key in ["n", "c", "o", "A"] {
        let mut console = turn_held();
        console.press("Tab Tab Tab");
        assert_eq!(console.press(key), [], "{key}");
        assert!(console.screen().contains("This has only just come up: look first"), "{}", console.screen());
        assert_eq!(console.later_ms(600).press(key)[0], Effect::Send(Command::Proceed), "{key}");
        console.hears(turn, TurnResumed {});
        let held = TurnHeld { site: StopSite::AfterModel, reason: "the model has answered".into(), messages: None };
        console.hears(turn, held);
        assert_eq!(console.press(key), [], "{key}");
        assert_eq!(console.later_ms(600).press(key)[0], Effect::Send(Command::Proceed), "{key}");
    }
}

#[test]
fn all_go_on_shows_first_what_the_model_would_be_sent() {
    let mut console = turn_held();
    console.later_ms(600).press("Tab Tab s");
    assert_eq!(console.press("A"), []);
    assert!(console.screen().contains("▸Messages"), "{}", console.screen());
    assert_eq!(console.later_ms(600).press("A"), [Effect::Send(Command::Proceed)]);
}

fn turn_held() -> Console {
    let long: String = (0..400).map(|line| format!("\\nline {line} of what a tool said")).collect();
    let messages = format!(
        r#"[{{"role":"system","content":"You answer."}},{{"role":"user","content":"Find it"}},{{"role":"tool","tool_call_id":"p1","content":"[call 1]{long}"}}]"#
    );
    let mut story = Story::ready();
    story.turn("Find it").say(TurnHeld {
        site: StopSite::BeforeModel,
        reason: "gpt-4o is about to be asked".into(),
        messages: Some(json(&messages)),
    });
    story.console(120, 40)
}

#[test]
fn what_the_model_would_be_sent_is_shown_to_its_end() {
    let mut console = turn_held();
    let screen = console.screen();
    for part in ["▸Messages", "── 1 system", "You answer.", "── 3 tool p1", "line 0 of what a tool said"] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    console.press("Tab Tab Tab End");
    assert!(console.screen().contains("line 399 of what a tool said"), "{}", console.screen());
    console.later_ms(600);
    assert_eq!(console.press("n"), [Effect::Send(Command::Proceed)]);
    let turn = Scope { turn: Some(TurnId(1)), ..Scope::default() };
    console.hears(turn, TurnResumed {});
    assert!(!console.screen().contains("line 399"), "{}", console.screen());
}

#[test]
fn a_request_that_is_not_on_the_screen_is_shown_before_it_is_sent() {
    let mut console = turn_held();
    console.later_ms(600).press("Tab Tab s");
    assert!(!console.screen().contains("▸Messages"));
    assert_eq!(console.press("n"), []);
    let screen = console.screen();
    assert!(screen.contains("▸Messages") && screen.contains("what the model would be sent"), "{screen}");
    assert_eq!(console.press("n"), [], "nobody can have read it yet");
    assert_eq!(console.later_ms(600).press("n"), [Effect::Send(Command::Proceed)]);
    console.press("s F");
    assert!(console.screen().contains("▸Messages"), "F leads back");
}

#[test]
fn a_replay_shows_what_was_about_to_be_sent_and_goes_on_from_it() {
    let mut console = turn_held();
    console.view(20, 60);
    let turn = Scope { turn: Some(TurnId(1)), ..Scope::default() };
    console.hears(turn, TurnResumed {});
    assert!(!console.screen().contains("▸Messages"), "{}", console.screen());
    let messages = Some(json(r#"[{"role":"user","content":"Find the other one"}]"#));
    console.hears(turn, TurnHeld { site: StopSite::BeforeModel, reason: "again".into(), messages });
    let screen = console.screen();
    assert!(screen.contains("▸Messages") && screen.contains("Find the other one"), "{screen}");
}

#[test]
fn a_change_of_the_tool_can_be_accepted_where_its_result_waits_to_be_fetched_again() {
    let mut console = result_held().console(120, 40);
    let (server, tool): (ServerName, ToolName) = ("ticket".into(), "get_ticket_metrics".into());
    let (hash, summary) = ("h2".to_owned(), "its description has changed".to_owned());
    let changed = ToolChanged { server, tool, hash: hash.clone(), summary, changes: Vec::new(), more: 0 };
    console.hears(Scope::default(), changed);
    console.later_ms(600).press("Tab Tab a");
    let screen = console.screen();
    assert!(screen.contains("A tool that has changed") && screen.contains("then r sends call 1 again"), "{screen}");
    assert_eq!(console.press("Esc"), []);
    assert_eq!(console.later_ms(600).press("a"), [Effect::Send(Command::AcceptTool { call: CallId(1), hash })]);
}

/// A console in which a call waits because its tool has changed in as many places.
fn changed_in(places: usize) -> Console {
    let mut story = Story::ready();
    let (server, tool): (ServerName, ToolName) = ("ticket".into(), "search_tickets".into());
    let field =
        |number: usize| FieldChange { path: format!("field {number}"), before: None, after: Some("new".into()) };
    let (changes, summary) = ((0..places).map(field).collect(), "it has changed".to_owned());
    story.say(ToolChanged { server, tool, hash: "h2".into(), summary, changes, more: 0 });
    story.turn("Find it").request("gpt-4o").answer("");
    let call = story.propose("ticket", "search_tickets", r#"{"query":"vpn"}"#);
    story.hold_until(call, "it is not what it was", "accept it");
    let mut console = story.console(120, 40);
    console.later_ms(60_000).press("Tab Tab");
    console
}

#[test]
fn the_key_that_shows_how_a_tool_has_changed_takes_it_when_it_is_pressed_again_on_that_page() {
    let accepts = [Effect::Send(Command::AcceptTool { call: CallId(1), hash: "h2".to_owned() })];
    let mut console = changed_in(1);
    assert_eq!(console.press("a a"), [], "nobody can have read it yet");
    assert!(console.screen().contains("a accepts it for good  "), "{}", console.screen());
    assert_eq!(console.later_ms(600).press("a"), accepts);
    assert!(!console.screen().contains("A tool that has changed"), "the page is closed: {}", console.screen());
    // A page that is longer than the screen is read to its end first.
    let mut console = changed_in(60);
    console.press("a");
    assert_eq!(console.later_ms(60_000).press("a"), []);
    assert!(console.screen().contains("Read it to its end first."), "{}", console.screen());
    console.press("End");
    assert_eq!(console.press("a"), accepts);
}

#[test]
fn a_key_for_a_tool_does_nothing_on_another_page() {
    let mut console = changed_in(1);
    console.press("?");
    assert_eq!(console.later_ms(600).press("a a"), []);
}

#[test]
fn to_always_allow_a_tool_is_offered_only_where_that_would_let_the_call_pass() {
    let held_until = |remedy: &str| {
        let mut story = Story::ready();
        story.turn("Close it").request("gpt-4o").answer("");
        let call = story.propose("ticket", "update_ticket", r#"{"n":1}"#);
        story.hold_until(call, "that is why", remedy);
        let mut console = story.console(120, 40);
        console.later_ms(600).press("Tab Tab");
        console
    };
    let mut console = held_until(CallHeld::BY_MODE);
    let screen = console.screen();
    assert!(screen.contains("always") && !screen.contains("So that such"), "{screen}");
    assert_eq!(console.press("a"), [Effect::Send(Command::Allow { call: CallId(1) })]);
    let mut console = held_until("take the breakpoint away");
    let screen = console.screen();
    assert!(!screen.contains("always"), "{screen}");
    assert!(screen.contains("So that such a call does not wait: take the breakpoint"), "{screen}");
    assert_eq!(console.press("a"), []);
}

#[test]
fn a_held_call_that_is_cancelled_is_said_to_have_never_been_sent() {
    let mut console = three_held();
    console.press("Tab Tab");
    let finished =
        CallFinished { status: CallStatus::Cancelled, duration_us: 0, result: None, failure: None, mismatch: None };
    console.happens(1, finished);
    console.press("[ [ ]");
    let screen = console.screen();
    assert!(screen.contains("Cancelled: it was never sent"), "{screen}");
}

#[test]
fn a_call_and_its_result_that_were_let_go_are_said_to_be_released_once() {
    let mut console = result_held().console(120, 40);
    console.press("Tab Tab");
    released(&mut console, 1);
    released(&mut console, 1);
    let result = Some(json(r#"{"content":[],"structuredContent":{"total_count":3},"isError":false}"#));
    let (status, duration_us) = (CallStatus::Ok, 12_000);
    console.happens(1, CallFinished { status, duration_us, result, failure: None, mismatch: None });
    let screen = console.screen();
    assert_eq!(screen.matches("released by operator").count(), 1, "{screen}");
}

#[test]
fn how_to_close_the_banner_is_said_only_where_esc_does() {
    let mut story = Story::ready();
    story.say(NoteTaken { level: NoteLevel::Warning, text: "The disk is nearly full.".into() });
    let mut console = story.console(120, 40);
    assert!(console.screen().contains("Esc closes"), "{}", console.screen());
    console.press("Tab f");
    assert!(!console.screen().contains("Esc closes"), "Esc gives the screen back first: {}", console.screen());
    console.press("Esc Esc");
    assert!(!console.screen().contains("disk"), "{}", console.screen());
    story.turn("Why?").request("gpt-4o");
    let mut console = story.console(120, 40);
    let screen = console.screen();
    assert!(screen.contains("disk") && !screen.contains("Esc closes"), "{screen}");
    assert_eq!(console.press("Esc"), [Effect::Send(Command::StopTurn)]);
}

#[test]
fn the_footer_names_the_key_that_restarts_the_selected_server() {
    let mut console = Story::ready().console(80, 24);
    console.press("Tab s");
    assert!(console.screen().contains("r restart ticket"), "{}", console.screen());
}

#[test]
fn the_reason_of_a_denial_stands_under_its_call_in_the_conversation() {
    let mut console = three_held();
    assert!(!console.screen().contains("the model was told: no"));
    denied(&mut console, 1);
    let screen = console.screen();
    let rows: Vec<&str> = screen.lines().collect();
    let call = rows.iter().position(|row| row.contains("⊘ [1]")).expect("the denied call");
    assert!(rows[call + 1].contains("the model was told: no"), "{screen}");
}

#[test]
fn a_call_that_was_changed_and_could_not_be_sent_is_not_said_to_be_answered() {
    let mut story = Story::ready();
    story.turn("Find it").request("gpt-4o").answer("");
    let call = story.propose("ticket", "search_tickets", r#"{"query":"vpn"}"#);
    story.hold(call, "stepping").edit(call, r#"{"query":"printer"}"#);
    let mut console = story.console(120, 40);
    let failure = Some(CallFailure { code: CallFailureCode::Denied, message: "gone".into() });
    let status = CallStatus::Error;
    console.happens(call, CallFinished { status, duration_us: 0, result: None, failure, mismatch: None });
    assert!(console.screen().contains("✗✎") && !console.screen().contains("answered"), "{}", console.screen());
}
