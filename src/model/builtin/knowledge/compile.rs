//! From the files' text to checked knowledge: references resolved, phrases taught, forms compiled.

use std::collections::{BTreeMap, HashMap};

use minijinja::Environment;
use toml::Spanned;

use super::super::frame::{Filter, Limit, Side, Test};
use super::super::lexicon::{Lexicon, Meaning, Naming, Strength};
use super::super::{forms, text};
use super::file::{self, LoadError};
use super::raw::{self, KnowledgeFile, OneOrMany, RawField, RawKind, RawTest};
use super::{
    Composite, Field, IdForm, Instead, Kind, KindId, Knowledge, Relation, Role, Runbook, RunbookParameter, RunbookStep,
    Source, Superlative,
};

/// A file while it is compiled: for saying where a mistake is.
struct Place<'a> {
    name: &'a str,
    text: &'a str,
}

impl Place<'_> {
    fn error<T>(&self, at: &Spanned<T>, message: String) -> LoadError {
        let line = file::line_of(self.text, &at.span());
        LoadError { file: self.name.to_owned(), line, field: file::field_at(self.text, line), message }
    }
}

struct Kinds(HashMap<String, KindId>);

impl Kinds {
    fn find(&self, place: &Place<'_>, name: &Spanned<String>) -> Result<KindId, LoadError> {
        self.0.get(name.get_ref()).copied().ok_or_else(|| {
            let mut known: Vec<&str> = self.0.keys().map(String::as_str).collect();
            known.sort_unstable();
            place.error(name, format!("there is no kind {:?}; the kinds are {}", name.get_ref(), known.join(", ")))
        })
    }
}

