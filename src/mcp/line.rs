//! Splits a byte stream into lines of bounded length; shared by a server's stdout and stderr.

use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes kept of the head and of the tail of a line that is too long: enough to find a JSON-RPC id.
pub(super) const ENDS: usize = 512;

/// One line without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A line within the limit.
    Whole(Vec<u8>),
    /// A line over the limit, ended or not: its head, its tail and its length in bytes.
    TooLong {
        /// Its first bytes.
        head: Vec<u8>,
        /// Its last bytes.
        tail: Vec<u8>,
        /// Its whole length.
        bytes: u64,
    },
    /// The stream ended inside a line.
    Torn(Vec<u8>),
}

/// Reads lines; memory stays below `limit` plus one block.
#[derive(Debug)]
pub struct LineReader<R> {
    source: R,
    limit: usize,
    block: Box<[u8]>,
    /// Unread part of `block`.
    start: usize,
    end: usize,
    line: Vec<u8>,
    /// Length of the current line if it is over the limit, with its last bytes.
    over: Option<(u64, Vec<u8>)>,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    /// Lines of at most `limit` bytes from `source`.
    pub fn new(source: R, limit: usize) -> Self {
        let block = vec![0; 64 * 1024].into_boxed_slice();
        Self { source, limit, block, start: 0, end: 0, line: Vec::new(), over: None }
    }

    /// The next line; `None` at the end or when reading fails. Cancel-safe.
    pub async fn next(&mut self) -> Option<Line> {
        loop {
            if self.start == self.end {
                let read = self.source.read(&mut self.block).await.unwrap_or(0);
                if read == 0 {
                    if self.over.is_some() {
                        return Some(finish(&mut self.line, &mut self.over));
                    }
                    let torn = std::mem::take(&mut self.line);
                    return (!torn.is_empty()).then_some(Line::Torn(torn));
                }
                (self.start, self.end) = (0, read);
            }
            let unread = &self.block[self.start..self.end];
            let stop = unread.iter().position(|byte| *byte == b'\n');
            let piece = &unread[..stop.unwrap_or(unread.len())];
            self.start += piece.len() + usize::from(stop.is_some());
            take(&mut self.line, &mut self.over, piece, self.limit);
            if stop.is_some() {
                return Some(finish(&mut self.line, &mut self.over));
            }
        }
    }
}

fn take(line: &mut Vec<u8>, over: &mut Option<(u64, Vec<u8>)>, piece: &[u8], limit: usize) {
    if over.is_none() && line.len() + piece.len() > limit {
        let tail = line[line.len().saturating_sub(ENDS)..].to_vec();
        *over = Some((line.len() as u64, tail));
        line.truncate(ENDS);
        line.shrink_to_fit();
    }
    match over {
        Some((bytes, tail)) => {
            // The head may still be short, if so little was allowed or so much came at once.
            let missing = ENDS.saturating_sub(line.len()).min(piece.len());
            line.extend_from_slice(&piece[..missing]);
            *bytes += piece.len() as u64;
            tail.extend_from_slice(&piece[piece.len().saturating_sub(ENDS)..]);
            let surplus = tail.len().saturating_sub(ENDS);
            tail.drain(..surplus);
        }
        None => line.extend_from_slice(piece),
    }
}

fn finish(line: &mut Vec<u8>, over: &mut Option<(u64, Vec<u8>)>) -> Line {
    let mut bytes = std::mem::take(line);
    match over.take() {
        Some((length, tail)) => Line::TooLong { head: bytes, tail, bytes: length },
        None => {
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
            Line::Whole(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(source: &[u8], limit: usize) -> Vec<Line> {
        let mut reader = LineReader::new(source, limit);
        let mut lines = Vec::new();
        while let Some(line) = reader.next().await {
            lines.push(line);
        }
        lines
    }

    #[tokio::test]
    async fn lines_come_without_their_ends_and_a_last_one_without_end_is_torn() {
        assert_eq!(
            lines(b"one\r\n\ntwo\nthr", 100).await,
            [
                Line::Whole(b"one".to_vec()),
                Line::Whole(Vec::new()),
                Line::Whole(b"two".to_vec()),
                Line::Torn(b"thr".to_vec())
            ]
        );
    }

    #[tokio::test]
    async fn a_line_over_the_limit_keeps_only_its_ends_and_the_next_one_is_whole() {
        let mut source = vec![b'a'; 300_000];
        source[299_999] = b'z';
        source.extend_from_slice(b"\nnext\n");
        let lines = lines(&source, 100_000).await;
        let Line::TooLong { head, tail, bytes } = &lines[0] else { panic!("{:?}", lines[0]) };
        assert_eq!((head.len(), tail.len(), *bytes, tail.last()), (ENDS, ENDS, 300_000, Some(&b'z')));
        assert_eq!(lines[1], Line::Whole(b"next".to_vec()));
    }

    #[tokio::test]
    async fn a_line_that_arrives_at_once_keeps_its_ends_as_one_that_comes_in_pieces() {
        let source = [&b"head "[..], &[b'.'; 2000], b" tail"].concat();
        for limit in [0, 3, 600] {
            let lines = lines(&source, limit).await;
            let [Line::TooLong { head, tail, bytes: 2010 }] = &lines[..] else { panic!("{lines:?}") };
            assert!(head.starts_with(b"head ..") && tail.ends_with(b".. tail"), "{lines:?}");
            assert_eq!((head.len(), tail.len()), (ENDS, ENDS));
        }
    }
}
