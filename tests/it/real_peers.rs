//! The bundled servers driven by other people's clients. Ignored by default because they need packages from PyPI;
//! `.ci/run` installs them and runs these tests.

use std::process::Command;

use serde_json::{Value, json};

fn calls(server: &str) -> Value {
    match server {
        "ticket" => {
            json!({"get_ticket_details": {"ticket_id": "TKT-1001"}, "find_similar_tickets": {"ticket_id": "TKT-1001"}})
        }
        "customer" => json!({
            "lookup_customer": {"company_name": "TechCorp"}, "check_customer_status": {"customer_id": "CUST-001"},
            "get_sla_terms": {"customer_id": "CUST-001"}, "list_customer_contacts": {"customer_id": "CUST-001"},
        }),
        "billing" => json!({
            "get_invoice": {"customer_id": "CUST-002"}, "check_payment_status": {"customer_id": "CUST-002"},
            "get_billing_history": {"customer_id": "CUST-002"},
        }),
        "kb" => json!({
            "search_solutions": {"query": "blue screen"}, "get_article": {"article_id": "KB-001"},
            "find_related_articles": {"article_id": "KB-001"}, "get_common_fixes": {"product": "Windows"},
        }),
        "asset" => json!({
            "lookup_asset": {"customer_id": "CUST-001"}, "check_warranty": {"asset_id": "AST-SRV-001"},
            "get_software_licenses": {"customer_id": "CUST-001"}, "get_asset_history": {"asset_id": "AST-SRV-001"},
        }),
        other => panic!("no calls for {other}"),
    }
}

fn drive(mode: &str, server: &str) -> Value {
    let python =
        std::env::var("CALLBOARD_PYTHON").expect("CALLBOARD_PYTHON names a Python with the package mcp; see .ci/run");
    let output = Command::new(python)
        .args([
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/every_tool.py"),
            mode,
            env!("CARGO_BIN_EXE_callboard"),
            server,
        ])
        .arg(calls(server).to_string())
        .output()
        .expect("Python runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{server} in mode {mode}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{server}: {error}: {errors}"))
}

#[test]
#[ignore = "needs the package mcp from PyPI; .ci/run installs it"]
fn real_peers_the_python_client_calls_every_tool_in_both_eras() {
    let mut tools = 0;
    for server in callboard_servers::NAMES {
        for (mode, protocol) in [("legacy", "2025-11-25"), ("auto", "2026-07-28")] {
            let report = drive(mode, server);
            assert_eq!(report["protocol"], protocol, "{server}");
            let called = report["tools"].as_object().expect("an object of tools");
            for (tool, result) in called {
                assert_eq!(
                    *result,
                    json!({"is_error": false, "structured": true, "read_only": true}),
                    "{server} {tool} in mode {mode}"
                );
            }
            tools += called.len();
        }
    }
    assert_eq!(tools, 40, "twenty tools, each in both eras");
}
