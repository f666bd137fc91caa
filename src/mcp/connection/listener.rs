//! What a server says and asks on its own.

use rmcp::ClientHandler;
use rmcp::ErrorData;
use rmcp::model::{
    ClientCapabilities, ClientConfig, CustomRequest, CustomResult, ElicitRequestParams, ElicitResult,
    ElicitationAction, ElicitationCapability, ErrorCode, FormElicitationCapability, Implementation, ProtocolVersion,
    UrlElicitationCapability,
};
use rmcp::service::{InboundStreamOrigin, NotificationContext, RequestContext, RoleClient};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::mcp::Signal;
use crate::mcp::answers::Answers;
use crate::mcp::inputs::{Inputs, Question};
use crate::mcp::tap::REFUSED;
use crate::protocol::{LogStream, Scope, ServerLogged, ServerName};

/// Longest line of a server's log, characters.
const LONGEST_LINE: usize = 4096;

/// What `rmcp` calls us back for.
#[derive(Debug)]
pub struct Listener {
    pub server: ServerName,
    pub signals: mpsc::Sender<Signal>,
    pub changed: mpsc::Sender<()>,
    pub inputs: Inputs,
    pub answers: Answers,
}

impl Listener {
    async fn log(&self, line: &str) {
        let line = line.chars().take(LONGEST_LINE).collect();
        let event = ServerLogged { server: self.server.clone(), stream: LogStream::Mcp, line }.into();
        let _ = self.signals.send(Signal::Happened(Scope::default(), event)).await;
    }

    /// The call that a question belongs to: the one on whose stream it came, or the only one there is.
    fn scope(&self, context: &RequestContext<RoleClient>) -> Scope {
        match context.extensions.get::<InboundStreamOrigin>() {
            Some(InboundStreamOrigin::OutboundRequest(id)) => self.answers.scope_of(id),
            _ => self.answers.only_call(),
        }
    }
}

/// What this program can do for a server: put forms and addresses to the operator. Neither sampling nor roots.
#[must_use]
pub fn about_us() -> ClientConfig {
    let elicitation = ElicitationCapability::new()
        .with_form(FormElicitationCapability::default())
        .with_url(UrlElicitationCapability::default());
    let mut capabilities = ClientCapabilities::default();
    capabilities.elicitation = Some(elicitation);
    ClientConfig::new(capabilities, Implementation::new("callboard", env!("CARGO_PKG_VERSION")))
        .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
}

#[expect(deprecated, reason = "servers up to 2025-11-25 log this way, and ask for roots")]
impl ClientHandler for Listener {
    fn get_info(&self) -> ClientConfig {
        about_us()
    }

    async fn create_elicitation(
        &self,
        _: ElicitRequestParams,
        context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        // What `rmcp` was given says nothing; the server's own words were kept.
        let Some(params) = self.answers.take_question(&context.id) else {
            return Ok(ElicitResult::new(ElicitationAction::Decline));
        };
        let question = match Question::read(&params.value()) {
            Ok(question) => question,
            Err(reason) => {
                self.log(&format!("it has a question for the operator that cannot be put: {reason}")).await;
                return Err(ErrorData::new(ErrorCode::INVALID_PARAMS, reason, None));
            }
        };
        let scope = self.scope(&context);
        let _pause = self.answers.pause(scope.call);
        tokio::select! {
            answer = self.inputs.put(scope, &self.server, question) => {
                let unusable = |error| ErrorData::new(ErrorCode::INTERNAL_ERROR, format!("no answer: {error}"), None);
                serde_json::from_value(answer).map_err(unusable)
            }
            () = context.ct.cancelled() => Ok(ElicitResult::new(ElicitationAction::Cancel)),
        }
    }

    async fn list_roots(&self, _: RequestContext<RoleClient>) -> Result<rmcp::model::ListRootsResult, ErrorData> {
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "roots are not offered", None))
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleClient>,
    ) -> Result<CustomResult, ErrorData> {
        let reason = request.params.as_ref().and_then(|params| params.get("reason")).and_then(Value::as_str);
        Err(match reason.filter(|_| request.method == REFUSED) {
            Some(reason) => ErrorData::new(ErrorCode::INTERNAL_ERROR, reason.to_owned(), None),
            None => ErrorData::new(ErrorCode::METHOD_NOT_FOUND, request.method, None),
        })
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        // One waiting refresh is enough for any number of changes.
        let _ = self.changed.try_send(());
    }

    async fn on_resource_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.log("its resources have changed; /resources lists them again").await;
    }

    async fn on_prompt_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.log("its prompts have changed; /prompts lists them again").await;
    }

    async fn on_logging_message(
        &self,
        message: rmcp::model::LoggingMessageNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        let text = message.data.as_str().map_or_else(|| message.data.to_string(), str::to_owned);
        let level = serde_json::to_value(message.level).ok();
        let level = level.as_ref().and_then(Value::as_str).unwrap_or("info");
        match message.logger {
            Some(logger) => self.log(&format!("{level} {logger}: {text}")).await,
            None => self.log(&format!("{level}: {text}")).await,
        }
    }
}
