//! The real program with a model that deviates: one profile a deviation, from the endpoint's bytes to the words on the screen.

use callboard::model::openai::DEFAULT_MODEL;
use serde_json::{Value, json};

use crate::mock_endpoint::{Asked, MockEndpoint, Reply};
use crate::openai_endpoint::{calls, delta, finish, hello, text};
use crate::processes::{Home, Ran};
use crate::terminal::Console;

/// What an endpoint does, and what must come of it.
struct Profile {
    replies: Vec<Reply>,
    exit: i32,
    /// Words of the answer.
    out: &'static [&'static str],
    /// Words beside it: calls, retries, errors.
    err: &'static [&'static str],
    /// What the model was asked after the first time.
    then: fn(&[Asked]),
}

impl Profile {
    fn of(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { replies: replies.into_iter().collect(), exit: 0, out: &["Hello."], err: &[], then: |_| () }
    }

    fn with(self, err: &'static [&'static str]) -> Self {
        Self { err, ..self }
    }

    fn then(self, then: fn(&[Asked])) -> Self {
        Self { then, ..self }
    }

    /// It ends with this exit code and no answer.
    fn fails(self, exit: i32, err: &'static [&'static str]) -> Self {
        Self { exit, err, out: &[], ..self }
    }

    /// As much of an answer is kept.
    fn after(self, out: &'static [&'static str]) -> Self {
        Self { out, ..self }
    }

    async fn play(self) {
        let home = Home::new();
        let endpoint = MockEndpoint::start(self.replies).await;
        let servers = home.file("servers.json", &only_ticket().to_string());
        let args =
            ["ask", "--base-url", &endpoint.base_url, "--servers", servers.to_str().unwrap(), "What is critical?"];
        let command = tokio::process::Command::from(home.command(&args)).output();
        let ran = Ran::of(command.await.unwrap());
        assert_eq!(ran.code, Some(self.exit), "{ran:?}");
        assert!(self.out.iter().all(|words| ran.stdout.contains(words)), "{ran:?}");
        assert!(self.err.iter().all(|words| ran.stderr.contains(words)), "{:?} in {ran:?}", self.err);
        assert!(self.exit == 0 || !self.out.is_empty() || ran.stdout.is_empty(), "{ran:?}");
        let asked = endpoint.asked();
        assert_eq!(asked[0].body["model"], DEFAULT_MODEL);
        asked.iter().for_each(each_call_has_one_answer);
        (self.then)(&asked);
    }
}

/// The bundled server whose tools are called here; the others only cost time.
fn only_ticket() -> Value {
    let others = callboard_servers::NAMES.iter().filter(|name| **name != "ticket");
    let others = others.map(|name| ((*name).to_owned(), json!({"command": "", "disabled": true})));
    json!({"mcpServers": Value::Object(others.collect())})
}

/// Every call the model made is answered once, in its order, under an id that is the only one of its kind.
fn each_call_has_one_answer(asked: &Asked) {
    let messages = asked.body["messages"].as_array().unwrap();
    let made: Vec<&Value> = messages
        .iter()
        .flat_map(|message| message["tool_calls"].as_array().into_iter().flatten())
        .map(|call| &call["id"])
        .collect();
    let answered: Vec<&Value> =
        messages.iter().filter(|message| message["role"] == "tool").map(|message| &message["tool_call_id"]).collect();
    assert_eq!(made, answered);
    assert!(made.iter().all(|id| id.as_str().is_some_and(|id| !id.is_empty())), "{made:?}");
    assert!((1..made.len()).all(|at| !made[..at].contains(&made[at])), "{made:?}");
}

/// The results as the model gets them with its `request`-th question.
fn results(asked: &[Asked], request: usize) -> Vec<&str> {
    let messages = asked[request].body["messages"].as_array().unwrap();
    messages
        .iter()
        .filter(|message| message["role"] == "tool")
        .filter_map(|message| message["content"].as_str())
        .collect()
}

fn ticket(id: &str) -> String {
    json!({"ticket_id": id}).to_string()
}

/// A call in one piece.
fn call(id: &str, name: &str, arguments: impl Into<Value>) -> Value {
    calls(
        json!([{"index": 0, "id": id, "type": "function", "function": {"name": name, "arguments": arguments.into()}}]),
    )
}

/// An answer that is one call of the ticket tool with these arguments, then an answer in words.
fn one_call(name: &str, arguments: impl Into<Value>) -> [Reply; 2] {
    [Reply::events(&[call("a", name, arguments), finish("tool_calls")]), hello()]
}

/// Two calls whose pieces say of themselves only this.
fn two_calls(first: Value, second: Value) -> [Reply; 2] {
    let with = |mut piece: Value, id: &str| {
        piece["function"] = json!({"name": "get_ticket_details", "arguments": ticket(id)});
        calls(json!([piece]))
    };
    [Reply::events(&[with(first, "TKT-1001"), with(second, "TKT-1002"), finish("tool_calls")]), hello()]
}

