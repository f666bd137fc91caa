//! The tools of one turn: found by the name the model uses, their arguments checked before anything is sent.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::protocol::{CallFailure, CallFailureCode, ServerName, ToolDefinition};
use crate::schema::Schema;

use super::share::fair_share;

/// Names offered for one that does not exist.
const NEAREST: usize = 5;

/// What the model may call, fixed for a turn.
#[derive(Clone, Debug, Default)]
pub struct Toolbox {
    /// The tools in lane order.
    pub tools: Arc<[ToolDefinition]>,
    /// Those of them that a request tells the model of.
    pub offered: Arc<[ToolDefinition]>,
    by_name: Arc<HashMap<String, (usize, Schema)>>,
    /// Servers whose tools are not known yet.
    starting: Arc<[ServerName]>,
}

impl Toolbox {
    /// A toolbox of `tools`; of two with the same model name the first counts.
    #[must_use]
    pub fn new(tools: Vec<ToolDefinition>) -> Self {
        let mut by_name = HashMap::new();
        for (position, tool) in tools.iter().enumerate() {
            by_name
                .entry(tool.model_name.clone())
                .or_insert_with(|| (position, Schema::new(tool.input_schema.clone())));
        }
        let tools: Arc<[ToolDefinition]> = tools.into();
        Self { offered: Arc::clone(&tools), tools, by_name: Arc::new(by_name), starting: Arc::from([]) }
    }

    /// The same beside servers whose tools are not known yet.
    #[must_use]
    pub fn awaiting(self, starting: Vec<ServerName>) -> Self {
        Self { starting: starting.into(), ..self }
    }

    /// The server that is still starting and may have a tool of this name, by the form of the name.
    #[must_use]
    pub fn awaited(&self, name: &str) -> Option<&ServerName> {
        if self.by_name.contains_key(name) {
            return None;
        }
        let is_of = |server: &&ServerName| {
            name.strip_prefix(server.as_str()).is_some_and(|rest| rest.starts_with("__") || rest.starts_with('.'))
        };
        self.starting.iter().find(is_of)
    }

    /// The same, of which the model is told this.
    #[must_use]
    pub fn telling(self, offered: Vec<ToolDefinition>) -> Self {
        Self { offered: offered.into(), ..self }
    }

    /// The same for a model that takes at most so many tools: each server has its share of them.
    #[must_use]
    pub fn offered_to(self, most: usize) -> Self {
        Self { offered: fair_share(&self.offered, most), ..self }
    }

    /// The tool of a model name.
    ///
    /// # Errors
    /// An unknown name, with the nearest ones.
    pub fn find(&self, name: &str) -> Result<&ToolDefinition, CallFailure> {
        self.by_name.get(name).map(|(position, _)| &self.tools[*position]).ok_or_else(|| {
            if let Some(server) = self.awaited(name) {
                let message = format!(
                    "Server {server} is still starting, so its tools are not known yet. Nothing was called; ask again once \
                     it is ready."
                );
                return CallFailure { code: CallFailureCode::ServerUnavailable, message };
            }
            let near = self.nearest(name).join(", ");
            let known =
                if near.is_empty() { "No server offers any tool now.".into() } else { format!("Nearest: {near}.") };
            CallFailure {
                code: CallFailureCode::UnknownTool,
                message: format!("There is no tool named {name:?}. {known}"),
            }
        })
    }

    /// Reads the arguments a model wrote (`hosting.md` §5): nothing at all is an empty object, anything else must be an object
    /// that keeps the tool's schema.
    ///
    /// # Errors
    /// What is wrong, for the model to mend.
    pub fn arguments(&self, name: &str, text: &str) -> Result<Map<String, Value>, CallFailure> {
        let bad = |message: String| CallFailure { code: CallFailureCode::BadArguments, message };
        let value: Value = match text.trim() {
            "" => Value::Object(Map::new()),
            text => serde_json::from_str(text)
                .map_err(|error| bad(format!("The arguments are no JSON ({error}). Nothing was called.")))?,
        };
        let Value::Object(object) = value else {
            return Err(bad("The arguments must be a JSON object. Nothing was called.".into()));
        };
        let value = Value::Object(object);
        let violation = self.by_name.get(name).and_then(|(_, schema)| schema.violation(&value));
        match (violation, value) {
            (Some(violation), _) => {
                Err(bad(format!("The arguments break the schema of {name}: {violation}. Nothing was called.")))
            }
            (None, Value::Object(object)) => Ok(object),
            (None, _) => Ok(Map::new()),
        }
    }

    fn nearest(&self, name: &str) -> Vec<&str> {
        let mut names: Vec<&str> = self.tools.iter().map(|tool| tool.model_name.as_str()).collect();
        names.sort_by(|a, b| strsim::jaro_winkler(b, name).total_cmp(&strsim::jaro_winkler(a, name)));
        names.truncate(NEAREST);
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_of_a_server_that_is_starting_is_not_told_to_be_missing() {
        let toolbox = Toolbox::new(Vec::new()).awaiting(vec!["desk".into()]);
        let told = |name: &str| toolbox.find(name).expect_err("no tool").message;
        assert!(told("desk__note").starts_with("Server desk is still starting"), "{}", told("desk__note"));
        for other in ["desktop__note", "desk", "far__note"] {
            assert!(told(other).starts_with("There is no tool named"), "{}", told(other));
        }
    }
}
