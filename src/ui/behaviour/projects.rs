//! A project's server file: seen before it is decided about.

use crate::protocol::{
    AfterLoss, Command, ProjectJudged, ProjectProposed, ProjectVerdict, Scope, ServerStopped, ServerWithheld,
    Unapproved, Withheld,
};
use crate::ui::fixtures::{Console, Story};
use crate::ui::update::Effect;

fn proposed(lines: usize) -> Console {
    let mut story = Story::ready();
    story.say(ProjectProposed {
        file: "/p/.mcp.json".into(),
        changed: true,
        servers: vec!["theirs".into()],
        lines: (0..lines).map(|line| format!("  runs     program-{line} \u{1b}[2J")).collect(),
    });
    story.console(80, 24)
}

/// A console whose project has so many servers in a file that stands like this.
fn withheld(servers: usize, why: Unapproved) -> Console {
    let mut story = Story::ready();
    for number in 1..=servers {
        let by = Withheld { file: "/p/.mcp.json".into(), why };
        story.say(ServerWithheld { server: format!("theirs-{number}").as_str().into(), by });
    }
    story.console(120, 40)
}

#[test]
fn servers_that_wait_for_a_word_have_not_failed_and_the_welcome_says_so_in_one_line() {
    let screen = withheld(3, Unapproved::New).screen();
    let line = "? 3 project servers waiting for your word (/trust): th";
    assert_eq!(
        screen.lines().filter(|shown| shown.contains("(/trust)") && shown.contains("project server")).count(),
        1,
        "{screen}"
    );
    assert!(screen.contains(line), "{screen}");
    assert!(!screen.contains('✗') && !screen.contains("failed"), "{screen}");
}

#[test]
fn the_page_of_servers_says_what_a_server_waits_for_and_how_to_give_it() {
    for (why, words) in [
        (Unapproved::New, "waiting for your word (/trust)"),
        (Unapproved::Changed, "waiting for your word: its file has changed (/trust)"),
        (Unapproved::Refused, "refused by you (callboard mcp trust)"),
    ] {
        let mut console = withheld(1, why);
        console.type_text("/servers");
        console.press("Enter");
        let beginning = console.screen();
        console.press("End");
        let page = beginning + &console.screen();
        assert!(page.contains(words) && !page.contains("failed"), "{page}");
    }
}

#[test]
fn a_server_that_a_file_switches_off_has_not_failed_and_no_key_or_command_starts_it() {
    let mut story = Story::ready();
    let file = Some("/p/.mcp.json".to_owned());
    story.say(ServerStopped { server: "kb".into(), how: "switched off".into(), switched_off_in: file });
    let mut console = story.console(120, 40);
    let screen = console.screen();
    assert!(screen.contains("⊘ kb") && screen.contains("switched off in /p/.mcp.json"), "{screen}");
    assert!(!screen.contains('✗') && !screen.contains("/restart"), "{screen}");
    console.type_text("/restart kb");
    assert_eq!(console.press("Enter"), []);
    assert!(console.screen().contains("kb is switched off in /p/.mcp.json: change that first"), "{}", console.screen());
    console.press("Ctrl+C");
    console.type_text("/servers");
    console.press("Enter End");
    assert!(console.screen().contains("kb  switched off in /p/.mcp.json"), "{}", console.screen());
    console.press("Esc Tab Tab");
    let is_kb = |console: &Console| console.state.server().is_some_and(|server| server.name.as_str() == "kb");
    let found = (0..console.state.session.servers.len()).any(|_| {
        console.press("s");
        is_kb(&console)
    });
    assert!(found, "{}", console.screen());
    assert_eq!(console.press("r R"), []);
}

#[test]
fn a_server_that_waits_for_a_word_is_not_started_by_a_key() {
    let mut story = Story::ready();
    let by = Withheld { file: "/p/.mcp.json".into(), why: Unapproved::New };
    story.say(ServerWithheld { server: "theirs".into(), by });
    story.lose("kb", "exited with status 9", AfterLoss::Failed);
    let mut console = story.console(120, 40);
    console.press("Tab Tab");
    let names = |console: &Console| console.state.server().map(|server| server.name.to_string());
    let servers = console.state.session.servers.len();
    let found = (0..servers).any(|_| {
        console.press("s");
        names(&console).as_deref() == Some("theirs")
    });
    assert!(found, "{}", console.screen());
    assert_eq!(console.press("r R"), [], "neither it nor the one that failed");
    assert!(!console.screen().contains("Restarting"), "{}", console.screen());
}

fn judged(verdict: ProjectVerdict) -> Vec<Effect> {
    vec![Effect::Send(Command::JudgeProject { file: "/p/.mcp.json".into(), verdict })]
}