/// Both tickets were looked up and told apart.
fn both(asked: &[Asked]) {
    let results = results(asked, 1);
    assert_eq!(results.len(), 2, "{results:?}");
    assert!(results[0].contains("TKT-1001") && results[1].contains("TKT-1002"), "{results:?}");
}

fn limited() -> Reply {
    Reply::status(
        429,
        json!({"error": {"message": "Slow down.", "type": "requests", "code": "rate_limit_exceeded"}}).to_string(),
    )
}

fn overflow() -> Reply {
    let words = "This model's maximum context length is 4096 tokens.";
    Reply::status(400, json!({"error": {"message": words, "code": "context_length_exceeded"}}).to_string())
}

/// One test a profile.
macro_rules! profiles {
    ($($name:ident: $profile:expr;)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                $profile.play().await;
            }
        )+
    };
}

profiles! {
    calls_without_an_index: Profile::of(two_calls(json!({"id": "a"}), json!({"id": "b"}))).then(both);
    calls_with_the_same_index: Profile::of(two_calls(json!({"index": 0, "id": "a"}), json!({"index": 0, "id": "b"}))).then(both);
    calls_with_empty_ids: Profile::of(two_calls(json!({"index": 0, "id": ""}), json!({"index": 1, "id": ""}))).then(both);
    calls_with_the_same_id: Profile::of(two_calls(json!({"index": 0, "id": "a"}), json!({"index": 1, "id": "a"}))).then(both);
    calls_without_ids: Profile::of(two_calls(json!({"index": 0}), json!({"index": 1}))).then(both);
    arguments_as_an_object: Profile::of(one_call("get_ticket_details", json!({"ticket_id": "TKT-1001"})))
        .then(|asked| assert!(results(asked, 1)[0].contains("TKT-1001")));
    arguments_that_are_no_json: Profile::of(one_call("get_ticket_details", "{\"ticket_id\": \"TKT-10"))
        .with(&["get_ticket_details", "JSON"])
        .then(|asked| assert!(results(asked, 1)[0].contains("JSON")));
    arguments_that_are_no_object: Profile::of(one_call("get_ticket_details", "[1]"))
        .with(&["object"])
        .then(|asked| assert!(results(asked, 1)[0].contains("object")));
    arguments_that_break_the_schema: Profile::of(one_call("get_ticket_details", json!({"ticket_id": 17}).to_string()))
        .with(&["break the schema"])
        .then(|asked| assert!(results(asked, 1)[0].contains("ticket_id")));
    no_arguments_at_all: Profile::of(one_call("search_tickets", ""));
    a_tool_that_nobody_has: Profile::of(one_call("get_ticket_detail", ticket("TKT-1001")))
        .with(&["get_ticket_details"])
        .then(|asked| assert!(results(asked, 1)[0].contains("get_ticket_details")));
    an_unknown_finish_reason: Profile::of([Reply::events(&[text("Hello."), finish("eos_token_found")])]);
    calls_with_the_wrong_finish_reason: Profile::of([
        Reply::events(&[call("a", "get_ticket_details", ticket("TKT-1001")), finish("stop")]), hello(),
    ]).then(|asked| assert!(results(asked, 1)[0].contains("TKT-1001")));
    no_done: Profile::of([Reply::events_without_done(&[text("Hello."), finish("stop")])]);
    a_stream_cut_in_the_text: Profile::of([Reply::events_without_done(&[text("Hel")]).then_cut()])
        .fails(1, &["broke", "Ask again."]).after(&["Hel"]);
    a_stream_cut_in_a_call_runs_nothing: Profile::of([
        Reply::events_without_done(&[text("Hm."), call("a", "get_ticket_details", "{\"ticket")]).then_cut(),
    ]).fails(1, &["broke", "Nothing of the answer was run."]).after(&["Hm."]).then(|asked| assert_eq!(asked.len(), 1));
    the_output_limit_in_a_call_runs_nothing: Profile::of([
        Reply::events(&[call("a", "get_ticket_details", "{\"ticket"), finish("length")]),
    ]).fails(1, &["limit"]).then(|asked| assert_eq!(asked.len(), 1));
    an_error_in_the_middle: Profile::of([
        Reply::raw("data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\ndata: {\"error\":{\"message\":\"CUDA out of memory\"}}\n\n"),
    ]).fails(1, &["CUDA out of memory"]).after(&["Hel"]);
    an_answer_with_nothing_in_it: Profile::of([Reply::events(&[delta(json!({"content": ""})), finish("stop")])])
        .fails(1, &["neither text nor a tool call"]);
    a_call_written_as_text: Profile::of([
        Reply::events(&[text("<tool_call>{\"name\":\"get_ticket_details\"}</tool_call>"), finish("stop")]),
    ]).fails(1, &["wrote its tool call as text"]).after(&["<tool_call>"]);
    a_page_instead_of_an_answer: Profile::of([Reply::status(200, "<html>Welcome to nginx!</html>")])
        .fails(1, &["Welcome to nginx"]);
    a_rate_limit_that_says_how_long: Profile::of([limited().header("Retry-After: 1"), hello()])
        .with(&["Slow down."]).then(|asked| assert_eq!(asked.len(), 2));
    a_rate_limit_that_does_not: Profile::of([limited(), hello()]).with(&["Slow down."]);
    a_rate_limit_that_does_not_end: Profile::of(vec![limited().header("Retry-After: 0"); 7])
        .fails(1, &["Slow down.", "Tried 6 times"]).then(|asked| assert_eq!(asked.len(), 6));
    a_rate_limit_of_an_hour: Profile::of([limited().header("Retry-After: 3600")])
        .fails(1, &["60 minutes"]).then(|asked| assert_eq!(asked.len(), 1));
    a_server_error_once: Profile::of([Reply::status(500, "oops"), hello()]).with(&["500"]);
    an_unknown_model: Profile::of([Reply::status(404, json!({"error": {"message": "model not found"}}).to_string())])
        .fails(1, &["model"]);
    a_result_of_more_than_32_kib_is_cut: Profile::of(one_call("search_tickets", json!({"limit": 100}).to_string()))
        .then(|asked| {
            let result = results(asked, 1)[0];
            assert!(result.len() < 33 * 1024, "{}", result.len());
        });
    an_overflow_is_met_with_shorter_results: Profile::of([
        Reply::events(&[call("a", "search_tickets", json!({"limit": 100}).to_string()), finish("tool_calls")]),
        overflow(), hello(),
    ]).then(|asked| {
        let (before, after) = (results(asked, 1)[0].len(), results(asked, 2)[0].len());
        assert!(after < before && after < 3 * 1024, "{before} {after}");
    });
    an_overflow_that_stays: Profile::of([
        Reply::events(&[call("a", "search_tickets", json!({"limit": 100}).to_string()), finish("tool_calls")]),
        overflow(), overflow(),
    ]).fails(1, &["were shortened", "is longer than"]).then(|asked| assert_eq!(asked.len(), 3));
}

