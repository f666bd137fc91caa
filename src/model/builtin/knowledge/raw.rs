//! What may stand in the files, as it is written there.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::role::Role;

/// One file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct KnowledgeFile {
    pub kind: Vec<RawKind>,
    pub source: Vec<RawSource>,
    pub relation: Vec<RawRelation>,
    pub composite: Vec<RawComposite>,
    pub runbook: Vec<RawRunbook>,
    pub superlative: Vec<RawSuperlative>,
    pub words: BTreeMap<Role, Vec<String>>,
    pub synonyms: BTreeMap<String, String>,
    pub topics: RawTopics,
    pub tool_synonyms: BTreeMap<String, Vec<String>>,
    pub examples: BTreeMap<String, String>,
    pub forms: BTreeMap<String, Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTopics {
    pub words: Vec<String>,
}

/// A kind of record that can be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKind {
    pub name: Spanned<String>,
    pub one: String,
    pub many: String,
    #[serde(default)]
    pub noun: Option<String>,
    #[serde(default)]
    pub words: Vec<String>,
    #[serde(default)]
    pub weak: Vec<String>,
    #[serde(default)]
    pub key: String,
    #[serde(default)]
    pub label: String,
    #[serde(default)]
    pub of: Option<Spanned<String>>,
    #[serde(default)]
    pub absorbs: Vec<Spanned<String>>,
    #[serde(default)]
    pub single: bool,
    #[serde(default)]
    pub ranked: bool,
    #[serde(default)]
    pub score: String,
    #[serde(default)]
    pub fit: Option<f64>,
    #[serde(default)]
    pub least: Option<f64>,
    #[serde(default)]
    pub top: Option<usize>,
    #[serde(default)]
    pub text: bool,
    #[serde(default)]
    pub person_question: bool,
    #[serde(default)]
    pub date: String,
    #[serde(default)]
    pub standing: bool,
    #[serde(default)]
    pub date_of: BTreeMap<String, String>,
    #[serde(default)]
    pub measure: String,
    #[serde(default)]
    pub currency: String,
    #[serde(default)]
    pub urgency: String,
    #[serde(default)]
    pub name_field: String,
    #[serde(default)]
    pub section: String,
    #[serde(default)]
    pub preposition: String,
    #[serde(default)]
    pub asks: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub columns: Vec<String>,
    #[serde(default)]
    pub long: Vec<String>,
    #[serde(default)]
    pub refs: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub id: Vec<RawId>,
    #[serde(default)]
    pub field: Vec<RawField>,
    #[serde(default)]
    pub condition: Vec<RawCondition>,
}

/// A form of ids: `#` stands for a digit, `%Y` for a year.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawId {
    pub form: String,
    #[serde(default)]
    pub words: Vec<String>,
    #[serde(default)]
    pub bare: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawField {
    pub name: String,
    #[serde(default)]
    pub words: Vec<String>,
    #[serde(default)]
    pub values: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub except: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub spelled: BTreeMap<String, String>,
    #[serde(default)]
    pub order: Vec<String>,
    #[serde(default)]
    pub matching: Matching,
    #[serde(default)]
    pub looks_like: Option<Look>,
    #[serde(default)]
    pub person: bool,
    #[serde(default)]
    pub noun: bool,
    #[serde(default)]
    pub future: bool,
    #[serde(default)]
    pub given: bool,
    #[serde(default)]
    pub place: bool,
    #[serde(default)]
    pub unit: String,
    #[serde(default)]
    pub called: String,
    #[serde(default)]
    pub adjectives: BTreeMap<String, String>,
    #[serde(default)]
    pub verb: String,
    #[serde(default)]
    pub flags: BTreeMap<String, String>,
    #[serde(default)]
    pub beside: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub number: bool,
    #[serde(default)]
    pub hours_between: Option<[String; 2]>,
    #[serde(default)]
    pub or_now: bool,
    #[serde(default)]
    pub taken_from: Option<TakenFrom>,
    #[serde(default)]
    pub instead: Option<RawInstead>,
}

/// What is worked out of other records where the tool of this kind cannot be asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawInstead {
    pub kind: Spanned<String>,
    pub field: String,
    pub ask: Figured,
    #[serde(default, rename = "where")]
    pub condition: BTreeMap<String, RawTest>,
}

/// How a figure is made of a field of several records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Figured {
    Sum,
    Average,
}

/// A field that stands in the record of another kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TakenFrom {
    pub kind: Spanned<String>,
    pub field: String,
}

/// How a field's value is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Matching {
    /// The whole value, letter case aside.
    #[default]
    Whole,
    /// Any part of it.
    Partial,
}

/// What a value looks like where it stands alone in a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Look {
    /// `someone@example.com`
    Email,
    /// `web-01`, `dc01.example.local`
    Host,
    /// Letters and digits of a name plate.
    Serial,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCondition {
    pub words: Vec<String>,
    #[serde(rename = "where")]
    pub condition: BTreeMap<String, RawTest>,
    pub say: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub(super) struct RawTest {
    pub is: Option<bool>,
    pub equals: Option<String>,
    pub not: Option<String>,
    pub at_least: Option<i64>,
    pub at_most: Option<i64>,
    pub within_days: Option<i64>,
    pub at_most_days: Option<i64>,
    /// Nothing is recorded.
    pub missing: bool,
    /// Above, or not above, another field of the same record.
    pub above: Option<String>,
    pub not_above: Option<String>,
}

/// A tool as a source of records of one kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSource {
    pub kind: Spanned<String>,
    pub tool: String,
    pub why: String,
    #[serde(default)]
    pub all_note: String,
    #[serde(default)]
    pub rest: String,
    #[serde(default)]
    pub rows: OneOrMany,
    #[serde(default)]
    pub all: bool,
    #[serde(default)]
    pub cover: Option<String>,
    #[serde(default)]
    pub either: bool,
    #[serde(default)]
    pub needs: Vec<String>,
    #[serde(default)]
    pub only_for: Vec<String>,
    #[serde(default)]
    pub carry: Vec<String>,
    #[serde(default)]
    pub stamp: Vec<String>,
    #[serde(default)]
    pub renames: BTreeMap<String, String>,
    #[serde(default)]
    pub takes: BTreeMap<String, Takes>,
    #[serde(default)]
    pub otherwise: BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::One(String::new())
    }
}

/// Which argument takes a field's value, and in which form.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Takes {
    /// The value as it is.
    Value(String),
    /// A span of dates as two arguments.
    Span { from: String, to: String },
    /// A span that starts today, as a number of days.
    DaysAhead { days_ahead: String },
    /// A span that ends today, as one of the words `last_N_days`.
    Period { period: String },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRelation {
    pub from: Spanned<String>,
    pub to: Spanned<String>,
    #[serde(default)]
    pub on: Option<[String; 2]>,
    #[serde(default)]
    pub exact: String,
    #[serde(default)]
    pub fill: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawComposite {
    /// For whoever reads the file.
    #[serde(rename = "name")]
    pub _name: String,
    #[serde(default)]
    pub kind: Option<Spanned<String>>,
    pub words: Vec<String>,
    pub ask: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSuperlative {
    pub words: Vec<String>,
    pub by: String,
    pub descending: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRunbook {
    pub name: Spanned<String>,
    pub summary: String,
    #[serde(default)]
    pub parameters: Vec<RawParameter>,
    pub steps: Vec<RawStep>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawParameter {
    pub name: String,
    pub kind: Spanned<String>,
    pub description: String,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub default: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStep {
    pub title: String,
    pub ask: Spanned<String>,
    #[serde(default)]
    pub without: Vec<String>,
}
