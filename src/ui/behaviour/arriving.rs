//! What comes of a request made a while ago takes nothing from who types.

use serde_json::json;

use super::editing::editing;
use super::submitted;
use crate::protocol::*;
use crate::ui::fixtures::{Console, Story, finished};
use crate::ui::outside::Answer;
use crate::ui::state::{Focus, Overlay};
use crate::ui::update::{Msg, update};

/// Something that happens while the console is open.
fn happens(console: &mut Console, event: impl Into<Event>) {
    console.hears(Scope::default(), event);
}

fn prompt(text: &str) -> PromptGot {
    let result = json!({"messages": [{"role": "user", "content": {"type": "text", "text": text}}]});
    let (name, arguments) = ("weather".to_owned(), json!({}).into());
    PromptGot { server: "kb".into(), name, arguments, result: Some(result.into()), problem: None }
}

fn rules() -> ResourceRead {
    let result = json!({"contents": [{"uri": "desk://rules", "text": "Be kind."}]});
    ResourceRead { server: "kb".into(), uri: "desk://rules".into(), result: Some(result.into()), problem: None }
}

fn asked(words: &str) -> Console {
    let mut console = Story::ready().console(120, 40);
    console.type_text(words).press("Enter");
    console
}

fn page() -> Msg {
    Msg::Answered(Answer::Page { title: "Compared".into(), lines: vec!["~ 3 calls differ".into()] })
}

#[test]
fn a_prompt_that_comes_over_a_draft_waits_for_a_key_and_the_draft_comes_back() {
    let mut console = asked("/prompts kb weather");
    console.type_text("Which tickets are op");
    happens(&mut console, prompt("Weather in Oslo?"));
    assert!(console.screen().contains("weather of kb is here: ↑ in the input shows it."), "{}", console.screen());
    console.type_text("en?");
    assert!(console.screen().contains("━ ↑ weather of kb ━"), "{}", console.screen());
    assert_eq!(console.state.input.text(), "Which tickets are open?");
    console.press("Up");
    assert_eq!(console.state.input.text(), "Weather in Oslo?");
    let screen = console.screen();
    assert!(screen.contains("Others wrote it") && screen.contains("What you had typed is kept: ↑"), "{screen}");
    assert!(!screen.contains("↑ weather of kb"), "{screen}");
    console.press("Up");
    assert_eq!(console.state.input.text(), "Which tickets are open?");
}

#[test]
fn a_prompt_that_waits_comes_by_itself_once_nothing_is_typed() {
    let mut console = asked("/prompts kb weather");
    console.type_text("Who?");
    happens(&mut console, prompt("Weather in Oslo?"));
    assert_eq!(submitted(&console.press("Enter")), Some("Who?"));
    assert_eq!(console.state.input.text(), "Weather in Oslo?");
}

#[test]
fn an_enter_that_was_on_its_way_does_not_send_what_others_wrote() {
    let mut console = asked("/prompts kb weather");
    happens(&mut console, prompt("Weather in Oslo?"));
    assert_eq!(console.press("Enter"), []);
    assert!(console.screen().contains("only just come: read it first"), "{}", console.screen());
    console.type_text(" No, wait");
    assert_eq!(console.press("Enter"), [], "these letters were on their way as well");
    let mut other = asked("/prompts kb weather");
    happens(&mut other, prompt("Weather in Oslo?"));
    other.press("Ctrl+c");
    other.type_text("Who?");
    assert_eq!(submitted(&other.press("Enter")), Some("Who?"), "this is no prompt");
    assert_eq!(submitted(&console.later_ms(700).press("Enter")), Some("Weather in Oslo? No, wait"));
}

#[test]
fn a_prompt_leaves_the_keys_where_they_are() {
    let mut console = asked("/prompts kb weather");
    console.press("Tab Tab");
    happens(&mut console, prompt("Weather in Oslo?"));
    assert_eq!((console.state.focus, console.state.input.text().as_str()), (Focus::Calls, "Weather in Oslo?"));
}

