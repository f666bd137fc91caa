//! The thin async shell around `update` and `view`: keys, records, signals and time in, frames and commands out.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyModifiers};
use futures::StreamExt;
use futures::future::select_all;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::editor::Editor;
use super::outside::{Answer, Outside};
use super::signals::{Heard, Signals, Stopping, never_wait_for_foreground};
use super::state::{FeedState, Options, State, WayOut};
use super::terminal::{self, Screen};
use super::update::{Effect, Msg, update};
use crate::link::{Link, News};
use crate::protocol::Command;

/// The least time between two frames, µs.
const FRAME_US: u64 = 16_000;
/// The time between two frames while only timers run.
const TICK: Duration = Duration::from_millis(100);
/// News taken in at once.
const BATCH: usize = 4096;

/// How the console was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The operator quit, and the session is over.
    Quit,
    /// The operator left without waiting for the session to end.
    Left,
    /// A signal asked the program to end; its name.
    Signal(&'static str),
}

/// Why the console could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Standard input or output is no terminal.
    #[error("the console needs a terminal on standard input and output")]
    NoTerminal,
    /// The terminal does not do what it is asked, or is gone.
    #[error("the terminal failed: {0}")]
    Terminal(#[from] io::Error),
}

/// A session on the screen, or one that waits behind it.
struct Scene {
    link: Link,
    state: State,
}

