//! The stdio transport under `rmcp`: bounded, tapped, and never talked into an answer by garbage.
//!
//! A task of its own writes lines, so that reading never waits for writing.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use rmcp::service::{RoleClient, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::line::{Line, LineReader};
use super::tap::{Answering, LONGEST_MESSAGE, Tap};

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
    /// What comes. `rmcp` drops a `receive` whenever it has something else to do, also when a line is taken and not yet told:
    /// what is begun waits in here, and goes on the next time.
    messages: BoxStream<'static, RxJsonRpcMessage<RoleClient>>,
    lines: mpsc::Sender<String>,
}

/// The reading half.
struct Incoming {
    tap: Tap,
    reader: LineReader<Source>,
    /// Told when the server's stdout ends, which can be long before its process does.
    ended: oneshot::Sender<()>,
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
        let incoming = Incoming { tap: tap.clone(), reader: LineReader::new(source, LONGEST_MESSAGE), ended };
        Self { tap, messages: stream::unfold(incoming, Incoming::next).fuse().boxed(), lines }
    }
}

impl Incoming {
    /// The next message for `rmcp`, and what comes after it.
    async fn next(mut self) -> Option<(RxJsonRpcMessage<RoleClient>, Self)> {
        loop {
            let Some(line) = self.reader.next().await else {
                // The receiver may be gone with the connection.
                let _ = self.ended.send(());
                return None;
            };
            if let Some(message) = taken(&self.tap, line).await {
                return Some((message, self));
            }
        }
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
        self.messages.next().await
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

/// What `rmcp` is to have of a line.
async fn taken(tap: &Tap, line: Line) -> Option<RxJsonRpcMessage<RoleClient>> {
    match line {
        Line::Whole(bytes) => match std::str::from_utf8(&bytes) {
            Ok(text) if text.trim().is_empty() => None,
            Ok(text) => tap.received(text, &Answering::Any).await,
            Err(error) => {
                let place = error.valid_up_to();
                let junk = format!("the next message was not UTF-8 at byte {place}; bad bytes became \u{fffd}");
                tap.junk(junk).await;
                tap.received(&String::from_utf8_lossy(&bytes), &Answering::Any).await
            }
        },
        Line::TooLong { head, tail, bytes } => {
            tap.junk(format!("a line of {bytes} bytes was not taken")).await;
            tap.too_long(&head, &tail, bytes)
        }
        Line::Torn(bytes) => {
            tap.junk(format!("stdout ended inside a line of {} bytes", bytes.len())).await;
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use rmcp::model::{ClientRequest, JsonRpcMessage, NumberOrString, PingRequest};

    use super::*;
    use crate::mcp::answers::Reading;

    #[tokio::test]
    async fn an_answer_is_not_lost_when_something_else_comes_while_it_is_told() {
        let (signals, mut told) = mpsc::channel(1);
        let tap = Tap::new("s".into(), signals, Reading::Raw, crate::mcp::stderr::Tail::default());
        let answer = Box::new(&b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n"[..]);
        let mut wire = Wire::new(tap, answer, tokio::io::sink(), oneshot::channel().0);
        let ping = ClientRequest::PingRequest(PingRequest::default());
        wire.send(JsonRpcMessage::request(ping, NumberOrString::Number(1))).await.expect("there is room");
        // The request fills the queue. Now a second call is handed over: `rmcp` lets go of what it waits for.
        for _ in 0..2 {
            assert!(wire.receive().now_or_never().is_none());
        }
        told.recv().await.expect("the request");
        let received = wire.receive().now_or_never();
        assert!(matches!(received, Some(Some(JsonRpcMessage::Response(_)))), "{received:?}");
    }
}
