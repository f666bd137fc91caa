//! What is known of the servers: who is there, with which tools and instructions.

use crate::model::Briefing;
use crate::protocol::{Event, ServerName, ToolDefinition};

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
}

impl Roster {
    /// Servers of which nothing is known yet.
    pub fn new(servers: impl IntoIterator<Item = ServerName>) -> Self {
        let entry =
            |server| Entry { server, settled: false, connected: false, instructions: String::new(), tools: Vec::new() };
        Self { entries: servers.into_iter().map(entry).collect(), toolbox: Toolbox::default() }
    }

    /// Takes note of an event of a server.
    pub fn note(&mut self, event: &Event) {
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
                    let tools = self.entries.iter().flat_map(|entry| entry.tools.iter().cloned());
                    self.toolbox = Toolbox::new(tools.collect());
                }
            }
            Event::ServerLost(lost) => {
                if let Some(entry) = self.entry(&lost.server) {
                    entry.settled = true;
                    entry.connected = false;
                }
            }
            _ => {}
        }
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
