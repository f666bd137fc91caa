//! One connection to one running server: handshake, listing, calls. Every wait has a deadline.

mod asking;
mod caller;
mod listener;
mod listing;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{ProtocolVersion, SubscriptionFilter};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, ClientServiceExt, Peer, RoleClient, RunningService, ServiceError,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::protocol::{Json, LossCause, RejectedTool, ServerName, ServerReady, ToolDefinition, ToolName};
use crate::schema::Schema;
use crate::wording;

use super::answers::{Answers, Reading};
use super::http::HttpFault;
use super::inputs::Inputs;
use super::road::{Road, RoadError};
use super::stderr::Tail;
use super::tap::{self, Tap};
use super::wire::{Source, Wire};
use super::{Limits, Remote, ServerSpec, Signal, catalog, http};
use listener::Listener;

pub use asking::Wish;
pub use caller::{Caller, NoAnswer};
pub use listing::{Lister, Listing};

/// Longest instructions that are kept, characters.
const LONGEST_INSTRUCTIONS: usize = 8 * 1024;
/// Longest name, version and revision that are kept, characters.
const LONGEST_NAME: usize = 200;
/// How long a connection may take to close: over HTTP the server is told that the session is over.
const FAREWELL: Duration = Duration::from_millis(500);

/// The era a handshake is tried in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// `initialize`.
    Legacy,
    /// `server/discover`.
    Modern,
}

/// Where a connection leads.
pub enum Goal<'a> {
    /// To a process, over its pipes.
    Pipes(Source, tokio::process::ChildStdin),
    /// To a server over HTTP.
    Remote(&'a Remote),
}

/// What a connection works with besides its server.
#[derive(Clone, Debug)]
pub struct Company {
    /// The server's name.
    pub server: ServerName,
    /// Its deadlines.
    pub limits: Limits,
    /// Where what happens is told.
    pub signals: mpsc::Sender<Signal>,
    /// Told when the server's tools have changed.
    pub changed: mpsc::Sender<()>,
    /// What it wants of the operator.
    pub inputs: Inputs,
    /// The last things it said that were no messages.
    pub tail: Tail,
}

/// A connected server.
pub struct Connection {
    server: ServerName,
    service: RunningService<RoleClient, Listener>,
    answers: Answers,
    inputs: Inputs,
    end: Option<oneshot::Receiver<()>>,
    limits: Limits,
    /// What the listed tools are, and promise.
    tools: HashMap<ToolName, Promise>,
}

/// What calls of a listed tool need to know of it.
struct Promise {
    /// Of its definition.
    hash: String,
    /// Its declared output.
    output: Option<Arc<Schema>>,
}

/// Why there is no connection, or none any more.
#[derive(Debug)]
pub enum Fault {
    /// The server closed it; the exit status of its process says more than these words.
    Closed(String),
    /// We could do nothing with it, for this reason; another handshake may do better.
    Unusable(String),
    /// Nothing was answered in all the time there is; another handshake would only take as long again.
    Silent(String),
    /// There is nobody to shake hands with at the moment.
    Unreachable(String),
    /// Trying again changes nothing.
    Hopeless(LossCause, String),
}

impl Fault {
    /// It in words.
    #[must_use]
    pub fn into_words(self) -> String {
        match self {
            Self::Closed(words) | Self::Unusable(words) | Self::Silent(words) => words,
            Self::Unreachable(words) | Self::Hopeless(_, words) => words,
        }
    }
}

