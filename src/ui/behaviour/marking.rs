//! What is marked in an answer because no result has it, and who may say that it is none of its inventions.

use crate::protocol::*;
use crate::ui::fixtures::Story;

const INVENTED: &str = "⚠ not in any result: TKT-4711";

/// One turn without calls.
fn talk(story: &mut Story, question: &str, answer: &str) {
    story.turn(question).request("gpt-4o").answer(answer).end(Ending::Answered, None);
}

/// A server whose tools are believed or not comes up with these instructions.
fn up(story: &mut Story, instructions: &str, believed: bool) {
    let ready = ServerReady {
        server: "theirs".into(),
        protocol: "2026-07-28".into(),
        name: "theirs".into(),
        version: "1".into(),
        instructions: instructions.into(),
        pid: None,
        startup_ms: 1,
    };
    let tool = ToolDefinition {
        model_name: "look".into(),
        server: "theirs".into(),
        tool: "look".into(),
        title: None,
        description: String::new(),
        input_schema: Json::default(),
        output_schema: None,
        annotations: Annotations::default(),
        believed,
        hash: String::new(),
    };
    story.say(ready).say(ServerListed { server: "theirs".into(), tools: vec![tool], rejected: Vec::new() });
}

#[test]
fn a_later_question_unmarks_nothing() {
    let mut story = Story::ready();
    talk(&mut story, "What is open?", "It is TKT-4711.");
    assert!(story.console(120, 40).screen().contains(INVENTED));
    talk(&mut story, "Is TKT-4711 real?", "I cannot say.");
    let screen = story.console(120, 40).screen();
    assert!(screen.contains(INVENTED), "{screen}");
}

#[test]
fn what_an_earlier_question_named_is_no_invention_of_a_later_answer() {
    let mut story = Story::ready();
    talk(&mut story, "Is TKT-4711 real?", "I cannot say.");
    talk(&mut story, "Which one?", "It is TKT-4711.");
    let screen = story.console(120, 40).screen();
    assert!(!screen.contains(INVENTED), "{screen}");
}

#[test]
fn a_server_vouches_for_no_id_and_only_a_trusted_one_for_a_day() {
    let marked = |believed: bool| {
        let mut story = Story::begun();
        up(&mut story, "Data as of 2025-11-11. See TKT-4711.", believed);
        talk(&mut story, "What is open?", "On 2025-11-11 it was TKT-4711.");
        let screen = story.console(120, 40).screen();
        let line = screen.lines().find_map(|line| line.split_once("not in any result: ")).map(|(_, rest)| rest);
        line.unwrap_or_default().split(['│', '┃']).next().unwrap_or_default().trim().to_owned()
    };
    assert_eq!((marked(true).as_str(), marked(false).as_str()), ("TKT-4711", "2025-11-11, TKT-4711"));
}

#[test]
fn the_day_of_a_server_that_comes_later_unmarks_nothing() {
    let mut story = Story::begun();
    talk(&mut story, "What is open?", "All of 2025-11-11.");
    up(&mut story, "Data as of 2025-11-11.", true);
    let screen = story.console(120, 40).screen();
    assert!(screen.contains("⚠ not in any result: 2025-11-11"), "{screen}");
}