/// Reads, checks and joins all files.
pub(super) fn compile(files: &[(String, String)]) -> Result<Knowledge, LoadError> {
    let mut parsed: Vec<(Place<'_>, KnowledgeFile)> = Vec::new();
    for (name, text) in files {
        parsed.push((Place { name, text }, file::parse(name, text)?));
    }
    let mut names = HashMap::new();
    for (place, content) in &parsed {
        for kind in &content.kind {
            let id = names.len();
            if names.insert(kind.name.get_ref().clone(), id).is_some() {
                return Err(place.error(&kind.name, format!("the kind {:?} stands twice", kind.name.get_ref())));
            }
        }
    }
    let ids = Kinds(names);
    let mut knowledge = Knowledge {
        kinds: Vec::new(),
        sources: Vec::new(),
        relations: Vec::new(),
        composites: Vec::new(),
        superlatives: Vec::new(),
        runbooks: Vec::new(),
        synonyms: BTreeMap::new(),
        tool_synonyms: HashMap::new(),
        lexicon: Lexicon::default(),
        forms: forms::environment(),
        examples: BTreeMap::new(),
        role_words: BTreeMap::new(),
    };
    for (place, content) in parsed {
        add_file(&mut knowledge, &ids, &place, content)?;
    }
    knowledge.lexicon.finish();
    Ok(knowledge)
}

fn add_file(
    knowledge: &mut Knowledge,
    ids: &Kinds,
    place: &Place<'_>,
    content: KnowledgeFile,
) -> Result<(), LoadError> {
    for raw in content.kind {
        let id = knowledge.kinds.len();
        teach_kind(&mut knowledge.lexicon, id, &raw);
        knowledge.kinds.push(kind(ids, place, raw)?);
    }
    for raw in content.source {
        knowledge.sources.push(Source {
            kind: ids.find(place, &raw.kind)?,
            tool: raw.tool,
            why: raw.why,
            all_note: raw.all_note,
            rest: raw.rest,
            rows: match raw.rows {
                OneOrMany::One(path) => vec![path],
                OneOrMany::Many(paths) => paths,
            },
            all: raw.all,
            cover: raw.cover,
            either: raw.either,
            needs: raw.needs,
            only_for: raw.only_for,
            carry: raw.carry,
            stamp: raw.stamp,
            renames: raw.renames,
            takes: raw.takes,
            otherwise: raw.otherwise,
        });
    }
    for raw in content.relation {
        let (from, to) = (ids.find(place, &raw.from)?, ids.find(place, &raw.to)?);
        knowledge.relations.push(Relation { from, to, on: raw.on, exact: raw.exact, fill: raw.fill });
    }
    for raw in content.composite {
        let kind = raw.kind.as_ref().map(|kind| ids.find(place, kind)).transpose()?;
        for phrase in &raw.words {
            knowledge.lexicon.teach(phrase, Meaning::Composite(knowledge.composites.len()));
        }
        knowledge.composites.push(Composite { kind, ask: raw.ask });
    }
    for raw in content.superlative {
        for phrase in &raw.words {
            knowledge.lexicon.teach(phrase, Meaning::Superlative(knowledge.superlatives.len()));
        }
        knowledge.superlatives.push(Superlative { by: raw.by, descending: raw.descending });
    }
    for (role, phrases) in content.words {
        for phrase in &phrases {
            match role {
                Role::Filler | Role::Beyond | Role::Unrecorded | Role::Orders => {
                    knowledge.lexicon.teach_exactly(phrase, role)
                }
                role => knowledge.lexicon.teach(phrase, Meaning::Role(role)),
            }
        }
        knowledge.role_words.entry(role).or_default().extend(phrases);
    }
    for phrase in &content.topics.words {
        knowledge.lexicon.teach(phrase, Meaning::Topic);
    }
    knowledge.synonyms.extend(content.synonyms.into_iter().map(|(word, meant)| (word.to_lowercase(), meant)));
    for (word, others) in content.tool_synonyms {
        knowledge.tool_synonyms.insert(text::stem(&word), others.iter().map(|other| text::stem(other)).collect());
    }
    knowledge.examples.extend(content.examples);
    for (name, form) in content.forms {
        add_form(&mut knowledge.forms, place, name, form)?;
    }
    runbooks(knowledge, ids, place, content.runbook)
}

fn add_form(
    forms: &mut Environment<'static>,
    place: &Place<'_>,
    name: String,
    form: Spanned<String>,
) -> Result<(), LoadError> {
    forms
        .add_template_owned(name.clone(), form.get_ref().clone())
        .map_err(|error| place.error(&form, format!("the form {name:?} is no template: {error}")))
}

fn runbooks(
    knowledge: &mut Knowledge,
    ids: &Kinds,
    place: &Place<'_>,
    raw: Vec<raw::RawRunbook>,
) -> Result<(), LoadError> {
    for book in raw {
        for parameter in &book.parameters {
            if !matches!(parameter.kind.get_ref().as_str(), "number" | "text") {
                ids.find(place, &parameter.kind)?;
            }
        }
        for step in &book.steps {
            for name in placeholders(step.ask.get_ref()) {
                if !book.parameters.iter().any(|parameter| parameter.name == name) {
                    return Err(place
                        .error(&step.ask, format!("the runbook {:?} has no parameter {name:?}", book.name.get_ref())));
                }
            }
        }
        let runbook = Runbook {
            name: book.name.get_ref().clone(),
            summary: book.summary,
            parameters: book
                .parameters
                .into_iter()
                .map(|parameter| RunbookParameter {
                    name: parameter.name,
                    kind: parameter.kind.into_inner(),
                    description: parameter.description,
                    required: parameter.required,
                    default: parameter.default,
                })
                .collect(),
            steps: book
                .steps
                .into_iter()
                .map(|step| RunbookStep { title: step.title, ask: step.ask.into_inner(), without: step.without })
                .collect(),
        };
        if knowledge.runbooks.iter().any(|known| known.name == runbook.name) {
            return Err(place.error(&book.name, format!("the runbook {:?} stands twice", runbook.name)));
        }
        knowledge.runbooks.push(runbook);
    }
    Ok(())
}

/// The names in braces.
pub(super) fn placeholders(ask: &str) -> impl Iterator<Item = &str> {
    ask.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

fn kind(ids: &Kinds, place: &Place<'_>, raw: RawKind) -> Result<Kind, LoadError> {
    let refs = raw
        .refs
        .iter()
        .map(|(field, target)| Ok((field.clone(), ids.find(place, target)?)))
        .collect::<Result<BTreeMap<_, _>, LoadError>>()?;
    Ok(Kind {
        of: raw.of.as_ref().map(|of| ids.find(place, of)).transpose()?,
        absorbs: raw.absorbs.iter().map(|name| ids.find(place, name)).collect::<Result<_, _>>()?,
        name: raw.name.into_inner(),
        one: raw.one,
        many: raw.many,
        noun: raw.noun,
        key: raw.key,
        label: raw.label,
        single: raw.single,
        ranked: raw.ranked,
        score: raw.score,
        fit: raw.fit.and_then(|fit| rust_decimal::Decimal::try_from(fit).ok()),
        least: raw.least.and_then(|least| rust_decimal::Decimal::try_from(least).ok()),
        top: raw.top,
        text: raw.text,
        person_question: raw.person_question,
        date: raw.date,
        standing: raw.standing,
        date_of: raw.date_of,
        measure: raw.measure,
        currency: raw.currency,
        urgency: raw.urgency,
        name_field: raw.name_field,
        section: raw.section,
        preposition: raw.preposition,
        asks: raw.asks,
        columns: raw.columns,
        long: raw.long,
        refs,
        ids: raw
            .id
            .into_iter()
            .map(|id| IdForm {
                form: id.form,
                words: id.words.iter().map(|phrase| text::phrase_stems(phrase)).collect(),
                bare: id.bare,
            })
            .collect(),
        fields: raw.field.into_iter().map(|raw| field(ids, place, raw)).collect::<Result<_, _>>()?,
    })
}

fn field(ids: &Kinds, place: &Place<'_>, raw: RawField) -> Result<Field, LoadError> {
    let taken_from = raw.taken_from.map(|from| Ok((ids.find(place, &from.kind)?, from.field))).transpose()?;
    Ok(Field {
        taken_from,
        number: raw.number || raw.hours_between.is_some(),
        hours_between: raw.hours_between,
        or_now: raw.or_now,
        instead: raw.instead.map(|raw| instead(ids, place, raw)).transpose()?,
        values: raw.values.keys().cloned().collect(),
        name: raw.name,
        order: raw.order,
        matching: raw.matching,
        looks_like: raw.looks_like,
        person: raw.person,
        noun: raw.noun,
        future: raw.future,
        given: raw.given,
        place: raw.place,
        unit: raw.unit,
        called: raw.called,
        adjectives: raw.adjectives,
        verb: raw.verb,
        flags: raw.flags,
        beside: raw.beside,
    })
}

fn instead(ids: &Kinds, place: &Place<'_>, raw: raw::RawInstead) -> Result<Instead, LoadError> {
    let filter = |(field, test): (&String, &RawTest)| {
        let (test, negated) = compiled(test);
        Filter { negated, ..Filter::new(field, test) }
    };
    Ok(Instead {
        kind: ids.find(place, &raw.kind)?,
        filters: raw.condition.iter().map(filter).collect(),
        field: raw.field,
        ask: raw.ask,
    })
}

fn teach_kind(lexicon: &mut Lexicon, id: KindId, raw: &RawKind) {
    for phrase in &raw.words {
        lexicon.teach(phrase, Meaning::Kind(id, Strength::Strong));
    }
    for phrase in &raw.weak {
        lexicon.teach(phrase, Meaning::Kind(id, Strength::Weak));
    }
    for (index, field) in raw.field.iter().enumerate() {
        for phrase in &field.words {
            lexicon.teach(phrase, Meaning::Field(id, index));
        }
        for (part, name) in &field.spelled {
            let say = format!("in {name}");
            let filter = Filter { say, ..Filter::new(&field.name, Test::Like(part.clone())) };
            lexicon.teach(&name.to_lowercase(), Meaning::Value(id, filter, Naming::Adjective));
        }
        let naming = if field.noun { Naming::Noun } else { Naming::Adjective };
        for (values, negated) in [(&field.values, false), (&field.except, true)] {
            for (value, phrases) in values {
                let test = match field.matching {
                    raw::Matching::Whole => Test::In(vec![value.clone()]),
                    raw::Matching::Partial => Test::Like(value.clone()),
                };
                let filter = Filter { field: field.name.clone(), test, negated, say: String::new() };
                for phrase in phrases {
                    lexicon.teach(phrase, Meaning::Value(id, filter.clone(), naming));
                }
            }
        }
    }
    for condition in &raw.condition {
        for (field, test) in &condition.condition {
            let (test, negated) = compiled(test);
            let filter = Filter { field: field.clone(), test, negated, say: condition.say.clone() };
            for phrase in &condition.words {
                lexicon.teach(phrase, Meaning::Value(id, filter.clone(), Naming::Adjective));
            }
        }
    }
}

fn compiled(raw: &RawTest) -> (Test, bool) {
    if let Some(is) = raw.is {
        return (Test::Is(is), false);
    }
    if let Some(days) = raw.within_days {
        return (Test::WithinDays(days), false);
    }
    if let Some(days) = raw.at_most_days {
        return (Test::UntilDay(days), false);
    }
    if let Some(value) = &raw.equals {
        return (Test::In(vec![value.clone()]), false);
    }
    if let Some(value) = &raw.not {
        return (Test::In(vec![value.clone()]), true);
    }
    if raw.missing {
        return (Test::Missing, false);
    }
    if let Some(other) = &raw.above {
        return (Test::Against(Side::Above, other.clone()), false);
    }
    if let Some(other) = &raw.not_above {
        return (Test::Against(Side::NotAbove, other.clone()), false);
    }
    let limit = |number: i64| Limit { number: number.into(), included: true };
    (Test::Numbers(raw.at_least.map(limit), raw.at_most.map(limit)), false)
}
