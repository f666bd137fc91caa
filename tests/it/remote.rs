//! Servers over streamable HTTP, on real sockets: both eras, and every way in which they can disappoint.

mod hostile;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use callboard::mcp::{Era, Limits, Reach, Remote, RemoteKind, ServerSpec, Signal};
use callboard::protocol::*;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::fleet::{CALLBOARD, hostile};
use crate::mock_endpoint::{Asked, MockEndpoint, Reply};
use crate::servers::{Yard, failure, how, text};

/// A server at this address, with a secret header.
fn at(url: &str) -> ServerSpec {
    let headers = BTreeMap::from([("Authorization".to_owned(), "Bearer s3cret-token".to_owned())]);
    let reach = Reach::Remote(Remote { url: url.to_owned(), headers, kind: RemoteKind::Streamable });
    ServerSpec { reach, era: Era::Legacy, ..hostile("") }
}

fn address(endpoint: &MockEndpoint) -> String {
    endpoint.base_url.replace("/v1", "/mcp")
}

/// The JSON-RPC answer to a request.
fn answer(asked: &Asked, result: Value) -> String {
    json!({"jsonrpc": "2.0", "id": asked.body["id"], "result": result}).to_string()
}

fn whole(asked: &Asked, result: Value) -> Reply {
    Reply::status(200, answer(asked, result)).header("Content-Type: application/json")
}

fn method(asked: &Asked) -> &str {
    match asked.head.split(' ').next() {
        Some("POST") => asked.body["method"].as_str().unwrap_or("an answer"),
        Some("GET") => "GET",
        _ => "DELETE",
    }
}

fn tools() -> Value {
    json!({"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]})
}

fn said(words: &str) -> Value {
    json!({"content": [{"type": "text", "text": words}]})
}

/// What a well-behaved server of an era with sessions answers.
fn legacy(asked: &Asked) -> Reply {
    match method(asked) {
        "initialize" => {
            let about = json!({"protocolVersion": "2025-06-18", "serverInfo": {"name": "remote", "version": "2"},
                "capabilities": {"tools": {}, "resources": {}, "prompts": {}}});
            whole(asked, about).header("Mcp-Session-Id: s-1")
        }
        "tools/list" => whole(asked, tools()),
        "tools/call" => whole(asked, said(&asked.body["params"]["arguments"].to_string())),
        "GET" => Reply::status(405, ""),
        "DELETE" => Reply::status(204, ""),
        _ => Reply::status(202, ""),
    }
}

/// What a well-behaved server without sessions answers.
fn modern(asked: &Asked) -> Reply {
    let complete = |mut result: Value| {
        result["resultType"] = json!("complete");
        whole(asked, result)
    };
    match method(asked) {
        "server/discover" => complete(json!({"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}},
            "serverInfo": {"name": "remote", "version": "3"}, "ttlMs": 0, "cacheScope": "private"})),
        "tools/list" => complete(json!({"tools": tools()["tools"], "ttlMs": 0, "cacheScope": "private"})),
        "tools/call" => complete(said("done")),
        _ => whole(asked, json!({})),
    }
}

/// A legacy server that answers some requests in another way.
async fn legacy_but(other: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> MockEndpoint {
    MockEndpoint::answering(move |asked| other(asked).unwrap_or_else(|| legacy(asked))).await
}

fn event(value: &Value) -> String {
    format!("event: message\ndata: {value}\n\n")
}

async fn failed(yard: &mut Yard) -> ServerLost {
    yard.until("failure", |yard| yard.lost().iter().any(|lost| lost.next == AfterLoss::Failed)).await;
    yard.lost().last().map(|lost| (*lost).clone()).unwrap()
}

#[tokio::test]
async fn a_session_is_carried_through_and_its_end_is_told() {
    let endpoint = MockEndpoint::answering(legacy).await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    yard.works().await;
    assert_eq!(yard.protocols(), ["2025-06-18"]);
    let frames = format!("{:?}", yard.events);
    assert!(yard.sent().iter().any(|sent| sent.contains("tools/call")), "{frames}");
    assert!(frames.contains("nothing") && !frames.contains("s3cret"), "no header is told: {frames}");
    assert_eq!(how(&yard.stop().await), ["disconnected"]);
    let asked = endpoint.asked();
    let after_handshake: Vec<&Asked> = asked.iter().filter(|asked| method(asked) != "initialize").collect();
    assert!(after_handshake.iter().all(|asked| asked.head.to_lowercase().contains("mcp-session-id: s-1")), "{asked:?}");
    assert!(
        asked.iter().all(|asked| asked.head.contains("Bearer s3cret-token")),
        "every request is authorised: {asked:?}"
    );
    assert_eq!(asked.iter().filter(|asked| method(asked) == "DELETE").count(), 1);
}

#[tokio::test]
async fn without_sessions_every_request_stands_alone() {
    let endpoint = MockEndpoint::answering(modern).await;
    let mut yard = Yard::ready(ServerSpec { era: Era::Modern, ..at(&address(&endpoint)) }).await;
    assert_eq!(text(&yard.call("nothing").await), "done");
    yard.stop().await;
    for asked in endpoint.asked() {
        let head = asked.head.to_lowercase();
        let version = asked.body.pointer("/params/_meta/io.modelcontextprotocol~1protocolVersion");
        assert_eq!(version, Some(&json!("2026-07-28")), "{asked:?}");
        assert!(head.contains("mcp-protocol-version: 2026-07-28") && head.contains("mcp-method: "), "{head}");
        assert!(!head.contains("mcp-session-id"), "{head}");
    }
}

#[tokio::test]
async fn an_unknown_era_is_found_out() {
    let endpoint = MockEndpoint::answering(|asked: &Asked| match method(asked) {
        "initialize" => {
            let error = json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32601, "message": "unknown method"}});
            Reply::status(404, error.to_string()).header("Content-Type: application/json")
        }
        _ => modern(asked),
    })
    .await;
    let mut yard = Yard::ready(ServerSpec { era: Era::Auto, ..at(&address(&endpoint)) }).await;
    assert_eq!((yard.protocols(), yard.starts()), (vec!["2026-07-28"], 2));
    assert_eq!(text(&yard.call("nothing").await), "done");
    yard.stop().await;
}

