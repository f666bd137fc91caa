//! Texts that are longer than any screen.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::decided;
use crate::sanitise::{clean_json, clean_line};
use crate::ui::fixtures::{Console, Story};
use crate::ui::state::Content;
use crate::ui::update::{Msg, update};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn held_with(arguments: &str) -> Console {
    held_at((120, 40), arguments)
}

fn held_at((columns, rows): (u16, u16), arguments: &str) -> Console {
    let mut story = Story::ready();
    story.turn("Write it down").request("gpt-4o").answer("");
    let call = story.propose("ticket", "update_ticket", arguments);
    story.hold(call, "it may write");
    let mut console = story.console(columns, rows);
    console.press("Tab Tab Tab");
    console
}

/// Everything of the data that can be seen by scrolling alone, line after line, without blanks.
fn scrolled(console: &mut Console) -> String {
    let mut seen = BTreeMap::new();
    console.press("Home");
    loop {
        let (area, screen) = (console.state.areas.data, console.screen());
        let top = match console.state.data.pane().map(|pane| &pane.content) {
            Some(Content::Json(tree, None)) => tree.top,
            Some(Content::Text(view)) => view.top,
            other => panic!("{other:?}"),
        };
        let before = seen.len();
        for (row, line) in screen.lines().skip(usize::from(area.y)).take(usize::from(area.height)).enumerate() {
            // The data stand at the right, inside a frame where there are other panes.
            let line = line.rsplit(['┃', '│']).nth(1).unwrap_or(line);
            seen.insert(top + row, line.replace(' ', ""));
        }
        if seen.len() == before {
            return seen.into_values().collect();
        }
        console.press("PageDown");
    }
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
fn nothing_of_what_would_be_sent_is_cut_at_any_size() {
    let hidden = format!(r#"{{"command":"echo ok {}; rm -rf ~"}}"#, " ".repeat(200));
    let key = format!(r#"{{"{}; rm -rf ~":1}}"#, "k".repeat(200));
    let marks = format!(r#"{{"command":"e{}; rm -rf ~"}}"#, "\u{301}".repeat(400));
    let many: Vec<String> = (0..500).map(|_| "{\"a\":1}".to_owned()).collect();
    let folded = format!(r#"{{"items":[{},{{"command":"rm -rf ~"}}]}}"#, many.join(","));
    for arguments in [hidden, key, marks, folded] {
        for size in SIZES {
            let seen = scrolled(&mut held_at(size, &arguments));
            assert!(seen.contains("rm-rf~"), "{size:?}: {seen}");
        }
    }
}

#[test]
fn arguments_that_fit_a_pane_are_not_cut_when_it_becomes_narrower() {
    let mut console = held_at((80, 24), r#"{"command":"echo this fits in a pane of eighty columns; rm -rf ~"}"#);
    assert!(console.screen().contains("▾ {1}"), "{}", console.screen());
    update(&mut console.state, Msg::Resize(120, 40));
    console.press("End");
    assert!(console.screen().contains("rm -rf ~"), "{}", console.screen());
}

#[test]
fn how_much_is_below_is_told() {
    let mut console = held_with(&format!(r#"{{"command":"echo ok {}; rm -rf ~"}}"#, " ".repeat(4_000)));
    let screen = console.screen();
    assert!(screen.contains("lines below") && !screen.contains("rm -rf"), "{screen}");
    console.press("End");
    assert!(!console.screen().contains("below"), "{}", console.screen());
}

#[test]
fn arguments_are_let_go_only_when_their_end_has_been_on_the_screen() {
    let mut console = held_with(&format!(r#"{{"command":"echo ok {}; rm -rf ~"}}"#, "and more ".repeat(400)));
    let mut presses = 0;
    while decided(&console.later_ms(700).press("n")).is_empty() {
        presses += 1;
        assert!(console.screen().contains("There is more of it"), "{}", console.screen());
        assert!(presses < 40);
    }
    assert!(presses > 0 && console.screen().contains("rm -rf ~"), "{}", console.screen());
    let mut console = held_with(&format!(r#"{{"command":"echo ok {}; rm -rf ~"}}"#, "and more ".repeat(400)));
    console.press("End PgUp");
    console.screen();
    assert!(decided(&console.later_ms(700).press("n")).is_empty(), "the middle has not been there");
}

fn any_arguments() -> impl Strategy<Value = Value> {
    let text = r#"[a-z"\\日é]{0,90}( {0,90}[a-z\u{301}\u{202e}\n]{0,9})?"#;
    let leaf = prop_oneof![Just(Value::Null), any::<i64>().prop_map(Value::from), text.prop_map(Value::from)];
    leaf.prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z]{1,40}", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_value_of_held_arguments_can_be_scrolled_to(arguments in any_arguments(), size in 0_usize..3) {
        let arguments = json!({ "a": arguments, "last": "the end of it" });
        let mut console = held_at(SIZES[size], &arguments.to_string());
        let seen = scrolled(&mut console);
        let mut open = vec![&arguments];
        while let Some(value) = open.pop() {
            match value {
                Value::Array(items) => open.extend(items),
                Value::Object(members) => open.extend(members.values()),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                    let shown = clean_json(&value.to_string()).replace(' ', "");
                    let drawn = clean_line(&value.to_string()).replace(' ', "");
                    prop_assert!(seen.contains(&shown) || seen.contains(&drawn), "{} in {}", shown, seen);
                }
            }
        }
    }
}

#[test]
fn short_arguments_of_a_held_call_are_a_tree() {
    let console = held_with(r#"{"ticket_id":"TKT-1001","tags":["a","b"]}"#);
    assert!(console.screen().contains("▾ tags  [2]"), "{}", console.screen());
}
