//! What servers offer besides tools and what they want of the operator, when they go too far: each costs at most itself.

use callboard::mcp::{Era, ServerSpec, Signal};
use callboard::protocol::*;

use crate::fleet::hostile;
use crate::servers::{Yard, text};

fn legacy(mode: &str) -> ServerSpec {
    ServerSpec { era: Era::Legacy, ..hostile(mode) }
}

async fn fetch(yard: &mut Yard, material: Material) -> Event {
    yard.servers.fetch(&"hostile".into(), material).unwrap();
    loop {
        match yard.servers.next().await.unwrap() {
            Signal::Happened(
                _,
                event @ (Event::ResourcesListed(_)
                | Event::PromptsListed(_)
                | Event::ResourceRead(_)
                | Event::PromptGot(_)),
            ) => return event,
            Signal::Happened(scope, event) => yard.events.push((scope, event)),
            Signal::Ended(call, end) => panic!("{call:?} {end:?}"),
        }
    }
}

fn asked(yard: &Yard) -> Vec<(Scope, InputRequested)> {
    let of = |(scope, event): &(Scope, Event)| match event {
        Event::InputRequested(requested) => Some((*scope, requested.clone())),
        _ => None,
    };
    yard.events.iter().filter_map(of).collect()
}

#[tokio::test]
async fn of_resources_and_prompts_that_pretend_only_the_usable_are_taken_each_with_why() {
    let mut yard = Yard::ready(legacy("library")).await;
    let Event::ResourcesListed(listed) = fetch(&mut yard, Material::Resources).await else { panic!() };
    let uris: Vec<&str> = listed.resources.iter().map(|resource| resource.uri.as_str()).collect();
    assert_eq!(uris[1..], ["file:///etc/passwd", "a:named"]);
    assert_eq!(listed.resources[2].name.len(), 1024);
    let reasons: Vec<&str> = listed.rejected.iter().map(|rejected| rejected.reason.as_str()).collect();
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(reasons[0].contains("100000 bytes"), "{reasons:?}");
    assert!(listed.problem.is_some_and(|problem| problem.contains("resource templates cannot be read")));
    let Event::PromptsListed(listed) = fetch(&mut yard, Material::Prompts).await else { panic!() };
    assert_eq!((listed.prompts.len(), listed.rejected.len()), (1, 3), "{listed:?}");
    assert!(listed.rejected[0].reason.contains("it has 1000 arguments"), "{listed:?}");
    yard.works().await;
    yard.stop_well().await;
}

#[tokio::test]
async fn a_library_without_end_is_read_to_its_64th_page() {
    let mut yard = Yard::ready(legacy("endless-library")).await;
    let Event::ResourcesListed(listed) = fetch(&mut yard, Material::Resources).await else { panic!() };
    assert_eq!(listed.resources.len(), 64);
    let Event::PromptsListed(listed) = fetch(&mut yard, Material::Prompts).await else { panic!() };
    assert_eq!(listed.prompts.len(), 64);
    yard.stop_well().await;
}

#[tokio::test]
async fn of_a_flood_of_questions_eight_wait_and_the_rest_are_declined() {
    let mut yard = Yard::ready(legacy("well")).await;
    assert_eq!(text(&yard.call("ask-flood").await), "asked");
    let is_full = |yard: &Yard| yard.logged(LogStream::Mcp).iter().any(|line| line.contains("one more was declined"));
    yard.until("a declined question", is_full).await;
    assert_eq!(asked(&yard).len(), 8);
    yard.works().await;
    yard.stop_well().await;
}

#[tokio::test]
async fn a_question_after_its_call_belongs_to_no_call_and_can_be_answered() {
    let mut yard = Yard::ready(legacy("well")).await;
    assert_eq!(text(&yard.call("ask-late").await), "answered before");
    yard.until("question", |yard| !asked(yard).is_empty()).await;
    let (scope, requested) = asked(&yard).remove(0);
    assert_eq!((scope.call, requested.message.as_str()), (None, "One more thing?"));
    assert!(yard.servers.answer(requested.input, InputAnswer::Decline));
    yard.until("answer", |yard| yard.sent().iter().any(|sent| sent.contains(r#""action":"decline""#))).await;
    yard.works().await;
    yard.stop_well().await;
}

#[tokio::test]
async fn questions_that_are_too_large_are_told_of_and_the_server_hears_it() {
    for (wrong, stream, words, heard) in [
        ("ask-fields", LogStream::Stdout, "elicitation/create of", r#"bytes was not taken"}"#),
        ("ask-long-page", LogStream::Stdout, "elicitation/create of", r#"bytes was not taken"}"#),
        ("ask-wide", LogStream::Mcp, "has over 65536 bytes", "has over 65536 bytes"),
    ] {
        let mut yard = Yard::ready(legacy("well")).await;
        assert_eq!(text(&yard.call(wrong).await), "asked");
        yard.until(words, |yard| yard.logged(stream).iter().any(|line| line.contains(words))).await;
        yard.until(heard, |yard| yard.sent().iter().any(|sent| sent.contains(heard))).await;
        assert!(asked(&yard).is_empty());
        yard.stop_well().await;
    }
}

#[tokio::test]
async fn what_is_not_offered_is_refused_and_the_call_goes_on() {
    let mut yard = Yard::ready(legacy("well")).await;
    assert_eq!(text(&yard.call("ask-unoffered").await), "3 answers: -32601");
    assert!(asked(&yard).is_empty());
    yard.stop_well().await;
}
