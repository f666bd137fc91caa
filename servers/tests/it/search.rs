//! Full-text search: stems, beginnings of words, ranking, and queries that look like operators.

use serde_json::json;

use crate::client::{Client, column, connect};

async fn found(client: &Client, query: &str) -> Vec<String> {
    let found = client.ok("search_tickets", json!({"query": query})).await;
    column(&found["tickets"], "ticket_id").into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn stems_beginnings_and_case_do_not_matter() {
    let client = connect("ticket").await;
    for (query, ticket) in [
        ("PRINTING", "TKT-1005"),
        ("printers", "TKT-1005"),
        ("spool", "TKT-1005"),
        ("panics", "TKT-1014"),
        ("passw", "TKT-1007"),
        ("passwords", "TKT-1007"),
        ("DRIVER_IRQL_NOT_LESS_OR_EQUAL", "TKT-1001"),
        ("IRQL", "TKT-1001"),
        ("tc-fs01", "TKT-1013"),
        ("TKT-1009", "TKT-1009"),
        ("wireguard", "TKT-1009"),
    ] {
        let ids = found(&client, query).await;
        assert!(ids.contains(&ticket.to_owned()), "{query}: {ids:?}");
    }
}

#[tokio::test]
async fn an_unfinished_word_is_found_even_where_its_stem_is_shorter() {
    let client = connect("kb").await;
    for query in ["authenticatio", "authenticat", "authent", "virtualisatio authenticatio"] {
        let found = client.ok("search_solutions", json!({"query": query})).await;
        assert!(column(&found["results"], "article_id").contains(&"KB-010"), "{query}");
    }
}

#[tokio::test]
async fn records_with_all_words_come_first() {
    let client = connect("ticket").await;
    assert_eq!(found(&client, "blue screen memory").await[0], "TKT-1006");
    assert_eq!(found(&client, "blue screen driver irql").await[0], "TKT-1001");
    assert_eq!(found(&client, "what is the kernel panic after the Sunday updates").await[0], "TKT-1014");
}

#[tokio::test]
async fn filters_narrow_a_search() {
    let client = connect("ticket").await;
    let found = client.ok("search_tickets", json!({"query": "disk full", "os": "windows"})).await;
    assert_eq!(column(&found["tickets"], "ticket_id"), ["TKT-1013"]);
}

#[tokio::test]
async fn operators_quotes_and_odd_letters_are_only_text() {
    let client = connect("ticket").await;
    for query in [
        "\"",
        "'; DROP TABLE ticket; --",
        "printer\" OR \"x",
        "NEAR(a b)",
        "subject:printer",
        "print*",
        "(print",
        "a AND",
        "NOT",
        "%",
        "_",
        "\u{0}x",
        "💥 crash",
        "naïve",
        "-- 1",
        "^print",
        "{x}",
        "print + spool",
    ] {
        let result = client.call("search_tickets", json!({"query": query})).await.unwrap();
        let payload = result.structured_content.unwrap();
        let error = payload["error"].as_str();
        assert!(error.is_none() || error == Some("invalid_arguments"), "{query:?}: {payload}");
    }
    assert_eq!(found(&client, "print* +spooler").await[0], "TKT-1005");
    let like = client.ok("search_tickets", json!({"os": "%"})).await;
    assert_eq!(like["total_count"], 0, "a percent sign is no wildcard");
}

#[tokio::test]
async fn relevance_falls_from_first_to_last() {
    let client = connect("kb").await;
    for query in ["blue screen", "linux update", "windows driver crash memory", "slow"] {
        let found = client.ok("search_solutions", json!({"query": query})).await;
        let scores: Vec<f64> = found["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|result| result["relevance_score"].as_f64().unwrap())
            .collect();
        assert!(scores.is_sorted_by(|a, b| a >= b) && scores[0] > 0.4, "{query}: {scores:?}");
    }
}
