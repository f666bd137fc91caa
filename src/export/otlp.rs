//! OTLP/JSON after the GenAI and MCP semantic conventions: a trace a turn, with a span for the turn, each request to the
//! model and each call of a tool. One `ExportTraceServiceRequest` a line, as the collector's file receiver reads them.

use serde_json::{Value, json};

use crate::protocol::{CallFailureCode, Ending, ModelFailureCode, ToolName};
use crate::session::{Call, CallState, Step, StepState, Turn};

use super::{CUT, Material, UNFINISHED};

/// Span kinds and status codes are integers on this wire.
const KIND_INTERNAL: u8 = 1;
const KIND_CLIENT: u8 = 3;
const STATUS_UNSET: u8 = 0;
const STATUS_ERROR: u8 = 2;

/// One line a turn.
pub(super) fn render(material: &Material) -> String {
    let lines = material.turns().into_iter().map(|(turn, calls)| format!("{}\n", request(material, turn, &calls)));
    lines.collect()
}

fn request(material: &Material, turn: &Turn, calls: &[&Call]) -> Value {
    let trace = Trace::new(material, turn);
    let mut spans = vec![trace.turn()];
    let steps = turn.steps.iter().filter_map(|id| material.session.step(*id));
    spans.extend(steps.map(|step| trace.step(step)));
    spans.extend(calls.iter().map(|call| trace.call(call)));
    let (name, version) = material.header.app.split_once(' ').unwrap_or((&material.header.app, ""));
    json!({"resourceSpans": [{
        "resource": {"attributes": [text("service.name", name), text("service.version", version)]},
        "scopeSpans": [{"scope": {"name": name, "version": version}, "spans": spans}],
    }]})
}

/// What the spans of one turn have in common.
struct Trace<'a> {
    material: &'a Material,
    turn: &'a Turn,
    id: String,
    /// Unix time of the session's start, ns.
    base_ns: i128,
}

/// One span before it has an identity.
struct Span {
    name: String,
    kind: u8,
    start_us: u64,
    end_us: u64,
    attributes: Vec<Value>,
    error: Option<(String, String)>,
}

impl<'a> Trace<'a> {
    fn new(material: &'a Material, turn: &'a Turn) -> Self {
        let first = material.records.first();
        let base_ns = first.map_or(0, |first| i128::from(first.unix_ms) * 1_000_000 - i128::from(first.at_us) * 1000);
        let id = hex(&format!("{}\0{}", material.header.id, turn.id), 16);
        Self { material, turn, id, base_ns }
    }

    fn turn(&self) -> Value {
        let session = &self.material.session;
        let model = self.turn.steps.last().and_then(|id| session.step(*id)).map_or(session.model(), |step| &step.model);
        let error = match self.turn.ending {
            Some(Ending::Answered | Ending::Limited) => None,
            Some(ending @ (Ending::Failed | Ending::Stopped)) => {
                Some((ending.as_str().to_owned(), self.turn.reason.clone().unwrap_or_default()))
            }
            None => Some((UNFINISHED.to_owned(), format!("{CUT}, before the turn does"))),
        };
        self.span(
            &self.turn.id.to_string(),
            None,
            Span {
                name: "invoke_agent callboard".to_owned(),
                kind: KIND_INTERNAL,
                start_us: self.turn.started_us,
                end_us: self.turn.ended_us.unwrap_or(session.last_us),
                attributes: vec![
                    text("gen_ai.operation.name", "invoke_agent"),
                    text("gen_ai.agent.name", "callboard"),
                    text("gen_ai.provider.name", provider(model)),
                    text("gen_ai.request.model", model),
                    text("gen_ai.conversation.id", self.material.header.id.as_str()),
                ],
                error,
            },
        )
    }

