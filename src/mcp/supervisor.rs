//! The life of one server: start, serve, lose, start again, fail, stop.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::protocol::{
    AfterLoss, CallFailureCode, CallId, Event, Json, LogStream, Scope, ServerListed, ServerLogged, ServerLost,
    ServerStarting, ServerStopped,
};

use super::connection::{Connection, Fault, Handshake, connect};
use super::in_flight::InFlight;
use super::process::{self, Process};
use super::stderr::{Tail, drain};
use super::waiting::Waiting;
use super::{CallEnd, CallOrder, Era, ServerSpec, Signal};

/// Calls in flight on one server (`hosting.md` §1).
const IN_FLIGHT: usize = 32;
/// Losses older than this no longer count towards failing.
const MEMORY: Duration = Duration::from_secs(120);
/// How long a dead server's exit status is waited for.
const EXIT_GRACE: Duration = Duration::from_millis(500);

/// What a supervisor can be told. Dropping the sender tells it to stop.
#[derive(Debug)]
pub enum Order {
    /// Send a call.
    Call(CallOrder),
    /// Stop working on a call.
    Cancel {
        /// The call.
        call: CallId,
        /// Why, for the server.
        reason: String,
    },
    /// Stop the process and start it again.
    Restart,
}

/// Supervises one server.
#[derive(Debug)]
pub struct Supervisor {
    spec: ServerSpec,
    orders: mpsc::Receiver<Order>,
    signals: mpsc::Sender<Signal>,
    /// Calls that wait for the server, or for others to be done.
    waiting: Waiting,
    attempts: u32,
    losses: VecDeque<Instant>,
    /// The handshake that worked last.
    era: Option<Handshake>,
}

/// A running, connected server.
struct Running {
    process: Process,
    connection: Connection,
    changed: mpsc::Receiver<()>,
    words: Words,
}

/// What a process writes to its stderr.
struct Words {
    tail: Tail,
    drained: JoinHandle<()>,
}

/// Why serving a connection ended.
enum Break {
    Lost(String),
    Asked(Asked),
}

/// Why a server did not come to run.
enum NotStarted {
    Failed(String),
    /// Starting it again would change nothing.
    Hopeless(String),
    Asked(Asked),
}

/// What the operator wants of a server that is not connected.
enum Asked {
    Restart,
    Stop,
}

impl Supervisor {
    /// A supervisor that has not started anything yet.
    pub fn new(spec: ServerSpec, orders: mpsc::Receiver<Order>, signals: mpsc::Sender<Signal>) -> Self {
        let waiting = Waiting::new(spec.limits.call);
        Self { spec, orders, signals, waiting, attempts: 0, losses: VecDeque::new(), era: None }
    }

    /// Runs until the orders' sender is dropped; the server is stopped when this returns.
    pub async fn run(mut self) {
        loop {
            let next = match self.start().await {
                Ok(running) => match self.serve(running).await {
                    Break::Lost(reason) => self.lost(reason).await,
                    Break::Asked(asked) => asked,
                },
                Err(NotStarted::Asked(asked)) => asked,
                Err(NotStarted::Failed(reason)) => self.lost(reason).await,
                Err(NotStarted::Hopeless(reason)) => self.fail(reason).await,
            };
            match next {
                Asked::Restart => {}
                Asked::Stop => break,
            }
        }
        self.end_waiting(CallFailureCode::ServerUnavailable, "The session is ending.").await;
    }

