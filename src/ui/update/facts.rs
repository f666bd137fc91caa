//! What there is to know of a server, for the page of all of them and for the data of one.

use crate::protocol::LogStream;
use crate::session::{Health, Server};
use crate::ui::state::State;
use crate::ui::{text, view};

/// Last lines of stderr among the facts.
const LAST_WORDS: usize = 3;
/// The first revision of MCP without a handshake.
const MODERN: &str = "2026-07-28";

/// How a server is, in words.
pub(super) fn health(state: &State, server: &Server) -> String {
    match &server.health {
        Health::Starting => "starting".to_owned(),
        Health::Probing => "probing: it has not answered the handshake yet".to_owned(),
        Health::Listing => format!("listing its tools since {}", text::clock(server.since_us)),
        Health::Ready => {
            state.session.trouble(server).map_or_else(|| "ready".to_owned(), |trouble| format!("degraded: {trouble}"))
        }
        // Nothing is counted in these.
        Health::Unknown
        | Health::Withheld(_)
        | Health::Restarting { .. }
        | Health::Failed { .. }
        | Health::Stopped
        | Health::SwitchedOff(_) => view::server_words(state, server),
    }
}

/// How long it has been like that, or is going to be; what has stopped stays as it is.
pub(super) fn going_on(state: &State, server: &Server) -> Option<String> {
    let since_us = state.now_us.saturating_sub(server.since_us);
    match &server.health {
        Health::Starting | Health::Probing => Some(format!("for {}", text::duration(state.going_on_us(since_us)))),
        // A trouble is younger than that.
        Health::Ready => state.session.trouble(server).is_none().then(|| format!("for {}", text::clock(since_us))),
        Health::Restarting { at_us, .. } => {
            let left_us = at_us.saturating_sub(state.now_us);
            (left_us > 0).then(|| format!("in {}", text::duration(state.going_on_us(left_us))))
        }
        // The time since which it lists its tools is told already.
        Health::Listing => None,
        Health::Unknown | Health::Withheld(_) | Health::Failed { .. } | Health::Stopped | Health::SwitchedOff(_) => {
            None
        }
    }
}

/// Everything else, each with its name.
pub(super) fn of_server(server: &Server) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(loss) = &server.last_loss {
        let times = text::count(server.losses as usize, "time");
        facts.push((
            "lost",
            format!("{times}, last at {}: {}", text::clock(loss.at_us), loss.reason.replace('\n', " ")),
        ));
    }
    facts.push(("from", server.command.clone()));
    if let Some(ready) = &server.ready {
        let era = if ready.protocol.as_str() >= MODERN { "modern" } else { "legacy" };
        facts.push(("program", format!("{} {}", ready.name, ready.version).trim().to_owned()));
        facts.push(("speaks", format!("MCP {}, {era}; ready in {} ms", ready.protocol, ready.startup_ms)));
    }
    let is_gone = matches!(
        server.health,
        Health::Restarting { .. } | Health::Failed { .. } | Health::Stopped | Health::SwitchedOff(_)
    );
    let process = |pid: u32| format!("{pid}{}", if is_gone { ", gone" } else { "" });
    facts.push(("pid", server.pid.map(process).unwrap_or_default()));
    if server.restarts() > 0 {
        facts.push(("restarted", text::count(server.restarts() as usize, "time")));
    }
    if server.tools.first().is_some_and(|tool| !tool.believed) {
        facts.push(("trust", "none: what it claims of its tools does not count".to_owned()));
    }
    let calls = text::count(server.calls.len(), "call");
    facts.push(("offers", format!("{}, {calls} made", text::count(server.tools.len(), "tool"))));
    facts.extend(server.rejected.iter().map(|tool| ("refused", format!("{}: {}", tool.label(), tool.reason))));
    let words = server.log.iter().rev().filter(|line| line.stream == LogStream::Stderr).take(LAST_WORDS);
    let words: Vec<_> = words.map(|line| ("stderr", line.text.clone())).collect();
    facts.extend(words.into_iter().rev());
    facts.retain(|(_, value)| !value.is_empty());
    facts
}