    fn step(&self, step: &Step) -> Value {
        let error = match &step.state {
            StepState::Failed(failed) => Some((word(&failed.code), failed.message.clone())),
            StepState::Stopped => Some(("stopped".to_owned(), "the operator stopped the turn".to_owned())),
            StepState::Waiting | StepState::Retrying { .. } | StepState::Streaming | StepState::Answered => None,
        };
        let mut attributes = vec![
            text("gen_ai.operation.name", "chat"),
            text("gen_ai.provider.name", provider(&step.model)),
            text("gen_ai.request.model", &step.model),
            text("gen_ai.conversation.id", self.material.header.id.as_str()),
        ];
        if let Some(usage) = step.usage {
            attributes.push(number("gen_ai.usage.input_tokens", usage.input_tokens));
            attributes.push(number("gen_ai.usage.output_tokens", usage.output_tokens));
        }
        if let Some(reason) = &step.finish_reason {
            let reasons = json!({"arrayValue": {"values": [{"stringValue": reason}]}});
            attributes.push(json!({"key": "gen_ai.response.finish_reasons", "value": reasons}));
        }
        self.span(
            &step.id.to_string(),
            Some(&self.turn.id.to_string()),
            Span {
                name: format!("chat {}", step.model),
                kind: KIND_CLIENT,
                start_us: step.requested_us,
                end_us: step.ended_us.unwrap_or(self.material.session.last_us),
                attributes,
                error,
            },
        )
    }

    fn call(&self, call: &Call) -> Value {
        let server = self.material.session.server(&call.server);
        let mut attributes = vec![
            text("gen_ai.operation.name", "execute_tool"),
            text("gen_ai.tool.name", ToolName::as_str(&call.tool)),
            text("gen_ai.tool.call.id", &call.id.to_string()),
            text("gen_ai.tool.call.arguments", call.arguments.text()),
            text("callboard.server.name", call.server.as_str()),
            text("callboard.call.status", super::status(call)),
        ];
        if call.was_sent() {
            attributes.push(text("mcp.method.name", "tools/call"));
            attributes.extend(server.into_iter().flat_map(|server| transport(&server.command)));
        }
        if let Some(by_hand) = call.by_hand() {
            attributes.push(text("callboard.call.by_hand", by_hand));
        }
        if let Some(ready) = server.and_then(|server| server.ready.as_ref()) {
            attributes.push(text("mcp.protocol.version", &ready.protocol));
        }
        if let Some(result) = &call.result {
            attributes.push(text("gen_ai.tool.call.result", result.text()));
        }
        let error = match (&call.failure, call.state) {
            (Some(failure), _) => Some((word(&failure.code), failure.message.clone())),
            (None, CallState::Error) => {
                let reason = call.result.as_ref().map(|result| crate::session::reason_of(&result.value()));
                Some(("tool_error".to_owned(), reason.unwrap_or_default()))
            }
            (None, CallState::Ok) => None,
            (None, state @ (CallState::Cancelled | CallState::Denied)) => {
                Some((state.as_str().to_owned(), String::new()))
            }
            // It waits for somebody, which is no failure.
            (None, CallState::Proposed | CallState::Released | CallState::Held(_)) => None,
            (None, CallState::Running) => Some((UNFINISHED.to_owned(), format!("{CUT}, before the call does"))),
        };
        self.span(
            &call.id.to_string(),
            Some(&self.turn.id.to_string()),
            Span {
                // Nobody was called for one that was never sent.
                name: format!("{} {}", if call.was_sent() { "tools/call" } else { "execute_tool" }, call.tool),
                kind: if call.was_sent() { KIND_CLIENT } else { KIND_INTERNAL },
                start_us: call.started_us.unwrap_or(call.proposed_us),
                end_us: call.finished_us.unwrap_or(self.material.session.last_us),
                attributes,
                error,
            },
        )
    }

    fn span(&self, id: &str, parent: Option<&str>, span: Span) -> Value {
        let Span { name, kind, start_us, end_us, mut attributes, error } = span;
        let of = |id: &str| hex(&format!("{}\0{id}", self.material.header.id), 8);
        let at = |us: u64| (self.base_ns + i128::from(us) * 1000).max(0).to_string();
        let status = match &error {
            None => json!({"code": STATUS_UNSET, "message": ""}),
            Some((kind, message)) => {
                attributes.push(text("error.type", kind));
                json!({"code": STATUS_ERROR, "message": message})
            }
        };
        json!({
            "traceId": self.id, "spanId": of(id), "parentSpanId": parent.map(of).unwrap_or_default(),
            "name": name, "kind": kind, "startTimeUnixNano": at(start_us), "endTimeUnixNano": at(end_us.max(start_us)),
            "attributes": attributes, "status": status,
        })
    }
}

