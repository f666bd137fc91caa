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

#[test]
fn the_times_of_an_open_page_follow_and_the_console_is_idle_again_once_it_is_closed() {
    let mut story = Story::ready();
    let again = AfterLoss::Restarting { attempt: 2, of: 5, delay_ms: 8_000 };
    story.lose("kb", "it was ended by signal 9", again);
    let mut console = story.console(120, 60);
    console.type_text("/servers").press("Enter");
    console.later_ms(1_000);
    let (early, in_early) = (console.screen(), "kb  restarting 2/5: it was ended by signal 9  in 7.0 s");
    assert!(early.contains(in_early), "{early}");
    console.later_ms(2_500);
    let late = console.screen();
    assert!(late.contains("signal 9  in 4.5 s"), "{late}");
    let uptime = |screen: &str| screen.lines().find(|line| line.contains("ticket  ready  for ")).map(str::to_owned);
    assert!(uptime(&early).is_some() && uptime(&early) != uptime(&late), "{early}{late}");

    let mut idle = Story::ready().console(120, 40);
    idle.type_text("/servers").press("Enter");
    assert!(idle.state.is_moving());
    idle.press("Esc");
    assert!(!idle.state.is_moving());
}

fn told_of_a_change(story: &mut Story) {
    let (server, tool): (ServerName, ToolName) = ("kb".into(), "search_tickets".into());
    let (hash, summary) = ("h2".to_owned(), "its description has changed".to_owned());
    story.say(ToolChanged { server, tool, hash, summary, changes: Vec::new(), more: 0 });
    let text = "Server kb now says something else of search_tickets.".to_owned();
    story.say(NoteTaken { level: NoteLevel::Warning, text });
}

#[test]
fn a_warning_of_a_changed_tool_goes_when_the_tool_is_what_it_was_and_comes_with_the_next_change() {
    let warning = "kb now says something else";
    let mut story = Story::ready();
    told_of_a_change(&mut story);
    assert!(story.console(120, 40).screen().contains(warning));
    let (server, tool): (ServerName, ToolName) = ("kb".into(), "search_tickets".into());
    story.say(ToolPinned { server, tool, hash: "h1".into(), by: "server".into() });
    assert!(!story.console(120, 40).screen().contains(warning), "{}", story.console(120, 40).screen());
    assert!(!story.console(120, 40).view(30, 60).screen().contains(warning), "a replay neither");
    told_of_a_change(&mut story);
    assert!(story.console(120, 40).screen().contains(warning));
}

#[test]
fn a_warning_that_is_about_something_else_stays_whatever_tools_say() {
    let mut story = Story::ready();
    told_of_a_change(&mut story);
    story.say(NoteTaken { level: NoteLevel::Warning, text: "The disk is nearly full.".into() });
    let (server, tool): (ServerName, ToolName) = ("kb".into(), "search_tickets".into());
    story.say(ToolPinned { server, tool, hash: "h2".into(), by: "operator".into() });
    assert!(story.console(120, 40).screen().contains("The disk is nearly full."));
}

/// A story in which the knowledge base was lost and has come back.
fn lost_once() -> Story {
    let mut story = Story::ready();
    let again = AfterLoss::Restarting { attempt: 1, of: 5, delay_ms: 500 };
    story.wait_ms(1_000).lose("kb", "it was ended by signal 9", again);
    story.wait_ms(500).start("kb").up("kb", 4, 9);
    story
}

#[test]
fn what_a_session_that_goes_on_from_another_starts_for_the_first_time_has_not_been_lost_in_it() {
    let mut story = lost_once();
    assert!(story.console(120, 40).screen().contains("kb ↻1"));
    let servers = vec!["kb".into()];
    story.say(SessionStarted {
        id: "01KB".to_owned().into(),
        app: "callboard".into(),
        model: "m".into(),
        servers,
        trusted_files: Vec::new(),
    });
    story.wait_ms(10).start("kb").up("kb", 4, 9);
    let mut viewed = story.console(120, 40);
    viewed.view(40, 60);
    for console in [story.console(120, 40), viewed] {
        let screen = console.screen();
        assert!(!screen.contains('↻') && !screen.contains("is back"), "{screen}");
        let kb = console.state.session.server(&"kb".into()).expect("the server");
        assert_eq!((kb.losses, kb.restarts(), &kb.last_loss), (0, 0, &None));
    }
}