#[test]
fn a_page_waits_until_the_edit_that_is_open_is_done() {
    let mut console = editing();
    update(&mut console.state, Msg::Edited(Ok("{\"query\": \"half wri".into())));
    update(&mut console.state, page());
    let screen = console.screen();
    assert!(screen.contains("half wri") && screen.contains("Compared is here: it is shown when you close"), "{screen}");
    console.press("Esc").len();
    assert!(console.screen().contains("3 calls differ"), "{}", console.screen());
    console.press("Esc e").len();
    assert!(
        console.screen().contains("as you left it") && console.screen().contains("half wri"),
        "{}",
        console.screen()
    );
}

#[test]
fn a_page_waits_until_the_form_that_is_open_is_done() {
    let mut console = asked("/resources kb desk://rules");
    let schema = json!({"type": "object", "properties": {"room": {"type": "string"}}}).into();
    let wanted = Wanted::Form { schema };
    let message = "Where?".to_owned();
    happens(&mut console, InputRequested { input: InputId(1), server: "asset".into(), message, wanted });
    console.press("Tab Q").len();
    console.type_text("B2.17");
    happens(&mut console, rules());
    assert!(matches!(console.state.overlay, Some(Overlay::Form(_))), "{}", console.screen());
    assert!(console.screen().contains("B2.17"), "{}", console.screen());
    console.press("Esc");
    assert!(console.screen().contains("Be kind."), "{}", console.screen());
}

#[test]
fn a_page_takes_no_letters_of_what_is_being_typed() {
    let mut console = asked("/resources kb desk://rules");
    console.type_text("Which rul");
    happens(&mut console, rules());
    console.type_text("es?");
    assert!(!console.screen().contains("Be kind."), "{}", console.screen());
    assert_eq!(console.state.input.text(), "Which rules?");
    console.press("Up");
    assert!(console.screen().contains("Be kind."), "{}", console.screen());
    console.press("Esc");
    assert_eq!(console.state.input.text(), "Which rules?");
    for typing in ["Tab Tab /", "Tab Tab Tab /"] {
        let mut console = finished().console(120, 40);
        console.type_text("/resources kb desk://rules").press("Enter");
        console.press(typing).len();
        console.type_text("err");
        happens(&mut console, rules());
        assert!(console.state.overlay.is_none(), "{typing}: {}", console.screen());
        console.press("Enter").len();
        assert!(console.screen().contains("Be kind."), "{typing}: {}", console.screen());
    }
}

#[test]
fn what_is_put_into_the_input_by_a_key_leaves_the_draft_in_the_history() {
    let mut console = Story::ready().console(120, 40);
    console.type_text("Which tickets are open?").press("Ctrl+p");
    console.type_text("warranty status").press("Enter");
    assert_eq!(console.state.input.text(), "Check warranty status for asset AST-SRV-001");
    assert!(console.screen().contains("What you had typed is kept: ↑ brings it back."), "{}", console.screen());
    console.press("Up");
    assert_eq!(console.state.input.text(), "Which tickets are open?");
}

#[test]
fn only_so_many_pages_wait() {
    let mut console = editing();
    for _ in 0..100 {
        update(&mut console.state, page());
    }
    let mut shown = 0;
    while console.state.overlay.is_some() {
        console.press("Esc");
        shown += 1;
    }
    assert_eq!(shown, 17, "the edit, and the pages that came last");
}

#[test]
fn a_failure_of_the_model_says_each_thing_once() {
    let mut story = Story::with("gpt-4o", &["ticket"]);
    story.turn("Which tickets are open?").request("gpt-4o");
    let words = "The answer of https://x.test/v1 was cut before its end. Nothing of it was run. Ask again.";
    story.fail(ModelFailureCode::BrokenStream, words, Some(200));
    story.end(Ending::Failed, Some("the answer was cut"));
    let screen = story.console(200, 40).screen();
    for once in ["Nothing of it was run.", "Ask again.", "The answer broke off"] {
        assert_eq!(screen.matches(once).count(), 1, "{once}: {screen}");
    }
    assert!(!screen.contains("HTTP 200"), "{screen}");
}
