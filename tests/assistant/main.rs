//! The built-in assistant against the five real servers.

mod desk;

use desk::Desk;

/// Prints what is said and done for the questions in `ASK` (lines; `>` continues a conversation).
#[tokio::test]
#[ignore = "for looking at answers by hand"]
async fn look() {
    let desk = Desk::open().await;
    let mut talk = desk.talk();
    for line in std::env::var("ASK").unwrap_or_default().lines() {
        let (line, follow) = line.strip_prefix('>').map_or((line, false), |rest| (rest, true));
        if !follow {
            talk = desk.talk();
        }
        let turn = talk.ask(line.trim()).await;
        println!("\n════ {}", turn.question);
        for plan in &turn.plans {
            println!("  {plan}");
        }
        for call in &turn.calls {
            println!("    → {} {}", call.tool, call.arguments);
        }
        println!("{}", turn.answer);
        println!("   ({} calls, {} steps, {} µs)", turn.calls.len(), turn.steps, turn.planning_us);
    }
}

mod evidence;
mod files;
mod honest;
mod sent;
mod suite;
