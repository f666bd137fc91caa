//! What the assistant knows of its domain, read from the files under `data/assistant` and checked.
//!
//! Nothing about tickets or customers stands in the code: kinds of records, their words, which tool gives them, how
//! they belong together, how answers are worded and the runbooks are all in these files.

mod compile;
mod embedded;
mod file;
mod raw;
mod role;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

pub use file::LoadError;
use minijinja::Environment;
pub(super) use raw::{Figured, Look, Matching, Takes};
pub(super) use role::Role;
use rust_decimal::Decimal;

use super::frame::Filter;
use super::lexicon::Lexicon;

/// The position of a kind.
pub(super) type KindId = usize;
/// The position of a field in its kind.
pub(super) type FieldId = usize;

/// Everything the files say.
#[derive(Debug)]
pub(super) struct Knowledge {
    pub kinds: Vec<Kind>,
    pub sources: Vec<Source>,
    pub relations: Vec<Relation>,
    pub composites: Vec<Composite>,
    pub superlatives: Vec<Superlative>,
    pub runbooks: Vec<Runbook>,
    pub synonyms: BTreeMap<String, String>,
    pub tool_synonyms: HashMap<String, Vec<String>>,
    pub lexicon: Lexicon,
    pub forms: Environment<'static>,
    /// For a tool a question that shows what it is good for.
    pub examples: BTreeMap<String, String>,
    pub role_words: BTreeMap<Role, Vec<String>>,
}

/// A kind of record.
#[derive(Debug)]
pub(super) struct Kind {
    pub name: String,
    pub one: String,
    pub many: String,
    /// What is spoken of where it differs from the record: the warranty of an asset.
    pub noun: Option<String>,
    pub key: String,
    pub label: String,
    /// The kind it describes, if it is a facet.
    pub of: Option<KindId>,
    /// Kinds whose words beside this one's mean this one.
    pub absorbs: Vec<KindId>,
    /// One record for each of `of`.
    pub single: bool,
    /// The source's order is by fitness.
    pub ranked: bool,
    /// The field that says how well a record fits.
    pub score: String,
    /// The least score that counts where nobody chose the searched words.
    pub fit: Option<Decimal>,
    /// The least score that counts where the question chose them; what fits less is only named.
    pub least: Option<Decimal>,
    /// How many are wanted if nobody says.
    pub top: Option<usize>,
    /// Can be searched by text.
    pub text: bool,
    /// "Who" asks for it.
    pub person_question: bool,
    pub date: String,
    /// Its date only says since when it is known: beside records of things that happened a day is theirs.
    pub standing: bool,
    /// The date that is meant beside a value: an overdue invoice's due date.
    pub date_of: BTreeMap<String, String>,
    pub measure: String,
    pub currency: String,
    pub urgency: String,
    /// The field that holds a proper name.
    pub name_field: String,
    /// The part of a long text that is shown, by its heading.
    pub section: String,
    /// The word before what it belongs to, "of" if empty.
    pub preposition: String,
    /// The fields that "and who?", "why?", "and when?" ask for.
    pub asks: BTreeMap<String, Vec<String>>,
    pub columns: Vec<String>,
    pub long: Vec<String>,
    pub refs: BTreeMap<String, KindId>,
    pub ids: Vec<IdForm>,
    pub fields: Vec<Field>,
}

impl Kind {
    /// The field of that name.
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The kind a field refers to: the kind itself for its key.
    pub(super) fn refers(&self, id: KindId, field: &str) -> Option<KindId> {
        self.refs.get(field).copied().or_else(|| (!self.key.is_empty() && field == self.key).then_some(id))
    }
}

/// A form of ids, such as `TKT-####`.
#[derive(Clone, Debug)]
pub(super) struct IdForm {
    pub form: String,
    /// Words that, with a number, make such an id.
    pub words: Vec<Vec<String>>,
    /// A number of this length alone makes such an id.
    pub bare: bool,
}