#[tokio::test]
async fn an_answer_may_come_as_events_with_progress_and_logs_before_it() {
    let endpoint = legacy_but(|asked| {
        (method(asked) == "tools/call").then(|| {
            let token = &asked.body["params"]["_meta"]["progressToken"];
            let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress",
                "params": {"progressToken": token, "progress": 1, "total": 2, "message": "half"}});
            let log = json!({"jsonrpc": "2.0", "method": "notifications/message",
                "params": {"level": "warning", "logger": "db", "data": "slow"}});
            let stream =
                format!(": hello\n\n{}{}data: {}\n\n", event(&progress), event(&log), answer(asked, said("late")));
            Reply::raw(stream).cut_every(7)
        })
    })
    .await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    assert_eq!(text(&yard.call("nothing").await), "late");
    let progress = yard.events.iter().find_map(|(scope, event)| match event {
        Event::CallProgressed(progressed) => Some((scope.call, progressed.message.clone())),
        _ => None,
    });
    assert_eq!(progress, Some((Some(CallId(1)), Some("half".to_owned()))));
    assert_eq!(yard.logged(LogStream::Mcp), ["warning db: slow"]);
    yard.stop().await;
}

#[tokio::test]
async fn a_server_that_refuses_is_told_of_in_words_and_asked_only_once() {
    for (status, header, cause, words) in [
        (401, "WWW-Authenticate: Bearer realm=\"desk\"", LossCause::Unauthorised, "HTTP 401: Bearer realm=\"desk\""),
        (403, "X-Nothing: here", LossCause::Other, "HTTP 403"),
        (404, "X-Nothing: here", LossCause::Other, "often ends in /mcp"),
        (405, "X-Nothing: here", LossCause::Other, "older HTTP with server-sent events"),
        (307, "Location: http://127.0.0.1:1/elsewhere", LossCause::Other, "we do not follow"),
        (200, "Content-Type: text/html", LossCause::Other, "answered with text/html"),
    ] {
        let endpoint = MockEndpoint::answering(move |_| Reply::status(status, "no").header(header)).await;
        let mut yard = Yard::start(&[ServerSpec { restarts: 5, era: Era::Auto, ..at(&address(&endpoint)) }]);
        let lost = failed(&mut yard).await;
        assert!(lost.reason.contains(words) && lost.cause == cause, "{status}: {lost:?}");
        yard.stop().await;
        assert_eq!(endpoint.asked().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_redirect_takes_no_header_to_another_host() {
    let other = MockEndpoint::answering(legacy).await;
    let target = address(&other);
    let location = format!("Location: {target}");
    let endpoint = MockEndpoint::answering(move |_| Reply::status(308, "").header(&location)).await;
    let mut yard = Yard::start(&[at(&address(&endpoint))]);
    let lost = failed(&mut yard).await;
    assert!(lost.reason.contains(&target), "{lost:?}");
    yard.stop().await;
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn a_server_that_is_busy_or_away_is_tried_again_and_comes_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    drop(listener);
    let mut yard = Yard::start(&[ServerSpec { restarts: 3, era: Era::Auto, ..at(&format!("http://{place}/mcp")) }]);
    yard.until("loss", |yard| !yard.lost().is_empty()).await;
    assert!(yard.lost()[0].reason.contains("cannot be reached"), "{:?}", yard.lost());
    assert_eq!(yard.starts(), 1, "nobody is there to try the other era with");
    let busy = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let listener = TcpListener::bind(place).await.unwrap();
    let _endpoint =
        MockEndpoint::listening(listener, move |asked| match busy.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => Reply::status(503, "restarting").header("Retry-After: 1"),
            _ => legacy(asked),
        });
    yard.until("list of tools", |yard| !yard.listed().is_empty()).await;
    assert!(yard.lost()[1].reason.contains("HTTP 503: restarting; come again in 1 s"), "{:?}", yard.lost());
    yard.works().await;
    yard.stop().await;
}

#[tokio::test]
async fn a_server_that_goes_away_fails_what_is_in_flight_and_is_reached_again() {
    let endpoint = legacy_but(|asked| match (method(asked), asked.body["params"]["arguments"]["do"].as_str()) {
        ("tools/call", Some("hang")) => Some(Reply::silence()),
        _ => None,
    })
    .await;
    let place = endpoint.base_url.trim_start_matches("http://").trim_end_matches("/v1").to_owned();
    let mut yard = Yard::ready(ServerSpec { restarts: 3, ..at(&address(&endpoint)) }).await;
    let hanging = yard.send("hang");
    yard.until("call on the wire", |yard| yard.sent().iter().any(|sent| sent.contains("hang"))).await;
    drop(endpoint);
    let end = yard.call("nothing").await;
    assert_eq!(failure(&end).0, CallFailureCode::ServerLost, "{end:?}");
    assert!(failure(&end).1.contains("cannot be reached"), "{end:?}");
    assert_eq!(failure(&yard.end(hanging).await).0, CallFailureCode::ServerLost);
    let listener = TcpListener::bind(&place).await.unwrap();
    let _back = MockEndpoint::listening(listener, legacy);
    yard.works().await;
    yard.stop().await;
}

#[tokio::test]
async fn a_refusal_of_one_request_costs_only_that() {
    let endpoint = legacy_but(|asked| match (method(asked), asked.body["params"]["arguments"]["do"].as_str()) {
        ("tools/call", Some("fail")) => Some(Reply::status(500, "the database is down")),
        ("tools/call", Some("page")) => Some(Reply::status(200, "<html>").header("Content-Type: text/html")),
        ("tools/call", Some("junk")) => Some(Reply::status(200, "[1").header("Content-Type: application/json")),
        ("tools/call", Some("cut")) => Some(Reply::raw(": begun\n\n")),
        ("tools/call", Some("huge")) => {
            let big = "x".repeat(17 * 1024 * 1024);
            Some(whole(asked, said(&big)))
        }
        ("tools/call", Some("huge event")) => {
            let big = "x".repeat(17 * 1024 * 1024);
            Some(Reply::raw(format!("data: {}\n\n", answer(asked, said(&big)))))
        }
        _ => None,
    })
    .await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    for (wrong, words) in [
        ("fail", "HTTP 500: the database is down"),
        ("page", "text/html"),
        ("junk", "is no answer to this"),
        ("cut", "ended before it was complete"),
        ("huge", "over 16777216 bytes"),
        ("huge event", "over 16777216 bytes"),
    ] {
        let end = yard.call(wrong).await;
        let (code, message) = failure(&end);
        assert_eq!(code, CallFailureCode::ProtocolError, "{wrong}: {message}");
        assert!(message.contains(words), "{wrong}: {message}");
    }
    yard.works().await;
    assert_eq!(yard.starts(), 1);
    yard.stop().await;
}

#[tokio::test]
async fn a_call_without_an_answer_ends_in_time_and_the_server_is_told() {
    let endpoint = legacy_but(|asked| {
        (asked.body["params"]["arguments"]["do"] == "hang").then(|| Reply::raw(": wait\n\n").then_stall())
    })
    .await;
    let limits = Limits { call: Duration::from_secs(2), ..hostile("").limits };
    let mut yard = Yard::ready(ServerSpec { limits, ..at(&address(&endpoint)) }).await;
    let end = yard.call("hang").await;
    assert_eq!(failure(&end).0, CallFailureCode::TimedOut, "{end:?}");
    let cancelled = |asked: &Asked| method(asked) == "notifications/cancelled";
    assert!(endpoint.asked().iter().any(cancelled), "{:?}", endpoint.asked());
    yard.works().await;
    yard.stop().await;
}

#[tokio::test]
async fn a_session_the_server_has_forgotten_is_begun_anew() {
    let forgotten = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let endpoint = legacy_but(move |asked| {
        let is_call = method(asked) == "tools/call";
        (is_call && forgotten.swap(false, std::sync::atomic::Ordering::SeqCst)).then(|| Reply::status(404, ""))
    })
    .await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    yard.works().await;
    assert_eq!(yard.starts(), 1);
    assert_eq!(endpoint.asked().iter().filter(|asked| method(asked) == "initialize").count(), 2);
    yard.stop().await;
}

#[tokio::test]
async fn the_older_transport_is_refused_in_words() {
    let endpoint = MockEndpoint::answering(legacy).await;
    let remote = Remote { url: address(&endpoint), headers: BTreeMap::new(), kind: RemoteKind::Sse };
    let mut yard = Yard::start(&[ServerSpec { reach: Reach::Remote(remote), ..hostile("") }]);
    let lost = failed(&mut yard).await;
    assert!(lost.reason.contains("cannot be used") && lost.reason.contains("\"type\": \"http\""), "{lost:?}");
    yard.stop().await;
    assert!(endpoint.asked().is_empty());
}

/// The question a server puts in the middle of a call.
fn question(id: u64) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "elicitation/create", "params": {"message": "Which desk?",
        "requestedSchema": {"type": "object", "properties": {"desk": {"type": "string", "x-new": [1]}}}}})
}

