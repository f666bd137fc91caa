//! What the screen looks like with more servers than it has lanes for.

use super::{asks, form, picture, pictures};
use crate::protocol::*;
use crate::ui::fixtures::{Story, TICKETS};
use crate::ui::update::{Msg, update};

/// Many servers: one has failed, one has a tool that waits for a yes, one asks the operator, one holds a call.
fn fleet(count: usize) -> Story {
    let names: Vec<String> = (1..=count).map(|number| format!("server-{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut story = Story::with("built-in", &names);
    for name in &names {
        story.start(name);
        match *name {
            "server-07" => story.lose(name, "the process exited with status 1: no licence", AfterLoss::Failed),
            _ => story.up(name, 4, 9),
        };
    }
    story.say(ToolChanged {
        server: "server-11".into(),
        tool: "get_ticket_details".into(),
        hash: "h2".into(),
        summary: "its description has changed".into(),
        changes: Vec::new(),
        more: 0,
    });
    story
}

#[test]
fn many_servers_on_the_first_screen() {
    for count in [12, 31] {
        pictures(&format!("fleet_{count}"), &fleet(count), |console| {
            console.press("Tab Tab");
        });
        pictures(&format!("fleet_{count}_greeting"), &fleet(count), |_| {});
    }
}

#[test]
fn many_servers_with_calls_under_way() {
    for count in [12, 31] {
        let mut story = fleet(count);
        story.turn("Everything about CUST-002").request("built-in").answer("");
        story.call("server-02", "search_tickets", r#"{"priority":"critical"}"#, 12, TICKETS);
        let running = story.propose("server-05", "search", "{}");
        story.run("server-05", running, "{}");
        let asking = story.propose("server-09", "move_asset", "{}");
        story.run("server-09", asking, "{}");
        asks(&mut story, "server-09", asking, form(), "Where does it go?");
        let held = story.propose("server-12", "update_ticket", "{}");
        story.hold(held, "update_ticket is not marked read-only");
        pictures(&format!("fleet_{count}_working"), &story, |console| {
            console.press("Tab Tab");
            console.later_ms(1_200);
        });
    }
}

#[test]
fn what_waits_for_the_operator_has_a_lane_before_what_only_works() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut story = fleet(31);
        story.turn("Everything").request("built-in").answer("");
        for number in 13..=30 {
            let server = format!("server-{number}");
            let running = story.propose(&server, "search", "{}");
            story.run(&server, running, "{}");
        }
        let held = story.propose("server-31", "update_ticket", "{}");
        story.hold(held, "update_ticket is not marked read-only");
        let mut console = story.console(columns, rows);
        console.press("Tab Tab");
        assert!(console.screen().contains("✓ server-31    4 tools, 1 call, 1 held"), "{}", console.screen());
        console.press("1 s");
        let screen = console.screen();
        assert!(screen.contains("▸"), "{screen}");
        assert!(screen.contains("✓ server-31    4 tools, 1 call, 1 held"), "also unselected: {screen}");
    }
}

#[test]
fn what_waits_in_lanes_that_have_no_room_is_counted_in_their_line() {
    let mut story = fleet(31);
    for number in 12..=30 {
        story.lose(&format!("server-{number}"), "the process exited with status 1", AfterLoss::Failed);
    }
    story.turn("Everything").request("built-in").answer("");
    let asking = story.propose("server-09", "move_asset", "{}");
    story.run("server-09", asking, "{}");
    asks(&mut story, "server-09", asking, form(), "Where does it go?");
    for server in ["server-01", "server-31"] {
        let held = story.propose(server, "update_ticket", "{}");
        story.hold(held, "update_ticket is not marked read-only");
    }
    let mut console = story.console(120, 40);
    console.press("Tab Tab s s s");
    assert!(console.screen().contains("ready · 2 held · 1 asks"), "{}", console.screen());
}

#[test]
fn the_rule_under_lanes_that_are_all_shown_is_no_button() {
    let mut console = fleet(12).console(120, 40);
    console.press("Tab Tab +");
    assert!(console.screen().contains("+ folds"), "{}", console.screen());
    update(&mut console.state, Msg::Resize(200, 60));
    assert!(console.screen().contains("server-12    4 tools"), "all are shown: {}", console.screen());
    let lanes = console.state.areas.lanes;
    console.click(usize::from(lanes.x) + 4, usize::from(lanes.bottom()) - 1);
    update(&mut console.state, Msg::Resize(120, 40));
    assert!(console.screen().contains("+ folds"), "they are open as before: {}", console.screen());
    let lanes = console.state.areas.lanes;
    console.click(usize::from(lanes.x) + 4, usize::from(lanes.bottom()) - 2);
    assert!(console.screen().contains("+ shows all"), "the line over it is one: {}", console.screen());
}

#[test]
fn lanes_open_and_fold_beside_the_time_axis_and_leave_it_where_it_is() {
    let mut console = fleet(31).console(200, 60);
    console.press("Tab Tab v");
    for _ in 0..2 {
        console.press("+");
        assert!(console.screen().contains("Calls 0 · timeline"), "{}", console.screen());
    }
    // Where the axis has the pane to itself, no lane is on the screen.
    update(&mut console.state, Msg::Resize(80, 24));
    console.press("+");
    let screen = console.screen();
    assert!(screen.contains("stand over the list: v shows it"), "{screen}");
    console.press("v");
    assert!(console.screen().contains("shows all"), "nothing was opened unseen: {}", console.screen());
}

#[test]
fn lanes_that_have_no_room_open_with_a_key_and_are_gone_through() {
    let mut console = fleet(31).console(80, 24);
    console.press("Tab Tab +");
    picture("fleet_31_open_80x24", &console);
    // Those in trouble come first; the lane of whoever is gone to comes into view.
    console.press(&"s ".repeat(20));
    assert!(console.screen().contains("▸✓ server-20"), "{}", console.screen());
    console.press("+");
    assert!(console.screen().contains("▸✓ server-20"), "the selected lane stays: {}", console.screen());
    assert!(
        console.screen().contains("▲ server-11") && console.screen().contains("+ 28 ready"),
        "{}",
        console.screen()
    );
}

#[test]
fn the_state_of_every_server_is_counted_whatever_the_width() {
    for columns in [60, 80, 100, 120, 160, 200] {
        let screen = fleet(31).console(columns, 30).screen();
        let title = screen.lines().next().unwrap_or_default();
        assert!(title.contains("✗ 1") || title.contains("✗ server-07"), "{columns}: {title}");
        assert!(title.contains("✓ 29"), "{columns}: {title}");
        assert!(!title.contains('…') || title.ends_with("…8T9V0W"), "{columns}: {title}");
    }
}
