//! Servers over HTTP that lie about whom they answer, lose streams and sessions, and never come to an end.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use super::*;

fn is_doing(asked: &Asked, what: &str) -> bool {
    method(asked) == "tools/call" && asked.body["params"]["arguments"]["do"] == what
}

/// The answer to another request than this one.
fn stolen(asked: &Asked, distance: i64) -> String {
    let id = asked.body["id"].as_i64().unwrap() + distance;
    event(&json!({"jsonrpc": "2.0", "id": id, "result": said("stolen")}))
}

fn own(asked: &Asked, words: &str) -> String {
    format!("data: {}\n\n", answer(asked, said(words)))
}

async fn told(yard: &mut Yard, words: &str) {
    let is_told = |yard: &Yard| yard.logged(LogStream::Stdout).iter().any(|line| line.contains(words));
    yard.until(words, is_told).await;
}

fn count(endpoint: &MockEndpoint, wanted: &str) -> usize {
    endpoint.asked().iter().filter(|asked| method(asked) == wanted).count()
}

#[tokio::test]
async fn an_answer_settles_only_the_request_whose_stream_carries_it() {
    let (both_open, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (open, wait) = (Arc::clone(&both_open), Arc::clone(&go_on));
    let endpoint = legacy_but(move |asked| {
        if is_doing(asked, "first") {
            // The next request has the next number.
            let begun = Reply::raw(": begun\n\n").then(&open, stolen(asked, 1));
            return Some(begun.then(&wait, own(asked, "one")));
        }
        is_doing(asked, "second").then(|| {
            open.notify_one();
            Reply::raw(": begun\n\n").then(&wait, own(asked, "two"))
        })
    })
    .await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    let first = yard.send("first");
    yard.until("first call", |yard| yard.sent().iter().any(|sent| sent.contains("first"))).await;
    let second = yard.send("second");
    told(&mut yard, "where another is answered").await;
    go_on.notify_waiters();
    assert_eq!((text(&yard.end(first).await), text(&yard.end(second).await)), ("one".to_owned(), "two".to_owned()));
    yard.stop().await;
}

#[tokio::test]
async fn the_servers_own_stream_answers_nothing() {
    let (open, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (is_open, wait) = (Arc::clone(&open), Arc::clone(&go_on));
    let endpoint = legacy_but(move |asked| match method(asked) {
        // The handshake is 0 and the list of tools 1.
        "GET" => Some(
            Reply::raw(": begun\n\n")
                .then(&is_open, event(&json!({"jsonrpc": "2.0", "id": 2, "result": said("stolen")})))
                .then_stall(),
        ),
        "tools/call" => {
            is_open.notify_one();
            Some(Reply::raw(": begun\n\n").then(&wait, own(asked, "mine")))
        }
        _ => None,
    })
    .await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    let call = yard.send("ask");
    told(&mut yard, "it answered request 2 where another is answered, or none").await;
    go_on.notify_one();
    assert_eq!(text(&yard.end(call).await), "mine");
    yard.stop().await;
}

#[tokio::test]
async fn a_body_that_answers_another_request_or_none_fails_its_own_at_once() {
    let endpoint = legacy_but(|asked| {
        let other = json!({"jsonrpc": "2.0", "id": 4711, "result": said("for whom?")});
        let note =
            json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "hm"}});
        let of = |value: &Value| Some(Reply::status(200, value.to_string()).header("Content-Type: application/json"));
        match () {
            () if is_doing(asked, "other") => of(&other),
            () if is_doing(asked, "note") => of(&note),
            () if is_doing(asked, "batch") => of(&json!([other])),
            () => None,
        }
    })
    .await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    for wrong in ["other", "note", "batch"] {
        let end = yard.call(wrong).await;
        assert_eq!(failure(&end).0, CallFailureCode::ProtocolError, "{wrong}: {end:?}");
        assert!(failure(&end).1.contains("is no answer to this"), "{wrong}: {end:?}");
    }
    yard.works().await;
    yard.stop().await;
}