fn asked_for(yard: &Yard) -> Vec<(Scope, InputRequested)> {
    let of = |(scope, event): &(Scope, Event)| match event {
        Event::InputRequested(requested) => Some((*scope, requested.clone())),
        _ => None,
    };
    yard.events.iter().filter_map(of).collect()
}

#[tokio::test]
async fn a_question_to_the_operator_waits_for_him_and_his_answer_is_sent() {
    let go_on = Arc::new(Notify::new());
    let wait = Arc::clone(&go_on);
    let endpoint = legacy_but(move |asked| match method(asked) {
        "tools/call" => {
            let end = format!("data: {}\n\n", answer(asked, said("thanks")));
            Some(Reply::raw(event(&question(77))).then(&wait, end))
        }
        "an answer" => {
            go_on.notify_one();
            None
        }
        _ => None,
    })
    .await;
    let limits = Limits { call: Duration::from_secs(2), ..hostile("").limits };
    let mut yard = Yard::ready(ServerSpec { limits, ..at(&address(&endpoint)) }).await;
    for (number, answer, action) in [
        (1, InputAnswer::Accept { content: Some(json!({"desk": "7"}).into()) }, "accept"),
        (2, InputAnswer::Decline, "decline"),
        (3, InputAnswer::Cancel, "cancel"),
    ] {
        let call = yard.send("ask");
        yard.until("question", |yard| asked_for(yard).len() == number).await;
        let (scope, requested) = asked_for(&yard).pop().unwrap();
        assert_eq!((scope.call, requested.message.as_str()), (Some(call), "Which desk?"));
        let Wanted::Form { schema } = &requested.wanted else { panic!("{requested:?}") };
        assert_eq!(schema.value()["properties"]["desk"]["x-new"], json!([1]), "as the server sent it");
        if number == 1 {
            // Longer than the time-out of the call, which stands still.
            tokio::time::sleep(limits.call + Duration::from_millis(300)).await;
        }
        assert!(yard.servers.answer(requested.input, answer));
        assert_eq!(text(&yard.end(call).await), "thanks");
        let answers: Vec<Asked> = endpoint.asked().into_iter().filter(|asked| method(asked) == "an answer").collect();
        let sent = &answers[number - 1].body;
        assert_eq!((&sent["id"], &sent["result"]["action"]), (&json!(77), &json!(action)));
        assert_eq!(sent["result"].get("content").is_some(), action == "accept");
    }
    let ends = yard.pick(|event| if let Event::InputAnswered(answered) = event { Some(answered.action) } else { None });
    assert_eq!(ends, [InputAction::Accepted, InputAction::Declined, InputAction::Cancelled]);
    yard.stop().await;
}