#[test]
fn it_is_shown_in_full_and_keys_decide_nothing() {
    let mut console = proposed(60);
    assert!(console.screen().contains("HAS CHANGED since you last decided"), "{}", console.screen());
    assert!(console.screen().contains("program-0 ␛[2J"), "{}", console.screen());
    assert!(console.press("y Y n Enter").is_empty());
    console.press("End");
    assert!(console.screen().contains("program-59") && console.screen().contains("/trust yes"), "{}", console.screen());
    console.press("Esc");
    assert!(!console.screen().contains("program-"), "{}", console.screen());
}

#[test]
fn a_word_counts_once_the_file_has_been_shown() {
    for (word, verdict) in [("yes", ProjectVerdict::Approved), ("no", ProjectVerdict::Refused)] {
        let mut console = proposed(1);
        console.press("Esc");
        console.type_text(&format!("/trust {word}"));
        assert_eq!(console.press("Enter"), judged(verdict));
    }
    let mut nothing = Story::ready().console(80, 24);
    nothing.type_text("/trust yes");
    assert!(nothing.press("Enter").is_empty());
    assert!(nothing.screen().contains("No server file of a project waits"), "{}", nothing.screen());
    nothing.press("Ctrl+C");
    nothing.type_text("/trust no");
    assert!(nothing.press("Enter").is_empty());
    assert!(nothing.screen().contains("No server file of a project waits"), "{}", nothing.screen());
}

#[test]
fn a_yes_is_taken_back_by_naming_its_file() {
    let mut story = Story::ready();
    let proposed =
        ProjectProposed { file: "/p/.mcp.json".into(), changed: false, servers: Vec::new(), lines: Vec::new() };
    story.say(proposed);
    story.say(ProjectJudged { file: "/p/.mcp.json".into(), verdict: ProjectVerdict::Approved });
    let mut console = story.console(120, 40);
    console.press("Esc");
    for line in ["/trust no", "/trust no /q/.mcp.json"] {
        console.type_text(line);
        assert_eq!(console.press("Enter"), [], "{line}");
        assert!(console.screen().contains("/p/.mcp.json."), "it is named: {}", console.screen());
        console.press("Ctrl+C");
    }
    console.type_text("/trust no ");
    console.press("Tab");
    assert_eq!(console.press("Enter"), judged(ProjectVerdict::Refused));
    console.hears(Scope::default(), ProjectJudged { file: "/p/.mcp.json".into(), verdict: ProjectVerdict::Refused });
    console.type_text("/trust no /p/.mcp.json");
    assert_eq!(console.press("Enter"), [], "it counts no more");
}

#[test]
fn a_yes_counts_only_once_the_end_of_a_long_file_has_been_on_the_screen() {
    let mut console = proposed(60);
    for word in ["yes", "no"] {
        console.press("PageDown Esc");
        console.type_text(&format!("/trust {word}"));
        assert!(console.press("Enter").is_empty(), "its end has not been seen");
        assert!(console.screen().contains("Read it to its end"), "{}", console.screen());
    }
    console.press("PageDown PageDown PageDown PageDown PageDown Esc");
    console.type_text("/trust yes");
    assert_eq!(console.press("Enter"), judged(ProjectVerdict::Approved));
}

#[test]
fn a_file_that_came_while_something_else_was_open_is_shown_before_a_word_counts() {
    let mut story = Story::ready();
    let mut console = story.console(80, 24);
    console.type_text("/help");
    console.press("Enter");
    story.say(ProjectProposed {
        file: "/p/.mcp.json".into(),
        changed: false,
        servers: vec!["theirs".into()],
        lines: vec!["theirs".into()],
    });
    let records = story.records();
    let last = records[records.len() - 1..].to_vec();
    console.tell(last, 0);
    console.press("Esc");
    console.type_text("/trust yes");
    assert!(console.press("Enter").is_empty(), "it has not been seen");
    assert!(console.screen().contains("/p/.mcp.json would start"), "{}", console.screen());
    console.press("Esc");
    console.type_text("/trust yes");
    assert_eq!(console.press("Enter"), judged(ProjectVerdict::Approved));
}

#[test]
fn the_first_screen_of_a_long_file_says_where_it_is_answered_and_when() {
    let mut console = proposed(60);
    assert!(console.screen().contains("Read this to its end; then /trust yes or /trust no"), "{}", console.screen());
    assert!(console.screen().contains("to its end, where the answers stand"), "{}", console.screen());
    console.press("End Home");
    assert!(!console.screen().contains("where the answers stand"), "it has been read: {}", console.screen());
}

#[test]
fn what_may_not_start_is_not_started_again_and_the_way_to_it_is_told() {
    for (why, words) in
        [(Unapproved::Changed, "has changed since you last"), (Unapproved::Refused, "`callboard mcp trust` takes that")]
    {
        let mut console = withheld(1, why);
        console.type_text("/restart theirs-1");
        assert_eq!(console.press("Enter"), []);
        let notice = console.state.notice.clone().unwrap_or_default();
        assert!(notice.contains(words), "{notice}");
    }
}
