//! A console that is stopped by its shell, and goes on.

use rustix::process::Signal;

use super::Console;
use crate::fleet::kill;

/// The states of a process, as the kernel writes them.
const STOPPED: char = 'T';

/// The child of a process, with its state.
fn child_of(parent: u32) -> Option<(u32, char)> {
    let numbers = std::fs::read_dir("/proc").expect("processes").flatten();
    numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).find_map(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut words = stat.rsplit(") ").next()?.split(' ');
        let state = words.next()?.chars().next()?;
        (words.next()?.parse() == Ok(parent)).then_some((pid, state))
    })
}

fn running() -> (Console, u32) {
    let console = Console::open_under_a_shell(24, 80);
    console.wait_for(|_| console.is_alternate(), "the alternate screen");
    console.wait_for_text("LIVE");
    let (console_id, _) = child_of(console.id()).expect("the console under its shell");
    (console, console_id)
}

fn assert_it_went_away_and_comes_back(mut console: Console, id: u32) {
    console.wait_for_text("back in the shell");
    console.assert_restored();
    assert_eq!(child_of(console.id()), Some((id, STOPPED)));
    console.resize(40, 120);
    // Only a line that the terminal itself makes reaches the shell.
    console.press("\r");
    console.wait_for(|_| console.is_alternate(), "the alternate screen again");
    let contents = console.wait_for_text("half a question");
    assert!(
        contents.contains("Data") && !contents.contains("back in the shell"),
        "not drawn for its size:\n{contents}"
    );
    console.press(", and the rest");
    console.wait_for_text("half a question, and the rest");
    let sent = String::from_utf8_lossy(&console.sent()).into_owned();
    for mode in ["?1049", "?2004", "?1000", "?1006"] {
        assert_eq!(sent.matches(&format!("\x1b[{mode}h")).count(), 2, "mode {mode} is on again");
    }
    console.press("\x03\x03\x03");
    console.wait_for_text("the console ended");
    assert_eq!(console.end(), 0);
    console.assert_restored();
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() {
    let (mut console, id) = running();
    console.press("half a question");
    console.wait_for_text("half a question");
    console.press("\x1a");
    assert_it_went_away_and_comes_back(console, id);
}

#[test]
fn a_signal_to_stop_gives_the_terminal_back_and_fg_takes_it_again() {
    let (mut console, id) = running();
    console.press("half a question");
    console.wait_for_text("half a question");
    kill(id, Signal::TSTP);
    assert_it_went_away_and_comes_back(console, id);
}

#[test]
fn a_signal_to_go_on_changes_nothing_where_nothing_stopped() {
    let mut console = Console::open(24, 80, &[]);
    console.wait_for_text("LIVE");
    console.press("half a question");
    console.wait_for_text("half a question");
    kill(console.id(), Signal::CONT);
    console.press(", and the rest");
    console.wait_for_text("half a question, and the rest");
    // Nobody hears of a SIGSTOP, and the terminal may be anything after it.
    let drawn = String::from_utf8_lossy(&console.sent()).matches("\x1b[?1049h").count();
    kill(console.id(), Signal::STOP);
    kill(console.id(), Signal::CONT);
    let again = || String::from_utf8_lossy(&console.sent()).matches("\x1b[?1049h").count() > drawn;
    console.wait_for(|contents| again() && contents.contains("half a question, and the rest"), "the screen anew");
    console.press("\x03\x03\x03");
    assert_eq!(console.end(), 0);
    console.assert_restored();
}

#[test]
fn a_console_without_a_shell_says_that_it_cannot_be_suspended() {
    let mut console = Console::open(24, 80, &[]);
    // What begins a session takes the notices of what came before.
    console.wait_for_text("✓ 5 ready");
    console.press("\x1a");
    console.wait_for_text("Not suspended: no shell");
    assert!(console.is_alternate());
    console.press("typed");
    console.wait_for(|contents| contents.contains("typed") && !contents.contains("Not suspended"), "what was typed");
    kill(console.id(), Signal::TSTP);
    console.wait_for_text("Not suspended: no shell");
    console.press("\x03\x03\x03");
    assert_eq!(console.end(), 0);
    console.assert_restored();
}

#[test]
fn whoever_is_told_to_end_while_it_is_stopped_does_not_wait_for_the_foreground() {
    let (mut console, id) = running();
    console.press("\x1a");
    console.wait_for_text("back in the shell");
    kill(id, Signal::TERM);
    kill(id, Signal::CONT);
    // Its shell may not have looked yet how it ended.
    let is_gone = || child_of(console.id()).is_none_or(|(_, state)| state == 'Z');
    console.wait_for(|_| is_gone(), "the end of the process");
    console.press("\r");
    console.wait_for_text("the console ended");
    console.end();
    console.assert_restored();
}