/// Runs the console until the operator leaves or a signal asks for it. The terminal is as before afterwards, on every way
/// out. To be awaited on one thread (`block_on`), because a panic there restores the terminal and one elsewhere must not.
///
/// # Errors
/// [`RunError::NoTerminal`] before anything is touched; [`RunError::Terminal`] if the terminal goes away.
pub async fn run(mut link: Link, options: Options, outside: Arc<dyn Outside>) -> Result<Outcome, RunError> {
    if !terminal::is_there() {
        return Err(RunError::NoTerminal);
    }
    let (panic_sender, mut panics) = mpsc::channel(16);
    let mut signals = Signals::listen()?;
    let mut typed_ahead = terminal::typed_ahead();
    let mut screen = Screen::enter(options.mouse, panic_sender)?;
    let mut state = State::new(options);
    let mut events = EventStream::new();
    let mut batch: Vec<News> = Vec::new();
    // Sessions behind the one on the screen go on.
    let mut behind: Vec<Scene> = Vec::new();
    let (answer_sender, mut answers) = mpsc::channel::<Answer>(16);
    let mut dirty = true;
    let mut next_us = 0;
    loop {
        let now_us = link.clock.now_us();
        if dirty && now_us >= next_us {
            let size = screen.size()?;
            if size != state.size {
                update(&mut state, Msg::Resize(size.0, size.1));
            }
            update(&mut state, Msg::Tick(now_us));
            screen.draw(&state)?;
            dirty = false;
            next_us = now_us + FRAME_US;
        }
        let wait = match (dirty, state.is_moving()) {
            (true, _) => Some(Duration::from_micros(next_us.saturating_sub(now_us))),
            (false, true) => Some(TICK),
            (false, false) => None,
        };
        let msgs: Vec<Msg> = tokio::select! {
            event = events.next() => match event {
                Some(Ok(event)) => from_event(event, &mut typed_ahead).into_iter().collect(),
                Some(Err(error)) => return Err(error.into()),
                None => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            },
            count = link.news.recv_many(&mut batch, BATCH), if state.feed == FeedState::Open => match count {
                0 => vec![Msg::FeedOver],
                _ => from_news(&mut batch),
            },
            (position, news) = next_behind(&mut behind) => {
                take_behind(&mut behind[position], news);
                continue;
            }
            Some(answer) = answers.recv() => match answer {
                Answer::Scene(scene) => {
                    let (new_link, new_options) = *scene;
                    let new_state = State { mouse: state.mouse, way_out: WayOut::Back, ..State::new(new_options) };
                    let (link, state) = (std::mem::replace(&mut link, new_link), std::mem::replace(&mut state, new_state));
                    behind.push(Scene { link, state: State { notice: None, ..state } });
                    next_us = 0;
                    Vec::new()
                }
                answer @ (Answer::Sessions(_) | Answer::Preview(..) | Answer::Questions(_) | Answer::Page { .. } | Answer::Made { .. } | Answer::Failed(_)) => {
                    vec![Msg::Answered(answer)]
                }
            },
            Some(panic) = panics.recv() => {
                vec![Msg::Alarm(format!("A part of the program failed: {}", panic.replace('\n', " ")))]
            }
            heard = signals.next() => match heard {
                Heard::End(signal) => return Ok(ended(&link, signal)),
                Heard::Stop => vec![Msg::Suspend],
                Heard::Continued => {
                    if let Some(signal) = signals.end_waiting() {
                        return Ok(ended(&link, signal));
                    }
                    // A SIGSTOP came before it, of which nobody is told: whatever had the terminal since may have changed it.
                    screen.lend();
                    screen.take_back(state.mouse)?;
                    next_us = 0;
                    Vec::new()
                }
            },
            () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => Vec::new(),
        };
        dirty = true;
        let effects: Vec<Effect> = msgs.into_iter().flat_map(|msg| update(&mut state, msg)).collect();
        for effect in effects {
            match effect {
                Effect::Send(command) => send(&link, &mut state, command),
                Effect::Copy(text) => screen.copy(&text)?,
                Effect::SetMouse(mouse) => screen.set_mouse(mouse)?,
                Effect::EditOutside(text) => {
                    // Its keys are the editor's now.
                    drop(events);
                    screen.lend();
                    let edited = edit(&text, &mut link, &mut state, &mut behind, &mut signals).await;
                    screen.take_back(state.mouse)?;
                    events = EventStream::new();
                    match edited {
                        Ok(edited) => drop(update(&mut state, Msg::Edited(edited))),
                        Err(signal) => return Ok(ended(&link, signal)),
                    }
                }
                Effect::Suspend => {
                    screen.lend();
                    let stopping = signals.stop().await;
                    // "kill %1": it must not have to come to the foreground first.
                    if let Some(signal) = signals.end_waiting() {
                        return Ok(ended(&link, signal));
                    }
                    screen.take_back(state.mouse)?;
                    next_us = 0;
                    if stopping == Stopping::Refused {
                        update(&mut state, Msg::NotSuspended);
                    }
                }
                Effect::Ask(request) => {
                    let (outside, answers) = (Arc::clone(&outside), answer_sender.clone());
                    tokio::task::spawn_blocking(move || {
                        // The console may be gone when the answer comes.
                        let _ = answers.blocking_send(outside.answer(request));
                    });
                }
                Effect::Leave => match behind.pop() {
                    Some(scene) => {
                        Scene { link, state } = scene;
                        state.notice = Some("Back in the session before.".to_owned());
                        // The clock is another one.
                        next_us = 0;
                        break;
                    }
                    None if state.feed == FeedState::Open => return Ok(Outcome::Left),
                    None => return Ok(Outcome::Quit),
                },
            }
        }
    }
}

/// Leaves because of a signal.
fn ended(link: &Link, signal: &'static str) -> Outcome {
    // The feed may be gone or busy; leaving does not depend on it.
    let _ = link.commands.try_send(Command::Quit);
    never_wait_for_foreground();
    Outcome::Signal(signal)
}

/// The next news of any session behind the one on the screen, by its position; `None` from one that is over. Cancel-safe.
async fn next_behind(behind: &mut [Scene]) -> (usize, Option<News>) {
    let open = behind.iter_mut().enumerate().filter(|(_, scene)| scene.state.feed == FeedState::Open);
    let next = open.map(|(position, scene)| Box::pin(async move { (position, scene.link.news.recv().await) }));
    let all: Vec<_> = next.collect();
    if all.is_empty() {
        return std::future::pending().await;
    }
    select_all(all).await.0
}

fn take_behind(scene: &mut Scene, news: Option<News>) {
    let msgs = match news {
        Some(news) => from_news(&mut vec![news]),
        None => vec![Msg::FeedOver],
    };
    // Nobody looks at it now, so nothing of it asks for anything outside.
    msgs.into_iter().for_each(|msg| drop(update(&mut scene.state, msg)));
}

