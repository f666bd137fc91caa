//! The connection to a client: JSON-RPC, one message a line, until the client is gone.

use std::{sync::Arc, time::Duration};

use rmcp::{
    RoleServer, ServiceExt,
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::{Transport, async_rw::AsyncRwTransport},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Notify,
};

use crate::host::Host;

/// How long calls may go on after the client has hung up.
const LAST_WORDS: Duration = Duration::from_millis(1_500);

pub(crate) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(crate) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Serves until the client hangs up. Whatever it sends, that is the only way this ends.
pub(crate) async fn serve(host: Host, reader: Reader, writer: Writer) {
    let ended = Arc::new(Notify::new());
    let wire = Wire {
        lines: AsyncRwTransport::new(reader, writer),
        opened: Opened::NotYet,
        unwritable: Arc::new(Notify::new()),
        ended: Arc::clone(&ended),
    };
    // An error here means that the client went away before it asked for anything.
    if let Ok(running) = host.clone().serve(wire).await {
        let drained = async {
            ended.notified().await;
            tokio::time::sleep(LAST_WORDS).await;
        };
        tokio::select! {
            _ = running.waiting() => {}
            () = drained => {}
        }
    }
    let _ = tokio::time::timeout(LAST_WORDS / 5, host.close()).await;
}

/// Whether the client has asked for something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opened {
    NotYet,
    Yes,
}

/// The line transport, made patient: a stray message before the first request does not end the server, and
/// an output that nobody reads any more does.
struct Wire {
    lines: AsyncRwTransport<RoleServer, Reader, Writer>,
    opened: Opened,
    unwritable: Arc<Notify>,
    ended: Arc<Notify>,
}

impl Transport<RoleServer> for Wire {
    type Error = std::io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let sending = self.lines.send(message);
        let unwritable = Arc::clone(&self.unwritable);
        async move {
            let sent = sending.await;
            if sent.is_err() {
                unwritable.notify_one();
            }
            sent
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            let message = tokio::select! {
                message = self.lines.receive() => message,
                () = self.unwritable.notified() => None,
            };
            match message {
                Some(ClientJsonRpcMessage::Request(request)) => {
                    self.opened = Opened::Yes;
                    return Some(ClientJsonRpcMessage::Request(request));
                }
                Some(_) if self.opened == Opened::NotYet => {}
                Some(message) => return Some(message),
                None => {
                    self.ended.notify_one();
                    return None;
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.lines.close().await
    }
}
