//! Writing over a held call: nothing that was written is lost, and nothing doubtful is taken.

use super::decided;
use crate::protocol::{Annotations, Decision, Json, ServerListed, ToolDefinition, secret_mark};
use crate::ui::fixtures::{Console, Story, result_held};
use crate::ui::state::Overlay;
use crate::ui::update::{Msg, update};

/// A call that is held, and its arguments open to be edited.
pub(super) fn editing() -> Console {
    let mut story = Story::ready();
    story.turn("Find it").request("gpt-4o").answer("");
    let call = story.propose("ticket", "search_tickets", r#"{"query":"vpn"}"#);
    story.hold(call, "stepping");
    let mut console = story.console(120, 40);
    console.later_ms(600).press("Tab Tab e");
    console
}

fn write(console: &mut Console, text: &str) {
    update(&mut console.state, Msg::Edited(Ok(text.into())));
}

fn written(console: &Console) -> String {
    match &console.state.overlay {
        Some(Overlay::Ask(ask)) => ask.text(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_edit_that_is_put_away_comes_back_with_the_same_key() {
    for close in ["Esc", "Ctrl+c"] {
        let mut console = editing();
        write(&mut console, "{\"query\": \"half wri");
        assert_eq!(console.press(close), [], "{close}");
        let screen = console.screen();
        assert!(screen.contains("What you wrote is kept: the same key brings it back"), "{close}: {screen}");
        console.press("e");
        assert!(console.screen().contains("Arguments of call 1 — as you left it"), "{close}: {}", console.screen());
        assert_eq!(written(&console), "{\"query\": \"half wri", "{close}");
        console.press("Esc e Ctrl+r");
        assert_eq!(written(&console), "{\n  \"query\": \"vpn\"\n}", "{close}");
        assert_eq!(console.press("Enter"), [], "{close}");
        assert!(console.screen().contains("Nothing was changed: call 1 is held as it was."), "{}", console.screen());
        console.press("e");
        assert!(!console.screen().contains("as you left it"), "what was taken is no draft any more");
    }
}

/// A mark as it stands where a secret was.
fn mark() -> String {
    secret_mark("openai", "0123456789")
}

#[test]
fn a_mark_may_stay_where_the_secret_of_the_call_stands_and_no_other_is_taken() {
    let mut story = Story::ready();
    story.turn("Find it").request("gpt-4o").answer("");
    let call = story.propose("ticket", "search_tickets", &format!(r#"{{"query":"vpn","key":"{}"}}"#, mark()));
    story.hold(call, "stepping");
    let mut console = story.console(120, 40);
    console.later_ms(600).press("Tab Tab e");
    write(&mut console, &format!(r#"{{"query":"printer","key":"{}"}}"#, mark()));
    assert!(matches!(&decided(&console.press("Enter"))[..], [Decision::Edit { .. }]));
    let other = secret_mark("openai", "abcdef0123");
    for (key, text) in [("e", format!(r#"{{"query":"{other}"}}"#)), ("x", format!("the key is {other}"))] {
        console.press(key);
        write(&mut console, &text);
        assert_eq!(console.press("Enter"), [], "{key}");
        let screen = console.screen();
        assert!(screen.contains(&format!("{other} stands for a secret that was kept out")), "{key}: {screen}");
        console.press("Esc");
    }
}

#[test]
fn a_result_that_was_only_looked_at_in_the_editor_is_not_changed() {
    let mut console = result_held().console(120, 40);
    console.later_ms(600).press("Tab Tab e");
    assert_eq!(console.press("Enter"), []);
    assert!(console.screen().contains("Nothing was changed"), "{}", console.screen());
}

#[test]
fn a_recorded_call_whose_secret_is_not_known_is_not_made_again() {
    let mut story = Story::ready();
    story.turn("Find it").request("gpt-4o").answer("");
    story.call("ticket", "search_tickets", &format!(r#"{{"key":"{}"}}"#, mark()), 5, "{}");
    let mut console = story.console(120, 40);
    console.view(20, 60);
    console.state.options.file = Some("/sessions/one.jsonl".into());
    console.press("R");
    assert_eq!(console.press("Enter"), []);
    assert!(console.screen().contains("stands for a secret that was kept out of the"), "{}", console.screen());
    write(&mut console, r#"{"key":"the key itself"}"#);
    assert_eq!(console.press("Enter").len(), 1);
}

#[test]
fn looking_at_an_editor_makes_no_draft_and_a_reason_is_kept_too() {
    let mut console = editing();
    console.press("Esc");
    assert!(!console.screen().contains("is kept"), "{}", console.screen());
    console.press("d");
    console.type_text("not on a Sunday").press("Esc d");
    assert_eq!(written(&console), "not on a Sunday");
}

#[test]
fn ctrl_u_deletes_to_the_start_of_the_line_and_no_further() {
    let mut console = editing();
    write(&mut console, "{\n  \"query\": \"vpn\"\n}");
    console.press("Ctrl+u");
    assert_eq!(written(&console), "{\n\n}");
    console.press("Esc d");
    console.type_text("not today").press("Ctrl+u");
    assert_eq!(written(&console), "");
}

#[test]
fn a_key_written_twice_is_refused_with_its_place() {
    let mut console = editing();
    write(&mut console, "{\"query\": \"a\",\n \"query\": \"b\"}");
    assert_eq!(console.press("Enter"), []);
    let screen = console.screen();
    assert!(screen.contains("the key \"query\" is there twice at line 2 column 8"), "{screen}");
    let mut console = result_held().console(120, 40);
    console.later_ms(600).press("Tab Tab e");
    write(&mut console, "{\"total_count\": 1, \"total_count\": 2}");
    assert_eq!(console.press("Enter"), []);
    assert!(console.screen().contains("is there twice at line 1 column 32"), "{}", console.screen());
}

#[test]
fn an_edit_does_not_begin_the_wait_anew() {
    use crate::protocol::{CallDecided, CallHeld, StopSite, Verdict};
    let mut console = editing();
    console.press("Esc").len();
    console.later_ms(60_000);
    assert!(console.screen().contains("1 m 00 s"), "{}", console.screen());
    let after = Some(Json::parse(r#"{"query":"a"}"#).expect("JSON"));
    console
        .happens(1, CallDecided { verdict: Verdict::Edit, by: "operator".into(), reason: None, before: None, after });
    console.happens(
        1,
        CallHeld { site: StopSite::BeforeCall, reason: "changed by the operator".into(), remedy: String::new() },
    );
    console.later_ms(5_000);
    assert!(console.screen().contains("1 m 05 s"), "{}", console.screen());
}

/// A held call of a tool that says what it returns.
fn promising(columns: u16, rows: u16) -> Console {
    let mut story = Story::ready();
    let tool = ToolDefinition {
        model_name: "get_invoice".into(),
        server: "billing".into(),
        tool: "get_invoice".into(),
        title: None,
        description: String::new(),
        input_schema: Json::default(),
        output_schema: Json::parse(r#"{"type":"object","required":["total_count"]}"#).ok(),
        annotations: Annotations::default(),
        believed: true,
        hash: String::new(),
    };
    story.say(ServerListed { server: "billing".into(), tools: vec![tool], rejected: Vec::new() });
    story.turn("Find it").request("gpt-4o").answer("");
    let call = story.propose("billing", "get_invoice", r#"{"invoice_id":"INV-1"}"#);
    story.hold(call, "stepping");
    let mut console = story.console(columns, rows);
    console.later_ms(600).press("Tab Tab");
    console
}

#[test]
fn a_result_that_is_not_what_the_tool_promises_is_doubted_once_and_taken_when_it_is_insisted_on() {
    let mut console = promising(120, 40);
    console.press("x");
    console.type_text("nothing at all");
    assert_eq!(console.press("Enter"), []);
    let screen = console.screen();
    for part in ["Not what the tool's schema promises: structuredContent is missing", "Enter again gives it"] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    console.type_text("!");
    assert_eq!(console.press("Enter"), [], "this is another one");
    assert!(matches!(&decided(&console.press("Enter"))[..], [Decision::Answer { .. }]));
    console.press("x Ctrl+u").len();
    write(&mut console, "{\"total_count\": 0}");
    assert!(matches!(&decided(&console.press("Enter"))[..], [Decision::Answer { .. }]), "this is what it promises");
}

#[test]
fn everything_an_editor_says_can_be_read_at_80_columns() {
    let mut console = promising(80, 24);
    console.press("x");
    console.type_text("no");
    console.press("Enter").len();
    let screen = console.screen().replace('│', " ");
    let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "structuredContent is missing, although the tool declares an outputSchema. Enter again gives it all the same.",
        "JSON or words; empty is an empty result. Ctrl+R: the last result of this tool.",
        "Ctrl+G in $EDITOR Ctrl+R reverts",
    ] {
        assert!(words.contains(part), "{part}: {}", console.screen());
    }
}

#[test]
fn the_editor_is_full_after_a_resize_and_after_the_text_became_short() {
    let mut console = editing();
    let many: Vec<String> = (0..400).map(|line| format!("\"line {line}\"")).collect();
    write(&mut console, &many.join("\n"));
    update(&mut console.state, Msg::Resize(40, 12));
    console.screen();
    update(&mut console.state, Msg::Resize(120, 40));
    let screen = console.screen();
    assert!(screen.contains("\"line 399\"") && screen.contains("\"line 380\""), "{screen}");
    console.press("Ctrl+r");
    let screen = console.screen();
    assert!(screen.contains("│ {") && screen.contains("\"query\": \"vpn\""), "{screen}");
}

#[test]
fn a_text_is_taken_out_whole_and_put_in_again() {
    let mut console = editing();
    console.press("Ctrl+l");
    assert_eq!(written(&console), "");
    console.press("Ctrl+l");
    assert_eq!(written(&console), "{\n  \"query\": \"vpn\"\n}");
    console.press("Ctrl+Home");
    console.type_text("1");
    console.press("Ctrl+End");
    console.type_text("2");
    assert_eq!(written(&console), "1{\n  \"query\": \"vpn\"\n}2");
}

#[test]
fn the_cursor_goes_to_where_the_text_is_no_json() {
    let mut console = editing();
    write(&mut console, "{\n  \"ä\": 1,\n  \"query\": vpn\n}");
    assert_eq!(console.press("Enter"), []);
    console.type_text("x");
    assert_eq!(written(&console), "{\n  \"ä\": 1,\n  \"query\": xvpn\n}");
}
