//! The page of all servers.

use crate::protocol::*;
use crate::ui::fixtures::{Console, Story};

/// Where a server's paragraphs begin on the screen.
fn row(console: &Console, name: &str) -> usize {
    console.screen().lines().position(|line| line.contains(&format!("│ {name}  "))).unwrap_or(usize::MAX)
}

#[test]
fn those_in_trouble_stand_first_and_an_open_page_follows_what_happens() {
    let mut console = Story::ready().console(120, 40);
    console.type_text("/servers").press("Enter");
    assert!(row(&console, "ticket") < row(&console, "customer"), "{}", console.screen());
    let reason = "exited with status 9".to_owned();
    let lost = ServerLost { server: "kb".into(), reason, cause: LossCause::Other, next: AfterLoss::Failed };
    console.hears(Scope::default(), lost);
    assert!(row(&console, "kb") < row(&console, "ticket"), "{}", console.screen());
    assert!(console.screen().contains("failed: exited with status 9"), "{}", console.screen());
}

#[test]
fn a_page_that_is_read_stays_where_it_is_while_servers_change() {
    let mut console = Story::ready().console(80, 24);
    console.type_text("/servers").press("Enter");
    console.press("PageDown");
    let before = console.screen();
    let logged = ServerLogged { server: "asset".into(), stream: LogStream::Stderr, line: "all is well".into() };
    console.hears(Scope::default(), logged);
    assert_eq!(console.screen().lines().nth(5), before.lines().nth(5));
}
