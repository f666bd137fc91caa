//! What tools were when they were first seen or last accepted, so that one that changes is noticed (`hosting.md` §4).
//!
//! Pure; [`Kept`] keeps it over sessions.

mod kept;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::compare::{Change, ChangeKind, changes};
use crate::protocol::{FieldChange, Json, ToolChanged, ToolDefinition, ToolName};

pub use kept::Kept;

/// Tools of one server that are remembered; a server that shows more has each further one asked about.
const MOST_TOOLS: usize = 1024;
/// A definition longer than this is remembered by its hash only, bytes.
const LONGEST_SAID: usize = 32 * 1024;
/// Bytes of definitions remembered of one server; the rest is remembered by hash only.
const MOST_SAID: usize = 4 * 1024 * 1024;
/// Places listed of one change.
const MOST_CHANGES: usize = 16;
/// The longest text of a place, bytes.
const LONGEST_TEXT: usize = 2048;
/// Characters shown of what two texts have in common, before and after where they differ.
const CONTEXT: usize = 40;

/// The tools of one server as they were pinned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pins(BTreeMap<ToolName, Pin>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pin {
    hash: String,
    /// [`ToolDefinition::said`], to tell what has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    said: Option<Json>,
}

/// What a definition is to the pins.
#[derive(Clone, Debug, PartialEq)]
pub enum Sight {
    /// It was never seen, and is pinned now.
    First,
    /// It is as it was.
    Same,
    /// It is not what it was.
    Changed(ToolChanged),
}

impl Pins {
    /// Looks at a definition, and pins it if it is the first of its tool.
    pub fn see(&mut self, tool: &ToolDefinition) -> Sight {
        match self.0.get(&tool.tool) {
            Some(pin) if pin.hash == tool.hash => Sight::Same,
            Some(pin) => Sight::Changed(changed(tool, pin)),
            None if self.0.len() < MOST_TOOLS => {
                self.pin(tool);
                Sight::First
            }
            None => Sight::Changed(told(tool, format!("its server has shown more than {MOST_TOOLS} tools"))),
        }
    }

    /// Takes a definition as the one that counts.
    pub fn pin(&mut self, tool: &ToolDefinition) {
        let said = Json::from(tool.said());
        let kept: usize = self.0.values().filter_map(|pin| pin.said.as_ref()).map(Json::bytes).sum();
        let fits = said.bytes() <= LONGEST_SAID && kept + said.bytes() <= MOST_SAID;
        let said = fits.then_some(said);
        self.0.insert(tool.tool.clone(), Pin { hash: tool.hash.clone(), said });
    }

    /// A tool in the words that were pinned, so that what nobody has said yes to is not told to a model; `None` if they were
    /// not kept.
    #[must_use]
    pub fn as_pinned(&self, tool: &ToolDefinition) -> Option<ToolDefinition> {
        let said = self.0.get(&tool.tool)?.said.as_ref()?.value();
        let words = |key: &str| said.get(key).and_then(Value::as_str).map(str::to_owned);
        let schema = |key: &str| said.get(key).filter(|schema| !schema.is_null()).cloned().map(Json::from);
        Some(ToolDefinition {
            title: words("title"),
            description: words("description").unwrap_or_default(),
            input_schema: schema("inputSchema")?,
            output_schema: schema("outputSchema"),
            ..tool.clone()
        })
    }

    /// Whether any tool was seen before.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a definition is the pinned one.
    #[must_use]
    pub fn holds(&self, tool: &ToolDefinition) -> bool {
        self.0.get(&tool.tool).is_some_and(|pin| pin.hash == tool.hash)
    }

    /// Adds what only `older` knows.
    fn fill_from(&mut self, older: Self) {
        for (tool, pin) in older.0 {
            if self.0.len() < MOST_TOOLS {
                self.0.entry(tool).or_insert(pin);
            }
        }
    }
}

fn told(tool: &ToolDefinition, summary: String) -> ToolChanged {
    ToolChanged {
        server: tool.server.clone(),
        tool: tool.tool.clone(),
        hash: tool.hash.clone(),
        summary,
        changes: Vec::new(),
        more: 0,
    }
}

fn changed(tool: &ToolDefinition, pin: &Pin) -> ToolChanged {
    let Some(said) = &pin.said else {
        return told(tool, "its definition differs; the old one was too long to be kept".to_owned());
    };
    let all = changes(&said.value(), &tool.said());
    let mut fields: Vec<&str> = all.iter().map(|change| field(&change.path)).collect();
    fields.dedup();
    let verb = if matches!(fields.as_slice(), [one] if !one.ends_with('s')) { "has" } else { "have" };
    let summary = match fields.as_slice() {
        [] => "its definition differs".to_owned(),
        fields => format!("its {} {verb} changed", fields.join(" and ")),
    };
    ToolChanged {
        changes: all.iter().take(MOST_CHANGES).map(field_change).collect(),
        more: all.len().saturating_sub(MOST_CHANGES) as u64,
        ..told(tool, summary)
    }
}

