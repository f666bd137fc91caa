//! Who answers calls: live servers, or a recording in their place (`sessions.md` §3, MOCK).
//!
//! A recording answers a call only with the result of the same call: same server, tool, arguments and occurrence. Anything
//! else is a miss, which ends the session; it is never answered with another call's result and never sent anywhere.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

use crate::compare::{canonical, changes};
use crate::mcp::{CallEnd, CallOrder, Limits, ServerSpec, Servers, Signal};
use crate::protocol::{
    AfterLoss, CallFailure, CallFailureCode, CallId, CallStatus, Event, InputAnswer, InputId, LossCause, Material,
    Scope, ServerListed, ServerLost, ServerName, ToolName,
};
use crate::session::{Call, CallState, Session};

/// Where results come from.
#[derive(Debug)]
pub enum Source {
    /// Servers that are started, in lane order.
    Live(Vec<ServerSpec>),
    /// A recording.
    Recorded(Answers),
}

impl From<Vec<ServerSpec>> for Source {
    fn from(specs: Vec<ServerSpec>) -> Self {
        Self::Live(specs)
    }
}

impl Source {
    /// The servers' names in lane order.
    #[must_use]
    pub fn names(&self) -> Vec<ServerName> {
        match self {
            Self::Live(specs) => specs.iter().map(|spec| spec.name.clone()).collect(),
            Self::Recorded(answers) => answers.servers.clone(),
        }
    }
}

/// The calls of a recording, each to be given once.
#[derive(Debug)]
pub struct Answers {
    servers: Vec<ServerName>,
    /// What the servers said of themselves.
    events: VecDeque<Event>,
    calls: Vec<Answer>,
}

#[derive(Debug)]
struct Answer {
    id: CallId,
    server: ServerName,
    tool: ToolName,
    arguments: Value,
    /// What its server said, or why that is not known.
    end: Result<CallEnd, String>,
    is_given: bool,
}

impl Answers {
    /// The answers of a recorded session.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        let mut events = VecDeque::new();
        for server in &session.servers {
            let name = server.name.clone();
            match &server.ready {
                Some(ready) => {
                    events.push_back(ready.clone().into());
                    let (tools, rejected) = (server.tools.to_vec(), server.rejected.to_vec());
                    events.push_back(ServerListed { server: name, tools, rejected }.into());
                }
                None => {
                    let reason = "It was not ready in the recording.".to_owned();
                    events.push_back(
                        ServerLost { server: name, reason, cause: LossCause::Other, next: AfterLoss::Failed }.into(),
                    );
                }
            }
        }
        let servers = session.servers.iter().map(|server| server.name.clone()).collect();
        Self { servers, events, calls: session.calls.iter().map(answer).collect() }
    }

    /// The end of the same call, or why there is none.
    fn take(&mut self, server: &ServerName, order: &CallOrder) -> Result<CallEnd, String> {
        let wanted = Value::Object(order.arguments.clone());
        let form = canonical(&wanted);
        let is_same = |answer: &Answer| {
            answer.server == *server && answer.tool == order.tool && canonical(&answer.arguments) == form
        };
        let call = format!("{server} {} {form}", order.tool);
        if let Some(answer) = self.calls.iter_mut().find(|answer| is_same(answer) && !answer.is_given) {
            answer.is_given = true;
            return answer.end.clone().map_err(|why| {
                format!("The recording has the call {call} as {}, but no answer of its server: {why}.", answer.id)
            });
        }
        let times = self.calls.iter().filter(|answer| is_same(answer)).count();
        if times > 0 {
            let times = if times == 1 { "once".to_owned() } else { format!("{times} times") };
            return Err(format!("The recording has the call {call} {times}, and this is one more."));
        }
        let nearest = self
            .calls
            .iter()
            .map(|answer| (answer, changes(&answer.arguments, &wanted)))
            .min_by_key(|(answer, changes)| (answer.tool != order.tool, answer.server != *server, changes.len()));
        Err(match nearest {
            None => format!("The recording has no calls at all, so none like {call}."),
            Some((answer, changes)) => {
                let lines: Vec<String> = changes.iter().map(|change| format!("\n  {}", change.line())).collect();
                let name = format!("{} {} {}", answer.server, answer.tool, canonical(&answer.arguments));
                format!("The recording has no call {call}. The nearest is {}: {name}{}", answer.id, lines.concat())
            }
        })
    }
}

