//! The fold of a session: any prefix, any order, any recording ever made.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use callboard::protocol::*;
use callboard::recording::reader::{Reader, Row};
use callboard::session::{CallState, Health, Session, Span, StepState};
use proptest::prelude::*;
use serde_json::json;

/// Every recording that must open for ever.
fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

/// The records of a file without a bad row.
fn records(path: &Path) -> Vec<Arc<Record>> {
    let record = |row| match row {
        Row::Record(record) => record,
        Row::Bad { line, reason } => panic!("{}, line {line}: {reason}", path.display()),
    };
    Reader::open(path).unwrap().map(|row| record(row.unwrap())).collect()
}

/// What must be true of a session whatever it was told.
fn check(session: &Session) {
    for (position, call) in session.calls.iter().enumerate() {
        assert_eq!(call.id.index(), position);
        assert_eq!(call.state.is_final(), call.finished_us.is_some(), "{call:?}");
        assert!(call.state.is_final() || (call.result.is_none() && call.failure.is_none()), "{call:?}");
        let lanes = session.servers.iter().filter(|server| server.calls.iter().any(|id| *id == call.id)).count();
        assert_eq!(lanes, usize::from(!call.server.as_str().is_empty()), "a tool that nobody has is in no lane");
    }
    for (position, step) in session.steps.iter().enumerate() {
        assert_eq!(step.id.index(), position);
        let over = matches!(step.state, StepState::Answered | StepState::Failed(_) | StepState::Stopped);
        assert_eq!(over, step.ended_us.is_some(), "{step:?}");
        assert!(session.turn(step.turn).is_some_and(|turn| turn.steps.contains(&step.id)));
    }
    for (position, turn) in session.turns.iter().enumerate() {
        assert_eq!(turn.id.index(), position);
        assert_eq!(turn.ending.is_some(), turn.ended_us.is_some());
        assert!(turn.calls.iter().all(|id| session.call(*id).is_some_and(|call| call.turn == Some(turn.id))));
        let tally = turn.tally(session);
        assert_eq!(tally.ok + tally.failed + tally.cancelled + tally.denied + tally.open, turn.calls.len());
        let _ = turn.answer(session);
    }
    let names: BTreeSet<_> = session.servers.iter().map(|server| &server.name).collect();
    assert_eq!(names.len(), session.servers.len(), "no server twice");
    let spans: BTreeSet<Span> = session.spans.iter().copied().collect();
    assert_eq!((spans.len(), session.spans.len()), (session.spans.len(), session.calls.len() + session.steps.len()));
    assert!(session.oddities + session.foreign <= session.records);
}

/// Everything of a session that can be compared.
fn shown(session: &Session) -> String {
    let Session { turns, steps, calls, spans, servers, notes, waiting, .. } = session;
    format!(
        "{:?}",
        (turns, steps, calls, spans, servers, notes, waiting, session.records, session.oddities, session.last_us)
    )
}

#[test]
fn every_recording_ever_made_opens_folds_and_is_written_again_byte_for_byte() {
    for path in fixtures() {
        let records = records(&path);
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        let header = serde_json::to_string(&Reader::open(&path).unwrap().header).unwrap();
        assert_eq!(Some(header.as_str()), lines.next(), "{}", path.display());
        let written: Vec<String> = records.iter().map(|record| record.to_line().unwrap()).collect();
        assert_eq!(written, lines.collect::<Vec<_>>(), "{}", path.display());
        let session = Session::fold(&records);
        check(&session);
        assert_eq!((session.oddities, session.foreign), (0, 0), "{}", path.display());
    }
}

