//! Every server started once, to see what becomes of it.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use crate::config::servers::Secrets;
use crate::failure::{Exit, Failure, waits_for_a_yes};
use crate::mcp::{ServerSpec, Servers, Signal};
use crate::protocol::{Event, ServerListed, ServerLost, ServerName, ServerReady, Withheld};
use crate::sanitise::clean_line;
use crate::stderr::tell;

use super::unreachable;

/// After which it is told whom one waits for.
const PATIENCE: Duration = Duration::from_secs(2);

/// What became of the servers at their first start.
#[derive(Debug, Default)]
pub(crate) struct Muster {
    pub(crate) ready: BTreeMap<ServerName, ServerReady>,
    pub(crate) listed: BTreeMap<ServerName, ServerListed>,
    pub(crate) lost: BTreeMap<ServerName, ServerLost>,
    /// Those that nobody has said yes to.
    pub(crate) withheld: BTreeMap<ServerName, Withheld>,
}

impl Muster {
    fn note(&mut self, event: Event, secrets: &Secrets) {
        match event {
            Event::ServerReady(ready) => {
                self.ready.insert(ready.server.clone(), ready);
            }
            Event::ServerListed(listed) => {
                self.listed.insert(listed.server.clone(), listed);
            }
            Event::ServerLost(lost) => {
                let reason = secrets.hide(&lost.reason);
                self.lost.insert(lost.server.clone(), ServerLost { reason, ..lost });
            }
            Event::ServerWithheld(withheld) => {
                self.withheld.insert(withheld.server, withheld.by);
            }
            _ => {}
        }
    }

    /// Whether it is known what became of a server.
    fn knows(&self, server: &ServerName) -> bool {
        self.listed.contains_key(server) || self.lost.contains_key(server) || self.withheld.contains_key(server)
    }

    fn is_settled(&self, specs: &[ServerSpec]) -> bool {
        specs.iter().all(|spec| self.knows(&spec.name))
    }

    /// How a command fails that needs a server which is not there; none if it is.
    pub(super) fn missing(&self, server: &ServerName) -> Option<Failure> {
        let withheld = self.withheld.get(server).map(|by| Failure {
            exit: Exit::Unreachable,
            message: format!("server {server} was not started: {}", waits_for_a_yes(by)),
        });
        withheld.or_else(|| self.lost.get(server).map(unreachable))
    }
}

/// Starts every server once and waits until each is listed or lost. What they say of why they are lost is told without
/// `secrets`.
pub(crate) async fn muster(specs: &[ServerSpec], secrets: &Secrets) -> (Servers, Muster) {
    muster_with(specs, secrets, |_| {}).await
}

/// The same for a command, which tells on stderr for whom it waits if that takes long. Under a screen nothing may.
pub(crate) async fn muster_aloud(specs: &[ServerSpec], secrets: &Secrets) -> (Servers, Muster) {
    let told = |awaited: &[&str]| tell(&clean_line(&format!("callboard: waiting for {}", awaited.join(", "))));
    muster_with(specs, secrets, told).await
}

async fn muster_with(
    specs: &[ServerSpec],
    secrets: &Secrets,
    while_waiting: impl FnOnce(&[&str]),
) -> (Servers, Muster) {
    // A server that fails here is to be told of, not tried again.
    let once: Vec<ServerSpec> = specs.iter().cloned().map(|spec| ServerSpec { restarts: 0, ..spec }).collect();
    let mut servers = Servers::start(&once);
    let mut muster = Muster::default();
    let mut impatient = pin!(tokio::time::sleep(PATIENCE));
    let mut while_waiting = Some(while_waiting);
    while !muster.is_settled(specs) {
        tokio::select! {
            signal = servers.next() => match signal {
                Some(Signal::Happened(_, event)) => muster.note(event, secrets),
                Some(Signal::Ended(..)) => {}
                None => break,
            },
            () = &mut impatient, if while_waiting.is_some() => {
                let awaited = specs.iter().map(|spec| &spec.name).filter(|name| !muster.knows(name));
                let awaited: Vec<&str> = awaited.map(|name| name.as_str()).collect();
                if let Some(told) = while_waiting.take() {
                    told(&awaited);
                }
            }
        }
    }
    (servers, muster)
}