fn answer(call: &Call) -> Answer {
    let status = match call.state {
        CallState::Ok => Ok(CallStatus::Ok),
        CallState::Error => Ok(CallStatus::Error),
        // What the operator cancelled or refused says nothing of what a server would have answered.
        CallState::Cancelled => Err("it was cancelled".to_owned()),
        CallState::Denied => Err(format!("it was refused ({})", call.refusal.as_deref().unwrap_or("no reason given"))),
        CallState::Running => Err("it was still running at the end".to_owned()),
        CallState::Held(_) if call.was_sent() => Err("its result was still held at the end".to_owned()),
        CallState::Held(_) => Err("it was held at the end, and never sent".to_owned()),
        CallState::Proposed | CallState::Released => Err("it was not sent yet at the end".to_owned()),
    };
    let end = match (status, call.was_sent()) {
        (Err(why), _) => Err(why),
        (Ok(_), false) => Err(match call.by_hand() {
            Some(by_hand) => format!("it was {by_hand}, and never sent"),
            None => "it was never sent".to_owned(),
        }),
        (Ok(status), true) => {
            let (result, failure, mismatch) = (call.result.clone(), call.failure.clone(), call.mismatch.clone());
            Ok(CallEnd { status, result, failure, mismatch })
        }
    };
    Answer {
        id: call.id,
        server: call.server.clone(),
        tool: call.tool.clone(),
        arguments: call.arguments.value(),
        end,
        is_given: false,
    }
}

/// What the orchestrator calls.
#[derive(Debug)]
pub(super) enum Backing {
    Live(Servers),
    Recorded(Answers, VecDeque<(CallId, CallEnd)>),
}

impl Backing {
    /// Starts what answers, in a session whose servers have wanted something of the operator `inputs` times before.
    pub fn start(source: Source, inputs: u64) -> Self {
        match source {
            Source::Live(specs) => Self::Live(Servers::start_after(&specs, inputs)),
            Source::Recorded(answers) => Self::Recorded(answers, VecDeque::new()),
        }
    }

    /// Whether nothing is ever sent anywhere.
    pub fn is_recorded(&self) -> bool {
        matches!(self, Self::Recorded(..))
    }

    /// The next signal. Cancel-safe.
    pub async fn next(&mut self) -> Option<Signal> {
        match self {
            Self::Live(servers) => servers.next().await,
            Self::Recorded(answers, ended) => {
                let event = answers.events.pop_front().map(|event| Signal::Happened(Scope::default(), event));
                match event.or_else(|| ended.pop_front().map(|(call, end)| Signal::Ended(call, end))) {
                    Some(signal) => Some(signal),
                    // Only a call brings more, and a call wakes the loop itself.
                    None => std::future::pending().await,
                }
            }
        }
    }

    pub fn call_timeout(&self, server: &ServerName) -> Duration {
        match self {
            Self::Live(servers) => servers.call_timeout(server),
            Self::Recorded(..) => Limits::default().call,
        }
    }

    /// Hands a call over. An error from a recording is a miss.
    pub fn call(&mut self, server: &ServerName, order: CallOrder) -> Result<(), CallFailure> {
        match self {
            Self::Live(servers) => servers.call(server, order),
            Self::Recorded(answers, ended) => match answers.take(server, &order) {
                Ok(end) => {
                    ended.push_back((order.call, end));
                    Ok(())
                }
                Err(message) => Err(CallFailure { code: CallFailureCode::ServerUnavailable, message }),
            },
        }
    }

    pub fn cancel(&self, server: &ServerName, call: CallId, reason: &str) {
        match self {
            Self::Live(servers) => servers.cancel(server, call, reason),
            Self::Recorded(..) => {}
        }
    }

