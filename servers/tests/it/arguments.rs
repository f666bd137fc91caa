//! Arguments that cannot be used: the same kind of error, naming the argument and what was expected.

use serde_json::{Value, json};

use crate::client::connect;

/// (server, tool, arguments, argument that is wrong, a part of what was expected)
const BAD: &[(&str, &str, &str, &str, &str)] = &[
    ("ticket", "search_tickets", r#"{"query": 5}"#, "query", "a text"),
    ("ticket", "search_tickets", r#"{"query": ""}"#, "query", "1 to 500"),
    ("ticket", "search_tickets", r#"{"query": "?!"}"#, "query", "words"),
    ("ticket", "search_tickets", r#"{"status": "closed"}"#, "status", "open, in_progress, resolved"),
    ("ticket", "search_tickets", r#"{"priority": ["high"]}"#, "priority", "critical, high, medium, low"),
    ("ticket", "search_tickets", r#"{"start_date": "yesterday"}"#, "start_date", "YYYY-MM-DD"),
    ("ticket", "search_tickets", r#"{"end_date": "2025-02-29"}"#, "end_date", "YYYY-MM-DD"),
    (
        "ticket",
        "search_tickets",
        r#"{"start_date": "2025-10-02", "end_date": "2025-10-01"}"#,
        "start_date",
        "up to 2025-10-01",
    ),
    ("ticket", "search_tickets", r#"{"limit": 0}"#, "limit", "1 to 200"),
    ("ticket", "search_tickets", r#"{"limit": 201}"#, "limit", "1 to 200"),
    ("ticket", "search_tickets", r#"{"limit": "5"}"#, "limit", "1 to 200"),
    ("ticket", "search_tickets", r#"{"limit": 1.5}"#, "limit", "whole number"),
    ("ticket", "search_tickets", r#"{"offset": -1}"#, "offset", "whole number"),
    ("ticket", "search_tickets", r#"{"customer_id": "2"}"#, "customer_id", "CUST-"),
    ("ticket", "get_ticket_details", r#"{}"#, "ticket_id", "TKT-"),
    ("ticket", "get_ticket_details", r#"{"ticket_id": null}"#, "ticket_id", "TKT-"),
    ("ticket", "get_ticket_details", r#"{"ticket_id": "1001"}"#, "ticket_id", "TKT-"),
    ("ticket", "get_ticket_metrics", r#"{"time_period": "last_year"}"#, "time_period", "last_7_days"),
    ("ticket", "get_ticket_metrics", r#"{"all_time": "yes"}"#, "all_time", "true or false"),
    (
        "billing",
        "get_billing_history",
        r#"{"customer_id": "CUST-001", "start_date": "2025-02-01", "end_date": "2025-01-01"}"#,
        "start_date",
        "2025-01-01",
    ),
    ("billing", "get_invoice", r#"{"invoice_id": "2025-001"}"#, "invoice_id", "INV-"),
    ("kb", "search_solutions", r#"{"category": "email"}"#, "query", "a text"),
    ("kb", "find_related_articles", r#"{"topic": "…"}"#, "topic", "words"),
    ("asset", "check_warranty", r#"{"expires_within_days": -1}"#, "expires_within_days", "0 to"),
    ("asset", "lookup_asset", r#"{"asset_type": "printer"}"#, "asset_type", "server, workstation, laptop"),
];

#[tokio::test]
async fn a_bad_argument_is_named_with_what_was_expected() {
    for (server, tool, arguments, argument, expected) in BAD {
        let given: Value = serde_json::from_str(arguments).unwrap();
        let error = connect(server).await.err(tool, given).await;
        assert_eq!(error["error"], "invalid_arguments", "{tool} {arguments}");
        assert_eq!(error["context"]["argument"], *argument, "{tool} {arguments}");
        let said = error["context"]["expected"].as_str().unwrap();
        assert!(said.contains(expected), "{tool} {arguments}: {said}");
        assert!(error["reason"].as_str().unwrap().starts_with(argument), "{error}");
    }
}

#[tokio::test]
async fn an_unknown_argument_is_refused_by_name_everywhere() {
    for server in callboard_servers::NAMES {
        let client = connect(server).await;
        for tool in &client.tools {
            let error = client.err(&tool.name, json!({"colour": "red"})).await;
            assert_eq!(error["error"], "invalid_arguments", "{}", tool.name);
            assert!(error["reason"].as_str().unwrap().contains("colour is not an argument of this tool"), "{error}");
        }
    }
}

#[tokio::test]
async fn empty_criteria_are_refused_with_the_choices() {
    for (server, tool, choice) in [
        ("customer", "lookup_customer", "company_name"),
        ("billing", "get_invoice", "invoice_id"),
        ("billing", "check_payment_status", "customer_id"),
        ("kb", "find_related_articles", "topic"),
        ("kb", "get_common_fixes", "product"),
        ("asset", "lookup_asset", "hostname"),
        ("asset", "check_warranty", "expired"),
        ("asset", "get_software_licenses", "asset_id"),
    ] {
        for given in [json!({}), json!({ choice: null, "limit": 5 })] {
            let error = connect(server).await.err(tool, given).await;
            assert_eq!(error["error"], "missing_criteria", "{tool}");
            assert!(error["context"]["expected"].as_str().unwrap().contains(choice), "{error}");
        }
    }
}

#[tokio::test]
async fn null_stands_for_an_argument_that_is_not_given() {
    let client = connect("ticket").await;
    let given = json!({"query": null, "status": null, "start_date": null, "limit": null, "priority": "critical"});
    let found = client.ok("search_tickets", given).await;
    assert_eq!((&found["total_count"], &found["filters_applied"]), (&json!(3), &json!({"priority": "critical"})));
}
