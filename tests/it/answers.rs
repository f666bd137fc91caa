//! What is said of an answer wherever it goes: on standard output, as JSON, and in reports.

use serde_json::json;

use crate::processes::{Home, finished};

#[test]
fn what_no_result_has_is_told_wherever_an_answer_goes() {
    let home = Home::new();
    let text = "TKT-9999 costs 123,456.00 USD on 2031-01-01 [99]";
    let told = "⚠ not in any result: TKT-9999, 123,456.00, 2031-01-01, call [99]";
    let script = json!({"steps": [{"text": text}]});
    let ran = finished(&mut home.ask(&script, &["Which?"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.stdout, format!("{text}\n\n{told}\n⚠ no result behind it: unverified\n"));
    let turn = finished(&mut home.ask(&script, &["--json", "Which?"])).json()["turns"][0].clone();
    assert_eq!(turn["answer"], text, "the answer itself stays as it is");
    assert_eq!(turn["unsupported"], json!(["TKT-9999", "123,456.00", "2031-01-01", "call [99]"]));
    assert_eq!(turn["standing"], "unverified");
    for words in [told, "⚠ no result behind it: unverified"] {
        for format in ["md", "asciicast"] {
            let report = home.run(&["export", "--format", format]).stdout;
            assert!(report.contains(words), "{format}: {report}");
        }
    }
    let exported = home.run(&["export", "--json"]).json();
    assert_eq!(
        (&exported["turns"][0]["unsupported"], &exported["turns"][0]["standing"]),
        (&turn["unsupported"], &turn["standing"])
    );
}

#[test]
fn nothing_is_said_of_an_answer_that_its_results_bear_out() {
    let home = Home::new();
    let script = json!({"steps": [
        {"calls": [{"name": "get_ticket_details", "arguments": {"ticket_id": "TKT-1001"}}]},
        {"text": "TKT-1001 was found [1]."},
        {"text": "Yes, TKT-1001 [1]."}
    ]});
    let ran = finished(&mut home.ask(&script, &["--json", "Which?", "Sure?"]));
    let turns = &ran.json()["turns"];
    assert_eq!((&turns[0]["unsupported"], &turns[0]["standing"]), (&json!([]), &json!("calls")));
    assert_eq!((&turns[1]["unsupported"], &turns[1]["standing"]), (&json!([]), &json!("earlier")));
    let report = home.run(&["export"]).stdout;
    assert!(report.contains("TKT-1001 was found [1].") && !report.contains('⚠'), "{report}");
}

#[test]
fn a_turn_without_an_answer_fails_and_says_why() {
    let home = Home::new();
    let again = json!({"calls": [{"name": "get_ticket_details", "arguments": {"ticket_id": "TKT-1001"}}]});
    let wordless = json!({"text": " "});
    let cases = [
        (json!({"steps": [again, again, again, wordless, wordless]}), "limited", "the same call of "),
        (json!({"steps": [wordless]}), "answered", "without a word"),
    ];
    for (script, ending, told) in cases {
        let ran = finished(&mut home.ask(&script, &["Which?"]));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran:?}");
        assert!(ran.stderr.contains("callboard: there is no answer") && ran.stderr.contains(told), "{ran:?}");
        let ran = finished(&mut home.ask(&script, &["--json", "Which?"]));
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert_eq!(ran.json()["turns"][0]["ending"], ending);
        let (code, message) = ran.error();
        assert!(code == "failed" && message.contains(told), "{message}");
    }
}

#[test]
fn an_answer_that_a_limit_cut_short_is_told_as_that() {
    let home = Home::new();
    let again = json!({"calls": [{"name": "get_ticket_details", "arguments": {"ticket_id": "TKT-1001"}}]});
    let script = json!({"steps": [again, again, again, {"text": "TKT-1001, as far as I came."}]});
    let ran = finished(&mut home.ask(&script, &["Which?"]));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "TKT-1001, as far as I came.\n"), "{ran:?}");
    assert!(ran.stderr.contains("callboard: a limit was reached: the same call of "), "{ran:?}");
    let report = home.run(&["export"]).stdout;
    assert!(report.contains("*The turn ended as limited: the same call of "), "{report}");
}
