//! Calls that the operator changed, answered or refused: an answer speaks of what was really called.

use serde_json::json;

use super::desk::{Desk, Hand, Turn};

/// What comes of a question where the operator has a hand in its first call.
async fn asked(question: &str, hand: Hand) -> Turn {
    let desk = Desk::open().await;
    let mut talk = desk.talk();
    talk.operator.insert(1, hand);
    talk.ask(question).await
}

fn has(turn: &Turn, parts: &[&str]) {
    for part in parts {
        assert!(turn.answer.contains(part), "{part}: {}", turn.answer);
    }
}

#[tokio::test]
async fn an_answer_counts_what_was_sent_and_the_next_step_goes_on_from_it() {
    let turn =
        asked("What are the critical tickets and who are the customers?", Hand::Edit(json!({"priority": "high"})))
            .await;
    has(
        &turn,
        &[
            "Call 1 was changed by you: priority “high” instead of “critical” [1].",
            "There are 5 high-priority tickets [1]. There are 4 customers of high-priority tickets",
            "TechCorp Industries CUST-001 [2]",
        ],
    );
    assert!(!turn.answer.contains("critical t"), "{}", turn.answer);
}

#[tokio::test]
async fn a_record_asked_for_by_another_id_is_the_one_that_is_spoken_of() {
    let turn = asked(
        "Show me customer CUST-001's information with SLA terms and contacts",
        Hand::Edit(json!({"customer_id": "CUST-002"})),
    )
    .await;
    has(
        &turn,
        &[
            "customer id “CUST-002” instead of “CUST-001” [1].",
            "DataFlow Solutions (CUST-002) is an active premium customer",
            // The other two calls went out as they were.
            "TechCorp Industries (CUST-001) has SLA level platinum",
            "There are 4 contacts of TechCorp Industries (CUST-001) [3].",
        ],
    );
    assert_eq!(turn.calls.len(), 3, "nothing is called again: {:?}", turn.calls);
}

#[tokio::test]
async fn each_list_says_whose_it_is_where_one_call_went_to_another_customer() {
    let hand = || Hand::Edit(json!({"customer_id": "CUST-003"}));
    let turn = asked("tickets of CUST-001 and their invoices", hand()).await;
    has(&turn, &["There are 2 tickets of CUST-003 [1]. There are 3 invoices of CUST-001, 31,905.50 USD in all [2]."]);
    let turn =
        asked("CUST-002: show tickets, outstanding invoices, assets, and what needs attention now", hand()).await;
    has(&turn, &["2 tickets of CUST-003 [1], 2 invoices of CUST-002 that are not paid [2]"]);
}

#[tokio::test]
async fn calls_that_follow_from_a_changed_one_follow_what_was_sent() {
    let turn = asked("tickets of TechCorp", Hand::Edit(json!({"company_name": "DataFlow"}))).await;
    assert_eq!(turn.calls[1].arguments, json!({"customer_id": "CUST-002"}));
    has(&turn, &["There are 3 tickets of DataFlow Solutions (CUST-002) [2]."]);
}

#[tokio::test]
async fn arguments_that_were_added_or_taken_out_are_told_and_change_what_is_said() {
    let turn = asked("any P1 cases?", Hand::Edit(json!({"priority": "critical", "status": "open"}))).await;
    has(&turn, &["Call 1 was changed by you: status “open” added [1].", "There is 1 critical open ticket"]);
    let turn = asked("critical tickets", Hand::Edit(json!({"customer_id": "CUST-001"}))).await;
    has(&turn, &["priority “critical” taken out, customer id “CUST-001” added [1]."]);
    assert!(!turn.answer.contains("critical tickets"), "{}", turn.answer);
}

#[tokio::test]
async fn a_follow_up_goes_on_from_what_was_sent() {
    let desk = Desk::open().await;
    let mut talk = desk.talk();
    talk.operator.insert(1, Hand::Edit(json!({"customer_id": "CUST-002"})));
    talk.ask("Show me customer CUST-001").await;
    let turn = talk.ask("and their invoices?").await;
    assert_eq!(turn.calls[0].arguments, json!({"customer_id": "CUST-002"}));
    has(&turn, &["DataFlow Solutions (CUST-002)"]);
    assert!(!turn.answer.contains("changed by you"), "that was said in the turn before: {}", turn.answer);
}

#[tokio::test]
async fn a_result_given_by_hand_is_said_to_be_one() {
    let body = json!({"tickets": [{"ticket_id": "TKT-9", "subject": "Made up", "priority": "critical"}]});
    let turn = asked("critical tickets", Hand::Answer(body)).await;
    has(&turn, &["The result of call 1 is the one that you gave, not its server's [1].", "TKT-9"]);
}

#[tokio::test]
async fn a_refusal_is_told_in_the_operators_words_and_says_nothing_of_what_there_is() {
    let turn = asked("tickets of TechCorp", Hand::Deny("no need to know")).await;
    assert_eq!(turn.answer, "The call about “TechCorp” was refused: no need to know [1].");
    assert_eq!(turn.calls.len(), 1, "it is not looked for under other names: {:?}", turn.calls);
}
