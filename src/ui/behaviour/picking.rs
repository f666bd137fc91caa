//! The list of sessions: where its keys are at first.

use super::Entry;
use crate::ui::fixtures::{Console, finished};
use crate::ui::outside::{Answer, Request};
use crate::ui::update::{Effect, Msg, update};

/// The list opened by `key` over the second of four sessions, the first and last of which ask something else.
fn picked(key: &str, open: &str) -> Vec<Effect> {
    let mut console: Console = finished().console(120, 40);
    console.view(60, 60);
    console.state.options.file = Some(open.into());
    assert_eq!(console.press(key), [Effect::Ask(Request::Sessions)]);
    let entry = |name: &str, words: &str| Entry { file: name.into(), words: words.into(), ..Entry::default() };
    let entries = vec![entry("d", "other"), entry("c", "who pays"), entry("b", "else"), entry("a", "who pays")];
    update(&mut console.state, Msg::Answered(Answer::Sessions(entries)));
    console.press("Enter")
}

#[test]
fn the_open_session_is_never_where_the_keys_are() {
    let opened = |open: &str| picked("O", open);
    assert_eq!(opened("c"), [Effect::Ask(Request::Open("b".into()))], "the one before it");
    assert_eq!(opened("a"), [Effect::Ask(Request::Open("d".into()))], "the newest, where there is none before it");
    assert_eq!(opened("elsewhere"), [Effect::Ask(Request::Open("d".into()))]);
}

#[test]
fn a_session_is_compared_with_the_newest_that_asks_the_same() {
    let compared = |open: &str| picked("D", open);
    let with = |left: &str, right: &str| [Effect::Ask(Request::Compare { left: left.into(), right: right.into() })];
    assert_eq!(compared("c"), with("c", "a"));
    assert_eq!(compared("a"), with("a", "c"));
    assert_eq!(compared("b"), with("b", "a"), "the one before, where none is like it");
}

#[test]
fn mock_runs_are_shown_to_whoever_asks_for_them_or_compares() {
    let listed = |key: &str| {
        let mut console: Console = finished().console(80, 24);
        console.view(60, 60);
        console.state.options.file = Some("own".into());
        console.press(key);
        let mock =
            Entry { file: "mock".into(), about: "[mock of …1234] Who?".into(), is_mock: true, ..Entry::default() };
        let own = Entry { file: "own".into(), about: "Who?".into(), ..Entry::default() };
        update(&mut console.state, Msg::Answered(Answer::Sessions(vec![mock, own])));
        console
    };
    let mut console = listed("O");
    let screen = console.screen();
    assert!(!screen.contains("[mock of") && screen.contains("1 mock run hidden: write mock"), "{screen}");
    console.type_text("mock");
    let screen = console.screen();
    assert!(screen.contains("[mock of …1234] Who?") && !screen.contains("hidden"), "{screen}");
    assert!(listed("D").screen().contains("[mock of …1234] Who?"));
}

#[test]
fn a_session_too_long_to_be_searched_whole_is_told_of_when_words_are_looked_for() {
    let mut console: Console = finished().console(80, 24);
    console.view(60, 60);
    console.press("O");
    let long = Entry { file: "long".into(), about: "Who?".into(), is_in_part: true, ..Entry::default() };
    update(&mut console.state, Msg::Answered(Answer::Sessions(vec![long])));
    let words = "1 long session searched only at both ends";
    assert!(!console.screen().contains(words));
    console.type_text("printer");
    let screen = console.screen();
    assert!(screen.contains("No session has these words.") && screen.contains(words), "{screen}");
}
