//! Servers used without a turn: check them, list their tools, call one.

mod materials;
mod muster;

use serde_json::{Map, Value, json};

use crate::failure::{Exit, Failure, Form, waits_for_a_yes};
use crate::headless::{declined, unasked};
use crate::launch::Fleet;
use crate::mcp::{CallEnd, CallOrder, ServerSpec, Servers, Signal};
use crate::orchestrator::{Gate, Verdict};
use crate::protocol::{
    CallFailureCode, CallId, CallStatus, Event, InputAnswer, InputRequested, Json, LossCause, RejectedTool, Scope,
    ServerListed, ServerLost, ServerName, ToolDefinition,
};
use crate::query::Subject;
use crate::sanitise::{clean_block, clean_line};
use crate::session::reason_of;
use crate::stderr::tell;
use crate::stdout::{say, say_json};
use crate::wording::{content_words, count};

pub use materials::{prompts, resources};
pub(crate) use muster::{Muster, muster, muster_aloud};

/// Tools that cannot be used that are told with their reasons where there is one line for a server.
const MOST_REASONS: usize = 3;

/// `callboard check`: every server started, listed, stopped.
///
/// # Errors
/// A server is not well; the table has been printed and says which.
pub async fn check(fleet: &Fleet, form: Form) -> Result<(), Failure> {
    let specs = &fleet.specs;
    let (servers, muster) = muster_aloud(specs, &fleet.secrets).await;
    drop(servers.stop().await);
    let mut rows = Vec::new();
    let (mut sick, mut waiting) = (Vec::new(), Vec::new());
    for spec in specs {
        let ready = muster.ready.get(&spec.name);
        let listed = muster.listed.get(&spec.name);
        let lost = muster.lost.get(&spec.name).map(|lost| lost.reason.as_str());
        let withheld = muster.withheld.get(&spec.name);
        let rejected = listed.map_or(0, |listed| faulty(&listed.rejected).count());
        match withheld {
            Some(_) => waiting.push(spec.name.to_string()),
            None if lost.is_some() || rejected > 0 || listed.is_none() => sick.push(spec.name.to_string()),
            None => {}
        }
        rows.push(json!({
            "server": spec.name, "ok": lost.is_none() && listed.is_some() && rejected == 0,
            "tools": listed.map_or(0, |listed| listed.tools.len()), "rejected": listed.map(|listed| &listed.rejected),
            "protocol": ready.map(|ready| &ready.protocol), "version": ready.map(|ready| &ready.version),
            "startup_ms": ready.map(|ready| ready.startup_ms), "problem": lost, "withheld": withheld,
        }));
    }
    match form {
        Form::Json => say_json(&json!({"servers": rows}).to_string())?,
        Form::Text => {
            for (spec, row) in specs.iter().zip(&rows) {
                let name = row["server"].as_str().unwrap_or_default();
                let line = match (row["ok"].as_bool(), row["problem"].as_str()) {
                    (Some(true), _) => format!(
                        "ok      {name:<12} {:>8}  MCP {}  ready in {} ms",
                        count(listed_tools(row), "tool"),
                        row["protocol"].as_str().unwrap_or_default(),
                        row["startup_ms"]
                    ),
                    (_, Some(problem)) => format!("FAILED  {name:<12} {problem}"),
                    (_, None) if let Some(by) = muster.withheld.get(&spec.name) => {
                        format!("waits   {name:<12} {}", waits_for_a_yes(by))
                    }
                    (_, None) if muster.listed.contains_key(&spec.name) => {
                        format!("FAILED  {name:<12} not all of its tools can be used")
                    }
                    (_, None) => format!("FAILED  {name:<12} it did not list its tools"),
                };
                say(&clean_line(&line))?;
                let rejected = muster.listed.get(&spec.name).map_or(&[][..], |listed| &listed.rejected);
                for rejected in rejected.iter().take(MOST_REASONS) {
                    say_rejected(rejected)?;
                }
                if rejected.len() > MOST_REASONS {
                    say(&format!("  … {} more; `callboard tools` lists them", rejected.len() - MOST_REASONS))?;
                }
            }
        }
    }
    if sick.is_empty() && waiting.is_empty() {
        return Ok(());
    }
    let unreachable = waiting.iter().map(|_| Exit::Unreachable);
    let exits: Vec<Exit> = muster.lost.values().map(exit_of).chain(unreachable).collect();
    // One reason for all of them can be told by the exit code.
    let has_reasons = exits.len() == sick.len() + waiting.len();
    let exit = match exits.first() {
        Some(first) if has_reasons && exits.iter().all(|exit| exit == first) => *first,
        Some(_) if has_reasons => Exit::Unreachable,
        Some(_) | None => Exit::Failed,
    };
    let of_all = count(specs.len(), "server");
    let told = [(&sick, "is not well", "are not well"), (&waiting, "waits for your word", "wait for your word")];
    let told = told.into_iter().filter(|(names, ..)| !names.is_empty()).map(|(names, one, many)| {
        let verb = if names.len() == 1 { one } else { many };
        format!("{} of {of_all} {verb}: {}", names.len(), names.join(", "))
    });
    let message = told.collect::<Vec<_>>().join("; ");
    Err(Failure { exit, message })
}

