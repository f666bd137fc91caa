//! Look-ups that fail: the error says what is not there, what is near, and what to do.

use callboard_servers::ServeOptions;
use serde_json::{Value, json};

use crate::client::{Era, connect, connect_with};

#[tokio::test]
async fn an_unknown_id_names_the_nearest_ones() {
    for (server, tool, arguments, error, near) in [
        ("ticket", "get_ticket_details", json!({"ticket_id": "TKT-1051"}), "ticket_not_found", "TKT-1001"),
        ("ticket", "search_tickets", json!({"ticket_id": "TKT-9999"}), "ticket_not_found", "TKT-1009"),
        ("ticket", "search_tickets", json!({"customer_id": "CUST-099"}), "customer_not_found", "CUST-001"),
        ("ticket", "get_ticket_metrics", json!({"customer_id": "CUST-999"}), "customer_not_found", "CUST-001"),
        ("ticket", "find_similar_tickets", json!({"ticket_id": "TKT-2001"}), "ticket_not_found", "TKT-1001"),
        ("customer", "lookup_customer", json!({"customer_id": "CUST-101"}), "customer_not_found", "CUST-001"),
        ("customer", "check_customer_status", json!({"customer_id": "CUST-010"}), "customer_not_found", "CUST-001"),
        ("customer", "get_sla_terms", json!({"customer_id": "CUST-022"}), "customer_not_found", "CUST-002"),
        ("customer", "list_customer_contacts", json!({"customer_id": "CUST-033"}), "customer_not_found", "CUST-003"),
        ("billing", "get_invoice", json!({"invoice_id": "INV-2026-009"}), "invoice_not_found", "INV-2025-009"),
        ("billing", "get_invoice", json!({"customer_id": "CUST-100"}), "customer_not_found", "CUST-001"),
        ("billing", "check_payment_status", json!({"invoice_id": "INV-2024-009"}), "invoice_not_found", "INV-2024-001"),
        ("billing", "get_billing_history", json!({"customer_id": "CUST-011"}), "customer_not_found", "CUST-001"),
        (
            "billing",
            "calculate_outstanding_balance",
            json!({"customer_id": "CUST-055"}),
            "customer_not_found",
            "CUST-005",
        ),
        ("kb", "get_article", json!({"article_id": "KB-100"}), "article_not_found", "KB-010"),
        ("kb", "find_related_articles", json!({"article_id": "KB-099"}), "article_not_found", "KB-009"),
        ("asset", "lookup_asset", json!({"asset_id": "AST-SRV-010"}), "asset_not_found", "AST-SRV-001"),
        ("asset", "check_warranty", json!({"asset_id": "AST-LAP-009"}), "asset_not_found", "AST-LAP-001"),
        ("asset", "check_warranty", json!({"customer_id": "CUST-900"}), "customer_not_found", "CUST-001"),
        ("asset", "get_software_licenses", json!({"asset_id": "AST-WKS-009"}), "asset_not_found", "AST-WKS-001"),
        ("asset", "get_software_licenses", json!({"customer_id": "CUST-900"}), "customer_not_found", "CUST-001"),
        ("asset", "get_asset_history", json!({"asset_id": "AST-SRV-099"}), "asset_not_found", "AST-SRV-001"),
    ] {
        let payload = connect(server).await.err(tool, arguments.clone()).await;
        assert_eq!((&payload["error"], &payload["retryable"]), (&json!(error), &json!(false)), "{tool} {arguments}");
        let named = payload["context"]["nearest_ids"].as_array().unwrap();
        assert!((1..=3).contains(&named.len()) && named.contains(&json!(near)), "{tool} {arguments}: {payload}");
        assert!(!payload["follow_up_tools"].as_array().unwrap().is_empty(), "{payload}");
        let asked = arguments.as_object().unwrap().values().next().unwrap();
        assert!(payload["reason"].as_str().unwrap().contains(asked.as_str().unwrap()), "{payload}");
    }
}

#[tokio::test]
async fn an_unknown_company_or_address_names_near_companies() {
    let client = connect("customer").await;
    for by in [
        json!({"company_name": "TehcCorp"}),
        json!({"company_name": "Tech Corp"}),
        json!({"email": "somebody@tech-corp.example"}),
        json!({"company_name": "techcorp", "tier": "basic"}),
    ] {
        let error = client.err("lookup_customer", by.clone()).await;
        assert_eq!(error["error"], "customer_not_found");
        assert_eq!(error["context"]["nearest_ids"][0], "CUST-001", "{by}: {error}");
        assert!(error["suggested_actions"][0].as_str().unwrap().contains("TechCorp Industries"), "{error}");
    }
    let other = client.err("lookup_customer", json!({"customer_id": "CUST-001", "company_name": "DataFlow"})).await;
    assert!(other["reason"].as_str().unwrap().contains("TechCorp Industries"), "{other}");
}

