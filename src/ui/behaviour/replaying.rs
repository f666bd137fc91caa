//! A replay on the screen: what it says of its start, of running time, and of a recording that ends early.

use crate::protocol::{
    CallId, Command, Moment, Place, Playback, RecordIndex, ReplayCommand, Scope, ServerStopped, SessionEnded,
};
use crate::ui::fixtures::{Story, finished};
use crate::ui::outside::Answer;
use crate::ui::update::{Effect, Msg, update};

#[test]
fn the_start_of_a_recording_is_said_to_be_one() {
    let mut console = finished().console(120, 40);
    console.view(0, 60);
    update(&mut console.state, Msg::Jumped(Box::default()));
    let screen = console.screen();
    assert!(!screen.contains("you can type already") && !screen.contains("starting"), "{screen}");
    assert!(screen.contains("Space plays it") && screen.contains("at its start"), "{screen}");
    console.play(Playback { foreign: Some("it is empty".into()), ..Playback::default() });
    assert!(console.screen().contains("There is no record in this file."), "{}", console.screen());
}

#[test]
fn a_replay_before_the_first_question_names_who_answers_and_offers_nothing_to_do() {
    let mut console = Story::ready().console(120, 40);
    console.view(4, 60);
    let screen = console.screen();
    assert!(screen.contains("built-in answers in it; nothing has been asked"), "{screen}");
    assert!(!screen.contains("Ask in plain words"), "{screen}");
}

#[test]
fn a_recording_that_ends_inside_a_turn_says_so_where_it_ends() {
    let mut story = Story::ready();
    story.turn("Who pays?").request("gpt-4o");
    let mut console = story.console(120, 40);
    console.view(10, 60);
    assert!(!console.screen().contains("the recording ends here"), "{}", console.screen());
    console.view(60, 60);
    assert!(console.screen().contains("the recording ends here, before the turn does"), "{}", console.screen());
}

#[test]
fn a_turn_that_runs_at_the_moment_shown_has_its_exact_time() {
    let mut story = Story::ready();
    story.turn("Who pays?").request("gpt-4o");
    let mut console = story.console(120, 40);
    let started_us = console.state.session.turns.last().map_or(0, |turn| turn.started_us);
    console.view(10, 60);
    let at = |at_us| Playback {
        position: 10,
        length: 60,
        moment: Moment { at_us, ..Moment::default() },
        ..Playback::default()
    };
    console.play(at(started_us + 7_400));
    let screen = console.screen();
    assert_eq!(screen.matches("0 calls · 7 ms").count(), 2, "in the chat and over the calls: {screen}");
    assert!(screen.contains("asking gpt-4o… 7 ms"), "the request runs as long: {screen}");
    console.play(at(started_us));
    assert!(!console.screen().contains("0 calls · 0"), "no time has passed: {}", console.screen());
}

#[test]
fn the_bar_counts_records_as_they_are_numbered() {
    let mut console = finished().console(120, 40);
    let bar = |console: &crate::ui::fixtures::Console| {
        let screen = console.screen();
        screen.lines().find(|line| line.contains("paused")).expect("the bar").to_owned()
    };
    console.view(40, 60);
    assert!(bar(&console).contains(" #39 of #59 "), "{}", bar(&console));
    console.view(0, 60);
    assert!(bar(&console).contains(" start of #59 "), "{}", bar(&console));
    let foreign = Playback { position: 7, length: 7, problem_count: 8, ..Playback::default() };
    console.play(foreign);
    assert!(bar(&console).contains(" no records  ⚠ 8 bad"), "{}", bar(&console));
}

#[test]
fn a_bookmark_is_seen_where_the_replay_stands_on_it() {
    let mut console = finished().console(120, 40);
    console.view(40, 60);
    assert!(!console.screen().contains('◈'));
    let (here, last) = (Some(RecordIndex(39)), Some(RecordIndex(59)));
    console.play(Playback { position: 40, length: 60, here, last, bookmarks: vec![40], ..Playback::default() });
    assert!(console.screen().contains('◈'), "{}", console.screen());
}

#[test]
fn what_a_recording_cannot_do_keeps_what_was_typed_and_says_how_to_go_on() {
    for typed in ["Who pays?", "/run", "/run customer-360 CUST-002", "/note this", "/model other", "/clear"] {
        let mut console = finished().console(120, 40);
        console.view(60, 60);
        console.press("i");
        console.type_text(typed);
        assert_eq!(console.press("Enter"), [], "{typed}");
        let screen = console.screen();
        assert!(screen.contains("C goes on from here in a new live session"), "{typed}: {screen}");
        assert!(!screen.contains("Runbooks") && console.state.input.text() == typed, "{typed}: {screen}");
    }
    let mut console = finished().console(120, 40);
    console.view(60, 60);
    console.press("i");
    console.type_text("/model");
    console.press("Enter");
    assert!(console.screen().contains("Answers come from"), "to look is allowed: {}", console.screen());
}

