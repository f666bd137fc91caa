//! Hosts one server: lists its tools at once, opens the records when they are first needed, and answers every call.

use std::{
    io::{self, Write},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use futures::FutureExt;
use jiff::civil::Date;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest, CustomResult, ErrorCode,
        Implementation, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool as Listed,
    },
    service::RequestContext,
};
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use crate::{
    data::{Dataset, Problem, Profile, load, source::Source},
    store::{Place, Store},
    tool::{Answer, Desk, Server, Tool},
    tool_error::ToolError,
};

/// How long after its tools were listed a server waits before it opens its records unasked.
/// Its neighbours are still starting then; a call opens them at once.
const WARM_UP: Duration = Duration::from_millis(50);

/// Where a server's records come from.
pub(crate) struct Origin {
    pub profile: Profile,
    /// The records, if they had to be read already.
    pub loaded: Option<Arc<Dataset>>,
    pub place: Place,
    pub as_of: Date,
}

/// A server and its records; clones share them.
#[derive(Clone)]
pub(crate) struct Host {
    shared: Arc<Shared>,
}

struct Shared {
    config: ServerConfig,
    tools: Vec<Tool>,
    origin: Origin,
    desk: OnceCell<Desk>,
}

impl Host {
    pub fn new(server: &Server, origin: Origin) -> Self {
        let config = ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(
                Implementation::new(format!("callboard-{}", server.name), env!("CARGO_PKG_VERSION"))
                    .with_title(format!("Callboard {} server", server.name)),
            )
            .with_instructions(format!("{} Data as of {}.", server.instructions, origin.as_of));
        let tools = (server.tools)(&origin.profile.id_patterns);
        Self { shared: Arc::new(Shared { config, tools, origin, desk: OnceCell::new() }) }
    }

    /// Gives the records up, if they were opened.
    pub async fn close(&self) {
        if let Some(desk) = self.shared.desk.get() {
            desk.store.close().await;
        }
    }

    async fn desk(&self) -> Result<Desk, ToolError> {
        let origin = &self.shared.origin;
        self.shared.desk.get_or_try_init(|| open(origin)).await.cloned()
    }

    async fn answer(&self, tool: &Tool, given: Map<String, Value>) -> Answer {
        let checked = tool.check(given)?;
        let desk = self.desk().await?;
        tool.answer(desk, checked).await
    }

    fn tool(&self, name: &str) -> Option<&Tool> {
        self.shared.tools.iter().find(|tool| tool.listed.name == name)
    }

    fn unknown_tool(&self, name: &str) -> ErrorData {
        let names: Vec<&str> = self.shared.tools.iter().map(|tool| tool.listed.name.as_ref()).collect();
        ErrorData::invalid_params(format!("unknown tool {name:?}; this server has {}", names.join(", ")), None)
    }
}

async fn open(origin: &Origin) -> Result<Desk, ToolError> {
    let data = match &origin.loaded {
        Some(data) => Arc::clone(data),
        None => {
            // Only the sample is read this late; reading it must not keep other requests waiting.
            let read = tokio::task::spawn_blocking(|| load::load(&Source::Sample)).await;
            let read = read.map_err(|error| ToolError::new("store_failed", error.to_string()))?;
            Arc::new(read.map_err(unreadable)?)
        }
    };
    let store = Store::open(&origin.place, &data).await?;
    Ok(Desk { store, as_of: origin.as_of })
}

/// A result with its JSON as text beside it, for clients that read only text (MCP, Tools, Structured Content). rmcp's own way
/// to it writes the text through a formatter, which takes twice as long.
fn complete(value: Value) -> CallToolResult {
    let text = serde_json::to_string(&value).unwrap_or_else(|error| error.to_string());
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(value);
    result
}

fn unreadable(problems: Vec<Problem>) -> ToolError {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    ToolError::new("data_unreadable", lines.join("; ")).suggest("Run `callboard data check` and correct the data files")
}

fn panicked(panic: &(dyn std::any::Any + Send), tool: &str) -> ToolError {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    ToolError::new(
        "internal_error",
        format!("The tool {tool} failed inside: {}", text.as_deref().unwrap_or("no reason given")),
    )
    .suggest("Call the tool with other arguments; this is a fault of the server")
}