#[tokio::test]
async fn an_unknown_machine_names_near_ones() {
    let client = connect("asset").await;
    for (by, near) in [
        (json!({"hostname": "tc-fs02"}), "AST-SRV-001"),
        (json!({"serial_number": "DL760-0018473"}), "AST-SRV-001"),
        (json!({"hostname": "df-db01", "customer_id": "CUST-001"}), "AST-SRV-002"),
    ] {
        let error = client.err("lookup_asset", by.clone()).await;
        assert_eq!(error["context"]["nearest_ids"][0], near, "{by}: {error}");
    }
}

#[tokio::test]
async fn an_id_that_contradicts_the_other_arguments_says_so() {
    for (server, tool, arguments, id) in [
        ("billing", "get_invoice", json!({"invoice_id": "INV-2025-001", "customer_id": "CUST-001"}), "INV-2025-001"),
        ("billing", "check_payment_status", json!({"invoice_id": "INV-2025-001", "status": "overdue"}), "INV-2025-001"),
        ("asset", "lookup_asset", json!({"asset_id": "AST-SRV-001", "customer_id": "CUST-002"}), "AST-SRV-001"),
        ("asset", "check_warranty", json!({"asset_id": "AST-SRV-001", "customer_id": "CUST-002"}), "AST-SRV-001"),
        (
            "asset",
            "get_software_licenses",
            json!({"asset_id": "AST-SRV-001", "customer_id": "CUST-002"}),
            "AST-SRV-001",
        ),
    ] {
        let error = connect(server).await.err(tool, arguments).await;
        assert!(error["suggested_actions"][0].as_str().unwrap().contains(&format!("{id} alone")), "{error}");
    }
}

#[tokio::test]
async fn another_day_changes_what_is_overdue_and_covered() {
    let options = ServeOptions { as_of: Some("2025-09-01".to_owned()), ..ServeOptions::default() };
    let billing = connect_with("billing", options.clone(), Era::Modern).await;
    let invoice = billing.ok("get_invoice", json!({"invoice_id": "INV-2025-009"})).await;
    assert_eq!((&invoice["is_overdue"], &invoice["as_of"]), (&json!(false), &json!("2025-09-01")));
    let recorded_overdue = billing.ok("check_payment_status", json!({"invoice_id": "INV-2025-007"})).await;
    assert_eq!(recorded_overdue["payment_status"], "pending", "whatever its stored status says");
    let asset = connect_with("asset", options.clone(), Era::Modern).await;
    let warranty = asset.ok("check_warranty", json!({"asset_id": "AST-SRV-002"})).await;
    assert_eq!(warranty["warranty"]["remaining_days"], -1);
    let ticket = connect_with("ticket", options, Era::Modern).await;
    let metrics = ticket.ok("get_ticket_metrics", json!({"all_time": true})).await;
    assert_eq!((&metrics["total_tickets"], &metrics["as_of"]), (&json!(5), &json!("2025-09-01")));
}

#[tokio::test]
async fn several_servers_share_a_file_that_is_filled_once() {
    let folder = tempfile::tempdir().unwrap();
    let options = ServeOptions { db: Some(folder.path().join("records.db")), ..ServeOptions::default() };
    let clients = ["ticket", "customer", "billing", "kb", "asset", "ticket"];
    let connecting = clients.map(|server| connect_with(server, options.clone(), Era::Modern));
    let clients = futures::future::join_all(connecting).await;
    let totals = futures::future::join_all(
        [&clients[0], &clients[5]].map(|client| client.ok("search_tickets", json!({"query": "blue"}))),
    );
    let totals: Vec<Value> = totals.await.into_iter().map(|answer| answer["total_count"].clone()).collect();
    assert_eq!(totals[0], totals[1]);
    assert!(totals[0].as_u64().is_some_and(|total| total >= 2));
    clients[2].ok("get_invoice", json!({"invoice_id": "INV-2025-001"})).await;
    let again = connect_with("kb", options, Era::Modern).await;
    again.ok("get_article", json!({"article_id": "KB-001"})).await;
}

#[tokio::test]
async fn a_file_of_another_data_set_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    callboard_servers::export(&data).unwrap();
    let dataset = data.join("dataset.toml");
    let text = std::fs::read_to_string(&dataset).unwrap().replace("Callboard sample", "Other records");
    std::fs::write(&dataset, text).unwrap();
    let db = Some(folder.path().join("records.db"));
    let first = connect_with("kb", ServeOptions { db: db.clone(), ..ServeOptions::default() }, Era::Modern).await;
    first.ok("get_article", json!({"article_id": "KB-001"})).await;
    let second = connect_with("kb", ServeOptions { db, data: Some(data), as_of: None }, Era::Modern).await;
    let error = second.err("get_article", json!({"article_id": "KB-001"})).await;
    assert!(error["reason"].as_str().unwrap().contains("\"Callboard sample\", not \"Other records\""), "{error}");
}