/// The part of a definition that a path is in.
fn field(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

fn field_change(change: &Change) -> FieldChange {
    let path = change.path.clone();
    match &change.kind {
        ChangeKind::Added { after } => FieldChange { path, before: None, after: Some(cut(&text(after))) },
        ChangeKind::Removed { before } => FieldChange { path, before: Some(cut(&text(before))), after: None },
        // A field that may be left out is null in what was said.
        ChangeKind::Changed { before: Value::Null, after } => {
            FieldChange { path, before: None, after: Some(cut(&text(after))) }
        }
        ChangeKind::Changed { before, after: Value::Null } => {
            FieldChange { path, before: Some(cut(&text(before))), after: None }
        }
        ChangeKind::Changed { before, after } => {
            let (before, after) = apart(&text(before), &text(after));
            FieldChange { path, before: Some(cut(&before)), after: Some(cut(&after)) }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Two texts without most of what they have in common at both ends, so that what differs is not lost in a long one.
fn apart(before: &str, after: &str) -> (String, String) {
    let (one, other): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
    let head = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let tail = one[head..].iter().rev().zip(other[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (skip, drop) = (head.saturating_sub(CONTEXT), tail.saturating_sub(CONTEXT));
    let part = |all: &[char]| {
        let middle: String = all[skip..all.len() - drop].iter().collect();
        let mark = |left_out: usize| if left_out > 0 { "…" } else { "" };
        format!("{}{middle}{}", mark(skip), mark(drop))
    };
    (part(&one), part(&other))
}

fn cut(text: &str) -> String {
    if text.len() <= LONGEST_TEXT {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LONGEST_TEXT);
    format!("{}… ({} bytes more)", &text[..end], text.len() - end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Annotations;

    pub(super) fn tool(name: &str, description: &str) -> ToolDefinition {
        let tool = ToolDefinition {
            model_name: name.into(),
            server: "desk".into(),
            tool: name.into(),
            title: None,
            description: description.into(),
            input_schema: Json::parse(r#"{"type":"object"}"#).expect("JSON"),
            output_schema: None,
            annotations: Annotations::default(),
            believed: false,
            hash: String::new(),
        };
        ToolDefinition { hash: tool.said().to_string(), ..tool }
    }

    #[test]
    fn a_tool_is_pinned_at_first_sight_and_a_change_is_told_until_it_is_accepted() {
        let mut pins = Pins::default();
        assert_eq!(pins.see(&tool("look", "Looks.")), Sight::First);
        assert_eq!(pins.see(&tool("look", "Looks.")), Sight::Same);
        let other = tool("look", "Looks, and sends what it sees.");
        let Sight::Changed(change) = pins.see(&other) else { panic!("it differs") };
        assert_eq!(change.summary, "its description has changed");
        let expected = FieldChange {
            path: "description".into(),
            before: Some("Looks.".into()),
            after: Some("Looks, and sends what it sees.".into()),
        };
        assert_eq!(change.changes, [expected]);
        assert!(matches!(pins.see(&other), Sight::Changed(_)), "seeing it is not accepting it");
        pins.pin(&other);
        assert_eq!(pins.see(&other), Sight::Same);
    }

    #[test]
    fn of_a_long_text_the_part_that_differs_is_shown() {
        let (mut pins, filler) = (Pins::default(), "x".repeat(9_000));
        pins.see(&tool("look", &format!("{filler} quietly {filler}")));
        let Sight::Changed(change) = pins.see(&tool("look", &format!("{filler} loudly {filler}"))) else {
            panic!("it differs")
        };
        let after = change.changes[0].after.as_deref().expect("a text");
        assert!(after.contains("loudly") && after.starts_with('…') && after.len() < 200, "{after}");
    }

    #[test]
    fn a_definition_too_long_to_keep_is_still_noticed_when_it_changes() {
        let (mut pins, filler) = (Pins::default(), "x".repeat(LONGEST_SAID));
        pins.see(&tool("look", &filler));
        let Sight::Changed(change) = pins.see(&tool("look", "short")) else { panic!("it differs") };
        assert!(change.summary.contains("too long to be kept") && change.changes.is_empty());
    }

    #[test]
    fn a_server_cannot_flush_its_pins_with_more_tools() {
        let mut pins = Pins::default();
        pins.see(&tool("look", "Looks."));
        for number in 0..MOST_TOOLS * 2 {
            pins.see(&tool(&format!("filler{number}"), ""));
        }
        assert!(matches!(pins.see(&tool("look", "Sends.")), Sight::Changed(_)));
        assert!(
            matches!(pins.see(&tool("one more", "")), Sight::Changed(_)),
            "it is not remembered, so it is asked about"
        );
    }

    #[test]
    fn whatever_a_model_or_operator_goes_by_is_part_of_the_definition_and_the_order_of_keys_is_not() {
        let plain = tool("look", "Looks.");
        let variants = [
            ToolDefinition { title: Some("Look".into()), ..plain.clone() },
            ToolDefinition { input_schema: Json::parse(r#"{"type":"object","a":1}"#).expect("JSON"), ..plain.clone() },
            ToolDefinition { output_schema: Some(Json::default()), ..plain.clone() },
            ToolDefinition { annotations: Annotations { read_only: true, ..Annotations::default() }, ..plain.clone() },
        ];
        for variant in &variants[..2] {
            assert_ne!(variant.said(), plain.said(), "{variant:?}");
        }
        assert_ne!(variants[3].said(), plain.said());
        let ordered = |schema: &str| {
            let input_schema = Json::parse(schema).expect("JSON");
            ToolDefinition { input_schema, ..plain.clone() }.said().to_string()
        };
        assert_eq!(ordered(r#"{"a":{"c":1,"d":2},"b":3}"#), ordered(r#"{"b":3,"a":{"d":2,"c":1}}"#));
    }
}
