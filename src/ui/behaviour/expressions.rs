//! Writing expressions: filters, breakpoints and log points.

use crate::protocol::{BreakAction, Breakpoint, Command};
use crate::ui::fixtures::finished;
use crate::ui::state::Overlay;
use crate::ui::update::Effect;

#[test]
fn tab_completes_fields_and_values_of_a_filter() {
    let mut console = finished().console(120, 40);
    console.press("Tab Tab /");
    console.type_text("s");
    assert!(console.screen().contains("/ s▏  server:  status:  step:"), "{}", console.screen());
    console.press("Tab");
    assert_eq!(console.state.calls.filter.words, "server:");
    console.press("Tab");
    assert_eq!(console.state.calls.filter.words, "status:", "again for the next one");
    console.type_text("o").press("Tab");
    assert_eq!(console.state.calls.filter.words, "status:ok");
    console.type_text(" arg.q").press("Tab Tab");
    assert_eq!(console.state.calls.filter.words, "status:ok arg.query:", "the names of the tools' arguments");
    console.press("Ctrl+u");
    console.type_text("server:tick").press("Tab Enter");
    assert!(!console.state.calls.filter.typing && console.state.calls.filter.words == "server:ticket");
}

#[test]
fn what_can_be_written_is_shown_over_a_filter_and_breakpoints_that_stay_as_they_are() {
    let mut console = finished().console(120, 40);
    console.press("Tab Tab /");
    console.type_text("status:eror").press("Ctrl+o");
    assert!(console.screen().contains("Expressions") && console.screen().contains("result.total_count>10"));
    console.press("Esc");
    assert_eq!(console.state.calls.filter.words, "status:eror");
    assert!(console.screen().contains("column 8: expected"), "{}", console.screen());
    console.press("Esc Esc Tab Tab B");
    console.type_text("log du").press("Tab Ctrl+o");
    assert!(console.screen().contains("Expressions"));
    console.press("Esc");
    assert!(console.screen().contains("log dur"), "{}", console.screen());
}

#[test]
fn a_breakpoint_that_is_no_expression_is_pointed_at() {
    let mut console = finished().console(120, 40);
    console.press("Tab Tab B");
    console.type_text("tool:get_*").press("Alt+Enter");
    console.type_text("log sta").press("Tab");
    console.type_text("eror dur>1s");
    assert_eq!(console.press("Enter"), []);
    assert!(console.screen().contains("column 8: expected"), "{}", console.screen());
    console.type_text("x");
    let written = match &console.state.overlay {
        Some(Overlay::Ask(ask)) => ask.text(),
        other => panic!("{other:?}"),
    };
    assert_eq!(written, "tool:get_*\nlog status:xeror dur>1s", "the cursor stands where it goes wrong");
    console.press("Backspace");
    console.type_text("ok ");
    console.press("Alt+d");
    let set = console.press("Enter");
    let point = |on: &str, action| Breakpoint { on: on.into(), action };
    let breakpoints = vec![point("tool:get_*", BreakAction::Stop), point("status:ok  dur>1s", BreakAction::Log)];
    assert_eq!(set, [Effect::Send(Command::Break { breakpoints })]);
}

#[test]
fn a_filter_that_cannot_be_read_says_why_with_enter_and_whole() {
    let mut console = finished().console(120, 40);
    console.press("Tab Tab /");
    console.type_text("(server:billing | ");
    console.press("Enter");
    let screen = console.screen();
    assert!(screen.contains("This filter cannot be read: column 19: expected a word"), "{screen}");
    assert!(console.state.calls.filter.typing, "it can be mended");
}

#[test]
fn breakpoints_that_were_taken_are_counted() {
    let mut console = finished().console(120, 40);
    console.press("Tab Tab B");
    console.type_text("tool:a").press("Alt+Enter");
    console.type_text("log tool:b");
    console.press("Enter");
    assert!(console.screen().contains("1 breakpoint and 1 log point set."), "{}", console.screen());
}
