//! The validator, the export, and servers on data sets of one's own.

use std::{fs, path::Path};

use callboard_servers::{Problem, ServeError, ServeOptions, check, export, serve};
use serde_json::json;
use tempfile::TempDir;

use crate::client::{Era, connect_with};

#[test]
fn the_sample_is_sound() {
    assert_eq!(check(None), []);
}

/// A copy of the sample in which `from` is `to` in one file, and the line of the change.
fn broken(file: &str, from: &str, to: &str) -> (TempDir, usize) {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path()).unwrap();
    let line = change(folder.path(), file, from, to);
    (folder, line)
}

/// Replaces the first `from` in a file; returns its line, counted from 1.
fn change(folder: &Path, file: &str, from: &str, to: &str) -> usize {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap();
    let at = text.find(from).unwrap_or_else(|| panic!("{file} has no {from:?}"));
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
    text[..at].matches('\n').count() + 1
}

#[test]
fn an_export_is_sound_and_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    let written = export(folder.path()).unwrap();
    assert!(written.contains(&folder.path().join("kb/KB-001.md")), "{written:?}");
    assert_eq!(check(Some(folder.path())), []);
    fs::write(folder.path().join("tickets.toml"), "mine").unwrap();
    fs::remove_file(folder.path().join("assets.toml")).unwrap();
    let error = export(folder.path()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    assert!(!folder.path().join("assets.toml").exists(), "nothing is written");
    assert_eq!(fs::read_to_string(folder.path().join("tickets.toml")).unwrap(), "mine");
}

#[test]
fn each_problem_is_reported_with_file_line_and_field() {
    // (file, what is there, what is put there, field, a part of the message)
    let cases = [
        (
            "tickets.toml",
            "customer_id = \"CUST-001\"",
            "customer_id = \"CUST-777\"",
            "customer_id",
            "no customer CUST-777",
        ),
        (
            "tickets.toml",
            "asset_id = \"AST-WKS-001\"",
            "asset_id = \"AST-WKS-009\"",
            "asset_id",
            "no asset AST-WKS-009",
        ),
        ("tickets.toml", "asset_id = \"AST-WKS-001\"", "asset_id = \"AST-SRV-002\"", "asset_id", "belongs to CUST-002"),
        (
            "tickets.toml",
            "priority = \"high\"",
            "priority = \"urgent\"",
            "priority",
            "TKT-1001: \"urgent\" is not one of",
        ),
        ("tickets.toml", "ticket_id = \"TKT-1001\"", "ticket_id = \"T-1001\"", "ticket_id", "does not match"),
        ("tickets.toml", "ticket_id = \"TKT-1002\"", "ticket_id = \"TKT-1001\"", "ticket_id", "TKT-1001 is used twice"),
        (
            "tickets.toml",
            "created_date = \"2025-06-24T13:42:00Z\"",
            "created_date = \"2025-06-31T13:42:00Z\"",
            "created_date",
            "date-time",
        ),
        (
            "tickets.toml",
            "created_date = \"2025-06-24T13:42:00Z\"",
            "created_date = \"2025-12-24T13:42:00Z\"",
            "last_updated",
            "before created_date",
        ),
        ("tickets.toml", "status = \"resolved\"", "status = \"open\"", "resolution", "exactly when it is resolved"),
        ("tickets.toml", "assignee = \"Priya Raman\"", "asignee = \"Priya Raman\"", "", "asignee"),
        ("customers.toml", "email = \"it@techcorp.example\"", "email = \"techcorp\"", "email", "is not a \"email\""),
        (
            "customers.toml",
            "created_date = \"2024-09-09\"",
            "created_date = \"2024-13-09\"",
            "created_date",
            "is not a \"date\"",
        ),
        (
            "customers.toml",
            "response_time_hours = 1",
            "response_time_hours = \"soon\"",
            "sla_terms.response_time_hours",
            "integer",
        ),
        ("invoices.toml", "amount = \"2400.00\"", "amount = \"2400.01\"", "amount", "add up to 14400.01"),
        ("invoices.toml", "amount = \"2400.00\"", "amount = \"2400\"", "line_items[1].amount", "does not match"),
        ("invoices.toml", "due_date = \"2024-10-16\"", "due_date = \"2024-09-15\"", "due_date", "before issue_date"),
        ("invoices.toml", "status = \"paid\"", "status = \"pending\"", "paid_date", "exactly when it is paid"),
        ("invoices.toml", "currency = \"USD\"", "currency = \"EUR\"", "currency", "is billed in EUR"),
        (
            "assets.toml",
            "customer_id = \"CUST-001\"",
            "customer_id = \"CUST-000\"",
            "customer_id",
            "no customer CUST-000",
        ),
        (
            "assets.toml",
            "end_date = \"2025-10-27\"",
            "end_date = \"2015-10-27\"",
            "warranty.end_date",
            "before start_date",
        ),
        (
            "kb/KB-001.md",
            "related_tickets = [\"TKT-1001\", \"TKT-1006\"]",
            "related_tickets = [\"TKT-1001\", \"TKT-3000\"]",
            "related_tickets[1]",
            "no ticket TKT-3000",
        ),
        (
            "kb/KB-001.md",
            "article_id = \"KB-001\"",
            "article_id = \"KB-011\"",
            "article_id",
            "the file should be kb/KB-011.md",
        ),
        ("kb/KB-001.md", "## Verification", "## Checks", "content", "no section \"Verification\""),
        ("dataset.toml", "as_of = \"2025-10-06\"", "as_of = \"6 October\"", "as_of", "is not a \"date\""),
    ];
    for (file, from, to, field, message) in cases {
        let (folder, changed) = broken(file, from, to);
        let problems = check(Some(folder.path()));
        let fits = |problem: &&Problem| problem.field == field && problem.message.contains(message);
        let problem = problems.iter().find(fits).unwrap_or_else(|| panic!("{file} {to}: {problems:#?}"));
        assert_eq!(problem.file, file);
        assert!(problem.line.is_some(), "{problem}");
        if to.starts_with(&format!("{field} = ")) && !message.contains("add up") && field != "currency" {
            assert_eq!(problem.line, Some(changed), "{problem}");
        }
    }
}

