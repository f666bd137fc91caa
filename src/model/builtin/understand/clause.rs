//! What a clause holds while it is read: records, conditions and connections, and what still waits for its place.

use std::collections::BTreeSet;

use super::super::frame::{Count, DateSpan, Filter, Manner, NodeId, Sense};
use super::super::knowledge::{FieldId, KindId, Role};
use super::super::reading::{Figure, Item};
use super::figures::Range;

/// How the next records are tied to those before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Conn {
    #[default]
    None,
    Of,
    /// "of their": belonging to what belongs to those before.
    OfTheir,
    With,
    No,
    And,
    Or,
    Their,
    Per,
    /// All but what follows.
    Except,
}

/// Stretches of time that records are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Period {
    Day,
    Month,
    Year,
}

/// Whether what follows is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Except {
    #[default]
    No,
    /// A word such as "except" stands before.
    Open,
    /// Something was left out already; a further condition joined to it is left out too.
    Done,
}

/// The part records play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// They are wanted.
    Head,
    /// They narrow the records of that node.
    Narrows(NodeId, Sense, Manner),
}

/// Records of a kind at their place in the clause.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub at: usize,
    pub node: NodeId,
    pub part: Part,
    pub plural: bool,
    /// How many conditions stood before its word, which say of which records a part is asked for.
    pub described: usize,
    /// Records whose names are wanted beside: "which customers owe".
    pub names: Option<KindId>,
}

/// First, last, most: waiting for its records.
#[derive(Clone, Debug)]
pub(super) struct Ranking {
    pub at: usize,
    pub by: String,
    pub descending: bool,
    pub count: Option<usize>,
    /// How many come before it: one of "the second largest".
    pub skip: usize,
    /// The word as typed.
    pub said: String,
}

/// A word nobody knows: a name, or something to search for.
#[derive(Clone, Debug)]
pub(super) struct Unknown {
    pub at: usize,
    pub raw: String,
    pub capital: bool,
    pub quoted: bool,
    pub conn: Conn,
}

impl Unknown {
    /// The name of a record, at a place of the question.
    pub(super) fn name(at: usize, raw: &str, conn: Conn) -> Self {
        Self { at, raw: raw.to_owned(), capital: true, quoted: false, conn }
    }
}

/// Conditions by the kind they would apply to.
pub(super) type Conditions = Vec<(KindId, Filter)>;

/// What a clause holds.
#[derive(Default)]
pub(super) struct Clause {
    pub placed: Vec<Placed>,
    pub waiting: Vec<(usize, Conditions)>,
    /// The records that "with" gave their name to: the assets of "assets with an expired warranty".
    pub having: Option<NodeId>,
    /// The records that the clause begins with as those whose others are wanted: "of all customers the invoices".
    pub fronted: Option<NodeId>,
    /// Positions of conditions that a word or comma joins to those before them.
    pub joined: BTreeSet<usize>,
    /// Positions of conditions that are alternatives to those before them.
    pub alternatives: BTreeSet<usize>,
    /// Positions of conditions that nothing may meet: "customers that don't have anything overdue".
    pub without: BTreeSet<usize>,
    pub weak: Vec<(usize, KindId, Conn)>,
    pub named: Vec<(usize, NodeId, Conn)>,
    pub unknown: Vec<Unknown>,
    pub texts: Vec<(usize, String)>,
    pub fields: Vec<(usize, Vec<(KindId, FieldId)>)>,
    pub days: Vec<(usize, DateSpan)>,
    pub composites: Vec<usize>,
    pub rankings: Vec<Ranking>,
    /// Ranking words with nothing beside them to rank.
    pub stray: Vec<Ranking>,
    pub roles: BTreeSet<Role>,
    pub numbers: Vec<(usize, Figure)>,
    /// Numbers to be compared with a figure of the records.
    pub ranges: Vec<Range>,
    /// How many of the next records there must be.
    pub count: Option<Count>,
    /// Where that was said.
    pub count_at: usize,
    /// Records that are left out.
    pub excluded: Vec<(usize, NodeId)>,
    /// What follows is left out, until something says otherwise.
    pub except: Except,
    pub sorts: Vec<(usize, Vec<(KindId, FieldId)>)>,
    pub groups: Vec<KindId>,
    /// "per month"
    pub period: Option<Period>,
    pub grouped_fields: Vec<(usize, Vec<(KindId, FieldId)>)>,
    /// How the next records are tied to those before.
    pub conn: Conn,
    /// Whether the next condition is turned round.
    pub negated: bool,
    /// Whether a word without a place of its own was taken care of.
    pub settled: bool,
    pub in_text: bool,
    pub used: BTreeSet<usize>,
    /// The node and field of the last condition.
    pub last_value: Option<(NodeId, String)>,
}

impl Clause {
    /// Marks an item as dealt with.
    pub(super) fn use_up(&mut self, at: usize) {
        self.used.insert(at);
    }
}

/// How many come before the second, the third.
pub(super) fn ordinal(low: &str) -> Option<usize> {
    const ORDINALS: [[&str; 2]; 4] = [["second", "2nd"], ["third", "3rd"], ["fourth", "4th"], ["fifth", "5th"]];
    ORDINALS.iter().position(|names| names.contains(&low)).map(|index| index + 1)
}

/// `tickets` against `ticket`.
pub(super) fn is_plural(item: Option<&Item>) -> bool {
    item.is_some_and(|item| item.raw.to_lowercase().ends_with('s') && !item.raw.to_lowercase().ends_with("ss"))
}