#[test]
fn a_server_that_is_back_is_not_told_to_be_back_again_when_it_is_restarted() {
    let mut story = lost_once();
    assert!(story.console(120, 40).screen().contains("kb is back; it had been lost"));
    story.say(NoteTaken { level: NoteLevel::Info, text: "All is quiet.".into() });
    story.wait_ms(9_000).start("kb").up("kb", 4, 9);
    let screen = story.console(120, 40).screen();
    assert!(screen.contains("All is quiet.") && !screen.contains("is back"), "{screen}");
    let again = AfterLoss::Restarting { attempt: 1, of: 5, delay_ms: 500 };
    story.wait_ms(1_000).lose("kb", "it was ended by signal 15", again).start("kb").up("kb", 4, 9);
    assert!(story.console(120, 40).screen().contains("kb is back; it had been lost: it was ended by signal 15"));
}

#[test]
fn a_warning_of_the_session_before_is_none_of_the_one_that_goes_on_from_it() {
    let warn = |story: &mut Story, text: &str| {
        story.say(NoteTaken { level: NoteLevel::Warning, text: text.to_owned() });
    };
    let mut story = Story::ready();
    warn(&mut story, "The disk was nearly full.");
    assert!(story.console(120, 40).screen().contains("⚠ The disk was nearly full."));
    story.say(SessionStarted {
        id: "01KB".to_owned().into(),
        app: "callboard".into(),
        model: "m".into(),
        servers: Vec::new(),
        trusted_files: Vec::new(),
    });
    assert!(!story.console(120, 40).screen().contains("⚠"), "{}", story.console(120, 40).screen());
    warn(&mut story, "The disk is full.");
    assert!(story.console(120, 40).screen().contains("⚠ The disk is full."));
}

fn ready_without_a_list(story: &mut Story) {
    story.start("kb").say(ServerProbing { server: "kb".into(), method: "initialize".into(), pid: Some(7) });
    story.say(ServerReady {
        server: "kb".into(),
        protocol: "2025-11-25".into(),
        name: "slow".into(),
        version: "1".into(),
        instructions: String::new(),
        pid: Some(7),
        startup_ms: 6,
    });
}

#[test]
fn a_server_that_has_listed_nothing_yet_is_said_to_be_listing_and_not_to_have_no_tools() {
    let mut story = Story::with("built-in", &["kb"]);
    ready_without_a_list(&mut story);
    let mut console = story.console(120, 40);
    console.later_ms(3_000);
    let screen = console.screen();
    assert_eq!(screen.matches("listing its tools 3.0 s").count(), 2, "the lane and the greeting: {screen}");
    assert!(!screen.contains("0 tools") && !screen.contains("✓ kb"), "{screen}");
    console.type_text("/servers").press("Enter");
    assert!(console.screen().contains("listing its tools since 0:00"), "{}", console.screen());
    // One that has no tools is there as soon as it has said so.
    console.press("Esc");
    console.hears(Scope::default(), ServerListed { server: "kb".into(), tools: Vec::new(), rejected: Vec::new() });
    let screen = console.screen();
    assert!(screen.contains("✓ kb") && screen.contains("0 tools, 0 calls"), "{screen}");
}

#[test]
fn a_server_is_back_only_when_it_has_listed_its_tools() {
    let mut story = Story::ready();
    story.wait_ms(1_000).lose(
        "kb",
        "it was ended by signal 9",
        AfterLoss::Restarting { attempt: 1, of: 5, delay_ms: 500 },
    );
    ready_without_a_list(&mut story);
    assert!(!story.console(120, 40).screen().contains("is back"));
    story.up("kb", 4, 9);
    assert!(story.console(120, 40).screen().contains("Server kb is back; it had been lost"));
}

#[test]
fn a_server_that_never_lists_has_not_been_lost_and_both_its_handshakes_are_one_start() {
    let mut story = Story::with("built-in", &["kb"]);
    for attempt in 1..=2 {
        // The older handshake, then the newer one, as for every server that does not get on.
        ready_without_a_list(&mut story);
        ready_without_a_list(&mut story);
        let next = AfterLoss::Restarting { attempt, of: 5, delay_ms: 500 };
        story.wait_ms(15_000).lose("kb", "it did not list its tools within 15 s", next);
    }
    let mut console = story.console(120, 40);
    let screen = console.screen();
    assert!(!screen.contains("was lost") && !screen.contains("↻1"), "{screen}");
    console.type_text("/servers").press("Enter");
    let screen = console.screen();
    assert!(screen.contains("restarting 2/5") && !screen.contains("last at"), "{screen}");
    let kb = console.state.session.server(&"kb".into()).expect("the server");
    assert_eq!((kb.losses, kb.restarts()), (0, 1));
}