    pub fn wait_longer(&self, server: &ServerName, call: CallId) {
        match self {
            Self::Live(servers) => servers.wait_longer(server, call),
            Self::Recorded(..) => {}
        }
    }

    /// Answers what a server wants; false if nobody waits for it.
    pub fn answer(&self, input: InputId, answer: InputAnswer) -> bool {
        match self {
            Self::Live(servers) => servers.answer(input, answer),
            Self::Recorded(..) => false,
        }
    }

    /// Asks a server for something besides tools.
    pub fn fetch(&self, server: &ServerName, material: Material) -> Result<(), String> {
        match self {
            Self::Live(servers) => servers.fetch(server, material),
            Self::Recorded(..) => Err("A recording answers calls and nothing else.".to_owned()),
        }
    }

    /// Puts a server in the place of the one of its name, if there is one.
    pub fn change(&mut self, spec: &ServerSpec) {
        match self {
            Self::Live(servers) => servers.change(spec),
            Self::Recorded(..) => {}
        }
    }

    /// The same at once, and the calls in flight on the one before are told why.
    pub fn withdraw(&mut self, spec: &ServerSpec, why: &str) {
        match self {
            Self::Live(servers) => servers.withdraw(spec, why),
            Self::Recorded(..) => {}
        }
    }

    pub fn restart(&self, server: &ServerName) -> bool {
        match self {
            Self::Live(servers) => servers.restart(server),
            Self::Recorded(..) => false,
        }
    }

    pub async fn stop(self) -> Vec<Signal> {
        match self {
            Self::Live(servers) => servers.stop().await,
            Self::Recorded(..) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answers() -> Answers {
        let call = |id, tool: &str, arguments| Answer {
            id: CallId(id),
            server: "billing".into(),
            tool: tool.into(),
            arguments,
            end: Ok(CallEnd {
                status: CallStatus::Ok,
                result: Some(json!({"n": id}).into()),
                failure: None,
                mismatch: None,
            }),
            is_given: false,
        };
        Answers {
            servers: vec!["billing".into()],
            events: VecDeque::new(),
            calls: vec![
                call(1, "get_invoice", json!({"customer_id": "CUST-001", "limit": 2})),
                call(2, "get_invoice", json!({"limit": 2, "customer_id": "CUST-001"})),
                call(3, "check_payment_status", json!({"customer_id": "CUST-001"})),
            ],
        }
    }

    fn ask(answers: &mut Answers, server: &str, tool: &str, arguments: Value) -> Result<String, String> {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let order =
            CallOrder { call: CallId(9), scope: Scope::default(), tool: tool.into(), definition: None, arguments };
        let end = answers.take(&server.into(), &order)?;
        Ok(end.result.expect("a result").text().to_owned())
    }

    #[test]
    fn the_same_call_gets_its_results_in_order_and_none_twice() {
        let mut answers = answers();
        let same = || json!({"limit": 2, "customer_id": "CUST-001"});
        assert_eq!(ask(&mut answers, "billing", "get_invoice", same()).as_deref(), Ok(r#"{"n":1}"#));
        assert_eq!(ask(&mut answers, "billing", "get_invoice", same()).as_deref(), Ok(r#"{"n":2}"#));
        let miss = ask(&mut answers, "billing", "get_invoice", same()).expect_err("given twice already");
        assert!(miss.contains("2 times"), "{miss}");
    }

    #[test]
    fn a_miss_names_the_nearest_call_and_where_it_differs() {
        let mut answers = answers();
        let miss = ask(&mut answers, "billing", "get_invoice", json!({"customer_id": "CUST-002", "limit": 2}));
        let miss = miss.expect_err("another customer");
        assert!(miss.contains("nearest is c1") && miss.contains(r#"~ customer_id: "CUST-001" → "CUST-002""#), "{miss}");
        let miss = ask(&mut answers, "asset", "get_invoice", json!({"customer_id": "CUST-001", "limit": 2}));
        assert!(miss.is_err(), "another server is another call");
    }
}