#[tokio::test]
async fn a_question_ends_with_its_call() {
    let endpoint =
        legacy_but(|asked| (method(asked) == "tools/call").then(|| Reply::raw(event(&question(5))).then_stall())).await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    yard.send("ask");
    yard.until("question", |yard| !asked_for(yard).is_empty()).await;
    yard.servers.restart(&"hostile".into());
    let is_end = |event: &Event| matches!(event, Event::InputAnswered(end) if end.action == InputAction::Cancelled && end.reason.is_some());
    yard.until("end of the question", |yard| yard.events.iter().any(|(_, event)| is_end(event))).await;
    assert!(!yard.servers.answer(InputId(1), InputAnswer::Decline), "nobody waits any more");
    yard.stop().await;
}

#[tokio::test]
async fn what_a_server_without_sessions_wants_goes_with_the_next_request_and_only_with_that() {
    let endpoint = MockEndpoint::answering(|asked: &Asked| {
        let given = &asked.body["params"];
        match (method(asked), given["requestState"].as_str()) {
            ("tools/call", None) if given["arguments"]["do"] == "ask" => {
                let wanted = json!({"method": "elicitation/create", "params": question(1)["params"]});
                whole(
                    asked,
                    json!({"resultType": "input_required", "requestState": "{\"n\":  1}\u{e9}\\",
                    "inputRequests": {"the desk": wanted}}),
                )
            }
            ("tools/call", Some("{\"n\":  1}\u{e9}\\")) => whole(
                asked,
                json!({"resultType": "input_required",
                "requestState": "second"}),
            ),
            ("tools/call", Some("second")) if given.get("inputResponses").is_none() => whole(asked, said("both")),
            _ => modern(asked),
        }
    })
    .await;
    let mut yard = Yard::ready(ServerSpec { era: Era::Modern, ..at(&address(&endpoint)) }).await;
    let call = yard.send("ask");
    yard.until("question", |yard| !asked_for(yard).is_empty()).await;
    let (scope, requested) = asked_for(&yard).pop().unwrap();
    assert_eq!(scope.call, Some(call));
    let content = Some(json!({"desk": "7"}).into());
    assert!(yard.servers.answer(requested.input, InputAnswer::Accept { content }));
    assert_eq!(text(&yard.end(call).await), "both");
    yard.call("nothing").await;
    yard.stop().await;
    let calls: Vec<Asked> = endpoint.asked().into_iter().filter(|asked| method(asked) == "tools/call").collect();
    let ids: std::collections::BTreeSet<String> = calls.iter().map(|asked| asked.body["id"].to_string()).collect();
    assert_eq!(ids.len(), 4, "each request has its own id");
    assert_eq!(
        calls[1].body["params"]["inputResponses"],
        json!({"the desk": {"action": "accept", "content": {"desk": "7"}}})
    );
    assert!(calls[3].body["params"].get("requestState").is_none());
}

