//! The life of one server: start, serve, lose, start again, fail, stop.

mod down;
mod host;
mod starting;
mod unsent;

use std::hash::BuildHasher;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until};

use crate::protocol::{
    AfterLoss, CallFailureCode, CallId, Event, Json, LossCause, Material, Scope, ServerDegraded, ServerListed,
    ServerLost, ServerStopped,
};

use super::connection::{Connection, Fault, Handshake, Listing};
use super::in_flight::InFlight;
use super::inputs::Inputs;
use super::material::{Fetches, unfetched};
use super::waiting::{self, Waiting};
use super::{CallEnd, CallOrder, ServerSpec, Signal, in_short};
use host::Host;
use starting::{NotStarted, Running};
use unsent::{another_tool, crowded_out, no_room, not_ready};

/// Calls in flight on one server (`hosting.md` §1).
const IN_FLIGHT: usize = 32;
/// How far lists of tools are apart.
const LISTING_PAUSE: Duration = Duration::from_millis(500);
/// How long calls wait for a new list: a server that only says that its tools have changed holds nothing up.
const LISTING_PATIENCE: Duration = Duration::from_secs(2);
/// A connection that lasted so long wipes out the losses before it.
const MEMORY: Duration = Duration::from_secs(120);
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
    /// Give a call its whole time-out once more.
    WaitLonger(CallId),
    /// Fetch something besides tools; an event says what came of it.
    Fetch(Material),
}

/// What a supervisor is told besides, however full the queue of its orders is.
#[derive(Debug, Default)]
pub struct Told {
    /// To stop the process and start it again; being told many times is being told once.
    pub restart: Notify,
    /// Why it is to stop, where that is not the end of the session.
    pub parting: OnceLock<String>,
}

/// Supervises one server.
#[derive(Debug)]
pub struct Supervisor {
    spec: ServerSpec,
    orders: mpsc::Receiver<Order>,
    told: Arc<Told>,
    signals: mpsc::Sender<Signal>,
    /// What the server wants of the operator.
    inputs: Inputs,
    /// Calls that wait for the server, or for others to be done.
    waiting: Waiting,
    attempts: u32,
    /// Losses since the last connection that lasted.
    losses: u32,
    /// Losses after which it is started once more.
    most: u32,
    /// The handshake that worked last.
    era: Option<Handshake>,
}

/// Why serving a connection ended.
enum Break {
    Lost(String),
    Asked(Asked),
}

/// What the operator wants of a server that is not connected.
enum Asked {
    Restart,
    Stop,
}

impl Supervisor {
    /// A supervisor that has not started anything yet.
    pub fn new(
        spec: ServerSpec,
        orders: mpsc::Receiver<Order>,
        told: Arc<Told>,
        signals: mpsc::Sender<Signal>,
        inputs: Inputs,
    ) -> Self {
        let (waiting, most) = (Waiting::new(spec.limits.call), spec.restarts);
        Self { spec, orders, told, signals, inputs, waiting, attempts: 0, losses: 0, most, era: None }
    }

    /// Runs until the orders' sender is dropped; the server is stopped when this returns.
    pub async fn run(mut self) {
        loop {
            let next = match self.start().await {
                Ok(running) => {
                    let begun = Instant::now();
                    match self.serve(running).await {
                        Break::Lost(reason) => {
                            if begun.elapsed() >= MEMORY {
                                self.forget_losses();
                            }
                            self.lost(reason).await
                        }
                        Break::Asked(asked) => asked,
                    }
                }
                Err(NotStarted::Asked(asked)) => asked,
                Err(NotStarted::Failed(reason) | NotStarted::Unreachable(reason)) => self.lost(reason).await,
                Err(NotStarted::Silent(reason)) => {
                    // What boots too slowly may be quicker the next time; what hangs would hang five times more.
                    self.most = self.most.min(self.losses + 1);
                    let reason = match self.losses < self.most {
                        true => format!("{reason}; what hangs is started only once more"),
                        false => reason,
                    };
                    self.lost(reason).await
                }
                Err(NotStarted::Hopeless(cause, reason)) => self.fail(cause, reason).await,
                Err(NotStarted::Withheld(by)) => self.withhold(by).await,
                Err(NotStarted::SwitchedOff(file)) => self.switch_off(file).await,
            };
            match next {
                Asked::Restart => {}
                Asked::Stop => break,
            }
        }
        let message = self.parting();
        self.end_waiting(CallFailureCode::ServerUnavailable, &message).await;
    }

