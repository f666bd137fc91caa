//! What clients see of the protocol: both eras, listings, unknown tools, garbage, the end.

use std::time::Duration;

use callboard_servers::{NAMES, ServeOptions, serve_stream};
use rmcp::{ServiceError, model::ErrorCode};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};

use crate::client::{Era, connect, connect_with};

const TOOLS: [(&str, [&str; 4]); 5] = [
    ("ticket", ["search_tickets", "get_ticket_details", "get_ticket_metrics", "find_similar_tickets"]),
    ("customer", ["lookup_customer", "check_customer_status", "get_sla_terms", "list_customer_contacts"]),
    ("billing", ["get_invoice", "check_payment_status", "get_billing_history", "calculate_outstanding_balance"]),
    ("kb", ["search_solutions", "get_article", "find_related_articles", "get_common_fixes"]),
    ("asset", ["lookup_asset", "check_warranty", "get_software_licenses", "get_asset_history"]),
];

#[tokio::test]
async fn both_eras_list_the_same_twenty_tools_in_the_same_order() {
    for (server, names) in TOOLS {
        let modern = connect_with(server, ServeOptions::default(), Era::Modern).await;
        let legacy = connect_with(server, ServeOptions::default(), Era::Legacy).await;
        let listed: Vec<&str> = modern.tools.iter().map(|tool| tool.name.as_ref()).collect();
        assert_eq!(listed, names);
        assert_eq!(json!(modern.tools), json!(legacy.tools));
        let again = modern.running.list_all_tools().await.unwrap();
        assert_eq!(json!(again), json!(modern.tools));
    }
    assert_eq!(NAMES, TOOLS.map(|(server, _)| server));
}