/// Shakes hands within `limits.start`.
///
/// # Errors
/// Why there is no connection, in words without the server's name.
pub async fn connect(goal: Goal<'_>, handshake: Handshake, company: Company) -> Result<Connection, Fault> {
    let Company { server, limits, signals, changed, inputs, tail } = company;
    let listings = match &goal {
        Goal::Pipes(..) => Reading::Raw,
        Goal::Remote(_) => Reading::Both,
    };
    let tap = Tap::new(server.clone(), signals.clone(), listings, tail);
    let answers = tap.answers.clone();
    let (ended, end) = oneshot::channel();
    let road = match goal {
        Goal::Pipes(source, sink) => Road::Pipes(Box::new(Wire::new(tap, source, sink, ended))),
        Goal::Remote(remote) => {
            let http = http::http(remote, tap, ended).map_err(|reason| Fault::Hopeless(LossCause::Other, reason))?;
            Road::Http(Box::new(http))
        }
    };
    let heard = changed.clone();
    let listener =
        Listener { server: server.clone(), signals, changed, inputs: inputs.clone(), answers: answers.clone() };
    let lifecycle = match handshake {
        Handshake::Legacy => ClientLifecycleMode::Initialize,
        Handshake::Modern => ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] },
    };
    match timeout(limits.start, listener.serve_with_lifecycle(road, lifecycle)).await {
        Ok(Ok(service)) => {
            if handshake == Handshake::Modern {
                listen(&service, heard);
            }
            Ok(Connection { server, service, answers, inputs, end: Some(end), limits, tools: HashMap::new() })
        }
        Ok(Err(error)) => Err(refusal(&error)),
        Err(_) => {
            let reason = format!("it did not answer the handshake within {}", wording::limit(limits.start));
            Err(Fault::Silent(reason))
        }
    }
}

/// Hears of changed tools for as long as the connection lasts: without sessions a server tells only those who listen.
fn listen(service: &RunningService<RoleClient, Listener>, changed: mpsc::Sender<()>) {
    let info = service.peer_info();
    let tools = info.as_ref().and_then(|info| info.capabilities.tools.as_ref());
    if tools.is_none_or(|tools| tools.list_changed != Some(true)) {
        return;
    }
    let peer = service.peer().clone();
    tokio::spawn(async move {
        // A server that says it tells, and then refuses to: its tools stay as they are, as with any other that does not tell.
        let Ok(mut changes) = peer.listen(SubscriptionFilter::builder().tools_list_changed().build()).await else {
            return;
        };
        while let Ok(Some(_)) = changes.next().await {
            // One waiting refresh is enough for any number of changes.
            let _ = changed.try_send(());
        }
    });
}

fn refusal(error: &ClientInitializeError) -> Fault {
    match error {
        ClientInitializeError::ConnectionClosed(_) => {
            Fault::Closed("it closed the connection before the handshake was done".into())
        }
        ClientInitializeError::JsonRpcError(error) if error.code == tap::OURS => {
            Fault::Unusable(format!("the handshake failed: {}", error.message))
        }
        ClientInitializeError::JsonRpcError(error) => {
            Fault::Unusable(format!("it refused the handshake: {} ({})", error.message, error.code.0))
        }
        ClientInitializeError::TransportError { error, .. } => {
            let road = error.error.downcast_ref::<RoadError>();
            let words = || road.map_or_else(|| error.to_string(), ToString::to_string);
            match road.and_then(RoadError::http) {
                None => Fault::Unusable(format!("the handshake failed: {}", words())),
                Some(HttpFault::Unauthorised(_)) => Fault::Hopeless(LossCause::Unauthorised, words()),
                Some(
                    HttpFault::Forbidden(_)
                    | HttpFault::NoEndpoint(_)
                    | HttpFault::Redirected(_)
                    | HttpFault::NotMcp(_)
                    | HttpFault::Coded(_)
                    | HttpFault::BadSession(_)
                    | HttpFault::TooLong(_),
                ) => Fault::Hopeless(LossCause::Other, words()),
                Some(HttpFault::Status { status: 400..500, .. }) => Fault::Unusable(words()),
                Some(HttpFault::Status { .. } | HttpFault::Unreachable(_) | HttpFault::Broken(_)) => {
                    Fault::Unreachable(words())
                }
            }
        }
        other => Fault::Unusable(format!("the handshake failed: {other}")),
    }
}