#[test]
fn the_recording_of_version_1_tells_what_happened() {
    let session = Session::fold(&records(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1.jsonl")));
    assert_eq!((session.turns.len(), session.model(), session.ended.as_deref()), (2, "scripted", Some("quit")));
    let endings: Vec<_> = session.turns.iter().map(|turn| turn.ending).collect();
    assert_eq!(endings, [Some(Ending::Answered), Some(Ending::Failed)]);
    let states: Vec<_> = session.calls.iter().map(|call| call.state).collect();
    assert_eq!(states, [CallState::Ok, CallState::Error, CallState::Error, CallState::Ok]);
    let answer = session.turns[0].answer(&session).unwrap();
    assert_eq!(session.evidence.unsupported(session.turns[0].id, &answer.text), ["TKT-4711"]);
    assert_eq!(session.calls[0].frames.len(), 2);
    assert_eq!(session.calls[1].failure.as_ref().unwrap().code, CallFailureCode::UnknownTool);
    assert!(session.calls[2].result.as_ref().unwrap().text().contains(r#""isError":true"#));
    let lanes: Vec<_> = session.servers.iter().map(|server| (server.name.as_str(), server.tools.len())).collect();
    assert_eq!(lanes, [("ticket", 4), ("customer", 4)], "a tool that no server has makes none");
}

#[test]
fn a_projects_server_that_waited_for_a_yes_is_replayed_as_one_that_waited() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1_project.jsonl");
    let session = Session::fold(&records(&path));
    let by = Withheld { file: "/srv/desk/.mcp.json".into(), why: Unapproved::New };
    let server = session.server(&"crm".into()).unwrap();
    assert_eq!((&server.health, server.losses), (&Health::Withheld(by), 0));
    let states: Vec<_> = session.calls.iter().map(|call| call.state).collect();
    assert_eq!(states, [CallState::Ok], "the others were called");
}

#[test]
fn every_prefix_of_a_recording_is_the_state_of_that_moment() {
    for path in fixtures() {
        let records = records(&path);
        let mut live = Session::default();
        for (count, record) in records.iter().enumerate() {
            let replayed = Session::fold(&records[..count]);
            check(&replayed);
            assert_eq!(shown(&replayed), shown(&live), "after {count} records");
            live.apply(record);
        }
    }
}

#[test]
fn a_record_that_cannot_be_read_costs_no_more_than_itself() {
    for path in fixtures() {
        let records = records(&path);
        let whole = Session::fold(&records);
        let answers = |session: &Session| -> Vec<String> {
            let text = |turn: &callboard::session::Turn| turn.answer(session).map(|step| step.text.clone());
            session.turns.iter().filter_map(text).collect()
        };
        for lost in 0..records.len() {
            let rest = records.iter().enumerate().filter(|(index, _)| *index != lost).map(|(_, record)| record);
            let session = Session::fold(rest);
            let kind = records[lost].event.kind();
            check(&session);
            assert_eq!(session.turns.len(), whole.turns.len(), "{kind}");
            assert_eq!(session.steps.len(), whole.steps.len(), "{kind}");
            assert_eq!(session.calls.len(), whole.calls.len(), "{kind}");
            let (left, all) = (answers(&session), answers(&whole));
            assert!(
                left.len() + 1 >= all.len() && left.iter().filter(|text| all.contains(text)).count() + 1 >= all.len(),
                "{kind}"
            );
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    let server = prop_oneof![Just(ServerName::from("a")), Just(ServerName::from("b")), Just(ServerName::from(""))];
    let arguments = Json::from(json!({"id": "TKT-1001"}));
    let result = Json::from(json!({"structuredContent": {"id": "TKT-1001", "n": [1.5, null, "$3.20"]}}));
    let status = prop_oneof![
        Just(CallStatus::Ok),
        Just(CallStatus::Error),
        Just(CallStatus::Cancelled),
        Just(CallStatus::Denied)
    ];
    let verdict = prop_oneof![Just(Verdict::Run), Just(Verdict::Edit), Just(Verdict::Answer), Just(Verdict::Deny)];
    let site = prop_oneof![Just(StopSite::BeforeCall), Just(StopSite::AfterResult)];
    let ending = prop_oneof![Just(Ending::Answered), Just(Ending::Stopped)];
    let proposed = arguments.clone();
    prop_oneof![
        Just(UserAsked { text: "Why?".into() }.into()),
        Just(ConversationCleared {}.into()),
        Just(TurnStarted { question: "Why?".into(), attached: Vec::new() }.into()),
        ending.prop_map(|ending| TurnEnded { ending, reason: None }.into()),
        Just(
            ModelRequested { model: "m".into(), messages: 1, new_messages: Json::default(), tools: 0, reason: None }
                .into()
        ),
        Just(ModelStreamed { part: StreamPart::Text, text: "x".into() }.into()),
        Just(ModelAnswered { text: "TKT-1001, TKT-1002".into(), ..ModelAnswered::default() }.into()),
        Just(ModelFailed { code: ModelFailureCode::ServerError, message: "m".into(), http_status: None }.into()),
        Just(ModelRetried { attempt: 2, of: 3, delay_ms: 1, reason: "r".into() }.into()),
        server.clone().prop_map(move |server| {
            let arguments = proposed.clone();
            CallProposed { server, tool: "t".into(), arguments, provider_id: "p".into(), read_only: true }.into()
        }),
        site.prop_map(|site| CallHeld { site, reason: "r".into(), remedy: String::new() }.into()),
        verdict.prop_map(|verdict| {
            CallDecided { verdict, by: "operator".into(), reason: None, before: None, after: Some(Json::default()) }
                .into()
        }),
        Just(CallStarted { attempt: 1, arguments, timeout_ms: 1, read_only: true }.into()),
        Just(CallProgressed { progress: f64::NAN, total: None, message: None }.into()),
        status.prop_map(move |status| {
            let result = Some(result.clone());
            CallFinished { status, duration_us: 1, result, failure: None, mismatch: None }.into()
        }),
        Just(CallDelivered { form: DeliveredForm::Original, bytes: 1, full_bytes: 1 }.into()),
        server.clone().prop_map(|server| ServerStarting { server, attempt: 1, command: "c".into() }.into()),
        server.clone().prop_map(|server| ServerLost {
            server,
            reason: "r".into(),
            cause: LossCause::Other,
            next: AfterLoss::Failed
        }
        .into()),
        server.clone().prop_map(|server| ServerWithheld {
            server,
            by: Withheld { file: "f".into(), why: Unapproved::New }
        }
        .into()),
        server.clone().prop_map(|server| ServerStopped::plain(server, "exited").into()),
        server.clone().prop_map(|server| InputRequested {
            input: InputId(1),
            server,
            message: "m".into(),
            wanted: Wanted::Url { url: "u".into() },
        }
        .into()),
        Just(InputAnswered { input: InputId(1), action: InputAction::Declined, content: None, reason: None }.into()),
        server.clone().prop_map(|server| ProjectProposed {
            file: "f".into(),
            changed: false,
            servers: vec![server],
            lines: vec!["l".into()],
        }
        .into()),
        Just(ProjectJudged { file: "f".into(), verdict: ProjectVerdict::Refused }.into()),
        server.prop_map(|server| WireFramed { server, direction: Direction::Sent, text: "{}".into() }.into()),
        Just(Event::Foreign { kind: "later".into(), data: Json::default() }),
    ]
}

/// Ids that sometimes fit and sometimes cannot.
fn number() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![1 => Just(None), 8 => (1..5_u64).prop_map(Some), 1 => Just(Some(u64::from(u32::MAX)))]
}

fn record() -> impl Strategy<Value = Record> {
    (event(), number(), number(), number(), 0..1000_u64).prop_map(|(event, turn, step, call, at_us)| {
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let scope = Scope {
            turn: turn.map(|number| TurnId(small(number))),
            step: step.map(|number| StepId(small(number))),
            call: call.map(CallId),
        };
        Record { index: RecordIndex(at_us), at_us, unix_ms: 0, scope, event }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn records_that_make_no_sense_are_counted_and_break_nothing(records in proptest::collection::vec(record(), 0..120)) {
        let mut session = Session::default();
        for record in &records {
            session.apply(record);
            check(&session);
        }
        prop_assert_eq!(session.records, records.len() as u64);
    }

    #[test]
    fn a_shuffled_recording_breaks_nothing(
        order in Just(records(&fixtures()[0])).prop_shuffle()
    ) {
        let session = Session::fold(&order);
        check(&session);
        prop_assert_eq!(session.records, order.len() as u64);
    }

    #[test]
    fn a_call_keeps_its_first_end(records in proptest::collection::vec(record(), 0..120)) {
        let mut session = Session::default();
        for record in &records {
            let before: Vec<_> = session.calls.iter().map(|call| (call.state, call.finished_us)).collect();
            session.apply(record);
            for (call, (state, finished_us)) in session.calls.iter().zip(before) {
                if state.is_final() {
                    prop_assert_eq!((call.state, call.finished_us), (state, finished_us));
                }
            }
        }
    }

    #[test]
    fn claims_lie_within_the_answer(text in "([A-Z]{1,4}-[0-9]{1,4}|[$€£]?[0-9.,]{1,9}|[0-9]{4}-[0-9]{2}-[0-9]{2}|é|[ .,;-]|\\PC){0,30}") {
        let session = Session::default();
        for claim in session.evidence.check(TurnId(1), &text) {
            prop_assert!(text.get(claim.range.clone()).is_some_and(|piece| !piece.is_empty()), "{claim:?}");
        }
    }
}
