//! A hostile recording on the screen: whatever the records say and whatever is pressed, it is drawn, and nothing hidden is.
#![no_main]

use std::sync::Arc;

use callboard::protocol::Record;
use callboard::sanitise::is_hidden;
use callboard::ui::{Msg, Options, State, update, view};
use crossterm::event::{KeyCode, KeyEvent};
use libfuzzer_sys::fuzz_target;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const KEYS: [KeyCode; 16] = [
    KeyCode::Tab,
    KeyCode::Up,
    KeyCode::Down,
    KeyCode::Left,
    KeyCode::Right,
    KeyCode::Enter,
    KeyCode::Esc,
    KeyCode::End,
    KeyCode::Home,
    KeyCode::PageUp,
    KeyCode::PageDown,
    KeyCode::Char('t'),
    KeyCode::Char('?'),
    KeyCode::Char('/'),
    KeyCode::Char(']'),
    KeyCode::Char('['),
];

fuzz_target!(|input: (u8, u8, [u8; 6], &[u8])| {
    let (width, height, keys, bytes) = input;
    let records: Vec<Arc<Record>> = bytes
        .split(|byte| *byte == b'\n')
        .filter_map(|line| Record::from_line(std::str::from_utf8(line).ok()?).ok())
        .map(Arc::new)
        .collect();
    let at_us = records.last().map_or(0, |record| record.at_us);
    let (width, height) = (u16::from(width).max(1), u16::from(height % 80).max(1));
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a test backend");
    let mut state = State::new(Options { version: "fuzz".into(), mode: "VIEW".into(), ..Options::default() });
    update(&mut state, Msg::Resize(width, height));
    update(&mut state, Msg::Records(records));
    update(&mut state, Msg::Tick(at_us.saturating_add(5_000_000)));
    for key in keys {
        update(&mut state, Msg::Key(KeyEvent::from(KEYS[usize::from(key) % KEYS.len()])));
        terminal.draw(|frame| view(&mut state, frame)).expect("it can be drawn");
        for cell in terminal.backend().buffer().content() {
            assert!(!cell.symbol().chars().any(|c| is_hidden(c) && c != '\u{fe0f}'), "{:?}", cell.symbol());
        }
    }
});
