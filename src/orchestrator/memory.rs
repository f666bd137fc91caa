//! What is remembered of a server before it says anything: what its tools were when they were last seen there.

use crate::mcp::{Naming, Reach, ServerSpec};
use crate::pins::{Kept, Pins};
use crate::protocol::ServerName;

use super::answers::Source;

/// What is remembered of the tools of one server at one place.
#[derive(Debug, Default)]
pub struct Known {
    /// What its tools were when they were first seen or last accepted.
    pub pins: Pins,
    /// Where it is reached, if that is remembered over sessions.
    place: Option<String>,
}

impl Known {
    /// Of a server at its place. The servers of this very program change with it, and from nowhere nothing comes.
    ///
    /// Pins that cannot be read are a warning, and the tools count as seen for the first time.
    pub fn of(spec: &ServerSpec, kept: &mut Kept, warnings: &mut Vec<String>) -> Self {
        let (Naming::Prefixed, Reach::Program(_) | Reach::Remote(_)) = (spec.naming, &spec.reach) else {
            return Self::default();
        };
        let place = spec.place();
        let pins = kept.load(&spec.name, &place).unwrap_or_else(|warning| {
            warnings.push(warning);
            Pins::default()
        });
        Self { pins, place: Some(place) }
    }

    /// Of every server in lane order; a recording's are past, and nothing is remembered of them.
    pub fn of_all(source: &Source, kept: &mut Kept, warnings: &mut Vec<String>) -> Vec<(ServerName, Self)> {
        match source {
            Source::Live(specs) => {
                specs.iter().map(|spec| (spec.name.clone(), Self::of(spec, kept, warnings))).collect()
            }
            Source::Recorded(_) => source.names().into_iter().map(|name| (name, Self::default())).collect(),
        }
    }

    /// Remembers it.
    ///
    /// # Errors
    /// It cannot be kept, in words.
    pub fn keep(&self, kept: &mut Kept, server: &ServerName) -> Result<(), String> {
        self.place.as_ref().map_or(Ok(()), |place| kept.keep(server, place, &self.pins))
    }
}
