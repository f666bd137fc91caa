//! MCP servers: each a supervised child process or an address, what they offer, and every byte they exchange with us.
//!
//! A supervisor task per server connects, lists, calls, restarts and stops; everything it does comes out as a [`Signal`]
//! on one bounded queue, in order. `rmcp` keeps the ids, the eras' metadata and cancellation; the bytes, the limits and
//! the reading of results are ours (`hosting.md` §1).

mod answers;
mod catalog;
mod connection;
mod ends;
mod http;
mod in_flight;
mod inputs;
pub mod line;
mod material;
pub mod process;
mod road;
mod spec;
mod stderr;
mod supervisor;
mod tap;
mod waiting;
pub mod watcher;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::mpsc;

use crate::protocol::{
    CallFailure, CallFailureCode, CallId, CallStatus, Event, InputAnswer, InputId, Json, Material, Scope, ServerName,
    ToolName, secret_marks,
};

pub use spec::{Era, Limits, Make, Naming, Program, Reach, Remote, RemoteKind, ServerSpec, Trust};

use inputs::Inputs;
use supervisor::{Order, Supervisor, Told};

/// Signals that may wait; servers that are ahead by more wait for the orchestrator.
const SIGNAL_CAPACITY: usize = 1024;
/// Orders that may be on their way to a server; its supervisor takes them at once.
const ORDER_CAPACITY: usize = 256;

/// Longest reason that is told, bytes: an error can be as long as a line, and the wire has all of it.
const LONGEST_REASON: usize = 4096;

/// What comes from the servers.
#[derive(Debug)]
pub enum Signal {
    /// Something happened that belongs into the recording.
    Happened(Scope, Event),
    /// A call is over. Comes exactly once for each [`Servers::call`] that was accepted.
    Ended(CallId, CallEnd),
}

/// How a call ended on its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallEnd {
    /// `Ok`, `Error` or `Cancelled`.
    pub status: CallStatus,
    /// The MCP `CallToolResult` as it was received.
    pub result: Option<Json>,
    /// Why there is none.
    pub failure: Option<CallFailure>,
    /// Where it breaks the declared output schema.
    pub mismatch: Option<String>,
}

impl CallEnd {
    /// An end without a result; a message of over 4 KiB is cut.
    #[must_use]
    pub fn failed(code: CallFailureCode, message: String) -> Self {
        let message = in_short(message);
        Self { status: CallStatus::Error, result: None, failure: Some(CallFailure { code, message }), mismatch: None }
    }

    /// The end of a call that the operator no longer wants.
    #[must_use]
    pub fn cancelled(reason: String) -> Self {
        Self { status: CallStatus::Cancelled, ..Self::failed(CallFailureCode::Cancelled, reason) }
    }
}

/// A call to be sent.
#[derive(Clone, Debug)]
pub struct CallOrder {
    /// Our number.
    pub call: CallId,
    /// What it belongs to, for its wire frames and progress.
    pub scope: Scope,
    /// The tool's own name.
    pub tool: ToolName,
    /// The [`hash`](crate::protocol::ToolDefinition::hash) of the definition by which the call was let go: nothing is sent to a
    /// tool that has become another meanwhile. Absent where nothing was decided by it.
    pub definition: Option<String>,
    /// The arguments, an object.
    pub arguments: serde_json::Map<String, serde_json::Value>,
}

/// All configured servers.
#[derive(Debug)]
pub struct Servers {
    handles: Vec<ServerHandle>,
    inputs: Inputs,
    /// For servers that are started later.
    sender: mpsc::Sender<Signal>,
    signals: mpsc::Receiver<Signal>,
}

#[derive(Debug)]
struct ServerHandle {
    name: ServerName,
    limits: Limits,
    orders: mpsc::Sender<Order>,
    told: Arc<Told>,
    task: tokio::task::JoinHandle<()>,
}

impl ServerHandle {
    /// Starts a server, once the one that was there `before` is gone.
    fn start(spec: &ServerSpec, before: Option<Self>, signals: &mpsc::Sender<Signal>, inputs: &Inputs) -> Self {
        let (orders, receiver) = mpsc::channel(ORDER_CAPACITY);
        let told = Arc::new(Told::default());
        let supervisor = Supervisor::new(spec.clone(), receiver, Arc::clone(&told), signals.clone(), inputs.clone());
        let task = tokio::spawn(async move {
            if let Some(before) = before {
                before.stop().await;
            }
            supervisor.run().await;
        });
        Self { name: spec.name.clone(), limits: spec.limits, orders, told, task }
    }

    async fn stop(self) {
        // Dropping the only sender tells the supervisor to stop even if its queue is full.
        drop(self.orders);
        let _ = self.task.await;
    }
}

impl Servers {
    /// Starts every server at once, each supervised by its own task of the current runtime.
    #[must_use]
    pub fn start(specs: &[ServerSpec]) -> Self {
        Self::start_after(specs, 0)
    }

    /// Like [`Servers::start`], in a session whose servers have wanted something of the operator `inputs` times before.
    #[must_use]
    pub fn start_after(specs: &[ServerSpec], inputs: u64) -> Self {
        let (sender, signals) = mpsc::channel(SIGNAL_CAPACITY);
        let inputs = Inputs::new(sender.clone(), inputs);
        let handles = specs.iter().map(|spec| ServerHandle::start(spec, None, &sender, &inputs)).collect();
        Self { handles, inputs, sender, signals }
    }

