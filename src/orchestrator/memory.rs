//! What is remembered of tools over sessions: which servers, and where each is reached.

use std::collections::BTreeMap;

use crate::pins::{Kept, Pins};
use crate::protocol::ServerName;

use super::answers::Source;
use super::roster::Roster;

/// The servers whose tools are remembered.
#[derive(Debug)]
pub(super) struct Memory {
    kept: Kept,
    /// Where each of them is reached.
    places: BTreeMap<ServerName, String>,
}

impl Memory {
    /// What is remembered of each server, in lane order. Of one whose pins cannot be read nothing is remembered later either,
    /// so that whatever is wrong stays to be looked at.
    pub fn load(kept: Kept, source: &Source, warnings: &mut Vec<String>) -> (Self, Vec<(ServerName, Pins)>) {
        let mut places: BTreeMap<ServerName, String> = source.remembered().into_iter().collect();
        let mut known = Vec::new();
        for server in source.names() {
            let loaded = places.get(&server).map_or(Ok(Pins::default()), |place| kept.load(&server, place));
            let pins = loaded.unwrap_or_else(|warning| {
                warnings.push(warning);
                places.remove(&server);
                Pins::default()
            });
            known.push((server, pins));
        }
        (Self { kept, places }, known)
    }

    /// Remembers what the tools of a server are now.
    ///
    /// # Errors
    /// They cannot be kept, in words.
    pub fn keep(&self, roster: &Roster, server: &ServerName) -> Result<(), String> {
        match (self.places.get(server), roster.pins(server)) {
            (Some(place), Some(pins)) => self.kept.keep(server, place, pins),
            (None, _) | (_, None) => Ok(()),
        }
    }
}
