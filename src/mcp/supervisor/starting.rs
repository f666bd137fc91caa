//! How a server comes to run: its process, the handshake in the right era, its tools; and what is told of one that does not.

use std::time::Duration;

use futures::FutureExt;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::mcp::connection::{Connection, Fault, Handshake, connect};
use crate::mcp::process::{self, Process};
use crate::mcp::stderr::{Tail, drain};
use crate::mcp::{Era, Reach};
use crate::protocol::{ServerListed, ServerStarting};

use super::{Asked, Supervisor};

/// How long a dead server's exit status is waited for.
const EXIT_GRACE: Duration = Duration::from_millis(500);

/// A running, connected server.
pub(super) struct Running {
    pub process: Process,
    pub connection: Connection,
    pub changed: mpsc::Receiver<()>,
    pub words: Words,
}

/// What a process writes to its stderr.
pub(super) struct Words {
    tail: Tail,
    drained: JoinHandle<()>,
}

/// Why a server did not come to run.
pub(super) enum NotStarted {
    Failed(String),
    /// Starting it again would change nothing.
    Hopeless(String),
    Asked(Asked),
}

impl Supervisor {
    pub(super) async fn start(&mut self) -> Result<Running, NotStarted> {
        // What was asked before is done by this start.
        let _ = self.restart.notified().now_or_never();
        let handshakes: &[Handshake] = match (self.spec.era, self.era) {
            (Era::Modern, _) | (Era::Auto, Some(Handshake::Modern)) => &[Handshake::Modern],
            (Era::Legacy, _) | (Era::Auto, Some(Handshake::Legacy)) => &[Handshake::Legacy],
            (Era::Auto, None) => &[Handshake::Legacy, Handshake::Modern],
        };
        let mut first_reason = None;
        for handshake in handshakes {
            self.attempts += 1;
            match self.try_start(*handshake).await {
                Ok(running) => {
                    self.era = Some(*handshake);
                    return Ok(running);
                }
                // The first handshake is the one nearly every server understands, so its reason says most.
                Err(NotStarted::Failed(reason)) => first_reason = first_reason.or(Some(reason)),
                Err(other) => return Err(other),
            }
        }
        Err(NotStarted::Failed(first_reason.unwrap_or_default()))
    }

    async fn try_start(&mut self, handshake: Handshake) -> Result<Running, NotStarted> {
        let begun = Instant::now();
        let (server, attempt, command) = (self.spec.name.clone(), self.attempts, self.spec.place());
        self.tell(ServerStarting { server, attempt, command }).await;
        let program = match &self.spec.reach {
            Reach::Program(program) => program,
            Reach::Remote(_) => {
                return Err(NotStarted::Hopeless("servers over HTTP cannot be reached by this version yet".into()));
            }
            Reach::Nowhere(reason) => return Err(NotStarted::Hopeless(reason.clone())),
        };
        let (process, pipes) = process::spawn(program).map_err(|error| {
            let program = program.command.display();
            NotStarted::Hopeless(match error.kind() {
                std::io::ErrorKind::NotFound => {
                    format!("the program {program} was not found; check the command, or PATH")
                }
                _ => format!("the program {program} could not be started: {error}"),
            })
        })?;
        let tail = Tail::default();
        let drained = tokio::spawn(drain(pipes.stderr, self.spec.name.clone(), tail.clone(), self.signals.clone()));
        let words = Words { tail, drained };
        let (changed_sender, changed) = mpsc::channel(1);
        let (name, limits) = (self.spec.name.clone(), self.spec.limits);
        let connecting =
            connect(name, pipes.stdout, pipes.stdin, handshake, limits, self.signals.clone(), changed_sender);
        let connected = tokio::select! {
            connected = connecting => connected,
            asked = self.asked() => return Err(self.give_up(process, asked).await),
        };
        let mut connection = match connected {
            Ok(connection) => connection,
            Err(fault) => return Err(NotStarted::Failed(post_mortem(process, words, fault).await)),
        };
        self.tell(connection.ready(process.id(), begun.elapsed())).await;
        let listed = tokio::select! {
            listed = connection.lister().list() => listed,
            asked = self.asked() => {
                connection.close().await;
                return Err(self.give_up(process, asked).await);
            }
        };
        match listed {
            Ok(items) => {
                let (tools, rejected) = connection.take_in(&self.spec, &items);
                self.tell(ServerListed { server: self.spec.name.clone(), tools, rejected }).await;
                Ok(Running { process, connection, changed, words })
            }
            Err(reason) => {
                connection.close().await;
                Err(NotStarted::Failed(post_mortem(process, words, Fault::Unusable(reason)).await))
            }
        }
    }

    async fn give_up(&mut self, process: Process, asked: Asked) -> NotStarted {
        self.stopped(process).await;
        NotStarted::Asked(asked)
    }
}

/// What ended a connection, completed with the exit status and the last words of the process, which is gone afterwards.
pub(super) async fn post_mortem(mut process: Process, words: Words, fault: Fault) -> String {
    let exited = timeout(EXIT_GRACE, process.wait()).await.ok().and_then(Result::ok);
    let reason = match (fault, exited) {
        (Fault::Closed(_), Some(status)) => format!("the process {}", process::describe(status)),
        // It went because we hung up: that says nothing.
        (Fault::Unusable(reason), Some(status)) if status.success() => reason,
        (Fault::Unusable(reason), Some(status)) => format!("{reason}; the process {}", process::describe(status)),
        (Fault::Closed(reason) | Fault::Unusable(reason), None) => reason,
    };
    drop(process);
    // The whole group is dead, so its stderr ends; what it still holds is what is wanted.
    let _ = timeout(EXIT_GRACE, words.drained).await;
    let last = words.tail.last(2);
    if last.is_empty() { reason } else { format!("{reason}; its last words: {last}") }
}
