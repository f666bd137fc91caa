//! Servers that misbehave in every known way, as real child processes: each costs at most its own calls.

use std::time::Duration;

use callboard::mcp::{CallEnd, CallOrder, Era, Limits, Naming, Program, Reach, ServerSpec, Servers, Signal};
use callboard::protocol::*;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::fleet::{DEADLINE, hostile, hostile_program, is_alive, spec, wait_until_gone};

/// Running servers and what they have said so far.
pub struct Yard {
    pub servers: Servers,
    pub events: Vec<(Scope, Event)>,
    ends: Vec<(CallId, CallEnd)>,
    calls: u64,
}

impl Yard {
    pub fn start(specs: &[ServerSpec]) -> Self {
        Self { servers: Servers::start(specs), events: Vec::new(), ends: Vec::new(), calls: 0 }
    }

    /// Starts one server and waits for its tools.
    pub async fn ready(spec: ServerSpec) -> Self {
        let mut yard = Self::start(&[spec]);
        yard.until("list of tools", |yard| !yard.listed().is_empty()).await;
        yard
    }

    pub async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            let signal = timeout(DEADLINE, self.servers.next()).await;
            match signal.unwrap_or_else(|_| panic!("no {what}: {:#?}", self.events.last())).unwrap() {
                Signal::Happened(scope, event) => self.events.push((scope, event)),
                Signal::Ended(call, end) => self.ends.push((call, end)),
            }
        }
    }

    /// Sends a call that goes wrong in the way `wrong` says.
    pub fn send(&mut self, wrong: &str) -> CallId {
        self.send_by(wrong, None)
    }

    /// The same for a call that was let go by the definition with this hash.
    pub fn send_by(&mut self, wrong: &str, definition: Option<String>) -> CallId {
        self.calls += 1;
        let call = CallId(self.calls);
        let Value::Object(arguments) = json!({"do": wrong}) else { unreachable!() };
        let scope = Scope { call: Some(call), ..Scope::default() };
        let server = "hostile".into();
        self.servers.call(&server, CallOrder { call, scope, tool: "echo".into(), definition, arguments }).unwrap();
        call
    }

    pub async fn end(&mut self, call: CallId) -> CallEnd {
        self.until("end of the call", |yard| yard.ends.iter().any(|(ended, _)| *ended == call)).await;
        self.ends.iter().find(|(ended, _)| *ended == call).unwrap().1.clone()
    }

    pub async fn call(&mut self, wrong: &str) -> CallEnd {
        let call = self.send(wrong);
        self.end(call).await
    }

    /// A call without anything wrong.
    pub async fn works(&mut self) {
        let end = self.call("nothing").await;
        assert_eq!((end.status, text(&end)), (CallStatus::Ok, r#"{"do":"nothing"}"#.to_owned()), "{end:?}");
    }

    pub async fn stop(self) -> Vec<Event> {
        let stopped = timeout(DEADLINE, self.servers.stop()).await.expect("stopping takes too long");
        let event = |signal| match signal {
            Signal::Happened(_, event) => Some(event),
            Signal::Ended(..) => None,
        };
        stopped.into_iter().filter_map(event).collect()
    }

    /// Stops one well-behaved server.
    pub async fn stop_well(self) {
        let pids = self.pids();
        assert_eq!(how(&self.stop().await), ["exited"]);
        wait_until_gone(&pids).await;
    }

    pub fn pick<'a, T>(&'a self, pick: impl Fn(&'a Event) -> Option<T>) -> Vec<T> {
        self.events.iter().filter_map(|(_, event)| pick(event)).collect()
    }

    pub fn pids(&self) -> Vec<u32> {
        self.pick(|event| if let Event::ServerReady(ready) = event { ready.pid } else { None })
    }

    pub fn listed(&self) -> Vec<&ServerListed> {
        self.pick(|event| if let Event::ServerListed(listed) = event { Some(listed) } else { None })
    }

    pub fn lost(&self) -> Vec<&ServerLost> {
        self.pick(|event| if let Event::ServerLost(lost) = event { Some(lost) } else { None })
    }

    pub fn starts(&self) -> usize {
        self.pick(|event| if let Event::ServerStarting(starting) = event { Some(starting.attempt) } else { None }).len()
    }

    pub fn protocols(&self) -> Vec<&str> {
        self.pick(|event| if let Event::ServerReady(ready) = event { Some(ready.protocol.as_str()) } else { None })
    }

    pub fn logged(&self, stream: LogStream) -> Vec<&str> {
        self.pick(|event| match event {
            Event::ServerLogged(logged) if logged.stream == stream => Some(logged.line.as_str()),
            _ => None,
        })
    }

    pub fn sent(&self) -> Vec<&str> {
        self.pick(|event| match event {
            Event::WireFramed(frame) if frame.direction == Direction::Sent => Some(frame.text.as_str()),
            _ => None,
        })
    }
}

pub fn how(events: &[Event]) -> Vec<&str> {
    let stopped = events.iter().filter_map(|event| match event {
        Event::ServerStopped(stopped) => Some(stopped.how.as_str()),
        _ => None,
    });
    stopped.collect()
}

pub fn text(end: &CallEnd) -> String {
    let result = end.result.as_ref().map(Json::value).unwrap_or_default();
    result["content"][0]["text"].as_str().unwrap_or_default().to_owned()
}

pub fn failure(end: &CallEnd) -> (CallFailureCode, &str) {
    let failure = end.failure.as_ref().unwrap_or_else(|| panic!("{end:?}"));
    (failure.code, &failure.message)
}

fn hasty(mode: &str) -> ServerSpec {
    let short = Duration::from_millis(300);
    ServerSpec { limits: Limits { start: short, list: short, call: short, call_total: short }, ..hostile(mode) }
}

/// Waits until a server that never comes up has failed for good, and gives the reason.
async fn fails(spec: ServerSpec) -> (String, usize) {
    let mut yard = Yard::start(&[spec]);
    yard.until("failure", |yard| yard.lost().iter().any(|lost| lost.next == AfterLoss::Failed)).await;
    let end = yard.call("nothing").await;
    let (code, message) = failure(&end);
    assert_eq!(code, CallFailureCode::ServerUnavailable);
    let (reason, starts) = (yard.lost().last().unwrap().reason.clone(), yard.starts());
    assert!(message.contains(&reason), "a call is told why: {message}");
    yard.stop().await;
    (reason, starts)
}

#[tokio::test]
async fn a_missing_program_is_named_and_not_tried_again() {
    let (reason, starts) = fails(ServerSpec { restarts: 5, ..spec("hostile", "/no/such/server", &[]) }).await;
    assert!(reason.contains("/no/such/server was not found"), "{reason}");
    assert_eq!(starts, 1);
}

#[tokio::test]
async fn a_server_that_exits_at_once_is_told_of_with_status_and_last_words() {
    let (reason, starts) = fails(hostile("exits")).await;
    assert_eq!(
        reason,
        "the process exited with status 3; its last words: reading the licence | no licence for this machine"
    );
    assert_eq!(starts, 2, "the second time in the other era");
}

#[tokio::test]
async fn a_server_that_leaves_a_child_behind_is_lost_with_it() {
    let (reason, _) = fails(hostile("orphan")).await;
    assert_eq!(reason, "the process exited with status 4; its last words: the parent leaves");
}

#[tokio::test]
async fn a_list_of_tools_that_never_comes_is_given_up() {
    let spec =
        ServerSpec { limits: Limits { list: Duration::from_secs(1), ..hostile("x").limits }, ..hostile("silent-list") };
    let (reason, _) = fails(spec).await;
    assert_eq!(reason, "it did not list its tools within 1 s");
}

#[tokio::test]
async fn the_one_restart_of_a_server_that_hangs_is_counted_as_one() {
    let limits = Limits { start: Duration::from_millis(300), ..hostile("x").limits };
    let mut yard = Yard::start(&[ServerSpec { restarts: 5, limits, ..spec("hostile", "/bin/sleep", &["1000"]) }]);
    yard.until("failure", |yard| yard.lost().iter().any(|lost| lost.next == AfterLoss::Failed)).await;
    let lost = yard.lost();
    assert!(matches!(lost[0].next, AfterLoss::Restarting { attempt: 1, of: 1, .. }), "{lost:?}");
    assert!(lost[0].reason.contains("only once more") && !lost[1].reason.contains("once more"), "{lost:?}");
    assert_eq!((lost.len(), yard.starts()), (2, 2));
    yard.stop().await;
}

#[tokio::test]
async fn a_reason_is_told_in_short_whatever_it_is_of() {
    let nowhere = ServerSpec { reach: Reach::Nowhere("far away, ".repeat(10_000)), ..hostile("") };
    let mut lost = Yard::start(&[nowhere]);
    lost.until("failure", |yard| !yard.lost().is_empty()).await;
    let reason = &lost.lost()[0].reason;
    assert!(reason.starts_with("far away") && reason.len() < 4200, "{}", reason.len());
    lost.stop().await;
    let mut yard = Yard::ready(hostile("well")).await;
    let end = yard.call("long-error").await;
    let message = failure(&end).1;
    assert!(message.contains("such thing") && message.len() < 4200, "{}", message.len());
    yard.stop_well().await;
}

#[tokio::test]
async fn an_answer_to_somebody_else_is_none() {
    let spec = ServerSpec {
        era: Era::Legacy,
        limits: Limits { start: Duration::from_millis(1500), ..hostile("x").limits },
        ..hostile("wrong-id")
    };
    let (reason, _) = fails(spec).await;
    assert!(reason.starts_with("it did not answer the handshake within 1.5 s"), "{reason}");
}

#[tokio::test]
async fn an_answer_that_is_no_json_fails_its_call_at_once() {
    let mut yard = Yard::ready(hostile("well")).await;
    let end = yard.call("no-json").await;
    assert!(failure(&end).1.contains("the server's answer is no JSON: expected"), "{end:?}");
    yard.works().await;
    yard.stop_well().await;
}

#[tokio::test]
async fn a_server_that_keeps_exiting_is_started_again_only_so_often() {
    let (_, starts) = fails(ServerSpec { restarts: 1, era: Era::Legacy, ..hostile("exits") }).await;
    assert_eq!(starts, 2);
}

#[tokio::test]
async fn a_server_that_never_answers_is_started_once_more_and_given_up() {
    let (reason, starts) = fails(ServerSpec { restarts: 5, era: Era::Auto, ..hasty("deaf") }).await;
    assert!(reason.contains("did not answer the handshake"), "{reason}");
    assert_eq!(starts, 2);
}

#[tokio::test]
async fn a_server_that_only_greets_is_quoted() {
    let reach = Reach::Program(Program {
        command: "/bin/sh".into(),
        args: vec!["-c".into(), "echo 'Listening on port 3000'; sleep 60".into()],
        ..Program::default()
    });
    let (reason, _) = fails(ServerSpec { reach, ..hasty("deaf") }).await;
    assert!(reason.ends_with("its last words: stdout: Listening on port 3000"), "{reason}");
}

#[tokio::test]
async fn both_eras_are_spoken_and_auto_finds_the_right_one() {
    for (mode, era, protocol, starts) in [
        ("legacy", Era::Auto, "2025-06-18", 1),
        ("legacy", Era::Legacy, "2025-06-18", 1),
        ("modern", Era::Auto, "2026-07-28", 2),
        ("modern-dies", Era::Auto, "2026-07-28", 2),
        ("modern", Era::Modern, "2026-07-28", 1),
    ] {
        let mut yard = Yard::ready(ServerSpec { era, ..hostile(mode) }).await;
        assert_eq!((yard.protocols(), yard.starts()), (vec![protocol], starts), "{mode} {era:?}");
        yard.works().await;
        yard.stop_well().await;
    }
    for (mode, era) in [("modern", Era::Legacy), ("legacy", Era::Modern)] {
        let (reason, starts) = fails(ServerSpec { era, ..hostile(mode) }).await;
        assert!(reason.contains("refused the handshake: unknown method"), "{reason}");
        assert_eq!(starts, 1);
    }
}

#[tokio::test]
async fn an_era_that_worked_is_remembered() {
    let mut yard = Yard::ready(ServerSpec { restarts: 3, ..hostile("modern") }).await;
    assert_eq!(yard.starts(), 2);
    yard.call("crash").await;
    yard.works().await;
    assert_eq!(yard.starts(), 3);
    yard.stop_well().await;
}

#[tokio::test]
async fn asked_many_times_at_once_a_server_starts_again_once() {
    let mut yard = Yard::ready(hostile("well")).await;
    for _ in 0..5 {
        assert!(yard.servers.restart(&"hostile".into()));
    }
    yard.until("second list of tools", |yard| yard.listed().len() == 2).await;
    yard.works().await;
    assert_eq!(yard.starts(), 2);
    yard.stop_well().await;
}

#[tokio::test]
async fn a_call_does_not_wait_for_ever_for_a_server_that_does_not_come_up() {
    let limits = Limits { start: DEADLINE * 2, call: Duration::from_millis(300), ..Limits::default() };
    let mut yard = Yard::start(&[ServerSpec { limits, ..hostile("deaf") }]);
    let end = yard.call("nothing").await;
    let (code, message) = failure(&end);
    assert_eq!(code, CallFailureCode::ServerUnavailable);
    assert!(message.contains("was not ready for the call"), "{message}");
    yard.stop().await;
}

#[tokio::test]
async fn only_so_many_calls_wait_for_a_server() {
    let mut yard = Yard::ready(hostile("well")).await;
    let mut calls = Vec::new();
    for _ in 0..300 {
        calls.push(yard.send("hang"));
        // The supervisor takes it meanwhile.
        tokio::task::yield_now().await;
    }
    // 32 are in flight, 256 wait.
    for call in calls.split_off(32 + 256) {
        let end = yard.end(call).await;
        let (code, message) = failure(&end);
        assert_eq!((code, message.contains("256 calls waiting")), (CallFailureCode::LimitReached, true), "{message}");
    }
    assert_eq!(yard.ends.len(), 12);
    yard.stop().await;
}

#[tokio::test]
async fn what_is_no_message_on_stdout_is_shown_and_never_answered() {
    let mut yard = Yard::ready(hostile("chatty")).await;
    yard.works().await;
    let lines = yard.logged(LogStream::Stdout);
    for line in ["*** Welcome to the server! ***", r#"{"level":"info","msg":"starting"}"#, "[1,2]", "  thinking…"] {
        assert!(lines.contains(&line), "{lines:?}");
    }
    assert!(yard.sent().iter().all(|sent| !sent.contains("\"error\"")), "{:?}", yard.sent());
    yard.stop_well().await;
}

#[tokio::test]
async fn a_crash_fails_the_call_at_once_with_status_and_last_words_and_the_next_call_works() {
    let mut yard = Yard::ready(ServerSpec { restarts: 3, ..hostile("well") }).await;
    let hanging = yard.send("hang");
    let end = yard.call("crash").await;
    let reason = "the process exited with status 7; its last words: about to work | out of handles";
    let expected = format!("Server hostile was lost while the call was running: {reason}.");
    assert_eq!(failure(&end), (CallFailureCode::ServerLost, expected.as_str()));
    assert_eq!(yard.end(hanging).await, end, "everything in flight ends");
    yard.works().await;
    let lost = yard.lost();
    assert_eq!((lost.len(), lost[0].reason.as_str()), (1, reason));
    assert!(matches!(lost[0].next, AfterLoss::Restarting { attempt: 1, of: 3, .. }), "{lost:?}");
    yard.stop_well().await;
}

#[tokio::test]
async fn a_server_that_closes_its_stdout_is_lost_even_if_it_lives_on() {
    let program = hostile_program();
    let script = r#""$0" well; exec >&-; exec sleep 600"#;
    let mut yard = Yard::ready(spec("hostile", "/bin/sh", &["-c", script, program.to_str().unwrap()])).await;
    let pids = yard.pids();
    let end = yard.call("crash").await;
    let (code, message) = failure(&end);
    assert_eq!(code, CallFailureCode::ServerLost);
    assert!(message.contains("closed") && message.contains("out of handles"), "{message}");
    yard.until("loss", |yard| !yard.lost().is_empty()).await;
    let degraded =
        yard.pick(|event| if let Event::ServerDegraded(degraded) = event { Some(&degraded.why) } else { None });
    assert!(matches!(degraded[..], [why] if why.ends_with("it is being stopped")), "{degraded:?}");
    wait_until_gone(&pids).await;
    yard.stop().await;
}

#[tokio::test]
async fn a_server_that_hangs_up_does_not_end_by_our_doing_before_it_is_told() {
    const LIVES_ON: &str = "exec >&-; while read line; do :; done";
    let ready = r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},
        "serverInfo":{"name":"s","version":"1"}}}"#;
    let ready = format!("read line; echo '{}'; read line; read line", ready.replace('\n', ""));
    for (script, wanted) in [
        (LIVES_ON.to_owned(), "it closed the connection before the handshake was done"),
        (format!("{ready}; {LIVES_ON}"), "it closed its stdout before it had listed its tools"),
    ] {
        let spec = ServerSpec { era: Era::Legacy, ..spec("hostile", "/bin/sh", &["-c", &script]) };
        assert_eq!(fails(spec).await.0, wanted);
    }
    let program = hostile_program();
    let script = format!(r#""$0" well; {LIVES_ON}"#);
    let mut yard = Yard::ready(spec("hostile", "/bin/sh", &["-c", &script, program.to_str().unwrap()])).await;
    let pids = yard.pids();
    let message = failure(&yard.call("crash").await).1.to_owned();
    assert!(message.contains("it closed its stdout") && !message.contains("status 0"), "{message}");
    yard.until("loss", |yard| !yard.lost().is_empty()).await;
    wait_until_gone(&pids).await;
    yard.stop().await;
}