/// How many tools cannot be used, and why, the first of them.
pub(crate) fn rejected(tools: &[RejectedTool]) -> String {
    let mut reasons: Vec<String> =
        tools.iter().take(MOST_REASONS).map(|tool| format!("{} ({})", tool.label(), tool.reason)).collect();
    if tools.len() > MOST_REASONS {
        reasons.push("… (`callboard tools` lists all)".to_owned());
    }
    format!("{} cannot be used: {}", count(RejectedTool::total(tools), "tool"), reasons.join(", "))
}

/// `callboard tools`: what the servers offer.
///
/// # Errors
/// There is no such server, or one could not be started; the others have been printed.
pub async fn tools(fleet: &Fleet, only: Option<&str>, form: Form) -> Result<(), Failure> {
    let chosen = choose(&fleet.specs, only)?;
    let (servers, muster) = muster_aloud(&chosen, &fleet.secrets).await;
    drop(servers.stop().await);
    let listed: Vec<&ServerListed> = chosen.iter().filter_map(|spec| muster.listed.get(&spec.name)).collect();
    match form {
        Form::Json => {
            let tools: Vec<Value> = listed
                .iter()
                .flat_map(|listed| &listed.tools)
                .filter_map(|tool| serde_json::to_value(tool).ok())
                .collect();
            say_json(&json!({"tools": tools}).to_string())?;
        }
        Form::Text => {
            for listed in listed {
                say(&clean_line(listed.server.as_str()))?;
                for tool in &listed.tools {
                    let summary = tool.description.split(". ").next().unwrap_or_default();
                    say(&format!("  {:<30} {}", clean_line(tool.tool.as_str()), clean_line(summary)))?;
                }
                for rejected in &listed.rejected {
                    say_rejected(rejected)?;
                }
            }
        }
    }
    match chosen.iter().find_map(|spec| muster.missing(&spec.name)) {
        None => Ok(()),
        Some(missing) => Err(missing),
    }
}

fn faulty(rejected: &[RejectedTool]) -> impl Iterator<Item = &RejectedTool> {
    rejected.iter().filter(|tool| tool.kind.is_fault())
}

fn say_rejected(rejected: &RejectedTool) -> Result<(), Failure> {
    say(&format!("  {:<30} cannot be used: {}", clean_line(&rejected.label()), clean_line(&rejected.reason)))
}

/// One call, as it is asked for on the command line.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The server.
    pub server: &'a str,
    /// The tool.
    pub tool: &'a str,
    /// The arguments, JSON.
    pub arguments: &'a str,
}

/// Whether the gate lets a call pass where there is nobody to ask.
fn permit(gate: &Gate, tool: &ToolDefinition, arguments: &Map<String, Value>) -> Result<(), Failure> {
    let refused = |why: String| Failure::failed(format!("{} was not called: {why}", tool.tool));
    let arguments = Json::from(Value::Object(arguments.clone()));
    match gate.judge(tool, &Subject::of_proposal(tool, &arguments), None) {
        Verdict::Pass => Ok(()),
        Verdict::Hold(hold) => Err(refused(unasked(&hold.reason, hold.remedy))),
        Verdict::Refuse(reason) => Err(refused(reason)),
    }
}

/// Why a rule or the mode refuses a call, whoever asks for it.
#[must_use]
pub fn refusal(gate: &Gate, tool: &ToolDefinition, arguments: &Map<String, Value>) -> Option<String> {
    let arguments = Json::from(Value::Object(arguments.clone()));
    gate.refusal(tool, &Subject::of_proposal(tool, &arguments))
}

/// `callboard call`: one tool, its result on stdout.
///
/// # Errors
/// Bad arguments, an unknown server or tool, a call the gate does not let pass, a server that cannot be reached, or the tool's own error.
pub async fn call(fleet: &Fleet, gate: &Gate, order: Order<'_>, form: Form) -> Result<(), Failure> {
    let Order { server, tool, .. } = order;
    let arguments = object(order.arguments)?;
    let chosen = choose(&fleet.specs, Some(server))?;
    let (mut servers, muster) = muster_aloud(&chosen, &fleet.secrets).await;
    let listed = muster.listed.get(&server.into());
    let definition = listed.and_then(|listed| listed.tools.iter().find(|known| known.tool.as_str() == tool));
    let end = match (listed, muster.missing(&server.into())) {
        (Some(_), _) if definition.is_some() => match definition.map(|tool| permit(gate, tool, &arguments)) {
            Some(Err(refused)) => Err(refused),
            Some(Ok(())) | None => run(&mut servers, &server.into(), tool, arguments).await,
        },
        (Some(listed), _) => {
            let known: Vec<&str> = listed.tools.iter().map(|tool| tool.tool.as_str()).collect();
            Err(Failure::usage(format!("server {server} has no tool {tool:?}; it has {}", known.join(", "))))
        }
        (None, Some(missing)) => Err(missing),
        (None, None) => Err(Failure::failed(format!("server {server} did not start"))),
    };
    drop(servers.stop().await);
    let end = end?;
    print_result(&end, form)?;
    match (end.status, end.failure) {
        (CallStatus::Ok, _) => Ok(()),
        (CallStatus::Error, None) => {
            let reason = end.result.map(|result| reason_of(&result.value())).unwrap_or_default();
            Err(Failure { exit: Exit::ToolError, message: format!("{tool} reported an error: {reason}") })
        }
        (_, Some(failure)) => {
            let exit = match failure.code {
                CallFailureCode::ServerLost | CallFailureCode::ServerUnavailable | CallFailureCode::TimedOut => {
                    Exit::Unreachable
                }
                _ => Exit::Failed,
            };
            Err(Failure { exit, message: failure.message })
        }
        (CallStatus::Cancelled | CallStatus::Denied, None) => Err(Failure::failed(format!("{tool} was not run"))),
    }
}

