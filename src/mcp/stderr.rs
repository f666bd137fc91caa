//! Drains a server's stderr for ever, so that it can never block on it, and keeps its last lines for error messages.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::protocol::{LogStream, Scope, ServerLogged, ServerName};

use super::Signal;
use super::line::{Line, LineReader};

/// Longest line that is kept, bytes.
const LINE_LIMIT: usize = 4096;
/// Lines per second that are recorded; the rest is counted.
const PER_SECOND: u32 = 200;
/// Bytes per second that are recorded of them.
pub(super) const BYTES_PER_SECOND: usize = 256 * 1024;
/// Bytes after which one that never stops is recorded at [`LATER`] only: the recording of an idle session must not fill a disk.
const TOO_MUCH: u64 = 16 * 1024 * 1024;
/// Lines and bytes a second that are recorded then: 28 MiB an hour at most.
const LATER: (u32, usize) = (5, 8 * 1024);
/// Lines kept for error messages.
const TAIL: usize = 8;

/// The last lines a server wrote to stderr.
#[derive(Clone, Debug, Default)]
pub struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    pub(super) fn push(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_back(line.to_owned());
        if lines.len() > TAIL {
            lines.pop_front();
        }
    }

    /// The last `count` lines, oldest first, joined with ` | `; empty if there are none.
    #[must_use]
    pub fn last(&self, count: usize) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let skip = lines.len().saturating_sub(count);
        lines.iter().skip(skip).map(String::as_str).collect::<Vec<_>>().join(" | ")
    }
}

/// At most [`PER_SECOND`] lines and [`BYTES_PER_SECOND`] pass in a second, and after [`TOO_MUCH`] only [`LATER`]; what does not is
/// counted and told once a second.
#[derive(Debug)]
pub(super) struct Throttle {
    window: Instant,
    passed: u32,
    bytes: usize,
    dropped: u64,
    /// Bytes that have passed in all.
    all: u64,
}

impl Throttle {
    pub(super) fn new() -> Self {
        Self { window: Instant::now(), passed: 0, bytes: 0, dropped: 0, all: 0 }
    }

    /// Whether a line of so many bytes may pass, and how many were held back before it.
    pub(super) fn admit(&mut self, bytes: usize) -> (bool, u64) {
        if self.window.elapsed() >= Duration::from_secs(1) {
            (self.window, self.passed, self.bytes) = (Instant::now(), 0, 0);
        }
        let (lines, room) = if self.all < TOO_MUCH { (PER_SECOND, BYTES_PER_SECOND) } else { LATER };
        if self.passed >= lines || self.bytes + bytes > room {
            self.dropped += 1;
            return (false, 0);
        }
        self.passed += 1;
        self.bytes += bytes;
        self.all += bytes as u64;
        (true, std::mem::take(&mut self.dropped))
    }
}

/// Reads `source` to its end.
pub async fn drain(source: impl AsyncRead + Unpin, server: ServerName, tail: Tail, signals: mpsc::Sender<Signal>) {
    let mut reader = LineReader::new(source, LINE_LIMIT);
    let mut throttle = Throttle::new();
    while let Some(line) = reader.next().await {
        let text = match line {
            Line::Whole(bytes) | Line::Torn(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Line::TooLong { head, bytes, .. } => {
                format!("{}… ({bytes} bytes)", String::from_utf8_lossy(&head))
            }
        };
        if text.trim().is_empty() {
            continue;
        }
        tail.push(&text);
        let verdict = throttle.admit(text.len());
        log(&signals, &server, LogStream::Stderr, text, verdict).await;
    }
}

/// Records one line of a server, unless its throttle does not admit it.
pub(super) async fn log(
    signals: &mpsc::Sender<Signal>,
    server: &ServerName,
    stream: LogStream,
    line: String,
    (admitted, dropped): (bool, u64),
) {
    let mut lines = Vec::new();
    if dropped > 0 {
        lines.push(format!("… {dropped} more lines were not kept: too many, or too long, a second"));
    }
    if admitted {
        lines.push(line);
    }
    for line in lines {
        let event = ServerLogged { server: server.clone(), stream, line }.into();
        // The orchestrator is gone: nobody is left to tell.
        let _ = signals.send(Signal::Happened(Scope::default(), event)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_that_never_stops_is_recorded_less_after_a_while() {
        let mut throttle = Throttle::new();
        let mut lines = Vec::new();
        for _ in 0..200 {
            lines.push((0..1000).filter(|_| throttle.admit(1024).0).count());
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(lines[0], PER_SECOND as usize);
        let seconds = usize::try_from(TOO_MUCH).expect("it fits") / 1024 / PER_SECOND as usize;
        assert_eq!([lines[seconds - 1], lines[seconds + 1], lines[199]], [PER_SECOND as usize, 5, 5]);
        assert!(throttle.admit(8 * 1024).0 && !throttle.admit(1).0);
    }
}