#[tokio::test]
async fn a_server_that_ignores_the_end_of_its_stdin_is_terminated() {
    let yard = Yard::ready(hostile("stubborn")).await;
    let pids = yard.pids();
    assert_eq!(how(&yard.stop().await), ["terminated"]);
    wait_until_gone(&pids).await;
}

#[tokio::test]
async fn a_server_that_ignores_that_too_is_killed() {
    let program = hostile_program();
    let script = r#"trap "" TERM; exec "$0" stubborn"#;
    let yard = Yard::ready(spec("hostile", "/bin/sh", &["-c", script, program.to_str().unwrap()])).await;
    let pids = yard.pids();
    assert_eq!(how(&yard.stop().await), ["killed"]);
    wait_until_gone(&pids).await;
}

#[tokio::test]
async fn a_server_that_is_given_up_or_lost_may_finish_its_work() {
    let program = hostile_program();
    let folder = tempfile::tempdir().unwrap();
    let tidied = folder.path().join("tidied");
    let args = |script| ["-c", script, program.to_str().unwrap(), tidied.to_str().unwrap()];
    let refuses = r#""$0" modern; sleep 1; touch "$1""#;
    fails(ServerSpec { era: Era::Legacy, ..spec("hostile", "/bin/sh", &args(refuses)) }).await;
    assert!(std::fs::remove_file(&tidied).is_ok(), "it was killed");
    let hangs_up = r#""$0" well; exec >&-; while read line; do :; done; sleep 1; touch "$1""#;
    let mut yard = Yard::ready(spec("hostile", "/bin/sh", &args(hangs_up))).await;
    yard.call("crash").await;
    yard.until("loss", |yard| !yard.lost().is_empty()).await;
    yard.stop().await;
    assert!(tidied.exists(), "it was killed");
}

