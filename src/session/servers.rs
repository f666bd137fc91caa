//! Servers as the records tell them.

use std::borrow::Cow;
use std::sync::Arc;

use crate::protocol::{
    AfterLoss, CallId, Event, LogStream, PromptsListed, Record, RejectedTool, ResourcesListed, ServerName, ServerReady,
    ToolDefinition, TurnId, Withheld,
};
use crate::wording::count;

use super::{Call, Frame, List, Session};

/// Log lines kept per server; the recording has them all.
pub const LOG_LINES: usize = 2000;
/// Frames kept per server that belong to no call; the recording has them all.
pub const LOOSE_FRAMES: usize = 500;
/// Bytes kept of the text of such a frame; the recording has all of it.
const LOOSE_TEXT: usize = 64 * 1024;

/// One configured server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its configured name.
    pub name: ServerName,
    /// Where it stands; [`Session::trouble`] says what does not work of one that is ready.
    pub health: Health,
    /// When it came to stand there, µs.
    pub since_us: u64,
    /// The command line or URL of the last start.
    pub command: String,
    /// What it said of itself when it was last ready.
    pub ready: Option<ServerReady>,
    /// Process id of its last process, if it has one.
    pub pid: Option<u32>,
    /// How often it was started in this session; trying another handshake is part of the same start.
    pub starts: u32,
    /// What does not work since its last listing.
    pub degraded: Option<String>,
    /// The last call of it, if that had no answer in time.
    pub unanswered: Option<CallId>,
    /// How often it has listed its tools.
    pub listings: u64,
    /// Its tools.
    pub tools: Arc<[ToolDefinition]>,
    /// Tools it announced that cannot be taken.
    pub rejected: Arc<[RejectedTool]>,
    /// Its resources and templates, once they were asked for.
    pub resources: Option<Arc<ResourcesListed>>,
    /// Its prompts, once they were asked for.
    pub prompts: Option<Arc<PromptsListed>>,
    /// Its last log lines, oldest first.
    pub log: List<LogLine>,
    /// Lines no longer kept here.
    pub log_dropped: u64,
    /// Messages that belong to no call: handshake, listings, notifications. Oldest first.
    pub frames: List<Frame>,
    /// Frames no longer kept here.
    pub frames_dropped: u64,
    /// Its calls in order.
    pub calls: List<CallId>,
    /// How often it was lost in this session after it had been ready.
    pub losses: u32,
    /// The last time that happened.
    pub last_loss: Option<Loss>,
}

/// A server that was ready and went away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// When, µs.
    pub at_us: u64,
    /// What happened, with exit status and the last lines of stderr.
    pub reason: String,
    /// When its tools were listed again after it, µs.
    pub back_us: Option<u64>,
}

/// One line a server logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When, µs.
    pub at_us: u64,
    /// Where it came from.
    pub stream: LogStream,
    /// The text.
    pub text: String,
}

/// Where a server stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// Nothing has been heard of it yet.
    #[default]
    Unknown,
    /// Not started: nobody has said yes to the file that has it.
    Withheld(Withheld),
    /// Being started or reached.
    Starting,
    /// Asked how it speaks MCP; it has not answered yet.
    Probing,
    /// Connected; it has not said yet which tools it has.
    Listing,
    /// Connected, and its tools are known.
    Ready,
    /// Lost, and about to be started again.
    Restarting {
        /// What happened.
        reason: String,
        /// This restart, from 1.
        attempt: u32,
        /// How many there will be at most.
        of: u32,
        /// When it begins, µs.
        at_us: u64,
    },
    /// Down until the operator restarts it.
    Failed {
        /// What happened.
        reason: String,
    },
    /// Stopped on purpose.
    Stopped,
    /// Not started as long as the server file at this path switches it off.
    SwitchedOff(String),
}