#[test]
fn several_problems_are_reported_at_once_in_the_order_of_the_files() {
    let (folder, _) = broken("tickets.toml", "priority = \"high\"", "priority = \"urgent\"");
    change(folder.path(), "invoices.toml", "\"USD\"", "\"dollars\"");
    let problems = check(Some(folder.path()));
    let files: Vec<&str> = problems.iter().map(|problem| problem.file.as_str()).collect();
    assert!(files.is_sorted() && files.contains(&"invoices.toml") && files.contains(&"tickets.toml"), "{problems:#?}");
}

#[test]
fn files_that_cannot_be_read_at_all_are_problems_too() {
    let (folder, line) = broken("tickets.toml", "[[ticket]]", "[[ticket]");
    let problems = check(Some(folder.path()));
    assert!(problems[0].message.contains("not valid TOML"), "{problems:?}");
    assert_eq!((problems[0].file.as_str(), problems[0].line), ("tickets.toml", Some(line)));
    fs::remove_file(folder.path().join("tickets.toml")).unwrap();
    let missing = check(Some(folder.path()))[0].to_string();
    assert!(missing.starts_with("tickets.toml: cannot be read"), "{missing}");
    fs::write(folder.path().join("tickets.toml"), b"\xff").unwrap();
    assert!(check(Some(folder.path()))[0].message.contains("not UTF-8"));
    assert!(!check(Some(&folder.path().join("nowhere"))).is_empty());
}

#[test]
fn a_server_does_not_start_on_unreadable_data() {
    let (folder, line) = broken("tickets.toml", "priority = \"high\"", "priority = \"urgent\"");
    let options = ServeOptions { data: Some(folder.path().to_owned()), ..ServeOptions::default() };
    let error = serve("ticket", &options).unwrap_err();
    assert!(matches!(error, ServeError::Data(_)), "{error}");
    let expected = format!("tickets.toml:{line}: priority: TKT-1001");
    assert!(error.to_string().contains(&expected), "{error}");
}

#[test]
fn bad_options_are_refused_in_words() {
    let error = serve("tickets", &ServeOptions::default()).unwrap_err();
    assert!(error.to_string().contains("\"tickets\"") && error.to_string().contains("billing"), "{error}");
    let options = ServeOptions { as_of: Some("6.10.2025".to_owned()), ..ServeOptions::default() };
    let error = serve("ticket", &options).unwrap_err();
    assert!(error.to_string().contains("\"6.10.2025\" is not a day"), "{error}");
}

#[tokio::test]
async fn a_data_set_of_ones_own_brings_its_records_day_and_ids() {
    let (folder, _) = broken("dataset.toml", "as_of = \"2025-10-06\"", "as_of = \"2025-10-07\"");
    change(folder.path(), "dataset.toml", r"'^KB-\d{3}$'", r"'^KB-\d{3}[a-z]?$'");
    change(folder.path(), "tickets.toml", "subject = \"Blue screen", "subject = \"Zebra screen");
    let options = ServeOptions { data: Some(folder.path().to_owned()), ..ServeOptions::default() };
    let tickets = connect_with("ticket", options.clone(), Era::Legacy).await;
    let found = tickets.ok("search_tickets", json!({"query": "zebra"})).await;
    assert_eq!(found["tickets"][0]["ticket_id"], "TKT-1001");
    let kb = connect_with("kb", options.clone(), Era::Legacy).await;
    let error = kb.err("get_article", json!({"article_id": "KB-001b"})).await;
    assert_eq!(error["error"], "article_not_found", "the form of the id is right now");
    let billing = connect_with("billing", options, Era::Legacy).await;
    let due_yesterday = billing.ok("get_invoice", json!({"invoice_id": "INV-2025-008"})).await;
    assert_eq!(due_yesterday["days_overdue"], 1);
}