#[tokio::test]
async fn a_number_that_comes_back_as_text_is_taken_and_told() {
    let endpoint = legacy_but(|asked| {
        (method(asked) == "tools/call").then(|| {
            let id = asked.body["id"].to_string();
            let quoted = json!({"jsonrpc": "2.0", "id": id, "result": said("in quotes")});
            Reply::status(200, quoted.to_string()).header("Content-Type: application/json")
        })
    })
    .await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    assert_eq!(text(&yard.call("nothing").await), "in quotes");
    told(&mut yard, "with the number as a text").await;
    yard.stop().await;
}

#[tokio::test]
async fn a_broken_stream_is_found_again_and_answers_only_what_it_was_opened_for() {
    let endpoint = legacy_but(|asked| match method(asked) {
        "tools/call" => Some(Reply::raw(format!("id: e-{}\ndata:\n\n", asked.body["id"])).then_cut()),
        "GET" => {
            let head = asked.head.to_lowercase();
            let last: i64 =
                head.lines().find_map(|line| line.strip_prefix("last-event-id: e-"))?.trim().parse().unwrap();
            let answer = |id: i64, words: &str| event(&json!({"jsonrpc": "2.0", "id": id, "result": said(words)}));
            Some(Reply::raw(answer(last + 1, "stolen") + &answer(last, "found again")))
        }
        _ => None,
    })
    .await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    let calls = [yard.send("one"), yard.send("two")];
    for call in calls {
        assert_eq!(text(&yard.end(call).await), "found again");
    }
    yard.stop().await;
}

#[tokio::test]
async fn an_id_that_cannot_be_sent_back_resumes_nothing() {
    for id in ["\u{1b}[31m".to_owned(), "x".repeat(5000), "é".to_owned()] {
        let stream = format!("id: {id}\ndata:\n\n");
        let endpoint =
            legacy_but(move |asked| (method(asked) == "tools/call").then(|| Reply::raw(&stream).then_cut())).await;
        let mut yard = Yard::ready(at(&address(&endpoint))).await;
        let end = yard.call("nothing").await;
        assert_eq!(failure(&end).0, CallFailureCode::ProtocolError, "{end:?}");
        assert!(endpoint.asked().iter().all(|asked| !asked.head.to_lowercase().contains("last-event-id")));
        yard.stop().await;
    }
}