impl Server {
    pub(super) fn named(name: ServerName) -> Self {
        Self {
            name,
            health: Health::Unknown,
            since_us: 0,
            command: String::new(),
            ready: None,
            pid: None,
            starts: 0,
            degraded: None,
            unanswered: None,
            listings: 0,
            tools: Arc::from([]),
            rejected: Arc::from([]),
            resources: None,
            prompts: None,
            log: List::default(),
            log_dropped: 0,
            frames: List::default(),
            frames_dropped: 0,
            calls: List::default(),
            losses: 0,
            last_loss: None,
        }
    }

    /// How often it was started after the first time.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.starts.saturating_sub(1)
    }

    /// Another session begins: it has been started and lost in the one before, not in this.
    pub(super) fn begin_anew(&mut self) {
        (self.starts, self.losses, self.last_loss) = (0, 0, None);
    }
}

impl Session {
    /// What the server of a call last said of its tool, if it listed it.
    #[must_use]
    pub fn tool_of(&self, call: &Call) -> Option<&ToolDefinition> {
        self.server(&call.server)?.tools.iter().find(|tool| tool.tool == call.tool)
    }

    /// What does not work of a server that is ready, if anything does not.
    #[must_use]
    pub fn trouble(&self, server: &Server) -> Option<String> {
        if server.health != Health::Ready {
            return None;
        }
        let mut found = Vec::new();
        found.extend(server.degraded.clone());
        found.extend(server.unanswered.map(|call| format!("call {} had no answer in time", call.0)));
        match RejectedTool::total(server.rejected.iter().filter(|tool| tool.kind.is_fault())) {
            0 => {}
            faulty => found.push(format!("{} cannot be used", count(faulty, "tool"))),
        }
        match self.changed.iter().filter(|changed| changed.server == server.name).count() {
            0 => {}
            changed => found.push(format!("{} changed, and waiting for a yes", count(changed, "tool"))),
        }
        (!found.is_empty()).then(|| found.join("; "))
    }
}