/// How a server was spoken to, from its command line or URL; nothing if that is not recorded.
fn transport(command: &str) -> Vec<Value> {
    if command.is_empty() {
        return Vec::new();
    }
    let is_http = ["http://", "https://"].iter().any(|scheme| command.starts_with(scheme));
    match is_http {
        true => vec![text("network.transport", "tcp"), text("network.protocol.name", "http")],
        false => vec![text("network.transport", "pipe")],
    }
}

/// Who makes the model: not known for a compatible endpoint, where the convention asks for the one it is compatible with.
fn provider(model: &str) -> &'static str {
    if model == "built-in" || model == "scripted" { "callboard" } else { "openai" }
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// 64-bit integers are strings in OTLP/JSON.
fn number(key: &str, value: u64) -> Value {
    json!({"key": key, "value": {"intValue": value.to_string()}})
}

fn hex(seed: &str, bytes: usize) -> String {
    blake3::hash(seed.as_bytes()).to_hex()[..bytes * 2].to_owned()
}

/// A failure code as records write it.
fn word(code: &impl Code) -> String {
    serde_json::to_value(code).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The two kinds of failure codes.
trait Code: serde::Serialize {}
impl Code for CallFailureCode {}
impl Code for ModelFailureCode {}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

    use super::*;
    use crate::export::tests::material;

    #[test]
    fn a_real_consumer_of_otlp_reads_every_line() {
        let rendered = render(&material(""));
        assert_eq!(rendered.lines().count(), 2);
        let mut traces = std::collections::HashSet::new();
        for line in rendered.lines() {
            let request: ExportTraceServiceRequest = serde_json::from_str(line).expect("OTLP/JSON");
            let spans = &request.resource_spans[0].scope_spans[0].spans;
            let root = &spans[0];
            assert!(root.parent_span_id.is_empty() && root.trace_id.len() == 16 && root.span_id.len() == 8);
            traces.insert(root.trace_id.clone());
            for span in &spans[1..] {
                assert_eq!((&span.trace_id, &span.parent_span_id), (&root.trace_id, &root.span_id));
                assert_eq!(span.kind, SpanKind::Client as i32);
                assert!(span.start_time_unix_nano >= root.start_time_unix_nano && span.start_time_unix_nano > 0);
                assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
            }
        }
        assert_eq!(traces.len(), 2);
    }

    #[test]
    fn a_call_tells_how_its_server_was_spoken_to() {
        for (command, expected) in [
            ("callboard serve billing", "network.transport=pipe"),
            ("https://mcp.example/mcp", "network.transport=tcp network.protocol.name=http"),
            ("", ""),
        ] {
            let mut material = material("call:c1");
            material.session.servers[0].command = command.to_owned();
            let request: Value = serde_json::from_str(render(&material).trim()).expect("one line");
            let spans = request["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans");
            let call = spans.iter().find(|span| span["name"] == "tools/call get_invoice").expect("the call");
            let attributes = call["attributes"].as_array().expect("attributes").iter();
            let of_network = attributes.filter_map(|attribute| {
                let key = attribute["key"].as_str().filter(|key| key.starts_with("network."))?;
                Some(format!("{key}={}", attribute["value"]["stringValue"].as_str()?))
            });
            assert_eq!(of_network.collect::<Vec<_>>().join(" "), expected, "{command}");
        }
    }

    #[test]
    fn a_failed_call_says_so_with_its_type() {
        let rendered = render(&material("status:error"));
        let request: ExportTraceServiceRequest = serde_json::from_str(rendered.trim()).expect("one line of OTLP/JSON");
        let spans = &request.resource_spans[0].scope_spans[0].spans;
        let call = spans.iter().find(|span| span.name == "tools/call get_invoice").expect("the call");
        assert_eq!(call.status.as_ref().map(|status| status.code), Some(i32::from(STATUS_ERROR)));
        let value = |key: &str| {
            let found = call.attributes.iter().find(|attribute| attribute.key == key)?;
            serde_json::to_value(found.value.as_ref()?).ok()?["stringValue"].as_str().map(str::to_owned)
        };
        assert_eq!(value("error.type").as_deref(), Some("tool_error"));
        assert_eq!(value("mcp.method.name").as_deref(), Some("tools/call"));
        assert_eq!(value("gen_ai.tool.name").as_deref(), Some("get_invoice"));
    }
}