impl ServerHandler for Host {
    fn get_info(&self) -> ServerConfig {
        self.shared.config.clone()
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let host = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(WARM_UP).await;
            // The first call tries again and is told the reason; until then it is in the log.
            if let Err(error) = host.desk().await {
                let name = &host.shared.config.server_info.name;
                // The log may be closed; that is no reason to stop serving.
                let _ = writeln!(io::stderr(), "{name}: {}", error.payload()["reason"]);
            }
        });
        let tools = self.shared.tools.iter().map(|tool| tool.listed.clone()).collect();
        Ok(ListToolsResult::with_all_items(tools))
    }

    fn get_tool(&self, name: &str) -> Option<Listed> {
        self.tool(name).map(|tool| tool.listed.clone())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = self.tool(&request.name).ok_or_else(|| self.unknown_tool(&request.name))?;
        let answering = AssertUnwindSafe(self.answer(tool, request.arguments.unwrap_or_default())).catch_unwind();
        let answer = tokio::select! {
            answer = answering => answer.unwrap_or_else(|panic| Err(panicked(panic.as_ref(), &request.name))),
            () = context.ct.cancelled() => Err(ToolError::new("cancelled", "The call was cancelled")),
        };
        let result = match answer {
            Ok(value) => complete(value),
            Err(error) => CallToolResult::structured_error(error.payload()),
        };
        Ok(result.into())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        // A known method whose parameters have the wrong form arrives here.
        if request.method == "tools/call" {
            return Err(ErrorData::invalid_params("tools/call takes a name (text) and arguments (an object)", None));
        }
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, request.method, None))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rmcp::ServiceExt;
    use serde_json::json;

    use super::*;
    use crate::{
        schema::{Object, output},
        tool::{Author, Card},
        wire,
    };

    #[derive(serde::Deserialize)]
    struct Nothing {}

    fn card(name: &'static str) -> Card {
        Card {
            name,
            title: "A test",
            description: "Returns nothing.",
            input: Object::default().closed(),
            output: output([Object::default()]),
            author: Author::Ours,
        }
    }

    #[expect(clippy::panic, reason = "the test is about it")]
    async fn fall_over(_: Desk, _: Nothing) -> Answer {
        panic!("the floor is wet")
    }

    async fn stand(_: Desk, _: Nothing) -> Answer {
        Ok(json!({}))
    }

    const SERVER: Server = Server {
        name: "test",
        instructions: "",
        tools: |_| vec![Tool::new(card("fall_over"), fall_over), Tool::new(card("stand"), stand)],
    };

    async fn call(place: Place, tools: &[&'static str]) -> Vec<CallToolResult> {
        let profile = load::profile(&Source::Sample).unwrap();
        let as_of = profile.as_of;
        let origin = Origin { profile, loaded: None, place, as_of };
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (reader, writer) = tokio::io::split(theirs);
        tokio::spawn(wire::serve(Host::new(&SERVER, origin), Box::new(reader), Box::new(writer)));
        let client = ().serve(ours).await.unwrap();
        let mut results = Vec::new();
        for tool in tools {
            results.push(client.call_tool(CallToolRequestParams::new(*tool)).await.unwrap());
        }
        results
    }

    #[tokio::test]
    async fn a_panic_in_a_tool_is_answered_and_the_server_goes_on() {
        let results = call(Place::Memory, &["fall_over", "stand", "fall_over"]).await;
        let states: Vec<Option<bool>> = results.iter().map(|result| result.is_error).collect();
        assert_eq!(states, [Some(true), Some(false), Some(true)]);
        let payload = results[0].structured_content.as_ref().unwrap();
        assert_eq!(payload["error"], "internal_error");
        assert_eq!(payload["reason"], "The tool fall_over failed inside: the floor is wet");
    }

    #[tokio::test]
    async fn a_store_that_cannot_be_opened_is_a_tool_error() {
        let place = Place::File(PathBuf::from("/nowhere/at/all/records.db"));
        let results = call(place, &["stand", "stand"]).await;
        for result in results {
            let payload = result.structured_content.unwrap();
            assert_eq!((&payload["error"], &payload["retryable"]), (&json!("store_failed"), &json!(false)));
            assert!(payload["reason"].as_str().unwrap().starts_with("/nowhere/at/all/records.db"), "{payload}");
        }
    }
}