#[test]
fn the_bar_does_not_say_that_nothing_was_executed_once_a_call_was_made_again() {
    let mut console = finished().console(120, 40);
    console.view(60, 60);
    assert!(console.screen().contains("nothing is executed"), "{}", console.screen());
    let made = Answer::Made { call: CallId(4), lines: vec!["verdict: identical".to_owned()] };
    update(&mut console.state, Msg::Answered(made));
    assert!(console.screen().contains("LIVE: call 4 made again"), "{}", console.screen());
    console.press("Esc");
    let screen = console.screen();
    assert!(screen.contains("1 call made LIVE") && !screen.contains("nothing is executed"), "{screen}");
}

#[test]
fn servers_of_a_session_that_is_over_do_not_look_broken() {
    let mut story = finished();
    story.put(Scope::default(), ServerStopped::plain("billing".into(), "exited"));
    let mut console = story.console(120, 40);
    console.view(60, 60);
    let screen = console.screen();
    assert!(screen.contains("⊘ billing") && screen.contains("stopped"), "while the session goes on: {screen}");
    story.put(Scope::default(), SessionEnded { reason: "quit".into() });
    let mut console = story.console(120, 40);
    console.view(60, 60);
    let screen = console.screen();
    assert!(screen.contains("· billing") && !screen.contains("stopped"), "{screen}");
}

#[test]
fn a_place_that_a_recording_has_not_got_is_asked_for_again_with_the_reason() {
    let mut console = finished().console(80, 24);
    console.view(40, 60).press("g");
    console.type_text("c99").press("Enter");
    let here = console.state.playback.as_deref().cloned().unwrap_or_default();
    console.play(refused(here.clone()));
    assert!(console.screen().contains("✗ There is no call c99"), "{}", console.screen());
    let again = console.press("Backspace Backspace 4 Enter");
    let place = Place::Call(CallId(4));
    assert_eq!(again, [Effect::Send(Command::Replay(ReplayCommand::GoTo(place)))], "what was written is still there");
    console.play(here);
    assert!(!console.screen().contains("Go to"), "{}", console.screen());
}

/// What a replay says that has no call c99.
fn refused(here: Playback) -> Playback {
    let notice = Some("There is no call c99 in this recording.".to_owned());
    Playback { refused: Some(Place::Call(CallId(99))), notice, ..here }
}

#[test]
fn a_place_that_was_reached_is_not_asked_for_again_whatever_is_said_of_it() {
    let mut console = finished().console(80, 24);
    console.view(40, 60).press("g");
    console.type_text("#99").press("Enter");
    let here = console.state.playback.as_deref().cloned().unwrap_or_default();
    let notice = Some("There is no record #99 in this recording; #59 is its last.".to_owned());
    console.play(Playback { notice, position: 60, ..here });
    let screen = console.screen();
    assert!(!screen.contains("Go to") && screen.contains("#59 is its last"), "{screen}");
}

#[test]
fn what_was_told_before_a_place_was_sought_does_not_answer_for_it() {
    let mut console = finished().console(80, 24);
    console.view(40, 60).press("g");
    console.type_text("c99").press("Enter");
    let here = console.state.playback.as_deref().cloned().unwrap_or_default();
    console.play(Playback { position: 41, ..here.clone() });
    console.play(refused(here));
    assert!(console.screen().contains("✗ There is no call c99"), "{}", console.screen());
}

#[test]
fn what_came_of_a_call_made_again_is_shown_again_before_it_is_made_once_more() {
    let mut console = finished().console(120, 40);
    console.view(40, 60);
    console.state.options.file = Some("/sessions/one.jsonl".into());
    console.press("R Enter");
    let lines = vec!["verdict: status flip".to_owned()];
    update(&mut console.state, Msg::Answered(Answer::Made { call: CallId(4), lines }));
    console.press("Esc");
    assert!(!console.screen().contains("status flip"));
    assert_eq!(console.press("R"), []);
    assert!(console.screen().contains("verdict: status flip"), "{}", console.screen());
    assert_eq!(console.press("Esc"), []);
    assert!(console.screen().contains("LIVE: make call 4 again"), "{}", console.screen());
}
