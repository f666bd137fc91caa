//! A replay on the screen: what it says of its start, of running time, and of a recording that ends early.

use crate::protocol::{Moment, Playback};
use crate::ui::fixtures::{Story, finished};
use crate::ui::update::{Msg, update};

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