#[tokio::test]
async fn what_is_not_offered_is_refused_in_words() {
    let endpoint = MockEndpoint::answering(|asked: &Asked| match method(asked) {
        "tools/call" => whole(
            asked,
            json!({"resultType": "input_required",
            "inputRequests": {"k": {"method": "sampling/createMessage", "params": {}}}}),
        ),
        _ => modern(asked),
    })
    .await;
    let mut yard = Yard::ready(ServerSpec { era: Era::Modern, ..at(&address(&endpoint)) }).await;
    let end = yard.call("ask").await;
    assert!(failure(&end).1.contains("sampling/createMessage"), "{end:?}");
    yard.stop().await;
    let about = &endpoint.asked()[0].body["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"];
    assert_eq!(*about, json!({"elicitation": {"form": {}, "url": {}}}));
}

async fn fetch(yard: &mut Yard, material: Material) -> Event {
    yard.servers.fetch(&"hostile".into(), material).unwrap();
    loop {
        let Some(Signal::Happened(_, event)) = yard.servers.next().await else { continue };
        if matches!(
            event,
            Event::ResourcesListed(_) | Event::PromptsListed(_) | Event::ResourceRead(_) | Event::PromptGot(_)
        ) {
            return event;
        }
    }
}

/// Resources on two pages, a template, and a prompt that repeats what it is told.
fn library(asked: &Asked) -> Option<Reply> {
    let params = &asked.body["params"];
    Some(match (method(asked), params["cursor"].as_str()) {
        ("resources/list", None) => {
            let items = json!([{"uri": "a:1", "name": "one", "mimeType": "text/plain"}, {"name": "no uri"}]);
            whole(asked, json!({"resources": items, "nextCursor": ""}))
        }
        ("resources/list", Some("")) => {
            whole(asked, json!({"resources": [{"uri": "a:2", "name": "two"}], "nextCursor": ""}))
        }
        ("resources/templates/list", _) => {
            whole(asked, json!({"resourceTemplates": [{"uriTemplate": "a:{n}", "name": "any"}]}))
        }
        ("resources/read", _) => whole(asked, json!({"contents": [{"uri": params["uri"], "text": "\u{1b}[31mred"}]})),
        ("prompts/list", _) => {
            let arguments = json!([{"name": "who", "required": true}]);
            whole(asked, json!({"prompts": [{"name": "greet", "description": "Says hello", "arguments": arguments}]}))
        }
        ("prompts/get", _) => {
            let words = format!("Hello {}", params["arguments"]["who"].as_str().unwrap_or("you"));
            whole(asked, json!({"messages": [{"role": "user", "content": {"type": "text", "text": words}}]}))
        }
        _ => return None,
    })
}