#[tokio::test]
async fn a_stream_that_ends_again_and_again_is_not_begun_in_a_frenzy() {
    for reply in [
        Reply::raw("retry: 0\nid: 1\ndata:\n\n"),
        Reply::raw("retry: 0\nid: 1\ndata:\n\n").then_cut(),
        Reply::raw("data:\n\n").then_cut(),
    ] {
        let endpoint = legacy_but(move |asked| (method(asked) == "GET").then(|| reply.clone())).await;
        let mut yard = Yard::ready(at(&address(&endpoint))).await;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(2) {
            yard.works().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let (streams, most) = (count(&endpoint, "GET"), begun.elapsed().as_millis() / 200 + 2);
        assert!(streams > 1 && streams as u128 <= most, "{streams} streams in {:?}", begun.elapsed());
        yard.stop().await;
    }
}

#[tokio::test]
async fn calls_that_find_the_session_forgotten_begin_one_new_one() {
    let sessions = Arc::new(AtomicU32::new(0));
    let given = Arc::clone(&sessions);
    let endpoint = legacy_but(move |asked| match method(asked) {
        "initialize" => {
            let session = given.fetch_add(1, Ordering::SeqCst) + 1;
            let about = json!({"protocolVersion": "2025-06-18", "serverInfo": {"name": "remote", "version": "2"},
                "capabilities": {"tools": {}}});
            Some(whole(asked, about).header(&format!("Mcp-Session-Id: s-{session}")))
        }
        "tools/call" if asked.head.to_lowercase().contains("mcp-session-id: s-1\r") => Some(Reply::status(404, "")),
        _ => None,
    })
    .await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    let calls: Vec<CallId> = (0..5).map(|_| yard.send("nothing")).collect();
    for call in calls {
        assert_eq!(text(&yard.end(call).await), r#"{"do":"nothing"}"#);
    }
    told(&mut yard, "it has forgotten the session (HTTP 404)").await;
    assert_eq!((sessions.load(Ordering::SeqCst), yard.starts()), (2, 1));
    yard.stop().await;
}

#[tokio::test]
async fn a_session_that_is_forgotten_each_time_is_a_loss_with_words() {
    let endpoint = legacy_but(|asked| (method(asked) == "tools/call").then(|| Reply::status(404, ""))).await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    let end = yard.call("nothing").await;
    assert_eq!(failure(&end).0, CallFailureCode::ServerLost, "{end:?}");
    assert!(failure(&end).1.contains("forgets a session as soon as it has given it"), "{end:?}");
    assert_eq!(count(&endpoint, "initialize"), 2, "one more try, and no more");
    yard.stop().await;
}

#[tokio::test]
async fn a_session_id_that_cannot_be_sent_back_is_refused_in_words() {
    for id in ["two words".to_owned(), "caf\u{e9}".to_owned(), "x".repeat(5000)] {
        let header = format!("Mcp-Session-Id: {id}");
        let about = json!({"protocolVersion": "2025-06-18", "serverInfo": {"name": "remote", "version": "2"},
            "capabilities": {"tools": {}}});
        let endpoint = MockEndpoint::answering(move |asked: &Asked| whole(asked, about.clone()).header(&header)).await;
        let mut yard = Yard::start(&[ServerSpec { restarts: 5, ..at(&address(&endpoint)) }]);
        let lost = failed(&mut yard).await;
        assert!(lost.reason.contains("the session id it gave cannot be sent back"), "{lost:?}");
        yard.stop().await;
        assert_eq!(endpoint.asked().len(), 1, "trying again changes nothing");
    }
}

#[tokio::test]
async fn what_is_packed_is_not_unpacked() {
    let endpoint = legacy_but(|asked| {
        let packed = Reply::status(200, b"\x1f\x8b\x08\x00").header("Content-Type: application/json");
        (method(asked) == "tools/call").then(|| packed.header("Content-Encoding: gzip"))
    })
    .await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    let end = yard.call("nothing").await;
    assert!(failure(&end).1.contains("packed as gzip"), "{end:?}");
    assert!(endpoint.asked().iter().all(|asked| {
        matches!(method(asked), "DELETE") || asked.head.to_lowercase().contains("accept-encoding: identity")
    }));
    yard.stop().await;
}

#[tokio::test]
async fn the_words_of_a_refusal_are_not_waited_for_for_ever() {
    let endpoint =
        legacy_but(|asked| (method(asked) == "tools/call").then(|| Reply::status(503, "resting").then_stall())).await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    let begun = Instant::now();
    let end = yard.call("nothing").await;
    assert!(failure(&end).1.contains("HTTP 503: resting; the fault is its own"), "{end:?}");
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    yard.stop().await;
}

#[tokio::test]
async fn a_call_is_not_redirected_either() {
    let other = MockEndpoint::answering(legacy).await;
    let location = format!("Location: {}", address(&other));
    let endpoint =
        legacy_but(move |asked| (method(asked) == "tools/call").then(|| Reply::status(307, "").header(&location)))
            .await;
    let mut yard = Yard::ready(at(&address(&endpoint))).await;
    let end = yard.call("nothing").await;
    assert!(failure(&end).1.contains("where we do not follow"), "{end:?}");
    yard.stop().await;
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn requests_that_are_never_answered_do_not_use_up_the_room_for_others() {
    let endpoint = legacy_but(|asked| is_doing(asked, "hang").then(Reply::silence)).await;
    let limits = Limits { call: Duration::from_millis(300), ..hostile("").limits };
    let mut yard = Yard::ready(ServerSpec { limits, ..at(&address(&endpoint)) }).await;
    for _ in 0..5 {
        let calls: Vec<CallId> = (0..20).map(|_| yard.send("hang")).collect();
        for call in calls {
            assert_eq!(failure(&yard.end(call).await).0, CallFailureCode::TimedOut);
        }
    }
    let begun = Instant::now();
    while yard.call("nothing").await.status != CallStatus::Ok {
        assert!(begun.elapsed() < Duration::from_secs(30), "no room for a call");
    }
    yard.stop().await;
}