/// Runs one call and waits for its end; nothing else may be running.
pub(crate) async fn run(
    servers: &mut Servers,
    server: &ServerName,
    tool: &str,
    arguments: Map<String, Value>,
) -> Result<CallEnd, Failure> {
    let call = CallId(1);
    let scope = Scope { call: Some(call), ..Scope::default() };
    let order = CallOrder { call, scope, tool: tool.into(), definition: None, arguments };
    servers.call(server, order).map_err(|failure| Failure::failed(failure.message))?;
    loop {
        match servers.next().await {
            Some(Signal::Ended(ended, end)) if ended == call => return Ok(end),
            Some(Signal::Happened(_, Event::InputRequested(requested))) => decline(servers, &requested),
            Some(_) => {}
            None => return Err(Failure::failed(format!("server {server} went away"))),
        }
    }
}

/// Answers a server that wants something where there is nobody to ask.
fn decline(servers: &Servers, requested: &InputRequested) {
    tell(&clean_line(&declined(requested)));
    servers.answer(requested.input, InputAnswer::Decline);
}

fn listed_tools(row: &Value) -> usize {
    row["tools"].as_u64().and_then(|tools| usize::try_from(tools).ok()).unwrap_or(0)
}

fn print_result(end: &CallEnd, form: Form) -> Result<(), Failure> {
    let Some(result) = &end.result else { return Ok(()) };
    match form {
        Form::Json => say_json(result.text())?,
        Form::Text => {
            let value = result.value();
            let blocks = value.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let structured = value.get("structuredContent").filter(|structured| !structured.is_null());
            // The texts beside structured content only repeat it.
            let shown = blocks.iter().filter(|block| structured.is_none() || block.get("text").is_none());
            let mut shown: Vec<String> = shown.map(content_words).collect();
            if let Some(structured) = structured {
                shown.insert(0, serde_json::to_string_pretty(structured).unwrap_or_default());
            }
            let shown = if shown.is_empty() { result.text().to_owned() } else { shown.join("\n") };
            say(&clean_block(&shown))?;
        }
    }
    if let Some(mismatch) = &end.mismatch {
        tell(&format!("callboard: the result does not match the tool's outputSchema: {}", clean_line(mismatch)));
    }
    Ok(())
}

fn object(text: &str) -> Result<Map<String, Value>, Failure> {
    match Json::parse_written(text).map(|json| json.value()) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => {
            Err(Failure::usage("the arguments must be a JSON object, such as {\"ticket_id\":\"TKT-1001\"}".into()))
        }
        Err(error) => Err(Failure::usage(format!("the arguments are no JSON: {error}"))),
    }
}

fn choose(specs: &[ServerSpec], only: Option<&str>) -> Result<Vec<ServerSpec>, Failure> {
    let Some(only) = only else { return Ok(specs.to_vec()) };
    let chosen: Vec<ServerSpec> = specs.iter().filter(|spec| spec.name.as_str() == only).cloned().collect();
    if chosen.is_empty() {
        let known: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        return Err(Failure::usage(format!("there is no server {only:?}; the servers are {}", known.join(", "))));
    }
    Ok(chosen)
}

/// How a command fails that needs a server which was lost.
pub(crate) fn exit_of(lost: &ServerLost) -> Exit {
    match lost.cause {
        LossCause::Other => Exit::Unreachable,
        LossCause::Unauthorised => Exit::Unauthorised,
    }
}

fn unreachable(lost: &ServerLost) -> Failure {
    let exit = exit_of(lost);
    Failure { exit, message: format!("server {} could not be started: {}", lost.server, lost.reason) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_that_cannot_be_used_are_counted_and_told_in_words() {
        let rest = RejectedTool::rest(4488, "only the first 512 tools of a server are taken".into());
        let words = "4488 tools cannot be used: 4488 more (only the first 512 tools of a server are taken)";
        assert_eq!(rejected(std::slice::from_ref(&rest)), words);
        let bad = |name: &str| RejectedTool::one(name.into(), "no schema".into());
        let words = "4492 tools cannot be used: a (no schema), b (no schema), (without a name) (no schema), … (`callboard tools` \
                     lists all)";
        assert_eq!(rejected(&[bad("a"), bad("b"), bad(""), bad("d"), rest]), words);
    }
}