/// Lets the operator change a text in an editor while the session goes on; a signal that ends the program comes back.
async fn edit(
    text: &str,
    link: &mut Link,
    state: &mut State,
    behind: &mut [Scene],
    signals: &mut Signals,
) -> Result<Result<String, String>, &'static str> {
    let mut editor = match Editor::open(text) {
        Ok(editor) => editor,
        Err(problem) => return Ok(Err(problem)),
    };
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            status = editor.child.wait() => return Ok(editor.take(status)),
            count = link.news.recv_many(&mut batch, BATCH), if state.feed == FeedState::Open => {
                let msgs = if count == 0 { vec![Msg::FeedOver] } else { from_news(&mut batch) };
                // Nothing of it asks for anything outside.
                msgs.into_iter().for_each(|msg| drop(update(state, msg)));
            }
            (position, news) = next_behind(behind) => take_behind(&mut behind[position], news),
            heard = signals.next() => match heard {
                // Ctrl+C is the editor's.
                Heard::End("SIGINT") | Heard::Continued => {}
                Heard::End(signal) => {
                    // It may have ended by itself.
                    let _ = editor.child.start_kill();
                    return Err(signal);
                }
                // It stops with the editor, which has the terminal; where that cannot be, neither has stopped.
                Heard::Stop => drop(signals.stop().await),
            },
        }
    }
}

/// Hands a command over; one that cannot be is given back to the screen, which keeps what was typed.
fn send(link: &Link, state: &mut State, command: Command) {
    match link.commands.try_send(command) {
        Ok(()) => {}
        Err(TrySendError::Full(command) | TrySendError::Closed(command)) => {
            update(state, Msg::Refused(command));
        }
    }
}

/// News in their order, records that follow each other as one message.
fn from_news(batch: &mut Vec<News>) -> Vec<Msg> {
    let mut msgs = Vec::new();
    for news in batch.drain(..) {
        match (news, msgs.last_mut()) {
            (News::Record(record), Some(Msg::Records(records))) => records.push(record),
            (News::Record(record), _) => msgs.push(Msg::Records(vec![record])),
            // Only the last of two whole sessions, or of two places, is ever seen.
            (News::Jumped(session), Some(Msg::Jumped(before))) => *before = session,
            (News::Jumped(session), _) => msgs.push(Msg::Jumped(session)),
            (News::Playback(playback), _) => msgs.push(Msg::Playback(playback)),
        }
    }
    msgs
}

/// `typed_ahead` counts down the bytes that came before the terminal was ours: it had made line feeds of their Enters.
fn from_event(event: Event, typed_ahead: &mut u64) -> Option<Msg> {
    match event {
        Event::Key(key) if *typed_ahead > 0 => {
            let length = if let KeyCode::Char(c) = key.code { c.len_utf8() } else { 1 };
            *typed_ahead = typed_ahead.saturating_sub(u64::try_from(length).unwrap_or(1));
            let line_feed = key.code == KeyCode::Char('j') && key.modifiers == KeyModifiers::CONTROL;
            Some(Msg::Key(if line_feed { KeyEvent::from(KeyCode::Enter) } else { key }))
        }
        Event::Key(key) => Some(Msg::Key(key)),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Mouse(mouse) => Some(Msg::Mouse(mouse)),
        Event::Resize(columns, rows) => Some(Msg::Resize(columns, rows)),
        Event::FocusGained | Event::FocusLost => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enter_typed_before_the_terminal_was_ours_still_sends() {
        let line_feed = KeyEvent::new(KeyCode::Char('j'), KeyModifiers::CONTROL);
        let mut typed_ahead = 3;
        let mut codes = Vec::new();
        for key in [KeyEvent::from(KeyCode::Char('é')), line_feed, line_feed] {
            if let Some(Msg::Key(key)) = from_event(Event::Key(key), &mut typed_ahead) {
                codes.push(key.code);
            }
        }
        assert_eq!(codes, [KeyCode::Char('é'), KeyCode::Enter, KeyCode::Char('j')], "the last one was meant");
    }
}
