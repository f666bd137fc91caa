//! Keys that do what is meant, where what they are about is not selected or has no focus.

use super::finished;
use crate::protocol::{CallId, Command};
use crate::ui::fixtures::{Console, Story};
use crate::ui::state::Focus;
use crate::ui::update::Effect;

/// Calls that run, after a finished turn.
fn running(count: usize) -> (Console, Vec<CallId>) {
    let mut story = finished();
    story.turn("And the articles?").request("built-in").answer("");
    let calls: Vec<u64> = (0..count).map(|_| story.propose("kb", "search_articles", "{}")).collect();
    for call in &calls {
        story.run("kb", *call, "{}");
    }
    let mut console = story.console(120, 40);
    console.press("Tab Tab {");
    assert_eq!(console.state.call().map(|call| call.id), Some(CallId(1)));
    (console, calls.into_iter().map(CallId).collect())
}

#[test]
fn keys_for_a_call_under_way_find_the_only_one_though_another_is_selected() {
    let (mut console, calls) = running(1);
    let call = calls[0];
    assert!(console.screen().contains("x cancel call"), "{}", console.screen());
    assert_eq!(console.press("x"), []);
    assert!(console.screen().contains("now selected. Press the key again to cancel it."), "{}", console.screen());
    assert_eq!(console.press("x"), [Effect::Send(Command::CancelCall { call })]);
    let (mut console, _) = running(1);
    assert_eq!(console.press("W"), [Effect::Send(Command::WaitLonger { call })]);
    let (mut console, _) = running(1);
    console.press("H");
    assert_eq!((console.state.asked_why, console.state.call().map(|call| call.id)), (Some(call), Some(call)));
}

#[test]
fn which_of_several_calls_is_cancelled_is_for_the_operator_to_say() {
    let (mut console, calls) = running(2);
    assert_eq!(console.press("x"), []);
    let screen = console.screen();
    assert!(screen.contains("Calls 5, 6 are under way: select one of them, and the same key"), "{screen}");
    console.press("End");
    assert_eq!(console.press("x"), [Effect::Send(Command::CancelCall { call: calls[1] })]);
}

#[test]
fn a_slash_begins_a_command_where_there_is_nothing_to_filter() {
    for (columns, rows) in [(80, 24), (200, 60)] {
        let mut console = finished().console(columns, rows);
        console.press("Tab");
        assert_eq!(console.state.focus, Focus::Chat);
        console.press("/");
        console.type_text("tools");
        assert_eq!(
            (console.state.focus, console.state.input.area().lines()),
            (Focus::Input, &["/tools".to_owned()][..])
        );
        console.press("Enter");
        assert!(console.screen().contains("search_tickets"), "{}", console.screen());
    }
    let mut console = Story::ready().console(120, 40);
    console.press("Tab Tab Tab /");
    assert_eq!((console.state.focus, console.state.input.area().lines()), (Focus::Input, &["/".to_owned()][..]));
}

#[test]
fn the_time_axis_shows_only_what_the_filter_lets_through() {
    let drawn = |console: &Console, name: &str| {
        let (area, screen) = (console.state.areas.timeline, console.screen());
        let rows = screen.lines().skip(usize::from(area.y) + 1).take(usize::from(area.height) - 2);
        let rows =
            rows.map(|row| row.chars().skip(usize::from(area.x)).take(usize::from(area.width)).collect::<String>());
        let lane = rows.filter_map(|row| row.strip_prefix(&format!(" {name}")).map(str::to_owned)).next();
        lane.unwrap_or_else(|| panic!("no lane of {name}:\n{screen}")).contains(['█', '━'])
    };
    for (columns, rows, keys) in [(80, 24, "v"), (80, 24, "v w"), (120, 40, "v"), (120, 40, "v w"), (200, 60, "w")] {
        let mut console = finished().console(columns, rows);
        console.press("Tab Tab");
        console.press(keys);
        assert!(drawn(&console, "model") && drawn(&console, "ticket") && drawn(&console, "customer"));
        console.press("/");
        console.type_text("server:customer call:3 ");
        console.press("Enter");
        if columns < 200 {
            console.press("v");
        }
        let screen = console.screen();
        assert!(!drawn(&console, "model") && !drawn(&console, "ticket"), "{screen}");
        assert!(drawn(&console, "customer"), "{screen}");
        assert!(screen.contains("server:customer"), "what is filtered for is not said:\n{screen}");
        // Only what is drawn is selected.
        console.press("Home Up Up Down");
        assert_eq!(console.state.call().map(|call| call.id), Some(CallId(3)), "{screen}");
    }
}