#[tokio::test]
async fn resources_and_prompts_are_listed_and_fetched() {
    let endpoint = legacy_but(library).await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    let Event::ResourcesListed(listed) = fetch(&mut yard, Material::Resources).await else { panic!() };
    let uris: Vec<(&str, ResourceForm)> = listed.resources.iter().map(|item| (item.uri.as_str(), item.form)).collect();
    assert_eq!(uris, [("a:1", ResourceForm::Fixed), ("a:2", ResourceForm::Fixed), ("a:{n}", ResourceForm::Template)]);
    assert_eq!((listed.rejected.len(), listed.rejected[0].name.as_str()), (1, "no uri"));
    let Event::PromptsListed(listed) = fetch(&mut yard, Material::Prompts).await else { panic!() };
    assert_eq!((listed.prompts[0].name.as_str(), listed.prompts[0].arguments[0].required), ("greet", true));
    let Event::PromptGot(got) =
        fetch(&mut yard, Material::Prompt { name: "greet".into(), arguments: json!({"who": "Ann"}).into() }).await
    else {
        panic!()
    };
    assert!(got.result.is_some_and(|result| result.text().contains("Hello Ann")));
    let Event::ResourceRead(read) = fetch(&mut yard, Material::Resource { uri: "a:2".into() }).await else { panic!() };
    assert!(read.result.is_some_and(|result| result.text().contains("red")), "{:?}", read.problem);
    yard.stop().await;
}