/// An endpoint on a thread of its own, for tests that wait for a screen.
fn apart(replies: impl IntoIterator<Item = Reply, IntoIter: Send> + Send + 'static) -> MockEndpoint {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            sender.send(MockEndpoint::start(replies).await).unwrap();
            // The endpoint goes with whoever has it; the thread with the tests.
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().unwrap()
}

/// A console with an endpoint that replies so.
fn console(endpoint: &MockEndpoint) -> Console {
    let home = tempfile::tempdir().unwrap();
    let servers = home.path().join("servers.json");
    std::fs::write(&servers, only_ticket().to_string()).unwrap();
    let servers = servers.to_str().unwrap().to_owned();
    Console::open_in(home, 40, 120, &["--base-url", &endpoint.base_url, "--servers", &servers])
}

#[test]
fn on_the_screen_a_model_that_says_nothing_is_waited_for_and_can_be_stopped() {
    let endpoint = apart([Reply::silence(), hello()]);
    let mut console = console(&endpoint);
    console.wait_for_text("✓ ticket");
    console.press("What is critical?\r");
    console.wait_for_text("asking gpt-4.1");
    console.press("still here");
    console.wait_for_text("still here");
    console.press("\x1b");
    console.wait_for_text("stopped");
    console.press("\x03Once more?\r");
    console.wait_for_text("Hello.");
    console.press("/quit\r");
    assert_eq!(console.end(), 0);
}

#[test]
fn on_the_screen_a_rate_limit_is_counted_down_and_can_be_stopped() {
    let endpoint = apart([limited().header("Retry-After: 50"), hello()]);
    let mut console = console(&endpoint);
    console.wait_for_text("✓ ticket");
    console.press("What is critical?\r");
    console.wait_for(|contents| contents.contains("Slow down.") && contents.contains("in 4"), "a countdown");
    console.press("\x1b");
    console.wait_for_text("stopped");
    assert_eq!(endpoint.asked().len(), 1);
    console.press("/quit\r");
    assert_eq!(console.end(), 0);
}

#[test]
fn on_the_screen_an_error_in_the_middle_stands_under_what_came_before_it() {
    let error = "data: {\"choices\":[{\"delta\":{\"content\":\"Half of it\"}}]}\n\ndata: {\"error\":{\"message\":\"CUDA\\u001b]0;x\\u0007 out of memory\"}}\n\n";
    let endpoint = apart([Reply::raw(error)]);
    let mut console = console(&endpoint);
    console.wait_for_text("✓ ticket");
    console.press("What is critical?\r");
    console.wait_for(|contents| contents.contains("Half of it") && contents.contains("out of memory"), "both");
    console.press("/quit\r");
    assert_eq!(console.end(), 0);
    assert!(!String::from_utf8_lossy(&console.sent()).contains("\x1b]"), "an escape came through");
}
