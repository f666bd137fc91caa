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

/// At most [`PER_SECOND`] lines and [`BYTES_PER_SECOND`] pass in a second; what does not is counted and told once a second.
#[derive(Debug)]
pub(super) struct Throttle {
    window: Instant,
    passed: u32,
    bytes: usize,
    dropped: u64,
}

impl Throttle {
    pub(super) fn new() -> Self {
        Self { window: Instant::now(), passed: 0, bytes: 0, dropped: 0 }
    }

    /// Whether a line of so many bytes may pass, and how many were held back before it.
    pub(super) fn admit(&mut self, bytes: usize) -> (bool, u64) {
        if self.window.elapsed() >= Duration::from_secs(1) {
            (self.window, self.passed, self.bytes) = (Instant::now(), 0, 0);
        }
        if self.passed >= PER_SECOND || self.bytes + bytes > BYTES_PER_SECOND {
            self.dropped += 1;
            return (false, 0);
        }
        self.passed += 1;
        self.bytes += bytes;
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
        let most = BYTES_PER_SECOND / 1024;
        lines.push(format!("… {dropped} more lines were not kept: over {PER_SECOND} or {most} KiB a second"));
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
