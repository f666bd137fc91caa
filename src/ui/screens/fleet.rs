//! What the screen looks like with more servers than it has lanes for.

use super::{asks, form, picture, pictures};
use crate::protocol::*;
use crate::ui::fixtures::{Story, TICKETS};

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
fn lanes_that_have_no_room_open_with_a_key_and_are_gone_through() {
    let mut console = fleet(31).console(80, 24);
    assert!(console.screen().contains("✗ 1 failed") || console.screen().contains("✗ server-07"));
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