    /// What calls are told when it stops for good.
    fn parting(&self) -> String {
        let why = self.told.parting.get().map_or("the session is ending", String::as_str);
        format!("The server was stopped: {why}.")
    }

    async fn serve(&mut self, mut running: Running) -> Break {
        let mut in_flight = InFlight::default();
        let mut fetches = Fetches::default();
        let mut listing: Option<BoxFuture<'static, Result<Vec<Json>, String>>> = None;
        let mut listed_at: Option<Instant> = None;
        let mut hesitates_until: Option<Instant> = None;
        let broken = loop {
            // While the tools are listed anew nobody knows what a call would reach.
            while hesitates_until.is_none() && in_flight.len() < IN_FLIGHT {
                let Some(order) = self.waiting.pop() else { break };
                match order.definition.as_ref().filter(|hash| !running.connection.is_still(&order.tool, hash)) {
                    Some(_) => self.ended(order.call, another_tool(&order.tool)).await,
                    None => in_flight.send(order, &running.connection),
                }
            }
            tokio::select! {
                biased;
                ended = in_flight.next() => match ended {
                    Ok((call, end)) => self.ended(call, end).await,
                    // Who hung up is known before the calls hear of it, and says more than they do.
                    Err(reason) => break Break::Lost(match running.connection.ended().now_or_never() {
                        Some(()) => running.host.hung_up().into(),
                        None => reason,
                    }),
                },
                Some(()) = running.changed.recv(), if listing.is_none() => {
                    let lister = running.connection.lister();
                    // Changes often come in a row: the first is looked at now, and one list will do for the others.
                    let from = listed_at.map_or_else(Instant::now, |listed_at| listed_at + LISTING_PAUSE);
                    hesitates_until = Some(from + LISTING_PATIENCE);
                    listing = Some(sleep_until(from).then(|()| lister.list(Listing::Tools)).boxed());
                }
                order = self.orders.recv() => match order {
                    Some(Order::Call(order)) => self.let_wait(order).await,
                    Some(Order::Cancel { call, reason }) => {
                        if !in_flight.cancel(call, reason.clone()) {
                            self.cancel_waiting(call, &reason).await;
                        }
                    }
                    Some(Order::WaitLonger(call)) => running.connection.answers().wait_longer(call),
                    Some(Order::Fetch(material)) => {
                        if let Some(event) = fetches.begin(&self.spec.name, material, &running.connection) {
                            self.tell(event).await;
                        }
                    }
                    None => break Break::Asked(Asked::Stop),
                },
                fetched = fetches.next() => self.tell(fetched).await,
                () = self.told.restart.notified() => break Break::Asked(Asked::Restart),
                () = self.waiting.overdue() => if let Some(order) = self.waiting.pop() {
                    self.ended(order.call, crowded_out(self.spec.limits.call)).await;
                },
                () = running.connection.ended() => break Break::Lost(running.host.hung_up().into()),
                () = running.host.ended() => break Break::Lost("the process ended".into()),
                () = waiting::at(hesitates_until) => hesitates_until = None,
                listed = done(&mut listing) => {
                    (listing, listed_at, hesitates_until) = (None, Some(Instant::now()), None);
                    self.relisted(&mut running.connection, listed).await;
                }
            }
        };
        drop(listing);
        self.close(running, in_flight, broken).await
    }

