//! What the sample data has to tell, seen through the servers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{column, connect};

#[tokio::test]
async fn three_tickets_are_critical_and_two_of_them_are_of_known_customers() {
    let found = connect("ticket").await.ok("search_tickets", json!({"priority": "critical"})).await;
    assert_eq!(found["total_count"], 3);
    let customers = column(&found["tickets"], "customer_id");
    assert!(customers.contains(&"CUST-002") && customers.contains(&"CUST-007"), "{customers:?}");
}

#[tokio::test]
async fn a_blue_screen_has_a_twin_and_an_article() {
    let tickets = connect("ticket").await;
    let ticket = tickets.ok("get_ticket_details", json!({"ticket_id": "TKT-1001"})).await;
    assert_eq!(ticket["os"], "Windows 11");
    let similar = tickets.ok("find_similar_tickets", json!({"ticket_id": "TKT-1001"})).await;
    assert!(similar["total_found"].as_u64().is_some_and(|total| total >= 1));
    let subject = ticket["subject"].as_str().unwrap();
    let articles = connect("kb").await.ok("search_solutions", json!({"query": subject})).await;
    assert_eq!(articles["results"][0]["article_id"], "KB-001");
}

#[tokio::test]
async fn three_customers_pay_late_and_one_of_them_has_a_critical_ticket() {
    let late = connect("billing").await.ok("check_payment_status", json!({"status": "overdue"})).await;
    let late: BTreeSet<&str> = column(&late["overdue_invoices"], "customer_id").into_iter().collect();
    assert!(late.len() >= 3, "{late:?}");
    let critical = connect("ticket").await.ok("search_tickets", json!({"priority": "critical"})).await;
    assert!(column(&critical["tickets"], "customer_id").iter().any(|customer| late.contains(customer)));
}

#[tokio::test]
async fn two_warranties_have_ended_and_two_end_soon() {
    let client = connect("asset").await;
    for (wanted, least) in [(json!({"expired": true}), 2), (json!({"expires_within_days": 30}), 2)] {
        let found = client.ok("check_warranty", wanted).await;
        assert!(found["total_count"].as_u64().is_some_and(|total| total >= least), "{found}");
    }
    let servers = client.ok("lookup_asset", json!({"asset_type": "server"})).await;
    assert!(servers["total_count"].as_u64().is_some_and(|total| total >= 3));
}

#[tokio::test]
async fn one_customer_owes_nothing_and_has_no_open_ticket() {
    let customers = connect("customer").await;
    let tickets = connect("ticket").await;
    let billing = connect("billing").await;
    let mut quiet = Vec::new();
    for number in 1..=8 {
        let id = format!("CUST-00{number}");
        customers.ok("check_customer_status", json!({"customer_id": id})).await;
        let owed = billing.ok("calculate_outstanding_balance", json!({"customer_id": id})).await;
        let found = tickets.ok("search_tickets", json!({"customer_id": id})).await;
        let unresolved = found["tickets"].as_array().unwrap().iter().any(|ticket| ticket["status"] != "resolved");
        if owed["outstanding_balance"] == 0 && !unresolved {
            quiet.push(id);
        }
    }
    assert_eq!(quiet, ["CUST-004"]);
}

#[tokio::test]
async fn the_set_has_the_sizes_and_names_of_its_contract() {
    let customers = connect("customer").await;
    let names = [("CUST-001", "TechCorp Industries"), ("CUST-002", "DataFlow Solutions")];
    for (id, name) in names {
        let status = customers.ok("check_customer_status", json!({"customer_id": id})).await;
        assert_eq!(status["company_name"], name);
    }
    let mut tiers = 0;
    for tier in ["basic", "standard", "premium"] {
        let found = customers.ok("lookup_customer", json!({"tier": tier})).await;
        tiers += found["total_count"].as_u64().unwrap_or(1);
    }
    assert_eq!(tiers, 8);
    let mut invoices = 0;
    for status in ["paid", "pending", "overdue"] {
        let found = connect("billing").await.ok("get_invoice", json!({"status": status})).await;
        invoices += found["total_invoices"].as_u64().unwrap();
    }
    assert_eq!(invoices, 15);
    let mut assets = 0;
    for kind in ["server", "workstation", "laptop"] {
        let found = connect("asset").await.ok("lookup_asset", json!({"asset_type": kind})).await;
        assets += found["total_count"].as_u64().unwrap();
    }
    assert_eq!(assets, 12);
    let kb = connect("kb").await;
    for number in 1..=10 {
        let article = kb.ok("get_article", json!({"article_id": format!("KB-{number:03}")})).await;
        let words = article["content"].as_str().unwrap().split_whitespace().count();
        assert!((250..=700).contains(&words), "{number}: {words} words");
    }
    let all: Value = connect("ticket").await.ok("search_tickets", json!({})).await;
    assert_eq!(all["total_count"], 15);
}
