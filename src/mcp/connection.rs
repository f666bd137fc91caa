//! One connection to one running server: handshake, listing, calls. Every wait has a deadline.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rmcp::ClientHandler;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CancelledNotificationParam, ClientCapabilities, ClientConfig,
    ClientRequest, Implementation, ListToolsRequest, PaginatedRequestParams, ProtocolVersion, RequestId,
};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, ClientServiceExt, NotificationContext, Peer, PeerRequestOptions,
    RoleClient, RunningService, ServiceError,
};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::protocol::{
    CallFailureCode, CallStatus, Json, LogStream, RejectedTool, Scope, ServerLogged, ServerName, ServerReady,
    ToolDefinition, ToolName,
};
use crate::schema::Schema;

use super::catalog::{self, Page};
use super::wire::{Answers, RawResult, Wire};
use super::{CallEnd, CallOrder, Limits, ServerSpec, Signal};

/// Pages of a listing that are followed (`hosting.md` §1).
const MOST_PAGES: usize = 64;
/// How long all pages of a listing may take together.
const LISTING: Duration = Duration::from_secs(60);
/// Bytes of all pages of a listing together.
const LARGEST_LISTING: usize = 8 * 1024 * 1024;
/// Longest instructions that are kept, characters.
const LONGEST_INSTRUCTIONS: usize = 8 * 1024;

/// The era a handshake is tried in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// `initialize`.
    Legacy,
    /// `server/discover`.
    Modern,
}

/// What rmcp calls us back for.
#[derive(Debug)]
struct Listener {
    server: ServerName,
    signals: mpsc::Sender<Signal>,
    changed: mpsc::Sender<()>,
}

/// A connected server.
#[derive(Debug)]
pub struct Connection {
    server: ServerName,
    service: RunningService<RoleClient, Listener>,
    answers: Answers,
    end: Option<oneshot::Receiver<()>>,
    limits: Limits,
    /// Compiled output schemas of the listed tools.
    outputs: HashMap<ToolName, Arc<Schema>>,
}

/// Why there is no connection, or none any more.
#[derive(Debug)]
pub enum Fault {
    /// The server closed it; the exit status of its process says more than these words.
    Closed(String),
    /// We could do nothing with it, for this reason.
    Unusable(String),
}

/// What a listing needs while the connection does other things.
#[derive(Debug)]
pub struct Lister {
    peer: Peer<RoleClient>,
    answers: Answers,
    limits: Limits,
}

/// What a call needs while the connection does other things.
#[derive(Debug)]
pub struct Caller {
    peer: Peer<RoleClient>,
    answers: Answers,
    limits: Limits,
    output: Option<Arc<Schema>>,
}

impl ClientHandler for Listener {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(ClientCapabilities::default(), Implementation::new("callboard", env!("CARGO_PKG_VERSION")))
            .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        // One waiting refresh is enough for any number of changes.
        let _ = self.changed.try_send(());
    }

    #[expect(deprecated, reason = "servers up to 2025-11-25 log this way")]
    async fn on_logging_message(
        &self,
        message: rmcp::model::LoggingMessageNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        let text: String = message.data.as_str().map_or_else(|| message.data.to_string(), str::to_owned);
        let line = text.chars().take(4096).collect();
        let event = ServerLogged { server: self.server.clone(), stream: LogStream::Mcp, line }.into();
        let _ = self.signals.send(Signal::Happened(Scope::default(), event)).await;
    }
}

/// Shakes hands over `source` and `sink` within `limits.start`.
///
/// # Errors
/// Why there is no connection, in words without the server's name.
pub async fn connect(
    server: ServerName,
    source: impl AsyncRead + Send + Unpin + 'static,
    sink: impl AsyncWrite + Send + Unpin + 'static,
    handshake: Handshake,
    limits: Limits,
    signals: mpsc::Sender<Signal>,
    changed: mpsc::Sender<()>,
) -> Result<Connection, Fault> {
    let source: Box<dyn AsyncRead + Send + Unpin> = Box::new(source);
    let (wire, answers, end) = Wire::new(server.clone(), source, sink, signals.clone());
    let listener = Listener { server: server.clone(), signals, changed };
    let lifecycle = match handshake {
        Handshake::Legacy => ClientLifecycleMode::Initialize,
        Handshake::Modern => ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] },
    };
    match timeout(limits.start, listener.serve_with_lifecycle(wire, lifecycle)).await {
        Ok(Ok(service)) => Ok(Connection { server, service, answers, end: Some(end), limits, outputs: HashMap::new() }),
        Ok(Err(error)) => Err(refusal(&error)),
        Err(_) => {
            let reason = format!("it did not answer the handshake within {} s", limits.start.as_secs());
            Err(Fault::Unusable(reason))
        }
    }
}

