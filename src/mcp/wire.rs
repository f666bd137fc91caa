//! The stdio transport under `rmcp`: bounded, tapped, and never talked into an answer by garbage.
//!
//! One task reads lines, one writes them; neither waits for the other.

use std::time::Duration;

use rmcp::service::{RoleClient, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::line::{Line, LineReader};
use super::tap::{Answering, Tap};

/// Longest line a server may send, bytes.
pub const LONGEST_LINE: usize = 32 * 1024 * 1024;
/// How long a server may leave its stdin unread before it counts as gone.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);
/// Lines that may wait to be written.
const WRITE_CAPACITY: usize = 128;

/// Why nothing could be sent.
#[derive(Debug, thiserror::Error)]
#[error("the server no longer reads its stdin")]
pub struct WireError;

/// The transport of one connection.
pub struct Wire {
    tap: Tap,
    reader: LineReader<Source>,
    lines: mpsc::Sender<String>,
    /// Told when the server's stdout ends, which can be long before its process does.
    ended: Option<oneshot::Sender<()>>,
}

/// Where a server's lines come from.
pub type Source = Box<dyn AsyncRead + Send + Unpin>;

impl Wire {
    /// A transport that reads `source` and writes to `sink`, and tells `ended` when `source` ends.
    pub fn new(
        tap: Tap,
        source: Source,
        sink: impl AsyncWrite + Send + Unpin + 'static,
        ended: oneshot::Sender<()>,
    ) -> Self {
        let (lines, queue) = mpsc::channel(WRITE_CAPACITY);
        tokio::spawn(write(sink, queue));
        Self { tap, reader: LineReader::new(source, LONGEST_LINE), lines, ended: Some(ended) }
    }
}

impl Transport<RoleClient> for Wire {
    type Error = WireError;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), WireError>> + Send + 'static {
        let (sent, lines) = (self.tap.sent(&item), self.lines.clone());
        async move {
            let text = sent.await.map_err(|_| WireError)?;
            lines.send(text).await.map_err(|_| WireError)
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            let Some(line) = self.reader.next().await else {
                // The receiver may be gone with the connection.
                let _ = self.ended.take().map(|ended| ended.send(()));
                return None;
            };
            let message = match line {
                Line::Whole(bytes) => match std::str::from_utf8(&bytes) {
                    Ok(text) if text.trim().is_empty() => None,
                    Ok(text) => self.tap.received(text, &Answering::Any).await,
                    Err(error) => {
                        let place = error.valid_up_to();
                        let junk = format!("the next message was not UTF-8 at byte {place}; bad bytes became \u{fffd}");
                        self.tap.junk(junk).await;
                        self.tap.received(&String::from_utf8_lossy(&bytes), &Answering::Any).await
                    }
                },
                Line::TooLong { head, tail, bytes } => {
                    self.tap.junk(format!("a line of {bytes} bytes was not taken")).await;
                    self.tap.too_long(&head, &tail, bytes, LONGEST_LINE)
                }
                Line::Torn(bytes) => {
                    self.tap.junk(format!("stdout ended inside a line of {} bytes", bytes.len())).await;
                    None
                }
            };
            if message.is_some() {
                return message;
            }
        }
    }

    async fn close(&mut self) -> Result<(), WireError> {
        Ok(())
    }
}

async fn write(mut sink: impl AsyncWrite + Unpin, mut lines: mpsc::Receiver<String>) {
    while let Some(mut line) = lines.recv().await {
        line.push('\n');
        let writing = async {
            sink.write_all(line.as_bytes()).await?;
            sink.flush().await
        };
        if !matches!(timeout(WRITE_PATIENCE, writing).await, Ok(Ok(()))) {
            // The queue closes with us; whoever sends next is told.
            return;
        }
    }
}
