//! Texts that are longer than any screen.

use std::time::{Duration, Instant};

use crate::ui::fixtures::{Console, Story};

fn held_with(arguments: &str) -> Console {
    let mut story = Story::ready();
    story.turn("Write it down").request("gpt-4o").answer("");
    let call = story.propose("ticket", "update_ticket", arguments);
    story.hold(call, "it may write");
    let mut console = story.console(120, 40);
    console.press("Tab Tab Tab");
    console
}

#[test]
fn a_held_call_with_three_megabytes_of_arguments_shows_all_of_them() {
    let lines: String =
        (0..60_000).map(|line| format!("line {line:05} of what is written down, at length; ")).collect();
    let begun = Instant::now();
    let mut console = held_with(&format!(r#"{{"note":"{lines}","close":"THE LAST THING THAT IS SENT"}}"#));
    assert!(console.screen().contains(r#"{"note":"line 00000 of"#), "{}", console.screen());
    console.press("End");
    assert!(console.screen().contains("THE LAST THING THAT IS SENT"), "{}", console.screen());
    assert!(console.screen().contains("line 59999"));
    console.press("PageUp");
    assert!(console.screen().contains("line 599") && !console.screen().contains("THE LAST THING"));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn arguments_too_long_for_a_tree_are_still_shown_to_their_end() {
    let items: String = (0..2_000_000).map(|item| format!("{item:07},")).collect();
    let mut console = held_with(&format!(r#"{{"items":"{items}","more":"{items}","end":"the end of it"}}"#));
    console.press("End");
    assert!(console.screen().contains("the end of it"), "{}", console.screen());
}

#[test]
fn short_arguments_of_a_held_call_are_a_tree() {
    let console = held_with(r#"{"ticket_id":"TKT-1001","tags":["a","b"]}"#);
    assert!(console.screen().contains("▾ tags  [2]"), "{}", console.screen());
}
