//! One JSON text as a flat list of nodes in document order, with depth and sibling indexes; motions are index arithmetic.

use std::fmt::Write as _;
use std::ops::Range;

use crate::protocol::Json;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{…}` with so many members.
    Object(u32),
    /// `[…]` with so many items.
    Array(u32),
    /// A string.
    String,
    /// A number.
    Number,
    /// `true`, `false` or `null`.
    Word,
}

impl Kind {
    /// Whether it can have children.
    #[must_use]
    pub fn is_container(self) -> bool {
        matches!(self, Self::Object(_) | Self::Array(_))
    }
}

/// One value.
#[derive(Clone, Debug)]
pub struct Node {
    /// How deep it lies; the root is 0.
    pub depth: u16,
    /// Its container; the root is its own.
    pub parent: u32,
    /// The first node after it and everything in it.
    pub end: u32,
    /// Its position in its container.
    pub position: u32,
    /// Its key with the quotes, if its container is an object.
    pub key: Option<Range<u32>>,
    /// Its text.
    pub text: Range<u32>,
    /// What it is.
    pub kind: Kind,
}

/// A JSON text with its nodes.
#[derive(Clone, Debug)]
pub struct Doc {
    json: Json,
    nodes: Vec<Node>,
}

impl Doc {
    /// Takes `json` apart; `None` if it is longer than [`super::MOST_BYTES`].
    #[must_use]
    pub fn parse(json: &Json) -> Option<Self> {
        if json.bytes() > super::MOST_BYTES {
            return None;
        }
        let nodes = Scanner { text: json.text().as_bytes(), at: 0 }.nodes();
        Some(Self { json: json.clone(), nodes })
    }

    /// All nodes in document order.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The whole text.
    #[must_use]
    pub fn json(&self) -> &Json {
        &self.json
    }

    /// The text of a node, as it arrived.
    #[must_use]
    pub fn text(&self, node: usize) -> &str {
        self.nodes.get(node).map_or("", |node| self.slice(&node.text))
    }

    /// The key of a node without its quotes, escapes as they are.
    #[must_use]
    pub fn key(&self, node: usize) -> Option<&str> {
        let range = self.nodes.get(node)?.key.as_ref()?;
        Some(self.slice(range).trim_matches('"'))
    }

    /// The decoded string of a node, if it is one.
    #[must_use]
    pub fn string(&self, node: usize) -> Option<String> {
        (self.nodes.get(node)?.kind == Kind::String).then(|| serde_json::from_str(self.text(node)).ok())?
    }

    /// The direct children of a node.
    pub fn children(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        let end = self.nodes.get(node).map_or(0, |node| node.end as usize);
        let mut at = node + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let child = at;
                at = self.nodes[child].end as usize;
                child
            })
        })
    }

    /// Where a node is, such as `.tickets[0].subject`; `.` for the root.
    #[must_use]
    pub fn path(&self, node: usize) -> String {
        let mut parts = Vec::new();
        let mut at = node;
        while at > 0 && at < self.nodes.len() {
            parts.push(match self.key(at) {
                Some(key) => format!(".{key}"),
                None => format!("[{}]", self.nodes[at].position),
            });
            at = self.nodes[at].parent as usize;
        }
        if parts.is_empty() { ".".to_owned() } else { parts.into_iter().rev().collect() }
    }

    /// A node's text with line breaks and two blanks a level down to 64 levels, its scalars untouched.
    #[must_use]
    pub fn pretty(&self, node: usize) -> String {
        let mut out = String::new();
        let Some(root) = self.nodes.get(node) else { return out };
        let mut open: Vec<(u32, char)> = Vec::new();
        for at in node..root.end as usize {
            let current = &self.nodes[at];
            close(&mut out, &mut open, at);
            if at > node {
                if current.position > 0 {
                    out.push(',');
                }
                new_line(&mut out, open.len());
            }
            if let (Some(key), true) = (&current.key, at > node) {
                // Writing to a String cannot fail.
                let _ = write!(out, "{}: ", self.slice(key));
            }
            match current.kind {
                Kind::Object(0) => out.push_str("{}"),
                Kind::Array(0) => out.push_str("[]"),
                Kind::Object(_) => {
                    out.push('{');
                    open.push((current.end, '}'));
                }
                Kind::Array(_) => {
                    out.push('[');
                    open.push((current.end, ']'));
                }
                Kind::String | Kind::Number | Kind::Word => out.push_str(self.slice(&current.text)),
            }
        }
        close(&mut out, &mut open, root.end as usize);
        out
    }

    fn slice(&self, range: &Range<u32>) -> &str {
        self.json.text().get(range.start as usize..range.end as usize).unwrap_or("")
    }
}

fn close(out: &mut String, open: &mut Vec<(u32, char)>, at: usize) {
    while open.last().is_some_and(|(end, _)| *end as usize <= at) {
        if let Some((_, bracket)) = open.pop() {
            new_line(out, open.len());
            out.push(bracket);
        }
    }
}

fn new_line(out: &mut String, depth: usize) {
    /// Without an end to it, the blanks of deep nesting would be its length squared.
    const DEEPEST: usize = 64;
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
}

/// Walks over text that is known to be one JSON value; without recursion, because nesting is not bounded.
struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn nodes(mut self) -> Vec<Node> {
        let mut nodes: Vec<Node> = Vec::new();
        let mut open: Vec<u32> = Vec::new();
        let mut key = None;
        while let Some(byte) = self.next_byte() {
            let start = self.at;
            match byte {
                b',' | b':' => {
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    self.at += 1;
                    let end = small(nodes.len());
                    if let Some(node) = open.pop().and_then(|container| nodes.get_mut(container as usize)) {
                        node.end = end;
                        node.text.end = small(self.at);
                    }
                    continue;
                }
                _ => {}
            }
            let in_object = open.last().is_some_and(|parent| matches!(nodes[*parent as usize].kind, Kind::Object(_)));
            if byte == b'"' && in_object && key.is_none() {
                self.skip_string();
                key = Some(small(start)..small(self.at));
                continue;
            }
            let kind = match byte {
                b'{' => Kind::Object(0),
                b'[' => Kind::Array(0),
                b'"' => Kind::String,
                b't' | b'f' | b'n' => Kind::Word,
                _ => Kind::Number,
            };
            if kind.is_container() {
                self.at += 1;
            } else if kind == Kind::String {
                self.skip_string();
            } else {
                self.skip_scalar();
            }
            let index = small(nodes.len());
            let parent = open.last().copied().unwrap_or(0);
            let position = if index == 0 { 0 } else { count_child(&mut nodes[parent as usize]) };
            nodes.push(Node {
                depth: u16::try_from(open.len()).unwrap_or(u16::MAX),
                parent,
                end: index + 1,
                position,
                key: key.take(),
                text: small(start)..small(self.at),
                kind,
            });
            if kind.is_container() {
                open.push(index);
            }
        }
        nodes
    }

    fn next_byte(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn skip_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.text.get(self.at) {
            self.at += if *byte == b'\\' { 2 } else { 1 };
            if *byte == b'"' {
                break;
            }
        }
        self.at = self.at.min(self.text.len());
    }

    fn skip_scalar(&mut self) {
        let length =
            self.text[self.at..].iter().position(|b| b.is_ascii_whitespace() || matches!(b, b',' | b'}' | b']'));
        self.at = length.map_or(self.text.len(), |length| self.at + length.max(1));
    }
}

fn count_child(container: &mut Node) -> u32 {
    match &mut container.kind {
        Kind::Object(count) | Kind::Array(count) => {
            *count += 1;
            *count - 1
        }
        Kind::String | Kind::Number | Kind::Word => 0,
    }
}

/// Offsets and counts fit, because [`super::MOST_BYTES`] does.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn doc(text: &str) -> Doc {
        Doc::parse(&Json::parse(text).expect("test JSON")).expect("small")
    }

    #[test]
    fn nodes_know_their_depth_siblings_and_path() {
        let doc = doc(r#"{"tickets":[{"id":"T-1"},{"id":"T-2"}],"total":2}"#);
        let shape: Vec<_> = doc.nodes().iter().map(|node| (node.depth, node.end)).collect();
        assert_eq!(shape, [(0, 7), (1, 6), (2, 4), (3, 4), (2, 6), (3, 6), (1, 7)]);
        assert_eq!(doc.path(5), ".tickets[1].id");
        assert_eq!(doc.children(0).collect::<Vec<_>>(), [1, 6]);
        assert_eq!(doc.key(6), Some("total"));
    }

    #[test]
    fn big_integers_and_escapes_stay_as_they_are() {
        let doc = doc(r#"[123456789012345678901234567890, "a\n\u00e9"]"#);
        assert_eq!(doc.text(1), "123456789012345678901234567890");
        assert_eq!(doc.text(2), r#""a\n\u00e9""#);
        assert_eq!(doc.string(2).as_deref(), Some("a\né"));
    }

    #[test]
    fn pretty_text_is_the_same_value() {
        let doc = doc(r#"{"a":[1,{"b":[]},"x"],"c":{}}"#);
        assert_eq!(
            doc.pretty(0),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    },\n    \"x\"\n  ],\n  \"c\": {}\n}"
        );
    }

    #[test]
    fn deep_nesting_needs_no_stack() {
        let text = format!("{}{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(doc(&text).nodes().len(), 100);
        let text = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        assert!(doc(&text).pretty(0).len() < 5_000 * 2 * 130);
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<i64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into)
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::vec((any::<String>(), inner), 0..5)
                    .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn any_value_is_taken_apart_and_put_together(value in any_json()) {
            let doc = doc(&value.to_string());
            let again: serde_json::Value = serde_json::from_str(&doc.pretty(0)).expect("pretty is JSON");
            prop_assert_eq!(again, value);
        }
    }
}