    async fn start(&mut self) -> Result<Running, NotStarted> {
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
        let (server, attempt, command) = (self.spec.name.clone(), self.attempts, self.spec.command_line());
        self.tell(ServerStarting { server, attempt, command }).await;
        let (process, pipes) = process::spawn(&self.spec).map_err(|error| {
            let program = self.spec.command.display();
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
        let (name, limits, naming) = (self.spec.name.clone(), self.spec.limits, self.spec.naming);
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
                let (tools, rejected) = connection.take_in(naming, &items);
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

    async fn serve(&mut self, mut running: Running) -> Break {
        let mut in_flight = InFlight::default();
        let mut listing: Option<BoxFuture<'static, Result<Vec<Json>, String>>> = None;
        let broken = loop {
            while in_flight.len() < IN_FLIGHT {
                let Some(order) = self.waiting.pop() else { break };
                in_flight.send(order, &running.connection);
            }
            tokio::select! {
                biased;
                ended = in_flight.next() => match ended {
                    Some((call, end)) => self.ended(call, end).await,
                    None => break Break::Lost("it closed the connection".into()),
                },
                order = self.orders.recv() => match order {
                    Some(Order::Call(order)) => self.waiting.push(order),
                    Some(Order::Cancel { call, reason }) => {
                        if !in_flight.cancel(call, reason.clone()) {
                            self.cancel_waiting(call, &reason).await;
                        }
                    }
                    Some(Order::Restart) => break Break::Asked(Asked::Restart),
                    None => break Break::Asked(Asked::Stop),
                },
                order = self.waiting.overdue() => self.too_late(&order).await,
                () = running.connection.ended() => break Break::Lost("it closed its stdout".into()),
                _ = running.process.wait() => break Break::Lost("the process ended".into()),
                Some(()) = running.changed.recv(), if listing.is_none() => {
                    listing = Some(running.connection.lister().list().boxed());
                }
                listed = done(&mut listing) => {
                    listing = None;
                    self.relisted(&mut running.connection, listed).await;
                }
            }
        };
        drop(listing);
        self.close(running, in_flight, broken).await
    }

    /// Ends what is in flight with the reason, and the process with it.
    async fn close(&mut self, running: Running, in_flight: InFlight, broken: Break) -> Break {
        let Running { process, connection, words, .. } = running;
        match broken {
            Break::Lost(reason) => {
                let reason = post_mortem(process, words, Fault::Closed(reason)).await;
                let message = format!("Server {} was lost while the call was running: {reason}.", self.spec.name);
                self.end_all(in_flight, &message).await;
                connection.close().await;
                Break::Lost(reason)
            }
            Break::Asked(asked) => {
                self.end_all(in_flight, "The server was stopped by the operator.").await;
                connection.close().await;
                self.stopped(process).await;
                Break::Asked(asked)
            }
        }
    }

    async fn end_all(&mut self, in_flight: InFlight, message: &str) {
        for (call, end) in in_flight.end_all(message) {
            self.ended(call, end).await;
        }
    }

    async fn relisted(&mut self, connection: &mut Connection, listed: Result<Vec<Json>, String>) {
        let server = self.spec.name.clone();
        match listed {
            Ok(items) => {
                let (tools, rejected) = connection.take_in(self.spec.naming, &items);
                self.tell(ServerListed { server, tools, rejected }).await;
            }
            Err(reason) => {
                let line = format!("its tools have changed, but {reason}; the old list stays");
                self.tell(ServerLogged { server, stream: LogStream::Mcp, line }).await;
            }
        }
    }

    /// Waits before the next start, or for the operator if there were too many losses.
    async fn lost(&mut self, reason: String) -> Asked {
        let now = Instant::now();
        self.losses.push_back(now);
        self.losses.retain(|loss| now.duration_since(*loss) < MEMORY);
        let losses = u32::try_from(self.losses.len()).unwrap_or(u32::MAX);
        if losses > self.spec.restarts {
            return self.fail(reason).await;
        }
        let delay = backoff(losses);
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        let next = AfterLoss::Restarting { attempt: losses, of: self.spec.restarts, delay_ms };
        self.tell(ServerLost { server: self.spec.name.clone(), reason, next }).await;
        tokio::select! {
            () = sleep(delay) => Asked::Restart,
            asked = self.asked() => asked,
        }
    }

    /// Stays down: every call is told why at once.
    async fn fail(&mut self, reason: String) -> Asked {
        let server = self.spec.name.clone();
        let message = format!("Server {server} is not running: {reason}.");
        self.tell(ServerLost { server, reason, next: AfterLoss::Failed }).await;
        loop {
            self.end_waiting(CallFailureCode::ServerUnavailable, &message).await;
            match self.orders.recv().await {
                Some(Order::Call(order)) => self.waiting.push(order),
                Some(Order::Cancel { call, reason }) => self.cancel_waiting(call, &reason).await,
                Some(Order::Restart) => {
                    self.losses.clear();
                    return Asked::Restart;
                }
                None => return Asked::Stop,
            }
        }
    }

    /// Takes orders while there is no connection, until one of them is to restart or to stop. Cancel-safe.
    async fn asked(&mut self) -> Asked {
        loop {
            let order = tokio::select! {
                order = self.orders.recv() => order,
                order = self.waiting.overdue() => {
                    self.too_late(&order).await;
                    continue;
                }
            };
            match order {
                Some(Order::Call(order)) => self.waiting.push(order),
                Some(Order::Cancel { call, reason }) => self.cancel_waiting(call, &reason).await,
                Some(Order::Restart) => return Asked::Restart,
                None => return Asked::Stop,
            }
        }
    }

    async fn too_late(&self, order: &CallOrder) {
        let (server, limit) = (&self.spec.name, self.spec.limits.call.as_secs());
        let message = format!("Server {server} was not ready for the call within {limit} s; nothing was sent.");
        self.ended(order.call, CallEnd::failed(CallFailureCode::ServerUnavailable, message)).await;
    }

    async fn stopped(&mut self, process: Process) {
        let (how, _) = process.stop().await;
        self.tell(ServerStopped { server: self.spec.name.clone(), how: how.to_owned() }).await;
    }

    async fn end_waiting(&mut self, code: CallFailureCode, message: &str) {
        while let Some(order) = self.waiting.pop() {
            self.ended(order.call, CallEnd::failed(code, message.to_owned())).await;
        }
    }

    async fn cancel_waiting(&mut self, call: CallId, reason: &str) {
        if self.waiting.remove(call) {
            self.ended(call, CallEnd::cancelled(reason.to_owned())).await;
        }
    }

    async fn ended(&self, call: CallId, end: CallEnd) {
        // Nobody listens any more only when the session is over.
        let _ = self.signals.send(Signal::Ended(call, end)).await;
    }

    async fn tell(&self, event: impl Into<Event>) {
        let _ = self.signals.send(Signal::Happened(Scope::default(), event.into())).await;
    }
}

/// What ended a connection, completed with the exit status and the last words of the process, which is gone afterwards.
async fn post_mortem(mut process: Process, words: Words, fault: Fault) -> String {
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

/// The result of work that may be going on.
async fn done<T>(work: &mut Option<BoxFuture<'static, T>>) -> T {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

/// 0.5, 1, 2, 4, 8 s, each up to a tenth longer, so that servers lost together do not come back together.
fn backoff(losses: u32) -> Duration {
    let base = 500_u64 << losses.saturating_sub(1).min(4);
    let spread = std::collections::hash_map::RandomState::new().hash_one(losses) % (base / 10);
    Duration::from_millis(base + spread)
}