    /// Starts a server in the place of the one of its name, which is stopped first; one of a new name comes last.
    pub fn change(&mut self, spec: &ServerSpec) {
        let found = self.handles.iter().position(|handle| handle.name == spec.name);
        let before = found.map(|at| self.handles.remove(at));
        let handle = ServerHandle::start(spec, before, &self.sender, &self.inputs);
        self.handles.insert(found.unwrap_or(self.handles.len()), handle);
    }

    /// The same, with `why` the one before is stopped: its calls end with that.
    pub fn withdraw(&mut self, spec: &ServerSpec, why: &str) {
        if let Some(handle) = self.handle(&spec.name) {
            // What was said first stays.
            let _ = handle.told.parting.set(why.to_owned());
        }
        self.change(spec);
    }

    /// The next signal, in order of happening per server. Cancel-safe. `None` only after [`Servers::stop`].
    pub async fn next(&mut self) -> Option<Signal> {
        self.signals.recv().await
    }

    /// Time-out of a call on `server`, counted from its last progress.
    #[must_use]
    pub fn call_timeout(&self, server: &ServerName) -> Duration {
        self.handle(server).map_or(Limits::default().call, |handle| handle.limits.call)
    }

    /// Hands a call to its server. While the server is starting the call waits for it; one that finds too many others waiting
    /// ends at once.
    ///
    /// # Errors
    /// There is no such server, its queue is full, or a recording's mark stands in the arguments where a secret was; nothing
    /// was sent and no [`Signal::Ended`] comes.
    pub fn call(&self, server: &ServerName, order: CallOrder) -> Result<(), CallFailure> {
        let fail = |code, message| Err(CallFailure { code, message });
        let Some(handle) = self.handle(server) else {
            return fail(CallFailureCode::ServerUnavailable, format!("There is no server named {server:?}."));
        };
        if let Some(mark) = order.arguments.values().flat_map(secret_marks).next() {
            let message = format!(
                "The arguments hold {mark}, which stands for a secret that was kept out of a recording. Its value is not known \
                 any more, and nothing was sent: the call needs the value itself."
            );
            return fail(CallFailureCode::BadArguments, message);
        }
        match handle.orders.try_send(Order::Call(order)) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => fail(CallFailureCode::LimitReached, waiting::full(server)),
            Err(mpsc::error::TrySendError::Closed(_)) => {
                fail(CallFailureCode::ServerUnavailable, format!("Server {server} has been stopped."))
            }
        }
    }

    /// Tells the server to stop working on a call. Its end comes as a signal, if it had not come already.
    pub fn cancel(&self, server: &ServerName, call: CallId, reason: &str) {
        if let Some(handle) = self.handle(server) {
            // A full queue means the call's own order is still in it; its time-out ends it then.
            let _ = handle.orders.try_send(Order::Cancel { call, reason: reason.to_owned() });
        }
    }

    /// Gives a running call its whole time-out once more.
    pub fn wait_longer(&self, server: &ServerName, call: CallId) {
        if let Some(handle) = self.handle(server) {
            // A full queue means the call's own order is still in it: its time has not begun.
            let _ = handle.orders.try_send(Order::WaitLonger(call));
        }
    }

    /// Answers what a server wants of the operator; false if nobody waits for it any more.
    pub fn answer(&self, input: InputId, answer: InputAnswer) -> bool {
        self.inputs.answer(input, answer)
    }

    /// Asks a server for something besides tools; the answer comes as an event, also if it has nothing of the kind.
    ///
    /// # Errors
    /// There is no such server, or its queue is full, in words; no event comes.
    pub fn fetch(&self, server: &ServerName, material: Material) -> Result<(), String> {
        let handle = self.handle(server).ok_or_else(|| format!("There is no server named {server}."))?;
        let sent = handle.orders.try_send(Order::Fetch(material));
        sent.map_err(|_| format!("Server {server} has too much to do; try again later."))
    }

    /// Stops and starts one server, also one that has failed; asked many times at once it does so once. False if there is no
    /// such server.
    pub fn restart(&self, server: &ServerName) -> bool {
        let handle = self.handle(server);
        handle.inspect(|handle| handle.told.restart.notify_one()).is_some()
    }

    /// Stops all servers side by side: stdin closed, then TERM, then KILL to the process group (`hosting.md` §1).
    /// Returns what they still had to say.
    pub async fn stop(mut self) -> Vec<Signal> {
        let mut last = Vec::new();
        let mut all = std::pin::pin!(join_all(self.handles.into_iter().map(ServerHandle::stop)));
        // They are senders of our own, which would keep the queue open.
        drop((self.inputs, self.sender));
        loop {
            tokio::select! {
                signal = self.signals.recv() => match signal {
                    Some(signal) => last.push(signal),
                    None => break,
                },
                _ = &mut all => {
                    while let Ok(signal) = self.signals.try_recv() {
                        last.push(signal);
                    }
                    break;
                }
            }
        }
        last
    }

    fn handle(&self, server: &ServerName) -> Option<&ServerHandle> {
        self.handles.iter().find(|handle| handle.name == *server)
    }
}

/// A reason as it is told.
fn in_short(mut reason: String) -> String {
    if reason.len() > LONGEST_REASON {
        reason.truncate(reason.floor_char_boundary(LONGEST_REASON));
        reason.push('…');
    }
    reason
}