#[tokio::test]
async fn what_a_server_started_goes_with_it_stopped_or_lost() {
    for crash in [false, true] {
        let mut yard = Yard::ready(hostile("well")).await;
        let child: u32 = text(&yard.call("child").await).parse().unwrap();
        assert!(is_alive(child));
        if crash {
            yard.call("crash").await;
            wait_until_gone(&[child]).await;
        }
        yard.stop().await;
        wait_until_gone(&[child]).await;
    }
}

#[tokio::test]
async fn progress_is_told_as_long_as_it_increases() {
    let mut yard = Yard::ready(hostile("well")).await;
    let end = yard.call("progress").await;
    assert_eq!(text(&end), "all parts");
    let call = CallId(1);
    let of_call = yard.events.iter().filter(|(scope, _)| scope.call == Some(call));
    let progress: Vec<_> = of_call
        .filter_map(|(_, event)| match event {
            Event::CallProgressed(progressed) => {
                Some((progressed.progress, progressed.total, progressed.message.as_deref()))
            }
            _ => None,
        })
        .collect();
    let expected = [(1.0, "part 1"), (2.0, "part 2"), (3.0, "part 3")];
    assert_eq!(progress, expected.map(|(progress, message)| (progress, Some(3.0), Some(message))));
    yard.stop_well().await;
}