impl Connection {
    /// What the server said of itself.
    #[must_use]
    pub fn ready(&self, pid: Option<u32>, startup: Duration) -> ServerReady {
        let info = self.service.peer_info();
        let about = info.as_ref().and_then(|info| info.server_info.as_ref());
        let start = |text: &str, longest: usize| text.chars().take(longest).collect::<String>();
        let instructions = info.as_ref().and_then(|info| info.instructions.as_deref()).unwrap_or_default();
        ServerReady {
            server: self.server.clone(),
            protocol: info
                .as_ref()
                .map(|info| start(&info.protocol_version.to_string(), LONGEST_NAME))
                .unwrap_or_default(),
            name: about.map(|about| start(&about.name, LONGEST_NAME)).unwrap_or_default(),
            version: about.map(|about| start(&about.version, LONGEST_NAME)).unwrap_or_default(),
            instructions: start(instructions, LONGEST_INSTRUCTIONS),
            pid,
            startup_ms: u64::try_from(startup.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// What a listing needs.
    #[must_use]
    pub fn lister(&self) -> Lister {
        Lister { peer: self.peer(), answers: self.answers.clone(), limits: self.limits }
    }

    /// Whether the server says it has something of this kind.
    #[must_use]
    pub fn has(&self, listing: Listing) -> bool {
        let info = self.service.peer_info();
        let capabilities = info.as_ref().map(|info| &info.capabilities);
        capabilities.is_some_and(|capabilities| match listing {
            Listing::Tools => capabilities.tools.is_some(),
            Listing::Resources | Listing::Templates => capabilities.resources.is_some(),
            Listing::Prompts => capabilities.prompts.is_some(),
        })
    }

    /// Takes what can be taken of a listing; the rest is told with why.
    pub fn take_in(&mut self, spec: &ServerSpec, items: &[Json]) -> (Vec<ToolDefinition>, Vec<RejectedTool>) {
        let (tools, rejected) = catalog::read(&self.server, spec.naming, spec.trust, items);
        let promise = |tool: &ToolDefinition| {
            let output = tool.output_schema.clone().map(|output| Arc::new(Schema::new(output)));
            (tool.tool.clone(), Promise { hash: tool.hash.clone(), output })
        };
        self.tools = tools.iter().map(promise).collect();
        (tools, rejected)
    }

    /// What a call or a fetch needs.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller {
            server: self.server.clone(),
            peer: self.peer(),
            answers: self.answers.clone(),
            inputs: self.inputs.clone(),
            limits: self.limits,
        }
    }

    /// Whether a tool, as it was listed last, is still the one with this hash.
    #[must_use]
    pub fn is_still(&self, tool: &ToolName, hash: &str) -> bool {
        self.tools.get(tool).is_some_and(|listed| listed.hash == hash)
    }

    /// The declared output of a tool.
    #[must_use]
    pub fn output(&self, tool: &ToolName) -> Option<Arc<Schema>> {
        self.tools.get(tool)?.output.clone()
    }

    /// What is awaited of the server.
    #[must_use]
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    fn peer(&self) -> Peer<RoleClient> {
        self.service.peer().clone()
    }

    /// Waits for the end of the connection, as far as it can be seen from here. Cancel-safe.
    pub async fn ended(&mut self) {
        if let Some(end) = &mut self.end {
            // A dropped sender means the same: nothing more can come.
            let _ = end.await;
            self.end = None;
            return;
        }
        std::future::pending().await
    }

    /// Closes the connection: a process finds its stdin at its end, a server over HTTP is told that the session is over.
    pub async fn close(mut self) {
        // Whoever asks the operator something must not be waited for.
        self.inputs.withdraw(&self.server);
        let _ = self.service.close_with_timeout(FAREWELL).await;
    }
}

/// An error of a request in words.
fn service_error(error: &ServiceError) -> String {
    match error {
        ServiceError::McpError(error) if error.code == tap::OURS => error.message.to_string(),
        ServiceError::McpError(error) => {
            let data = error.data.as_ref().map(|data| format!(" {data}")).unwrap_or_default();
            format!("JSON-RPC error {}: {}{data}", error.code.0, error.message)
        }
        ServiceError::TransportClosed => "the connection ended".into(),
        ServiceError::TransportSend(error) => {
            error.error.downcast_ref::<RoadError>().map_or_else(|| error.to_string(), ToString::to_string)
        }
        other => other.to_string(),
    }
}

/// Whether an error says that the connection is of no use any more.
fn is_lost(error: &ServiceError) -> bool {
    match error {
        ServiceError::TransportClosed => true,
        ServiceError::TransportSend(error) => error.error.downcast_ref().is_none_or(RoadError::is_end),
        _ => false,
    }
}