/// Applies an event of a server; `None` if it contradicts the state.
pub(super) fn apply(session: &mut Session, record: &Record) -> Option<()> {
    let at_us = record.at_us;
    match &record.event {
        Event::ServerWithheld(withheld) => {
            enter(session.server_mut(&withheld.server), Health::Withheld(withheld.by.clone()), at_us);
        }
        Event::ServerStarting(starting) => {
            let server = session.server_mut(&starting.server);
            let is_elsewhere = server.command != starting.command;
            // Whoever did not get on is started once more for the handshake of the other era: that is one start.
            let goes_on = matches!(server.health, Health::Probing | Health::Listing);
            server.starts += u32::from(server.starts == 0 || !goes_on);
            server.command.clone_from(&starting.command);
            (server.degraded, server.unanswered, server.pid) = (None, None, None);
            enter(server, Health::Starting, at_us);
            if is_elsewhere {
                // At another place it is another server, whose tools were never anything else.
                session.changed.retain(|changed| changed.server != starting.server);
            }
        }
        Event::ServerProbing(probing) => {
            let server = session.server_mut(&probing.server);
            server.pid = probing.pid;
            enter(server, Health::Probing, at_us);
        }
        Event::ServerReady(ready) => {
            let server = session.server_mut(&ready.server);
            server.pid = ready.pid;
            server.ready = Some(ready.clone());
            enter(server, Health::Listing, at_us);
        }
        Event::ServerListed(listed) => {
            let turn = session.running_turn().map_or_else(|| TurnId::from_index(session.turns.len()), |turn| turn.id);
            let server = session.server_mut(&listed.server);
            server.listings += 1;
            if server.health == Health::Listing {
                enter(server, Health::Ready, at_us);
                server.last_loss.as_mut().map(|loss| loss.back_us.get_or_insert(at_us));
            }
            server.degraded = None;
            server.tools = listed.tools.as_slice().into();
            server.rejected = listed.rejected.as_slice().into();
            // Whether a server is trusted stands with its tools only.
            let is_trusted = server.tools.iter().any(|tool| tool.believed);
            if let Some(ready) = server.ready.clone().filter(|_| is_trusted) {
                session.evidence.add_instructions(turn, &ready.instructions);
            }
        }
        Event::ResourcesListed(listed) => {
            session.server_mut(&listed.server).resources = Some(Arc::new(listed.clone()));
        }
        Event::PromptsListed(listed) => {
            session.server_mut(&listed.server).prompts = Some(Arc::new(listed.clone()));
        }
        Event::ServerDegraded(degraded) => {
            session.server_mut(&degraded.server).degraded = Some(degraded.why.clone());
        }
        Event::ServerLogged(logged) => {
            let server = session.server_mut(&logged.server);
            server.log.push(LogLine { at_us, stream: logged.stream, text: logged.line.clone() });
            if server.log.len() > LOG_LINES {
                server.log.drop_first();
                server.log_dropped += 1;
            }
        }
        Event::ServerLost(lost) => {
            let health = match lost.next {
                AfterLoss::Restarting { attempt, of, delay_ms } => {
                    let at_us = at_us.saturating_add(delay_ms.saturating_mul(1000));
                    Health::Restarting { reason: lost.reason.clone(), attempt, of, at_us }
                }
                AfterLoss::Failed => Health::Failed { reason: lost.reason.clone() },
            };
            let server = session.server_mut(&lost.server);
            if server.health == Health::Ready {
                server.losses += 1;
                server.last_loss = Some(Loss { at_us, reason: lost.reason.clone(), back_us: None });
            }
            enter(server, health, at_us);
        }
        Event::ServerStopped(stopped) => {
            let health = stopped.switched_off_in.clone().map_or(Health::Stopped, Health::SwitchedOff);
            enter(session.server_mut(&stopped.server), health, at_us);
        }
        Event::WireFramed(framed) => {
            let frame = |text: &str| Frame::new(at_us, framed.direction, text);
            match record.scope.call {
                Some(call) => session.calls.get_mut(call.index())?.frames.push(frame(&framed.text)),
                None => {
                    let server = session.server_mut(&framed.server);
                    server.frames.push(frame(&in_part(&framed.text)));
                    if server.frames.len() > LOOSE_FRAMES {
                        server.frames.drop_first();
                        server.frames_dropped += 1;
                    }
                }
            }
        }
        _ => return None,
    }
    Some(())
}

/// A text that is kept for its beginning, with how long it was.
fn in_part(text: &str) -> Cow<'_, str> {
    if text.len() <= LOOSE_TEXT {
        return Cow::Borrowed(text);
    }
    let head = &text[..text.floor_char_boundary(LOOSE_TEXT)];
    Cow::Owned(format!("{head}… ({} bytes; the recording has all of them)", text.len()))
}

fn enter(server: &mut Server, health: Health, at_us: u64) {
    server.health = health;
    server.since_us = at_us;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{LossCause, RecordIndex, Scope, ServerLost, ServerProbing, ServerStarting};

    #[test]
    fn a_second_handshake_is_no_restart_and_a_start_after_a_loss_is_one() {
        let mut session = Session::default();
        let name = ServerName::from("desk");
        let mut tell = |event: Event| {
            session.apply(&Record { index: RecordIndex(0), at_us: 0, unix_ms: 0, scope: Scope::default(), event });
            session.server(&name).map(Server::restarts)
        };
        let starting = || ServerStarting { server: name.clone(), attempt: 1, command: "desk".into() }.into();
        let probing = |method: &str| ServerProbing { server: name.clone(), method: method.into(), pid: Some(7) }.into();
        assert_eq!(tell(starting()), Some(0));
        assert_eq!(tell(probing("initialize")), Some(0));
        assert_eq!(tell(starting()), Some(0));
        assert_eq!(tell(probing("server/discover")), Some(0));
        let next = AfterLoss::Restarting { attempt: 1, of: 3, delay_ms: 10 };
        tell(ServerLost { server: name.clone(), cause: LossCause::Other, reason: "gone".into(), next }.into());
        assert_eq!(tell(starting()), Some(1));
    }
}