/// A field that can be asked for or filtered by.
#[derive(Debug)]
pub(super) struct Field {
    pub name: String,
    /// Values from low to high.
    pub order: Vec<String>,
    pub matching: Matching,
    pub looks_like: Option<Look>,
    pub person: bool,
    /// Its values name the records: "servers".
    pub noun: bool,
    /// Dates in it usually lie ahead.
    pub future: bool,
    /// The word after it is its value: "category network".
    pub given: bool,
    /// It says where: "servers in Denver".
    pub place: bool,
    pub unit: String,
    /// How answers call it, where its name does not read well.
    pub called: String,
    /// How a value is said before its noun: "high-priority".
    pub adjectives: BTreeMap<String, String>,
    /// How a span of its days is said: "created since Monday".
    pub verb: String,
    /// Values that a flag in the record decides, whatever the field says.
    pub flags: BTreeMap<String, String>,
    /// Values that may be thought to be part of a value: answers say how many of these there are beside it.
    pub beside: BTreeMap<String, Vec<String>>,
    pub values: Vec<String>,
    /// Holds numbers.
    pub number: bool,
    /// Worked out: the hours between two fields.
    pub hours_between: Option<[String; 2]>,
    /// Of those hours the last is "now" where the second field is not recorded yet.
    pub or_now: bool,
    /// Stands in the record of another kind, in that field.
    pub taken_from: Option<(KindId, String)>,
    /// How it is worked out of other records, where no tool gives it.
    pub instead: Option<Instead>,
}

/// A figure made of a field of other records.
#[derive(Clone, Debug)]
pub(super) struct Instead {
    pub kind: KindId,
    pub field: String,
    pub ask: Figured,
    pub filters: Vec<Filter>,
}

/// A tool that gives records of a kind.
#[derive(Debug)]
pub(super) struct Source {
    pub kind: KindId,
    pub tool: String,
    pub why: String,
    /// What an answer must say of a list of all, where the tool has none and something else stands in for it.
    pub all_note: String,
    /// What holds for those that its list without criteria leaves out, before their names.
    pub rest: String,
    /// Where in the result the records are; the first place that exists counts, "" is the result itself.
    pub rows: Vec<String>,
    /// May be called with no criteria.
    pub all: bool,
    /// Called once for each value of this argument, it gives everything.
    pub cover: Option<String>,
    /// Criteria given together mean either of them, so that alternatives need one call.
    pub either: bool,
    /// Only where these fields are known.
    pub needs: Vec<String>,
    /// Only where just these fields are wanted.
    pub only_for: Vec<String>,
    /// Values at the top of the result that belong to each record.
    pub carry: Vec<String>,
    /// Fields that each record gets from the call's arguments.
    pub stamp: Vec<String>,
    pub renames: BTreeMap<String, String>,
    pub takes: BTreeMap<String, Takes>,
    /// Arguments where nothing is known of a field.
    pub otherwise: BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
}

/// How records of two kinds belong together where their ids do not say it best.
#[derive(Debug)]
pub(super) struct Relation {
    pub from: KindId,
    pub to: KindId,
    pub on: Option<[String; 2]>,
    /// A field of `from` that names the very record of `to`, if it does.
    pub exact: String,
    /// Fields of `from` that are asked for with fields of `to`: an article's text with a ticket's subject.
    pub fill: BTreeMap<String, String>,
}

/// A question that means several.
#[derive(Debug)]
pub(super) struct Composite {
    pub kind: Option<KindId>,
    pub ask: Vec<String>,
}

/// First or last by something.
#[derive(Debug)]
pub(super) struct Superlative {
    pub by: String,
    pub descending: bool,
}

/// A plan with parameters, started by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runbook {
    /// Its name, as typed after `/run`.
    pub name: String,
    /// One sentence on what it finds out.
    pub summary: String,
    /// What can be given, in this order.
    pub parameters: Vec<RunbookParameter>,
    pub(super) steps: Vec<RunbookStep>,
}

