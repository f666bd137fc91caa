//! What is known of the servers: who is there, with which tools and instructions.

use std::collections::HashMap;

use crate::model::Briefing;
use crate::protocol::{AfterLoss, Event, ServerName, ToolDefinition, ToolName};

use super::toolbox::Toolbox;

/// The servers in lane order.
#[derive(Debug, Default)]
pub struct Roster {
    entries: Vec<Entry>,
    /// The tools of all entries; made anew only when they change, because schemas are compiled in it.
    toolbox: Toolbox,
}

#[derive(Debug)]
struct Entry {
    server: ServerName,
    /// Whether its tools are known, or known to be unavailable.
    settled: bool,
    connected: bool,
    instructions: String,
    tools: Vec<ToolDefinition>,
    /// Each tool's definition as it was first listed: its hash.
    first: HashMap<ToolName, String>,
}

impl Roster {
    /// Servers of which nothing is known yet.
    pub fn new(servers: impl IntoIterator<Item = ServerName>) -> Self {
        let entry = |server| Entry {
            server,
            settled: false,
            connected: false,
            instructions: String::new(),
            tools: Vec::new(),
            first: HashMap::new(),
        };
        Self { entries: servers.into_iter().map(entry).collect(), toolbox: Toolbox::default() }
    }

    /// Takes note of an event of a server. A tool that is no longer what it was when it was first listed counts as one that
    /// writes, whatever it says of itself (`hosting.md` §4); that is what the operator is to be told then.
    pub fn note(&mut self, event: &Event) -> Option<String> {
        let mut changed: Vec<&str> = Vec::new();
        let mut warning = None;
        match event {
            Event::ServerReady(ready) => {
                if let Some(entry) = self.entry(&ready.server) {
                    entry.connected = true;
                    entry.instructions.clone_from(&ready.instructions);
                }
            }
            Event::ServerListed(listed) => {
                if let Some(entry) = self.entry(&listed.server) {
                    entry.settled = true;
                    entry.tools.clone_from(&listed.tools);
                    for tool in &mut entry.tools {
                        let first = entry.first.entry(tool.tool.clone()).or_insert_with(|| tool.hash.clone());
                        if *first != tool.hash {
                            tool.annotations.read_only = false;
                            changed.push(tool.tool.as_str());
                        }
                    }
                    warning = (!changed.is_empty()).then(|| {
                        let (server, names) = (&listed.server, changed.join(", "));
                        format!("Server {server} now says something else of {names}: its calls count as writing from here on.")
                    });
                    self.fill();
                }
            }
            Event::ServerLost(lost) => {
                if let Some(entry) = self.entry(&lost.server) {
                    entry.settled = true;
                    entry.connected = false;
                    if lost.next == AfterLoss::Failed {
                        entry.tools.clear();
                    }
                    self.fill();
                }
            }
            _ => {}
        }
        warning
    }

    fn fill(&mut self) {
        self.toolbox = Toolbox::new(self.entries.iter().flat_map(|entry| entry.tools.iter().cloned()).collect());
    }

    /// Whether every server is either listed or known to be down.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.entries.iter().all(|entry| entry.settled)
    }

    /// The tools of the servers that are there. A server that is coming back keeps its tools: calls wait for it.
    #[must_use]
    pub fn toolbox(&self) -> Toolbox {
        self.toolbox.clone()
    }

    /// What the connected servers say of themselves.
    #[must_use]
    pub fn briefings(&self) -> Vec<Briefing> {
        self.entries
            .iter()
            .filter(|entry| entry.connected)
            .map(|entry| Briefing { server: entry.server.clone(), instructions: entry.instructions.clone() })
            .collect()
    }

    fn entry(&mut self, server: &ServerName) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.server == *server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Annotations, Json, LossCause, ServerListed, ServerLost};

    fn listed(description: &str, hash: &str) -> Event {
        let tool = ToolDefinition {
            model_name: "look".into(),
            server: "desk".into(),
            tool: "look".into(),
            title: None,
            description: description.into(),
            input_schema: Json::parse("{}").expect("JSON"),
            output_schema: None,
            annotations: Annotations { read_only: true, ..Annotations::default() },
            hash: hash.into(),
        };
        ServerListed { server: "desk".into(), tools: vec![tool], rejected: Vec::new() }.into()
    }

    fn is_read_only(roster: &Roster) -> bool {
        roster.toolbox().tools[0].annotations.read_only
    }

    #[test]
    fn a_tool_that_changes_what_it_says_of_itself_counts_as_writing() {
        let mut roster = Roster::new(["desk".into()]);
        assert_eq!(roster.note(&listed("Looks.", "1")), None);
        assert_eq!(roster.note(&listed("Looks.", "1")), None);
        assert!(is_read_only(&roster));
        let warning = roster.note(&listed("Looks, and sends what it sees.", "2")).expect("a warning");
        assert!(warning.contains("desk") && warning.contains("look"), "{warning}");
        assert!(!is_read_only(&roster));
    }

    #[test]
    fn a_server_that_has_failed_offers_nothing_and_one_that_comes_back_what_it_had() {
        let mut roster = Roster::new(["desk".into()]);
        roster.note(&listed("Looks.", "1"));
        let lost = |next| {
            Event::from(ServerLost { server: "desk".into(), reason: "gone".into(), cause: LossCause::Other, next })
        };
        roster.note(&lost(AfterLoss::Restarting { attempt: 1, of: 5, delay_ms: 500 }));
        assert_eq!(roster.toolbox().tools.len(), 1, "calls wait for it");
        roster.note(&lost(AfterLoss::Failed));
        assert_eq!(roster.toolbox().tools.len(), 0);
    }
}
