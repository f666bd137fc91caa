//! What was understood: records wanted, the conditions on them, and how they belong together.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::knowledge::KindId;
use super::rows::Row;

/// A condition on one field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filter {
    pub field: String,
    pub test: Test,
    /// Whether the opposite is meant.
    pub negated: bool,
    /// How it is said in an answer; empty for the values themselves.
    pub say: String,
}

impl Filter {
    pub(super) fn new(field: &str, test: Test) -> Self {
        Self { field: field.to_owned(), test, negated: false, say: String::new() }
    }
}

/// What a field's value must be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// One of these.
    In(Vec<String>),
    /// Something like this.
    Like(String),
    /// True or false.
    Is(bool),
    /// Within these days, both included.
    Dates(DateSpan),
    /// Within so many days from "now".
    WithinDays(i64),
    /// Not later than so many days from "now".
    UntilDay(i64),
    /// Between these numbers.
    Numbers(Option<Limit>, Option<Limit>),
    /// Nothing is recorded.
    Missing,
    /// Compared with another field of the same record.
    Against(Side, String),
}

/// A number that a field is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    pub number: Decimal,
    pub included: bool,
}

/// On which side of another field a field must lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Above,
    NotAbove,
}

/// A span of days as it was said.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DateSpan {
    pub from: Option<Date>,
    pub to: Option<Date>,
    /// The words of the question.
    pub said: String,
}

/// The position of a node.
pub(super) type NodeId = usize;

/// Records of one kind under conditions.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub kind: KindId,
    pub filters: Vec<Filter>,
    /// Alternatives, each a set of conditions: one of the sets must hold.
    pub any: Vec<Vec<Filter>>,
    /// Conditions asked about, not imposed: "is it resolved?"
    pub checks: Vec<Filter>,
    pub links: Vec<Link>,
    /// What is searched for.
    pub text: String,
    /// How the records are named in the question, if they were: by id, name, e-mail, host.
    pub named: Option<Mention>,
    /// To whom the question gives the named record.
    pub owner: Option<NodeId>,
    /// Records that are already known from earlier answers.
    pub known: Option<Vec<Row>>,
    /// At most so many, in the source's own order.
    pub limit: Option<usize>,
    /// Only the first so many by a field: "the customer with the highest balance".
    pub best: Option<Best>,
    /// Whether the name may be a person's.
    pub person: bool,
    /// The fields of interest, empty for all.
    pub wanted: Vec<String>,
}

impl Node {
    pub(super) fn new(kind: KindId) -> Self {
        Self {
            kind,
            filters: Vec::new(),
            any: Vec::new(),
            checks: Vec::new(),
            links: Vec::new(),
            text: String::new(),
            named: None,
            owner: None,
            known: None,
            limit: None,
            best: None,
            person: false,
            wanted: Vec::new(),
        }
    }

    /// Whether it is the same records by the same words, tied to the same others.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let ties = |node: &Self| node.links.iter().map(|link| (link.to, link.sense, link.count)).collect::<Vec<_>>();
        self.kind == other.kind
            && !self.links.is_empty()
            && ties(self) == ties(other)
            && (&self.filters, &self.any, &self.checks, &self.text)
                == (&other.filters, &other.any, &other.checks, &other.text)
            && self.named.is_none()
            && other.named.is_none()
            && (self.limit, &self.best) == (other.limit, &other.best)
    }

    /// Whether anything narrows it.
    pub(super) fn is_free(&self) -> bool {
        self.filters.is_empty()
            && self.any.is_empty()
            && self.links.is_empty()
            && self.text.is_empty()
            && self.named.is_none()
            && self.known.is_none()
            && self.best.is_none()
    }
}

/// The first so many records by a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Best {
    pub field: String,
    pub descending: bool,
    pub count: usize,
}

/// "Belongs to records of that node."
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub to: NodeId,
    pub sense: Sense,
    /// How it is said: of, with.
    pub manner: Manner,
    /// Conditions instead, if the named record does not exist: "tickets of Tom" may mean an engineer. The first of them
    /// that finds something counts.
    pub or_else: Vec<Filter>,
    /// How many there must be: "customers with more than two tickets".
    pub count: Option<Count>,
}

/// How many records, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub least: usize,
    pub most: usize,
}

/// Whether linked records must or must not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    Exists,
    Missing,
}

/// How a link was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Of,
    With,
}

/// How a record was named.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mention {
    pub kind: KindId,
    /// As typed.
    pub said: String,
    pub how: How,
}

impl Mention {
    /// How many records it names.
    pub(super) fn count(&self) -> usize {
        match &self.how {
            How::Ids(ids) => ids.len(),
            How::Each(mentions) => mentions.iter().map(Self::count).sum(),
            How::OneOf(_) | How::Fields(..) => 1,
        }
    }
}

/// The forms of names.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum How {
    /// Complete ids, all of them meant.
    Ids(Vec<String>),
    /// Ids of which one is meant: the number was given without year or class.
    OneOf(Vec<String>),
    /// Fields to look in, one after another, with the value.
    Fields(Vec<String>, String),
    /// Several, each named in its own way.
    Each(Vec<Mention>),
}

/// What is asked of the records.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ask {
    /// The records.
    List,
    /// How many.
    Count,
    /// The total of a field.
    Sum(String),
    /// The mean of a field.
    Average(String),
    /// How many for each value of a field.
    GroupBy(String),
    /// How large a part of the records of that node they are.
    Share(NodeId),
}

/// By what records are put in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Order {
    Field {
        field: String,
        descending: bool,
    },
    /// Groups by how many records they have.
    Groups {
        descending: bool,
    },
    /// Groups by the total of their records' measure.
    Totals {
        descending: bool,
    },
    /// By how many records of the node belong to each.
    CountOf {
        node: NodeId,
        descending: bool,
    },
}

/// One thing that was asked.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub node: NodeId,
    pub ask: Ask,
    /// The fields asked for; empty for the usual ones.
    pub fields: Vec<String>,
    pub order: Option<Order>,
    /// The field whose mean is wanted for each group.
    pub mean: Option<String>,
    pub limit: Option<usize>,
    /// How many come before the first that is wanted.
    pub skip: usize,
    /// Whether yes or no is expected.
    pub yesno: bool,
    /// A heading, from a runbook or composite.
    pub title: String,
    /// The kind whose names are shown beside, where the result has only ids.
    pub names: Option<KindId>,
    /// Records that may be thought to be among these and are not: how many there are is said too.
    pub beside: Option<NodeId>,
}

impl Head {
    pub(super) fn list(node: NodeId) -> Self {
        Self {
            node,
            ask: Ask::List,
            fields: Vec::new(),
            order: None,
            mean: None,
            limit: None,
            skip: 0,
            yesno: false,
            title: String::new(),
            names: None,
            beside: None,
        }
    }
}

/// A question understood.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    pub nodes: Vec<Node>,
    pub heads: Vec<Head>,
    /// Words of the question that nothing could be made of; an answer must say so.
    pub left_out: Vec<String>,
    /// Whole parts of the question that nothing was found out for; an answer must say so first.
    pub unanswered: Vec<String>,
    /// Words without which the question would be another one: "not", "oldest", "in May". There is no answer then.
    pub needed: Vec<String>,
}

impl Frame {
    pub(super) fn add(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}