fn refusal(error: &ClientInitializeError) -> Fault {
    match error {
        ClientInitializeError::ConnectionClosed(_) => {
            Fault::Closed("it closed the connection before the handshake was done".into())
        }
        ClientInitializeError::JsonRpcError(error) => {
            Fault::Unusable(format!("it refused the handshake: {} ({})", error.message, error.code.0))
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
        ServerReady {
            server: self.server.clone(),
            protocol: info.as_ref().map(|info| info.protocol_version.to_string()).unwrap_or_default(),
            name: about.map(|about| about.name.clone()).unwrap_or_default(),
            version: about.map(|about| about.version.clone()).unwrap_or_default(),
            instructions: info
                .as_ref()
                .and_then(|info| info.instructions.as_deref())
                .map(|text| text.chars().take(LONGEST_INSTRUCTIONS).collect())
                .unwrap_or_default(),
            pid,
            startup_ms: u64::try_from(startup.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// What a listing needs.
    #[must_use]
    pub fn lister(&self) -> Lister {
        Lister { peer: self.service.peer().clone(), answers: self.answers.clone(), limits: self.limits }
    }

    /// Takes what can be taken of a listing; the rest is told with why.
    pub fn take_in(&mut self, spec: &ServerSpec, items: &[Json]) -> (Vec<ToolDefinition>, Vec<RejectedTool>) {
        let (tools, rejected) = catalog::read(&self.server, spec.naming, spec.trust, items);
        self.outputs = tools
            .iter()
            .filter_map(|tool| Some((tool.tool.clone(), Arc::new(Schema::new(tool.output_schema.clone()?)))))
            .collect();
        (tools, rejected)
    }

    /// What a call needs.
    #[must_use]
    pub fn caller(&self, tool: &ToolName) -> Caller {
        Caller {
            peer: self.service.peer().clone(),
            answers: self.answers.clone(),
            limits: self.limits,
            output: self.outputs.get(tool).cloned(),
        }
    }

    /// Waits for the end of the server's stdout. Cancel-safe.
    pub async fn ended(&mut self) {
        if let Some(end) = &mut self.end {
            // A dropped sender means the same: nothing more can come.
            let _ = end.await;
            self.end = None;
            return;
        }
        std::future::pending().await
    }

    /// Closes the connection: the server's stdin ends.
    pub async fn close(mut self) {
        // rmcp waits for handlers of its own; ours hold nothing worth waiting for.
        let _ = self.service.close_with_timeout(Duration::from_millis(200)).await;
    }
}

impl Lister {
    /// Asks for all tools, page by page; they come as the server sent them.
    ///
    /// # Errors
    /// Why there is no list, in words.
    pub async fn list(self) -> Result<Vec<Json>, String> {
        match timeout(LISTING, self.pages()).await {
            Ok(listed) => listed,
            Err(_) => Err(format!("it did not list its tools within {} s", LISTING.as_secs())),
        }
    }

    async fn pages(&self) -> Result<Vec<Json>, String> {
        let mut items = Vec::new();
        let mut cursors: Vec<String> = Vec::new();
        let mut bytes = 0;
        for _ in 0..MOST_PAGES {
            let page = self.page(cursors.last().cloned()).await?;
            bytes += page.tools.iter().map(Json::bytes).sum::<usize>();
            if bytes > LARGEST_LISTING {
                return Err(format!("its list of tools has over {LARGEST_LISTING} bytes"));
            }
            items.extend(page.tools);
            let Some(next) = page.next_cursor.filter(|_| items.len() <= catalog::MOST_TOOLS) else { break };
            if cursors.contains(&next) {
                break;
            }
            cursors.push(next);
        }
        Ok(items)
    }

    async fn page(&self, cursor: Option<String>) -> Result<Page, String> {
        let params = cursor.map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor)));
        let mut request = ListToolsRequest { method: Default::default(), params, extensions: Default::default() };
        request.extensions.insert(RawResult(Scope::default()));
        let options = PeerRequestOptions::with_timeout(self.limits.list);
        let failed = |error: ServiceError| match error {
            ServiceError::Timeout { .. } => {
                format!("it did not list its tools within {} s", self.limits.list.as_secs())
            }
            other => format!("it did not list its tools: {}", service_error(&other)),
        };
        let handle = self
            .peer
            .send_cancellable_request(ClientRequest::ListToolsRequest(request), options)
            .await
            .map_err(failed)?;
        let id = handle.id.clone();
        if let Err(error) = handle.await_response().await {
            self.answers.forget(&id);
            return Err(failed(error));
        }
        let raw = self.answers.take(&id).ok_or("its list of tools came without a result")?;
        serde_json::from_str(raw.text()).map_err(|error| format!("its list of tools cannot be read: {error}"))
    }
}

impl Caller {
    /// Sends a call and waits for its end. `cancelled` ends it early and tells the server.
    pub async fn call(self, order: CallOrder, cancelled: oneshot::Receiver<String>) -> CallEnd {
        let params = CallToolRequestParams::new(order.tool.to_string()).with_arguments(order.arguments);
        let mut request = CallToolRequest::new(params);
        request.extensions.insert(RawResult(order.scope));
        let options = PeerRequestOptions::with_timeout(self.limits.call)
            .reset_timeout_on_progress()
            .with_max_total_timeout(self.limits.call_total);
        let sent = self.peer.send_cancellable_request(ClientRequest::CallToolRequest(request), options).await;
        let handle = match sent {
            Ok(handle) => handle,
            Err(error) => return self.failed(&order.tool, &error),
        };
        let id = handle.id.clone();
        tokio::select! {
            answer = handle.await_response() => match answer {
                Ok(_) => self.finished(&id),
                Err(error) => {
                    self.answers.forget(&id);
                    self.failed(&order.tool, &error)
                }
            },
            reason = cancelled => self.cancel(id, reason.unwrap_or_else(|_| "no longer needed".into())).await,
        }
    }

    fn finished(&self, id: &RequestId) -> CallEnd {
        let Some(result) = self.answers.take(id) else {
            return CallEnd::failed(CallFailureCode::ProtocolError, "The server answered without a result.".into());
        };
        let value = result.value();
        if value.get("resultType").and_then(Value::as_str) == Some("input_required") {
            return CallEnd {
                result: Some(result),
                ..CallEnd::failed(
                    CallFailureCode::ProtocolError,
                    "The server wants input from the operator before it goes on, which this version cannot give."
                        .into(),
                )
            };
        }
        let is_error = value.get("isError").and_then(Value::as_bool).unwrap_or(false);
        let status = if is_error { CallStatus::Error } else { CallStatus::Ok };
        CallEnd { status, mismatch: self.mismatch(&value, status), result: Some(result), failure: None }
    }

    /// Only a successful result has to have the declared form.
    fn mismatch(&self, value: &Value, status: CallStatus) -> Option<String> {
        let output = self.output.as_ref().filter(|_| status == CallStatus::Ok)?;
        match value.get("structuredContent") {
            Some(body) => output.violation(body),
            None => Some("structuredContent is missing, although the tool declares an outputSchema".into()),
        }
    }

    fn failed(&self, tool: &ToolName, error: &ServiceError) -> CallEnd {
        match error {
            ServiceError::Timeout { timeout } => CallEnd::failed(
                CallFailureCode::TimedOut,
                format!("{tool} gave no answer for {} s; the server was told to stop.", timeout.as_secs()),
            ),
            ServiceError::TransportClosed | ServiceError::TransportSend(_) => {
                CallEnd::failed(CallFailureCode::ServerLost, "The connection ended while the call was running.".into())
            }
            other => CallEnd::failed(CallFailureCode::ProtocolError, service_error(other)),
        }
    }

    async fn cancel(&self, id: RequestId, reason: String) -> CallEnd {
        self.answers.forget(&id);
        let params = CancelledNotificationParam::new(Some(id), Some(reason.clone()));
        // If the server cannot be told, it is gone, and the call is over all the same.
        let _ = timeout(Duration::from_secs(1), self.peer.notify_cancelled(params)).await;
        CallEnd::cancelled(reason)
    }
}

fn service_error(error: &ServiceError) -> String {
    match error {
        ServiceError::McpError(error) => {
            let data = error.data.as_ref().map(|data| format!(" {data}")).unwrap_or_default();
            format!("JSON-RPC error {}: {}{data}", error.code.0, error.message)
        }
        ServiceError::TransportClosed => "the connection ended".into(),
        other => other.to_string(),
    }
}
