//! Every tool, called as it is meant to be, with the sample data.

use serde_json::{Value, json};

use crate::client::{column, connect};

#[tokio::test]
async fn search_tickets_joins_its_filters_by_and() {
    let client = connect("ticket").await;
    let all = client.ok("search_tickets", json!({})).await;
    assert_eq!(all["total_count"], 15);
    assert_eq!(all["filters_applied"], json!({}));
    let first = &all["tickets"][0];
    assert_eq!(first["ticket_id"], "TKT-1015", "newest first");
    assert!(first["description"].is_string() && first["notes"].is_array(), "whole tickets");

    let filters =
        json!({"customer_id": "CUST-002", "status": "in_progress", "os": "ubuntu", "start_date": "2025-10-01"});
    let some = client.ok("search_tickets", filters.clone()).await;
    assert_eq!(column(&some["tickets"], "ticket_id"), ["TKT-1012"]);
    assert_eq!(some["filters_applied"], filters);

    for (filters, ids) in [
        (json!({"ticket_id": "TKT-1004"}), vec!["TKT-1004"]),
        (json!({"category": "Kernel Panic"}), vec!["TKT-1014", "TKT-1003"]),
        (json!({"assignee": "elena", "status": "open"}), vec!["TKT-1015", "TKT-1013"]),
        (json!({"tag": "BSOD"}), vec!["TKT-1006", "TKT-1001"]),
        (json!({"start_date": "2025-07-16", "end_date": "2025-07-16"}), vec!["TKT-1003"]),
        (json!({"priority": "low", "os": "macos 15"}), vec!["TKT-1008"]),
        (json!({"priority": "critical", "os": "macos"}), vec![]),
    ] {
        let found = client.ok("search_tickets", filters.clone()).await;
        assert_eq!(column(&found["tickets"], "ticket_id"), ids, "{filters}");
        assert_eq!(found["total_count"], ids.len(), "{filters}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_keep_the_total() {
    let client = connect("ticket").await;
    let all = client.ok("search_tickets", json!({})).await;
    let mut paged = Vec::new();
    for offset in [0, 6, 12] {
        let page = client.ok("search_tickets", json!({"limit": 6, "offset": offset})).await;
        assert_eq!(page["total_count"], 15);
        paged.extend(page["tickets"].as_array().unwrap().clone());
    }
    assert_eq!(Value::Array(paged), all["tickets"]);
    let beyond = client.ok("search_tickets", json!({"offset": 100})).await;
    assert_eq!((&beyond["total_count"], &beyond["tickets"]), (&json!(15), &json!([])));
}

#[tokio::test]
async fn get_ticket_details_returns_the_ticket() {
    let client = connect("ticket").await;
    let ticket = client.ok("get_ticket_details", json!({"ticket_id": "TKT-1012"})).await;
    assert_eq!(ticket["customer_id"], "CUST-002");
    assert_eq!(ticket["created_date"], "2025-10-02T03:12:00Z");
    assert!(ticket.get("resolution").is_none(), "not resolved yet");
}

#[tokio::test]
async fn get_ticket_metrics_counts_a_period() {
    let client = connect("ticket").await;
    let week = client.ok("get_ticket_metrics", json!({})).await;
    assert_eq!(week["time_period"], "last_7_days");
    assert_eq!((&week["start_date"], &week["as_of"]), (&json!("2025-09-29"), &json!("2025-10-06")));
    assert_eq!((&week["total_tickets"], &week["open_tickets"]), (&json!(5), &json!(2)));
    assert_eq!((&week["in_progress_tickets"], &week["resolved_tickets"]), (&json!(2), &json!(1)));
    assert_eq!(week["by_priority"], json!({"critical": 3, "high": 2, "medium": 0, "low": 0}));
    assert_eq!(week["by_category"], json!({"disk-space": 2, "kernel-panic": 1, "login": 1, "network": 1}));

    let all = client.ok("get_ticket_metrics", json!({"all_time": true, "time_period": "last_30_days"})).await;
    assert_eq!((&all["time_period"], &all["total_tickets"]), (&json!("all_time"), &json!(15)));
    assert_eq!(all["start_date"], "2025-06-24");
    assert!(all["avg_resolution_time_hours"].as_f64().is_some_and(|hours| hours > 0.0));

    let one = client.ok("get_ticket_metrics", json!({"customer_id": "CUST-008", "time_period": "last_30_days"})).await;
    assert_eq!((&one["total_tickets"], &one["customer_id"]), (&json!(1), &json!("CUST-008")));
    assert_eq!(one["avg_resolution_time_hours"], Value::Null, "nothing was resolved");
}

#[tokio::test]
async fn find_similar_tickets_puts_the_other_blue_screen_first() {
    let client = connect("ticket").await;
    let found = client.ok("find_similar_tickets", json!({"ticket_id": "TKT-1001"})).await;
    assert!(found["reference_ticket_subject"].as_str().unwrap().starts_with("Blue screen"));
    let first = &found["similar_tickets"][0];
    assert_eq!(first["ticket_id"], "TKT-1006");
    assert_eq!(first["common_tags"], json!(["bsod", "windows", "crash"]));
    let scores: Vec<f64> =
        found["similar_tickets"].as_array().unwrap().iter().map(|t| t["similarity_score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b) && scores[0] > 0.5 && scores[0] < 1.0, "{scores:?}");
    assert!(!column(&found["similar_tickets"], "ticket_id").contains(&"TKT-1001"));
}

#[tokio::test]
async fn lookup_customer_finds_by_id_address_name_and_plan() {
    let client = connect("customer").await;
    for by in [
        json!({"customer_id": "CUST-001"}),
        json!({"email": "IT@techcorp.example"}),
        json!({"email": "robert.kline@techcorp.example"}),
        json!({"company_name": "techcorp"}),
        json!({"company_name": "corp indus"}),
    ] {
        let customer = client.ok("lookup_customer", by.clone()).await;
        assert_eq!(customer["customer_id"], "CUST-001", "{by}");
        assert_eq!(customer["sla_terms"]["level"], "platinum");
        assert!(customer["contacts"].as_array().is_some_and(|contacts| contacts.len() >= 2));
    }
    let premium = client.ok("lookup_customer", json!({"tier": "premium"})).await;
    let ids = column(&premium["customers"], "customer_id");
    assert!(ids.is_sorted() && ids.contains(&"CUST-002"), "{ids:?}");
    assert_eq!(premium["total_count"], ids.len());
    let suspended = client.ok("lookup_customer", json!({"status": "suspended"})).await;
    assert_eq!(suspended["customer_id"], "CUST-006", "one match is the customer itself");
    let none = client.ok("lookup_customer", json!({"tier": "basic", "status": "pending"})).await;
    assert_eq!(none, json!({"customers": [], "total_count": 0}), "a list may be empty");
}

#[tokio::test]
async fn one_customer_is_shown_from_three_sides() {
    let client = connect("customer").await;
    let status = client.ok("check_customer_status", json!({"customer_id": "CUST-006"})).await;
    assert_eq!(status["status"], "suspended");
    let terms = client.ok("get_sla_terms", json!({"customer_id": "CUST-001"})).await;
    assert_eq!(terms["sla_terms"]["response_time_hours"], 1);
    let contacts = client.ok("list_customer_contacts", json!({"customer_id": "CUST-001"})).await;
    assert_eq!(contacts["total_contacts"], contacts["contacts"].as_array().unwrap().len());
    let second = client.ok("list_customer_contacts", json!({"customer_id": "CUST-001", "limit": 1, "offset": 1})).await;
    assert_eq!(second["contacts"][0], contacts["contacts"][1]);
    assert_eq!(second["total_contacts"], contacts["total_contacts"]);
}

#[tokio::test]
async fn get_invoice_returns_one_or_lists() {
    let client = connect("billing").await;
    let one = client.ok("get_invoice", json!({"invoice_id": "INV-2025-009"})).await;
    assert_eq!(
        (&one["status"], &one["is_overdue"], &one["days_overdue"]),
        (&json!("pending"), &json!(true), &json!(8))
    );
    assert_eq!(one["amount"], json!(1149.9));
    let paid = client.ok("get_invoice", json!({"invoice_id": "INV-2025-001"})).await;
    assert_eq!((&paid["is_overdue"], &paid["amount"]), (&json!(false), &json!(5400)));

    let listed = client.ok("get_invoice", json!({"customer_id": "CUST-002"})).await;
    assert_eq!(column(&listed["invoices"], "invoice_id"), ["INV-2025-011", "INV-2025-006", "INV-2025-002"]);
    assert_eq!((&listed["customer_id"], &listed["total_invoices"]), (&json!("CUST-002"), &json!(3)));

    let overdue = client.ok("get_invoice", json!({"status": "overdue"})).await;
    let ids = column(&overdue["invoices"], "invoice_id");
    assert_eq!(ids, ["INV-2025-009", "INV-2025-007", "INV-2025-006", "INV-2024-003", "INV-2024-002"]);
    assert!(overdue.get("customer_id").is_none());
    let pending = client.ok("get_invoice", json!({"status": "pending", "customer_id": "CUST-007"})).await;
    assert_eq!(column(&pending["invoices"], "invoice_id"), ["INV-2025-008"], "due today is not overdue");
}

#[tokio::test]
async fn check_payment_status_reckons_what_is_late() {
    let client = connect("billing").await;
    let late = client.ok("check_payment_status", json!({"invoice_id": "INV-2025-009"})).await;
    assert_eq!((&late["payment_status"], &late["paid_date"]), (&json!("overdue"), &Value::Null));
    let due_today = client.ok("check_payment_status", json!({"invoice_id": "INV-2025-008"})).await;
    assert_eq!((&due_today["payment_status"], &due_today["days_overdue"]), (&json!("pending"), &json!(0)));
    let customer = client.ok("check_payment_status", json!({"customer_id": "CUST-002"})).await;
    assert_eq!(customer["summary"], json!({"total_invoices": 3, "paid": 1, "pending": 1, "overdue": 1}));
    assert_eq!(customer["overdue_invoices"][0]["days_overdue"], 47);
    let all = client.ok("check_payment_status", json!({"status": "overdue"})).await;
    assert_eq!(all["summary"]["overdue"], 5);
    assert_eq!(all["overdue_invoices"][0]["invoice_id"], "INV-2024-002", "longest overdue first");
}

#[tokio::test]
async fn get_billing_history_sums_exactly() {
    let client = connect("billing").await;
    let history = client.ok("get_billing_history", json!({"customer_id": "CUST-002"})).await;
    let expected = json!({
        "total_invoices": 3, "total_billed": 15419.8, "total_paid": 11880, "total_pending": 3539.8, "currency": "USD",
    });
    assert_eq!(history["summary"], expected);
    assert_eq!((&history["start_date"], &history["end_date"]), (&Value::Null, &Value::Null));
    let period = json!({"customer_id": "CUST-002", "start_date": "2025-07-01", "end_date": "2025-07-31"});
    let july = client.ok("get_billing_history", period).await;
    assert_eq!(column(&july["invoices"], "invoice_id"), ["INV-2025-006"]);
    assert_eq!(july["summary"]["total_billed"], json!(2089.1));
    let nothing = json!({"customer_id": "CUST-002", "end_date": "2020-01-01"});
    let nothing = client.ok("get_billing_history", nothing).await;
    assert_eq!((&nothing["summary"]["total_billed"], &nothing["summary"]["currency"]), (&json!(0), &Value::Null));
}

#[tokio::test]
async fn calculate_outstanding_balance_is_exact_for_one_and_all() {
    let client = connect("billing").await;
    let one = client.ok("calculate_outstanding_balance", json!({"customer_id": "CUST-001"})).await;
    assert_eq!((&one["outstanding_balance"], &one["overdue_amount"]), (&json!(17505.5), &json!(2385.5)));
    assert_eq!((&one["number_of_unpaid_invoices"], &one["number_of_overdue_invoices"]), (&json!(2), &json!(1)));
    assert_eq!(column(&one["unpaid_invoices"], "invoice_id"), ["INV-2025-007", "INV-2025-010"]);
    let nothing = client.ok("calculate_outstanding_balance", json!({"customer_id": "CUST-004"})).await;
    assert_eq!((&nothing["outstanding_balance"], &nothing["currency"]), (&json!(0), &json!("USD")));

    let all = client.ok("calculate_outstanding_balance", json!({})).await;
    // 17505.50 + 5240.20 + 3539.80 + 3144.25 + 1449.30 + 1149.90
    assert_eq!(all["total_outstanding"], json!(32028.95));
    let ids = ["CUST-001", "CUST-007", "CUST-002", "CUST-006", "CUST-008", "CUST-003"];
    assert_eq!(column(&all["customers"], "customer_id"), ids);
    let page = client.ok("calculate_outstanding_balance", json!({"limit": 2})).await;
    assert_eq!((&page["total_count"], &page["total_outstanding"]), (&json!(6), &json!(32028.95)));
    assert_eq!(page["customers"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn search_solutions_ranks_and_shows_the_passage() {
    let client = connect("kb").await;
    let found = client.ok("search_solutions", json!({"query": "Windows BSOD issues"})).await;
    let ids = column(&found["results"], "article_id");
    let mut best = ids[..2].to_vec();
    best.sort_unstable();
    assert_eq!(best, ["KB-001", "KB-002"], "{ids:?}");
    assert_eq!(found["category"], Value::Null);
    for result in found["results"].as_array().unwrap() {
        assert!(result["snippet"].as_str().is_some_and(|text| text.len() > 20), "{result}");
    }
    let within = client.ok("search_solutions", json!({"query": "windows", "category": "disk space", "limit": 1})).await;
    assert_eq!(column(&within["results"], "article_id"), ["KB-003"]);
}

#[tokio::test]
async fn get_article_returns_markdown() {
    let client = connect("kb").await;
    let article = client.ok("get_article", json!({"article_id": "KB-001"})).await;
    assert!(article["content"].as_str().unwrap().contains("\n## Resolution\n"));
    assert_eq!(article["related_tickets"], json!(["TKT-1001", "TKT-1006"]));
}

#[tokio::test]
async fn find_related_articles_goes_by_article_or_topic() {
    let client = connect("kb").await;
    let by_article = client.ok("find_related_articles", json!({"article_id": "KB-001"})).await;
    assert_eq!(by_article["related_articles"][0]["article_id"], "KB-002");
    assert!(by_article["related_articles"][0]["common_tags"].as_array().unwrap().contains(&json!("bsod")));
    assert_eq!((&by_article["article_id"], &by_article["topic"]), (&json!("KB-001"), &Value::Null));
    assert!(!column(&by_article["related_articles"], "article_id").contains(&"KB-001"));
    let by_topic = client.ok("find_related_articles", json!({"topic": "vpn"})).await;
    assert_eq!(by_topic["related_articles"][0]["article_id"], "KB-008");
    assert_eq!(by_topic["related_articles"][0]["common_tags"], json!(["vpn"]));
}

#[tokio::test]
async fn get_common_fixes_lists_the_steps_in_order() {
    let client = connect("kb").await;
    let fixes = client.ok("get_common_fixes", json!({"product": "Windows 11", "issue_type": "blue screen"})).await;
    let ids = column(&fixes["common_fixes"], "article_id");
    assert_eq!(ids[..2], ["KB-001", "KB-002"], "{ids:?}");
    let steps = fixes["common_fixes"][0]["steps"].as_array().unwrap();
    assert!(steps.len() >= 3, "{steps:?}");
    let article = client.ok("get_article", json!({"article_id": "KB-001"})).await;
    let start: String = steps[0].as_str().unwrap().chars().take(30).collect();
    assert!(article["content"].as_str().unwrap().contains(&format!("1. {start}")), "{start}");
    for arguments in [json!({"issue_type": "VPN"}), json!({"product": "WireGuard"})] {
        let fixes = client.ok("get_common_fixes", arguments).await;
        assert_eq!(fixes["common_fixes"][0]["article_id"], "KB-008");
    }
    let neither = client.ok("get_common_fixes", json!({"product": "CUPS", "issue_type": "kernel-panic"})).await;
    assert_eq!((&neither["total_found"], &neither["common_fixes"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn lookup_asset_returns_one_or_lists_and_masks_keys() {
    let client = connect("asset").await;
    for by in [
        json!({"asset_id": "AST-SRV-001"}),
        json!({"serial_number": "dl760-0018472"}),
        json!({"hostname": "FS01"}),
        json!({"customer_id": "CUST-001", "asset_type": "server"}),
    ] {
        let asset = client.ok("lookup_asset", by.clone()).await;
        assert_eq!(asset["asset_id"], "AST-SRV-001", "{by}");
        assert_eq!((&asset["warranty"]["remaining_days"], &asset["as_of"]), (&json!(21), &json!("2025-10-06")));
        assert!(!asset.to_string().contains("DEMO-WS22S"), "a key is shown: {asset}");
    }
    let several = client.ok("lookup_asset", json!({"customer_id": "CUST-002"})).await;
    assert_eq!(column(&several["assets"], "asset_id"), ["AST-SRV-002", "AST-SRV-005", "AST-WKS-003"]);
    assert_eq!(several["total_count"], 3);
}

#[tokio::test]
async fn check_warranty_knows_what_ended_and_what_ends_soon() {
    let client = connect("asset").await;
    let soon = client.ok("check_warranty", json!({"asset_id": "AST-SRV-001"})).await;
    let expected = json!({"status": "active", "remaining_days": 21, "is_expired": false, "expires_soon": true});
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(soon["warranty"][member], *value, "{member}");
    }
    let ended = client.ok("check_warranty", json!({"asset_id": "AST-SRV-002"})).await;
    assert_eq!((&ended["warranty"]["status"], &ended["warranty"]["remaining_days"]), (&json!("expired"), &json!(-36)));
    for (wanted, ids) in [
        (json!({"expired": true}), vec!["AST-LAP-002", "AST-LAP-004", "AST-SRV-002"]),
        (json!({"expires_within_days": 30}), vec!["AST-WKS-003", "AST-SRV-001"]),
        (
            json!({"expired": true, "expires_within_days": 30, "customer_id": "CUST-002"}),
            vec!["AST-SRV-002", "AST-WKS-003"],
        ),
        (json!({"expired": false, "customer_id": "CUST-002"}), vec!["AST-WKS-003", "AST-SRV-005"]),
        (json!({"expired": false, "expires_within_days": 13}), vec!["AST-WKS-003"]),
    ] {
        let found = client.ok("check_warranty", wanted.clone()).await;
        assert_eq!(column(&found["assets"], "asset_id"), ids, "{wanted}");
        assert_eq!(found["total_count"], ids.len());
    }
}

#[tokio::test]
async fn get_software_licenses_never_shows_a_key() {
    let client = connect("asset").await;
    let one = client.ok("get_software_licenses", json!({"asset_id": "AST-WKS-001"})).await;
    assert_eq!((&one["asset_id"], &one["total_licenses"]), (&json!("AST-WKS-001"), &json!(2)));
    assert!(one.get("customer_id").is_none());
    let all = client.ok("get_software_licenses", json!({"customer_id": "CUST-001"})).await;
    assert_eq!(all["total_licenses"], 4);
    assert!(!all.to_string().contains("DEMO-"), "{all}");
    let masked =
        one["licenses"].as_array().unwrap().iter().map(|license| license["license_key_masked"].as_str().unwrap());
    for key in masked {
        assert!(key.starts_with("****-"), "{key}");
    }
}

#[tokio::test]
async fn get_asset_history_begins_with_the_newest_event() {
    let client = connect("asset").await;
    let history = client.ok("get_asset_history", json!({"asset_id": "AST-SRV-001"})).await;
    let dates = column(&history["history"], "date");
    assert!(dates.is_sorted_by(|a, b| a >= b) && dates.len() > 1, "{dates:?}");
    assert_eq!(history["total_events"], dates.len());
    assert!(history["asset_age_days"].as_i64().is_some_and(|days| days > 300));
}
