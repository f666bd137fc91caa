//! Keys that do what is meant, where what they are about is not selected or has no focus.

use super::finished;
use crate::protocol::CallId;
use crate::ui::fixtures::{Console, Story};
use crate::ui::state::Focus;

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