impl Runbook {
    /// Its parameters as they are typed: `CUSTOMER [DAYS]`.
    #[must_use]
    pub fn usage(&self) -> String {
        let word = |parameter: &RunbookParameter| match parameter.required {
            true => parameter.name.to_uppercase(),
            false => format!("[{}]", parameter.name.to_uppercase()),
        };
        self.parameters.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}

/// A parameter of a runbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunbookParameter {
    /// Its name.
    pub name: String,
    /// The kind of record it names, or `number` or `text`.
    pub kind: String,
    /// What to give.
    pub description: String,
    /// Whether the runbook cannot run without it.
    pub required: bool,
    /// What is taken if it is not given.
    pub default: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RunbookStep {
    pub title: String,
    pub ask: String,
    /// Left out if one of these parameters is given.
    pub without: Vec<String>,
}

impl Knowledge {
    /// The built-in knowledge, extended or replaced by the files of a folder.
    ///
    /// # Errors
    /// With file, line and field of the first mistake, or the reason a file cannot be read.
    pub(super) fn load(folder: Option<&Path>) -> Result<Self, LoadError> {
        let mut files: Vec<(String, String)> =
            embedded::FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        if let Some(folder) = folder {
            for (name, text) in embedded::read_folder(folder)? {
                match files.iter_mut().find(|(known, _)| *known == name) {
                    Some(known) => known.1 = text,
                    None => files.push((name, text)),
                }
            }
        }
        compile::compile(&files)
    }

    /// The kind of that name.
    pub(super) fn kind_named(&self, name: &str) -> Option<KindId> {
        self.kinds.iter().position(|kind| kind.name == name)
    }

    /// A kind by its id; ids are only made by this knowledge.
    pub(super) fn kind(&self, id: KindId) -> &Kind {
        &self.kinds[id]
    }

    /// The fields by which records of two kinds belong together, best first.
    pub(super) fn join(&self, a: KindId, b: KindId) -> Option<(String, String)> {
        if let Some(on) = self.relations.iter().find(|r| r.from == a && r.to == b).and_then(|r| r.on.as_ref()) {
            return Some((on[0].clone(), on[1].clone()));
        }
        let mut found: Option<(u8, String, String)> = None;
        for (field_a, target_a) in self.references(a) {
            for (field_b, target_b) in self.references(b) {
                if target_a != target_b {
                    continue;
                }
                // The key of one of the two says most; a common third (both belong to a customer) says less.
                let key = target_a == a || target_a == b;
                let both_keys = field_a == self.kind(a).key && field_b == self.kind(b).key && a != b;
                let weight = if key && !both_keys { 2 } else { 1 };
                if found.as_ref().is_none_or(|(best, ..)| weight > *best) {
                    found = Some((weight, field_a.clone(), field_b));
                }
            }
        }
        found.map(|(_, a, b)| (a, b))
    }

    /// The third kind by which records of two kinds belong together: invoices and tickets by their customer.
    pub(super) fn common(&self, a: KindId, b: KindId) -> Option<KindId> {
        let (field, _) = self.join(a, b)?;
        let (_, third) = self.references(a).into_iter().find(|(name, _)| *name == field)?;
        (third != a && third != b).then_some(third)
    }

    /// The field of records of `from` that names the very record of `to`, where they are tied more loosely.
    pub(super) fn exact(&self, from: KindId, to: KindId) -> Option<&str> {
        let relation = self.relations.iter().find(|relation| relation.from == from && relation.to == to);
        relation.map(|relation| relation.exact.as_str()).filter(|exact| !exact.is_empty())
    }

    /// How a kind is searched with the fields of another: the fields of both.
    pub(super) fn fill(&self, from: KindId, to: KindId) -> Option<(&str, &str)> {
        self.relations
            .iter()
            .find(|relation| relation.from == from && relation.to == to)
            .and_then(|relation| relation.fill.iter().next())
            .map(|(field, other)| (field.as_str(), other.as_str()))
    }

    /// A kind between two that do not belong together directly.
    pub(super) fn between(&self, a: KindId, b: KindId) -> Option<KindId> {
        (0..self.kinds.len()).find(|middle| {
            *middle != a
                && *middle != b
                && self.kind(*middle).of.is_none()
                && self.reaches(a, *middle)
                && self.reaches(*middle, b)
        })
    }

    /// Whether records of the two kinds belong together directly.
    pub(super) fn reaches(&self, a: KindId, b: KindId) -> bool {
        self.join(a, b).is_some() || self.fill(a, b).is_some()
    }

    fn references(&self, id: KindId) -> Vec<(String, KindId)> {
        let kind = self.kind(id);
        // A facet's key that refers to another kind is that reference, not an identity of its own.
        let own = (!kind.key.is_empty() && !kind.refs.contains_key(&kind.key)).then(|| (kind.key.clone(), id));
        own.into_iter().chain(kind.refs.iter().map(|(field, target)| (field.clone(), *target))).collect()
    }
}
