//! Lines of a server's output: they do not depend on how the bytes are cut, none is over the limit, none is lost.
#![no_main]

use std::pin::Pin;
use std::task::{Context, Poll};

use callboard::mcp::line::{Line, LineReader};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncRead, ReadBuf};

/// Hands out at most `size` bytes at a time.
struct Pieces<'a> {
    rest: &'a [u8],
    size: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let (piece, rest) = self.rest.split_at(self.rest.len().min(self.size).min(buf.remaining()));
        buf.put_slice(piece);
        self.rest = rest;
        Poll::Ready(Ok(()))
    }
}

fn lines(bytes: &[u8], size: usize, limit: usize) -> Vec<Line> {
    let mut reader = LineReader::new(Pieces { rest: bytes, size }, limit);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let mut lines = Vec::new();
        while let Some(line) = reader.next().await {
            lines.push(line);
        }
        lines
    })
}

fuzz_target!(|input: (u8, u16, &[u8])| {
    let (size, limit, bytes) = input;
    let (size, limit) = (usize::from(size).max(1), usize::from(limit));
    let whole = lines(bytes, usize::MAX, limit);
    assert_eq!(lines(bytes, size, limit), whole);
    let ended = bytes.iter().filter(|byte| **byte == b'\n').count();
    let torn = usize::from(bytes.last().is_some_and(|last| *last != b'\n'));
    assert_eq!(whole.len(), ended + torn, "a line was lost or made up");
    let split = bytes.split(|byte| *byte == b'\n');
    for (line, raw) in whole.iter().zip(split) {
        match line {
            Line::Whole(text) => assert!(raw.len() <= limit && raw.strip_suffix(b"\r").unwrap_or(raw) == text),
            Line::TooLong { head, tail, bytes } => {
                assert!(raw.len() > limit && *bytes == raw.len() as u64);
                assert!(raw.starts_with(head) && raw.ends_with(tail), "ends of another line");
            }
            Line::Torn(text) => assert!(raw.starts_with(text)),
        }
    }
});