    /// Ends what is in flight with the reason, and the process with it.
    async fn close(&mut self, running: Running, in_flight: InFlight, broken: Break) -> Break {
        let Running { mut host, connection, .. } = running;
        match broken {
            Break::Lost(reason) => {
                let reason = host.post_mortem(Fault::Closed(reason)).await;
                let message = format!("Server {} was lost while the call was running: {reason}.", self.spec.name);
                self.end_all(in_flight, &message).await;
                if host.id().is_some() {
                    let why = format!("{reason}; it is being stopped");
                    self.tell(ServerDegraded { server: self.spec.name.clone(), why }).await;
                }
                connection.close().await;
                host.stop().await;
                Break::Lost(reason)
            }
            Break::Asked(asked) => {
                let why = match asked {
                    Asked::Restart => "The operator had the server started again.".to_owned(),
                    Asked::Stop => self.parting(),
                };
                self.end_all(in_flight, &why).await;
                connection.close().await;
                self.stopped(host).await;
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
                let (tools, rejected) = connection.take_in(&self.spec, &items);
                self.tell(ServerListed { server, tools, rejected }).await;
            }
            Err(reason) => {
                let why = format!("its tools have changed, but {reason}; the old list stays");
                self.tell(ServerDegraded { server, why }).await;
            }
        }
    }

    fn forget_losses(&mut self) {
        (self.losses, self.most) = (0, self.spec.restarts);
    }

    /// Waits before the next start, or for the operator if there were too many losses.
    async fn lost(&mut self, reason: String) -> Asked {
        let reason = in_short(reason);
        self.losses += 1;
        let losses = self.losses;
        if losses > self.most {
            return self.fail(LossCause::Other, reason).await;
        }
        let delay = backoff(losses);
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        let next = AfterLoss::Restarting { attempt: losses, of: self.most, delay_ms };
        let cause = LossCause::Other;
        self.tell(ServerLost { server: self.spec.name.clone(), reason, cause, next }).await;
        tokio::select! {
            () = sleep(delay) => Asked::Restart,
            asked = self.asked() => asked,
        }
    }

    /// Takes orders while there is no connection, until the operator wants something else. Cancel-safe.
    async fn asked(&mut self) -> Asked {
        loop {
            // Room first: an end that is taken out below must not be lost because this is dropped while it waits.
            let Ok(room) = self.signals.reserve().await else { return Asked::Stop };
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(Order::Call(order)) => if let Err(call) = self.waiting.push(order) {
                        room.send(Signal::Ended(call, no_room(&self.spec)));
                    },
                    Some(Order::Cancel { call, reason }) => if self.waiting.remove(call) {
                        room.send(Signal::Ended(call, CallEnd::cancelled(reason)));
                    },
                    // It waits for the server, and its time has not begun.
                    Some(Order::WaitLonger(_)) => {}
                    Some(Order::Fetch(material)) => {
                        let why = "the server is still starting; ask again once it is ready";
                        let event = unfetched(&self.spec.name, material, why.into());
                        room.send(Signal::Happened(Scope::default(), event));
                    }
                    None => return Asked::Stop,
                },
                () = self.told.restart.notified() => return Asked::Restart,
                () = self.waiting.overdue() => if let Some(order) = self.waiting.pop() {
                    room.send(Signal::Ended(order.call, not_ready(&self.spec)));
                },
            }
        }
    }

    async fn stopped(&mut self, host: Host) {
        let how = host.stop().await;
        self.tell(ServerStopped::plain(self.spec.name.clone(), how)).await;
    }

    async fn end_waiting(&mut self, code: CallFailureCode, message: &str) {
        while let Some(order) = self.waiting.pop() {
            self.ended(order.call, CallEnd::failed(code, message.to_owned())).await;
        }
    }

    async fn let_wait(&mut self, order: CallOrder) {
        if let Err(call) = self.waiting.push(order) {
            self.ended(call, no_room(&self.spec)).await;
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
