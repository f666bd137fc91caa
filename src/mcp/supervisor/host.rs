//! What stands behind a connection: a process of ours, or only an address.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::mcp::connection::Fault;
use crate::mcp::process::{self, Process};
use crate::mcp::stderr::Tail;

/// How long a dead server's exit status is waited for.
const EXIT_GRACE: Duration = Duration::from_millis(500);

/// What a server is besides its connection.
pub(super) enum Host {
    /// A process.
    Process(Process, Words),
    /// Somebody else's.
    Remote,
}

/// What a process writes to its stderr.
pub(super) struct Words {
    pub tail: Tail,
    pub drained: JoinHandle<()>,
}

impl Host {
    /// The process id while it runs.
    pub fn id(&self) -> Option<u32> {
        match self {
            Self::Process(process, _) => process.id(),
            Self::Remote => None,
        }
    }

    /// The last things it said that were no messages.
    pub fn tail(&self) -> Tail {
        match self {
            Self::Process(_, words) => words.tail.clone(),
            Self::Remote => Tail::default(),
        }
    }

    /// Waits for the end of the process. Cancel-safe.
    pub async fn ended(&mut self) {
        match self {
            Self::Process(process, _) => drop(process.wait().await),
            Self::Remote => std::future::pending().await,
        }
    }

    /// Waits for the end of the process and then for what it may have said last. The end of its output alone will not do:
    /// what it leaves behind can keep that open. Cancel-safe.
    pub async fn gone(&mut self) {
        self.ended().await;
        sleep(EXIT_GRACE).await;
    }

    /// What it means that the connection has ended by itself.
    pub fn hung_up(&self) -> &'static str {
        match self {
            Self::Process(..) => "it closed its stdout",
            Self::Remote => "it cannot be reached any more",
        }
    }

    /// Stops what is ours to stop, once the connection is closed; says how it went.
    pub async fn stop(self) -> &'static str {
        match self {
            Self::Process(process, _) => process.stop().await.0,
            Self::Remote => "disconnected",
        }
    }

    /// What ended a connection, completed with the last words of the process, and with its exit status if it has ended by now.
    pub async fn post_mortem(&mut self, fault: Fault) -> String {
        let is_closed = matches!(fault, Fault::Closed(_));
        let reason = fault.into_words();
        let Self::Process(process, words) = self else { return reason };
        // One that hung up by itself may live on: the end of its stdin would make it exit, and that would be told instead.
        if !is_closed {
            process.hang_up();
        }
        let exited = timeout(EXIT_GRACE, process.wait()).await.ok().and_then(Result::ok);
        let reason = match exited {
            Some(status) if is_closed => format!("the process {}", process::describe(status)),
            // It went because we hung up: that says nothing.
            Some(status) if status.success() => reason,
            Some(status) => format!("{reason}; the process {}", process::describe(status)),
            None => reason,
        };
        if exited.is_some() {
            // Nothing keeps its stderr open then; what it still holds is what is wanted.
            process.end_group();
            let _ = timeout(EXIT_GRACE, &mut words.drained).await;
        }
        let last = words.tail.last(2);
        if last.is_empty() { reason } else { format!("{reason}; its last words: {last}") }
    }
}
