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
    assert_eq!(ran.stdout, format!("{text}\n\n{told}\n⚠ no calls: unverified\n"));
    let turn = finished(&mut home.ask(&script, &["--json", "Which?"])).json()["turns"][0].clone();
    assert_eq!(turn["answer"], text, "the answer itself stays as it is");
    assert_eq!(turn["unsupported"], json!(["TKT-9999", "123,456.00", "2031-01-01", "call [99]"]));
    assert_eq!(turn["standing"], "unverified");
    for words in [told, "⚠ no calls: unverified"] {
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
