//! Which nodes of a document are visible: folds, the cursor, search.

use super::{Doc, Table};

/// A document opens with at most so many rows unfolded.
const FIRST_ROWS: usize = 400;

/// A document with folds and a cursor.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The document.
    pub doc: Doc,
    /// Whether some array in it can be shown as a table.
    pub has_table: bool,
    folded: Vec<bool>,
    visible: Vec<u32>,
    /// The row the cursor is on.
    pub cursor: usize,
    /// The first row on the screen.
    pub top: usize,
}

impl Tree {
    /// The document with as many levels open as make a readable first view.
    #[must_use]
    pub fn new(doc: Doc) -> Self {
        let mut levels = vec![0_usize; 1];
        for node in doc.nodes() {
            let depth = usize::from(node.depth);
            if levels.len() <= depth {
                levels.resize(depth + 1, 0);
            }
            levels[depth] += 1;
        }
        let mut rows = 0;
        let open = levels.iter().take_while(|count| {
            rows += **count;
            rows <= FIRST_ROWS
        });
        let open = open.count().max(2) - 1;
        let folded = doc.nodes().iter().map(|node| usize::from(node.depth) >= open && node.kind.is_container());
        let has_table = Table::find(&doc, 0).is_some();
        let mut tree = Self { has_table, folded: folded.collect(), visible: Vec::new(), cursor: 0, top: 0, doc };
        tree.show();
        tree
    }

    /// Visible rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.visible.len()
    }

    /// Whether nothing is visible.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.visible.is_empty()
    }

    /// The node in a row.
    #[must_use]
    pub fn node_at(&self, row: usize) -> Option<usize> {
        self.visible.get(row).map(|node| *node as usize)
    }

    /// The node under the cursor; the root if nothing is visible.
    #[must_use]
    pub fn node(&self) -> usize {
        self.node_at(self.cursor).unwrap_or(0)
    }

    /// Whether a node hides its children.
    #[must_use]
    pub fn is_folded(&self, node: usize) -> bool {
        self.folded.get(node).copied().unwrap_or(false)
    }

    /// Folds or unfolds the node under the cursor.
    pub fn toggle(&mut self) {
        let node = self.node();
        if self.doc.nodes().get(node).is_some_and(|node| node.kind.is_container()) {
            self.folded[node] = !self.folded[node];
            self.show();
        }
    }

    /// Unfolds the node under the cursor, or goes into it.
    pub fn open(&mut self) {
        let node = self.node();
        if self.is_folded(node) {
            self.toggle();
        } else if self.doc.nodes().get(node).is_some_and(|node| node.kind.is_container()) {
            self.cursor = (self.cursor + 1).min(self.len().saturating_sub(1));
        }
    }

    /// Folds the node under the cursor, or goes to its container.
    pub fn close(&mut self) {
        let node = self.node();
        let Some(found) = self.doc.nodes().get(node) else { return };
        if found.kind.is_container() && !self.is_folded(node) && found.end as usize > node + 1 {
            self.toggle();
        } else {
            let parent = found.parent as usize;
            self.cursor = self.visible.partition_point(|visible| (*visible as usize) < parent);
        }
    }

    /// Unfolds everything, or folds everything but the first level.
    pub fn toggle_all(&mut self) {
        let node = self.node();
        let any = self.folded.iter().any(|folded| *folded);
        for (index, found) in self.doc.nodes().iter().enumerate() {
            self.folded[index] = !any && found.depth > 0 && found.kind.is_container();
        }
        self.show();
        self.go_to(node, Reveal::Nearest);
    }

    /// Puts the cursor on a node, unfolding what hides it.
    pub fn reveal(&mut self, node: usize) {
        self.go_to(node, Reveal::Unfold);
    }

    /// The next (or previous) node after the cursor whose key or text has `needle`, ignoring case; wraps around.
    #[must_use]
    pub fn find(&self, needle: &str, forward: bool) -> Option<usize> {
        let needle = needle.to_lowercase();
        let count = self.doc.nodes().len();
        if needle.is_empty() || count == 0 {
            return None;
        }
        let here = self.node();
        (1..=count)
            .map(|step| if forward { (here + step) % count } else { (here + count - step % count) % count })
            .find(|node| self.has(*node, &needle))
    }

    /// Whether a node itself (not what is in it) has `needle`, which is lower case.
    #[must_use]
    pub fn has(&self, node: usize, needle: &str) -> bool {
        let scalar = self.doc.nodes().get(node).is_some_and(|node| !node.kind.is_container());
        let in_key = self.doc.key(node).is_some_and(|key| key.to_lowercase().contains(needle));
        in_key || (scalar && self.doc.text(node).to_lowercase().contains(needle))
    }

    fn go_to(&mut self, node: usize, reveal: Reveal) {
        if reveal == Reveal::Unfold {
            let mut at = node;
            while at > 0 && at < self.doc.nodes().len() {
                at = self.doc.nodes()[at].parent as usize;
                self.folded[at] = false;
            }
            self.show();
        }
        let after = self.visible.partition_point(|visible| (*visible as usize) <= node);
        self.cursor = after.saturating_sub(1);
    }

    fn show(&mut self) {
        self.visible.clear();
        let mut at = 0;
        while at < self.doc.nodes().len() {
            self.visible.push(u32::try_from(at).unwrap_or(u32::MAX));
            at = if self.folded[at] { self.doc.nodes()[at].end as usize } else { at + 1 };
        }
        self.cursor = self.cursor.min(self.len().saturating_sub(1));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reveal {
    Unfold,
    Nearest,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Json;

    fn tree(text: &str) -> Tree {
        Tree::new(Doc::parse(&Json::parse(text).expect("test JSON")).expect("small"))
    }

    #[test]
    fn motions_are_index_arithmetic() {
        type Motion = fn(&mut Tree);
        let rows: &[(&str, Motion, usize, usize)] = &[
            ("fold the root", |tree| tree.toggle(), 0, 1),
            ("unfold it", Tree::open, 0, 5),
            ("into it", Tree::open, 1, 5),
            ("fold the array", Tree::close, 1, 3),
            ("to its container", Tree::close, 0, 3),
            ("all open", Tree::toggle_all, 0, 5),
            ("all shut", Tree::toggle_all, 0, 3),
        ];
        let mut tree = tree(r#"{"a":[1,2],"b":3}"#);
        for (what, motion, cursor, visible) in rows {
            motion(&mut tree);
            assert_eq!((tree.cursor, tree.len()), (*cursor, *visible), "{what}");
        }
    }

    #[test]
    fn search_wraps_around_and_reveals_what_is_folded() {
        let mut tree = tree(r#"{"a":{"id":"X-1"},"b":{"id":"X-2"}}"#);
        tree.toggle_all();
        let second = tree.find("x-2", true).expect("is there");
        tree.reveal(second);
        assert_eq!(tree.doc.path(tree.node()), ".b.id");
        assert_eq!(tree.find("x-1", true).map(|node| tree.doc.path(node)), Some(".a.id".to_owned()));
        assert_eq!(tree.find("nowhere", false), None);
    }

    #[test]
    fn a_large_document_opens_folded() {
        let text = format!("[{}]", vec![r#"{"a":1,"b":2}"#; 300].join(","));
        let tree = tree(&text);
        assert_eq!(tree.len(), 301);
    }
}