#[tokio::test]
async fn a_server_gives_its_own_name_version_and_instructions() {
    for server in NAMES {
        let client = connect_with(server, ServeOptions::default(), Era::Legacy).await;
        let about = client.running.peer_info().expect("the server said who it is");
        let about = json!(*about);
        assert_eq!(about["serverInfo"]["name"], format!("callboard-{server}"));
        assert_eq!(about["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
        assert!(about["instructions"].as_str().is_some_and(|text| text.len() > 40), "{about}");
        assert!(about["capabilities"]["tools"].is_object());
    }
}

#[tokio::test]
async fn every_tool_is_fully_described_and_only_reads() {
    for server in NAMES {
        for tool in connect(server).await.tools {
            let name = tool.name.clone();
            let annotations = tool.annotations.clone().expect("annotations");
            assert_eq!(annotations.read_only_hint, Some(true), "{name}");
            assert_eq!(annotations.idempotent_hint, Some(true), "{name}");
            // Tickets and articles are the words of others; the rest is what we know ourselves.
            assert_eq!(annotations.open_world_hint, Some(["ticket", "kb"].contains(&server)), "{name}");
            assert!(tool.title.as_ref().is_some_and(|title| title.contains(' ')), "{name}");
            assert!(
                tool.description.as_ref().is_some_and(|text| text.contains("Returns") && text.contains("Use it")),
                "{name}"
            );
            let input = json!(*tool.input_schema);
            assert_eq!(input["type"], "object", "{name}");
            assert_eq!(input["additionalProperties"], false, "{name}");
            for (argument, schema) in input["properties"].as_object().unwrap() {
                assert!(schema["description"].as_str().is_some_and(|text| text.len() > 10), "{name} {argument}");
                assert!(schema["type"].is_string(), "{name} {argument}");
                let pattern = if argument.ends_with("_id") { &schema["pattern"] } else { &Value::Null };
                assert_eq!(pattern.is_string(), argument.ends_with("_id"), "{name} {argument}");
                assert_eq!(schema["format"] == "date", argument.ends_with("_date"), "{name} {argument}");
            }
            let output = json!(tool.output_schema.expect("an output schema"));
            assert_eq!(output["type"], "object", "{name}");
            for schema in [&input, &output] {
                let text = schema.to_string();
                assert!(!text.contains("$ref") && !text.contains("\"uint"), "{name}: {text}");
                jsonschema::meta::validate(schema).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            assert!(!input.to_string().contains("anyOf"), "{name}");
        }
    }
}

#[tokio::test]
async fn an_unknown_tool_is_a_protocol_error() {
    for era in [Era::Modern, Era::Legacy] {
        let client = connect_with("ticket", ServeOptions::default(), era).await;
        let error = client.call("close_ticket", json!({})).await.unwrap_err();
        let ServiceError::McpError(error) = error else { panic!("{error}") };
        assert_eq!(error.code, ErrorCode::INVALID_PARAMS);
        assert!(error.message.contains("close_ticket") && error.message.contains("search_tickets"), "{error}");
    }
}

/// A server with nothing but lines between it and the test.
fn raw(server: &'static str) -> (DuplexStream, tokio::task::JoinHandle<()>) {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let serving = tokio::spawn(async move { serve_stream(server, &ServeOptions::default(), theirs).await.unwrap() });
    (ours, serving)
}

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;

#[tokio::test]
async fn garbage_before_and_between_requests_is_survived() {
    let (ours, _serving) = raw("ticket");
    let (reader, mut writer) = tokio::io::split(ours);
    let mut lines = BufReader::new(reader).lines();
    let garbage = b"hello\n\xff\xfe{\n\n[[[\n{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":9}}\n{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}\n";
    writer.write_all(garbage).await.unwrap();
    writer.write_all(format!("{INITIALIZE}\n").as_bytes()).await.unwrap();
    let answer: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!((&answer["id"], &answer["result"]["protocolVersion"]), (&json!(1), &json!("2025-06-18")));
    let deep = "[".repeat(5_000);
    writer.write_all(format!("{{not json\n{deep}\n").as_bytes()).await.unwrap();
    let long = vec![b'x'; 20 << 20];
    writer.write_all(&long).await.unwrap();
    writer.write_all(b"\n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}\n").await.unwrap();
    let answer: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!(answer["id"], 2);
    assert_eq!(answer["result"]["tools"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn parameters_of_the_wrong_form_are_answered() {
    let (ours, _serving) = raw("ticket");
    let (reader, mut writer) = tokio::io::split(ours);
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(format!("{INITIALIZE}\n").as_bytes()).await.unwrap();
    lines.next_line().await.unwrap().unwrap();
    for (id, params) in [(2, r#"{"name":5}"#), (3, r#"{"name":"search_tickets","arguments":[1]}"#)] {
        let request = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":{params}}}\n");
        writer.write_all(request.as_bytes()).await.unwrap();
        let answer: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(id), &json!(-32602)), "{answer}");
    }
    let shapeless = "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"tools/call\",\"params\":\"x\"}\n";
    writer.write_all(shapeless.as_bytes()).await.unwrap();
    let answer: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!(answer["error"]["code"], -32600, "{answer}");
    let request = "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"no/such\"}\n";
    writer.write_all(request.as_bytes()).await.unwrap();
    let answer: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!(answer["error"]["code"], -32601, "{answer}");
}

#[tokio::test]
async fn the_end_of_the_input_ends_the_server_after_the_last_answer() {
    let (ours, serving) = raw("ticket");
    let (mut reader, mut writer) = tokio::io::split(ours);
    let call = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"search_tickets","arguments":{}}}"#;
    writer.write_all(format!("{INITIALIZE}\n{call}\n").as_bytes()).await.unwrap();
    writer.shutdown().await.unwrap();
    let mut all = String::new();
    let reading = async { reader.read_to_string(&mut all).await.unwrap() };
    tokio::time::timeout(Duration::from_secs(2), reading).await.expect("the output ends");
    tokio::time::timeout(Duration::from_secs(2), serving).await.expect("the server ends").unwrap();
    assert!(all.contains("\"total_count\""), "{all}");
}

#[tokio::test]
async fn a_client_that_stops_reading_ends_the_server() {
    let (client_reads, server_writes) = tokio::io::duplex(1 << 10);
    let (server_reads, mut client_writes) = tokio::io::duplex(1 << 16);
    drop(client_reads);
    let stream = tokio::io::join(server_reads, server_writes);
    let serving = tokio::spawn(async move { serve_stream("kb", &ServeOptions::default(), stream).await });
    client_writes.write_all(format!("{INITIALIZE}\n").as_bytes()).await.unwrap();
    tokio::time::timeout(Duration::from_secs(2), serving).await.expect("the server ends").unwrap().unwrap();
}