#[tokio::test]
async fn unknown_content_and_huge_numbers_and_deep_nesting_arrive_as_they_were_sent() {
    let mut yard = Yard::ready(hostile("well")).await;
    let end = yard.call("hologram").await;
    assert_eq!(end.status, CallStatus::Ok);
    let result = end.result.unwrap();
    assert!(result.text().contains(r#"{"type":"hologram","data":1}"#), "{result:?}");
    assert!(result.text().contains(r#""big":123456789012345678901234567890"#), "{result:?}");
    let end = yard.call("deep").await;
    assert!(end.status == CallStatus::Ok && end.result.unwrap().text().contains(&"[".repeat(400)));
    yard.works().await;
    yard.stop_well().await;
}

#[tokio::test]
async fn a_line_of_50_mib_fails_its_call_and_no_other() {
    let mut yard = Yard::ready(hostile("well")).await;
    let hanging = yard.send("hang");
    let end = yard.call("huge").await;
    let (code, message) = failure(&end);
    assert_eq!(code, CallFailureCode::ProtocolError);
    assert!(message.contains("the server's answer has 5242") && message.contains("at most"), "{message}");
    yard.works().await;
    assert!(yard.ends.iter().all(|(call, _)| *call != hanging), "the other call still runs");
    yard.stop_well().await;
}

#[tokio::test]
async fn bytes_that_are_no_text_become_marks_and_cost_nothing_else() {
    let mut yard = Yard::ready(hostile("well")).await;
    assert_eq!(text(&yard.call("bad-utf8").await), "bad \u{fffd}\u{fffd} bytes");
    assert!(yard.logged(LogStream::Stdout).iter().any(|line| line.contains("not UTF-8")));
    yard.works().await;
    yard.stop_well().await;
}

#[tokio::test]
async fn an_answer_after_cancel_is_recorded_and_ignored() {
    let mut yard = Yard::ready(hostile("well")).await;
    let call = yard.send("late");
    yard.until("request on the wire", |yard| yard.sent().iter().any(|sent| sent.contains("late"))).await;
    yard.servers.cancel(&"hostile".into(), call, "no longer wanted");
    assert_eq!(yard.end(call).await.status, CallStatus::Cancelled);
    let late = |yard: &Yard| {
        !yard
            .pick(|event| match event {
                Event::WireFramed(frame) if frame.direction == Direction::Received => {
                    frame.text.contains("too late").then_some(())
                }
                _ => None,
            })
            .is_empty()
    };
    yard.until("late answer", late).await;
    yard.works().await;
    assert_eq!(yard.ends.iter().filter(|(ended, _)| *ended == call).count(), 1);
    yard.stop_well().await;
}

#[tokio::test]
async fn answers_that_nobody_asked_for_are_ignored() {
    let mut yard = Yard::ready(hostile("well")).await;
    assert_eq!(text(&yard.call("stray").await), "for you");
    yard.works().await;
    assert_eq!(yard.ends.len(), 2);
    yard.stop_well().await;
}

#[tokio::test]
async fn a_call_without_an_answer_times_out_and_the_server_is_told() {
    let limits = Limits { call: Duration::from_millis(1500), ..hostile("well").limits };
    let mut yard = Yard::ready(ServerSpec { limits, ..hostile("well") }).await;
    let end = yard.call("hang").await;
    assert_eq!(failure(&end).0, CallFailureCode::TimedOut);
    yard.works().await;
    assert!(yard.sent().iter().any(|sent| sent.contains("notifications/cancelled")), "{:?}", yard.sent());
    yard.stop_well().await;
}

#[tokio::test]
async fn an_error_of_the_protocol_is_passed_on_in_words() {
    let mut yard = Yard::ready(hostile("well")).await;
    let end = yard.call("error").await;
    assert_eq!(failure(&end), (CallFailureCode::ProtocolError, r#"JSON-RPC error -32000: no such thing {"a":1}"#));
    yard.works().await;
    yard.stop_well().await;
}

#[tokio::test]
async fn a_flood_of_notifications_is_cut_and_the_answer_still_comes() {
    let mut yard = Yard::ready(hostile("well")).await;
    let begun = std::time::Instant::now();
    assert_eq!(text(&yard.call("chatter").await), "said it all");
    // Two hundred a second pass, however long this machine takes for all of them.
    let most = 200 * (usize::try_from(begun.elapsed().as_secs()).unwrap() + 2);
    let passed = yard.pick(|event| if let Event::CallProgressed(_) = event { Some(()) } else { None }).len();
    assert!(passed > 0 && passed <= most, "{passed} of at most {most}");
    yard.works().await;
    yard.stop_well().await;
}

#[tokio::test]
async fn a_flood_on_stderr_blocks_nothing_and_is_counted() {
    let mut yard = Yard::ready(hostile("well")).await;
    assert_eq!(text(&yard.call("flood").await), "dry again");
    assert!(yard.logged(LogStream::Stderr).len() < 20_000);
    yard.works().await;
    yard.stop_well().await;
}

#[tokio::test]
async fn endless_lists_of_tools_come_to_an_end() {
    for (mode, count) in [("endless", 64), ("circle", 2)] {
        let yard = Yard::ready(hostile(mode)).await;
        assert_eq!(yard.listed()[0].tools.len(), count, "{mode}");
        yard.stop_well().await;
    }
}

#[tokio::test]
async fn a_tool_that_cannot_be_taken_is_told_of_and_the_others_work() {
    let mut yard = Yard::ready(hostile("twins")).await;
    let listed = yard.listed()[0];
    let tools: Vec<&str> = listed.tools.iter().map(|tool| tool.tool.as_str()).collect();
    let rejected: Vec<&str> = listed.rejected.iter().map(|rejected| rejected.name.as_str()).collect();
    assert_eq!((tools, rejected), (vec!["echo", "write"], vec!["echo", "no-schema", ""]));
    yard.works().await;
    yard.stop_well().await;
}

#[tokio::test]
async fn a_changed_list_of_tools_is_fetched_again() {
    let mut yard = Yard::ready(hostile("well")).await;
    yard.call("grow").await;
    yard.until("new list", |yard| yard.listed().len() == 2).await;
    assert_eq!(yard.listed()[1].tools.len(), 3);
    yard.stop_well().await;
}

#[tokio::test]
async fn a_changed_list_that_never_comes_holds_nothing_up() {
    let limits = Limits { list: Duration::from_secs(600), ..hostile("well").limits };
    let mut yard = Yard::ready(ServerSpec { limits, ..hostile("well") }).await;
    yard.call("grow-in-silence").await;
    let asked = |yard: &Yard| yard.sent().iter().filter(|sent| sent.contains("tools/list")).count() == 2;
    yard.until("request for the list", asked).await;
    yard.works().await;
    yard.stop_well().await;
}

#[tokio::test]
async fn a_server_sees_only_the_environment_it_was_given() {
    let mut given = hostile("well");
    let Reach::Program(program) = &mut given.reach else { panic!("a program") };
    program.env.insert("GIVEN".into(), "to you".into());
    let mut yard = Yard::ready(given).await;
    let environment = text(&yard.call("environment").await);
    assert!(environment.contains("GIVEN=to you") && environment.contains("PATH="), "{environment}");
    assert!(!environment.contains("CARGO"), "{environment}");
    yard.stop_well().await;
}

#[tokio::test]
async fn names_for_the_model_carry_the_server_of_a_configured_one() {
    let yard = Yard::ready(ServerSpec { naming: Naming::Prefixed, ..hostile("well") }).await;
    let names: Vec<&str> = yard.listed()[0].tools.iter().map(|tool| tool.model_name.as_str()).collect();
    assert_eq!(names, ["hostile__echo", "hostile__write"]);
    yard.stop_well().await;
}

#[tokio::test]
async fn one_bad_server_costs_the_others_nothing() {
    let named = |name: &str, mode: &str| ServerSpec { name: name.into(), ..hostile(mode) };
    let specs = [named("a", "deaf"), hostile("well"), named("b", "exits"), named("c", "endless")];
    let mut yard = Yard::start(&specs);
    yard.works().await;
    let refused = yard.servers.call(
        &"nobody".into(),
        CallOrder {
            call: CallId(9),
            scope: Scope::default(),
            tool: "x".into(),
            definition: None,
            arguments: serde_json::Map::new(),
        },
    );
    assert_eq!(refused.unwrap_err().code, CallFailureCode::ServerUnavailable);
    yard.stop().await;
}

#[tokio::test]
async fn a_call_is_not_sent_to_a_tool_that_has_just_become_another() {
    let mut yard = Yard::ready(hostile("rug")).await;
    let hash = |yard: &Yard| {
        let listed = |event: &Event| match event {
            Event::ServerListed(listed) => listed.tools.iter().find(|tool| tool.tool == "echo".into()).cloned(),
            _ => None,
        };
        yard.pick(listed).last().expect("echo is listed").hash.clone()
    };
    let before = hash(&yard);
    assert_eq!(yard.call("grow").await.status, CallStatus::Ok);
    // The new list has not come yet.
    let call = yard.send_by("echo", Some(before.clone()));
    let end = yard.end(call).await;
    assert_eq!(end.failure.expect("it was not sent").code, CallFailureCode::ToolChanged);
    let now = hash(&yard);
    assert_ne!(now, before);
    let call = yard.send_by("echo", Some(now));
    assert_eq!(yard.end(call).await.status, CallStatus::Ok, "who knows what it is now may call it");
    yard.stop().await;
}