#[tokio::test]
async fn a_server_without_resources_is_not_asked_for_them_and_a_lost_one_says_so() {
    let endpoint = MockEndpoint::answering(modern).await;
    let mut yard = Yard::ready(ServerSpec { era: Era::Modern, ..at(&address(&endpoint)) }).await;
    let Event::ResourcesListed(listed) = fetch(&mut yard, Material::Resources).await else { panic!() };
    assert_eq!((listed.resources.len(), listed.problem), (0, None));
    assert!(endpoint.asked().iter().all(|asked| method(asked) != "resources/list"));
    yard.stop().await;
    let mut lost = Yard::start(&[at("http://127.0.0.1:1/mcp")]);
    failed(&mut lost).await;
    let Event::PromptGot(got) =
        fetch(&mut lost, Material::Prompt { name: "greet".into(), arguments: json!({}).into() }).await
    else {
        panic!()
    };
    assert!(got.problem.is_some_and(|problem| problem.contains("not running")));
    lost.stop().await;
}

/// The program with this server and these arguments: its exit code, and what it wrote.
async fn callboard(url: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let servers = home.path().join("mcp.json");
    let text = json!({"mcpServers": {"far": {"url": url, "era": "legacy", "headers": {"X-Key": "${FAR_KEY}"}}}});
    std::fs::write(&servers, text.to_string()).unwrap();
    let mut command = tokio::process::Command::new(CALLBOARD);
    command.args(args).arg("--servers").arg(&servers).stdin(Stdio::null());
    command.env("HOME", home.path()).env("XDG_CONFIG_HOME", home.path()).env("XDG_STATE_HOME", home.path());
    let output = command.env("FAR_KEY", "k-123").output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn the_program_lists_reads_and_calls_over_http() {
    let endpoint = legacy_but(library).await;
    let url = address(&endpoint);
    let (code, stdout, stderr) = callboard(&url, &["resources", "far"]).await;
    assert_eq!(
        (code, stdout.as_str()),
        (
            Some(0),
            "far: 3 resources\n  a:1  one\n  a:2  two\n  a:{n}  (template)  any\n  no uri cannot be used: missing field `uri` at line 1 column 17\n"
        ),
        "{stderr}"
    );
    let (_, stdout, _) = callboard(&url, &["prompts", "far", "--json"]).await;
    let listed: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(listed["prompts"][0]["server"], "far");
    let (_, stdout, _) = callboard(&url, &["prompts", "far", "greet", r#"{"who":"Ann"}"#]).await;
    assert_eq!(stdout, "Hello Ann\n");
    let (_, stdout, _) = callboard(&url, &["resources", "far", "a:1"]).await;
    assert!(stdout.contains("red") && !stdout.contains('\u{1b}'), "{stdout:?}");
    let (code, stdout, stderr) = callboard(&url, &["call", "far", "echo", r#"{"a":1}"#, "--policy", "auto"]).await;
    assert_eq!((code, stdout.as_str()), (Some(0), "{\"a\":1}\n"), "{stderr}");
    assert!(endpoint.asked().iter().all(|asked| asked.head.to_lowercase().contains("x-key: k-123")));
}

#[tokio::test]
async fn the_exit_code_says_that_a_server_wants_authorisation() {
    let endpoint = MockEndpoint::answering(|_| Reply::status(401, "")).await;
    for command in [&["tools", "far"][..], &["resources", "far"], &["call", "far", "echo"]] {
        let (code, _, stderr) = callboard(&address(&endpoint), command).await;
        assert_eq!(code, Some(3), "{command:?}: {stderr}");
        assert!(stderr.contains("Authorization") && stderr.contains("HTTP 401"), "{stderr}");
    }
}

#[tokio::test]
async fn a_question_where_nobody_is_there_to_ask_is_declined_with_words() {
    let go_on = Arc::new(Notify::new());
    let wait = Arc::clone(&go_on);
    let endpoint = legacy_but(move |asked| match method(asked) {
        "tools/call" => {
            let end = format!("data: {}\n\n", answer(asked, said("without")));
            Some(Reply::raw(event(&question(9))).then(&wait, end))
        }
        "an answer" => {
            go_on.notify_one();
            None
        }
        _ => None,
    })
    .await;
    let (code, stdout, stderr) = callboard(&address(&endpoint), &["call", "far", "echo", "--policy", "auto"]).await;
    assert_eq!((code, stdout.as_str()), (Some(0), "without\n"), "{stderr}");
    assert!(stderr.contains("Which desk?") && stderr.contains("declined"), "{stderr}");
    let declined = |asked: &Asked| asked.body["result"]["action"] == "decline";
    assert!(endpoint.asked().iter().any(declined), "{:?}", endpoint.asked());
}
