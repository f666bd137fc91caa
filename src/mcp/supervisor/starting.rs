//! How a server comes to run: what stands behind it, the handshake in the right era, its tools; and why it may not.

use futures::FutureExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::mcp::connection::{Company, Connection, Fault, Goal, Handshake, Listing, connect};
use crate::mcp::process;
use crate::mcp::spec::OLD_HTTP;
use crate::mcp::stderr::{Tail, drain};
use crate::mcp::{Era, Program, Reach, RemoteKind};
use crate::protocol::{LossCause, ServerListed, ServerProbing, ServerStarting, Withheld};

use super::host::{Host, Words};
use super::{Asked, Supervisor};

/// A running, connected server.
pub(super) struct Running {
    pub host: Host,
    pub connection: Connection,
    pub changed: mpsc::Receiver<()>,
}

/// Why a server did not come to run.
pub(super) enum NotStarted {
    Failed(String),
    /// It said nothing in all the time there is.
    Silent(String),
    /// There is nobody to try another handshake with.
    Unreachable(String),
    /// Starting it again would change nothing.
    Hopeless(LossCause, String),
    /// It may not be started.
    Withheld(Withheld),
    /// This file switches it off.
    SwitchedOff(String),
    Asked(Asked),
}

impl Supervisor {
    pub(super) async fn start(&mut self) -> Result<Running, NotStarted> {
        // What was asked before is done by this start.
        let _ = self.told.restart.notified().now_or_never();
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
        // The connection keeps what the supervisor lends: the spec must be free for orders that come meanwhile.
        let reach = self.spec.reach.clone();
        if !matches!(reach, Reach::Withheld(_) | Reach::SwitchedOff(_)) {
            self.tell(ServerStarting { server, attempt, command }).await;
        }
        let hopeless = |reason: &str| Err(NotStarted::Hopeless(LossCause::Other, reason.to_owned()));
        let (mut host, goal) = match &reach {
            Reach::Program(program) => self.spawn(program)?,
            Reach::Remote(remote) => match remote.kind {
                RemoteKind::Streamable => (Host::Remote, Goal::Remote(remote)),
                RemoteKind::Sse => return hopeless(OLD_HTTP),
            },
            Reach::Nowhere(reason) => return hopeless(reason),
            Reach::Withheld(by) => return Err(NotStarted::Withheld(by.clone())),
            Reach::SwitchedOff(file) => return Err(NotStarted::SwitchedOff(file.clone())),
        };
        let method = match handshake {
            Handshake::Legacy => "initialize",
            Handshake::Modern => "server/discover",
        };
        let probing = ServerProbing { server: self.spec.name.clone(), method: method.to_owned(), pid: host.id() };
        self.tell(probing).await;
        let (changed_sender, changed) = mpsc::channel(1);
        let company = Company {
            server: self.spec.name.clone(),
            limits: self.spec.limits,
            signals: self.signals.clone(),
            changed: changed_sender,
            inputs: self.inputs.clone(),
            tail: host.tail(),
        };
        let connected = tokio::select! {
            connected = connect(goal, handshake, company) => connected,
            () = host.gone() => Err(Fault::Closed("it ended before the handshake was done".into())),
            asked = self.asked() => return Err(self.give_up(host, asked).await),
        };
        let mut connection = match connected {
            Ok(connection) => connection,
            Err(fault) => return Err(not_started(host, fault).await),
        };
        self.tell(connection.ready(host.id(), begun.elapsed())).await;
        let listed = tokio::select! {
            // A server that does not say it has tools may have some all the same.
            listed = connection.lister().list(Listing::Tools) => {
                listed.or_else(|reason| if connection.has(Listing::Tools) { Err(reason) } else { Ok(Vec::new()) })
            }
            () = host.gone() => Err("it ended before it had listed its tools".into()),
            asked = self.asked() => {
                connection.close().await;
                return Err(self.give_up(host, asked).await);
            }
        };
        match listed {
            Ok(items) => {
                let (tools, rejected) = connection.take_in(&self.spec, &items);
                self.tell(ServerListed { server: self.spec.name.clone(), tools, rejected }).await;
                Ok(Running { host, connection, changed })
            }
            Err(reason) => {
                // Who hung up says more than the request that was not answered.
                let fault = match (connection.ended().now_or_never(), &host) {
                    (Some(()), Host::Process(..)) => {
                        Fault::Closed(format!("{} before it had listed its tools", host.hung_up()))
                    }
                    (Some(()), Host::Remote) | (None, _) => Fault::Unusable(reason),
                };
                connection.close().await;
                Err(not_started(host, fault).await)
            }
        }
    }

    fn spawn<'a>(&self, program: &Program) -> Result<(Host, Goal<'a>), NotStarted> {
        let (process, pipes) = process::spawn(program).map_err(|error| {
            // The operating system does not say what was not there.
            let missing = process::missing(program);
            let reason = missing
                .unwrap_or_else(|| format!("the program {} could not be started: {error}", program.command.display()));
            NotStarted::Hopeless(LossCause::Other, reason)
        })?;
        let tail = Tail::default();
        let drained = tokio::spawn(drain(pipes.stderr, self.spec.name.clone(), tail.clone(), self.signals.clone()));
        let host = Host::Process(process, Words { tail, drained });
        Ok((host, Goal::Pipes(Box::new(pipes.stdout), pipes.stdin)))
    }

    async fn give_up(&mut self, host: Host, asked: Asked) -> NotStarted {
        self.stopped(host).await;
        NotStarted::Asked(asked)
    }
}

/// Why a server whose connection is closed did not come to run; it is stopped.
async fn not_started(mut host: Host, fault: Fault) -> NotStarted {
    let why = match fault {
        Fault::Hopeless(cause, reason) => NotStarted::Hopeless(cause, reason),
        Fault::Unreachable(reason) => NotStarted::Unreachable(reason),
        Fault::Closed(_) | Fault::Unusable(_) => NotStarted::Failed(host.post_mortem(fault).await),
        Fault::Silent(_) => NotStarted::Silent(host.post_mortem(fault).await),
    };
    host.stop().await;
    why
}
