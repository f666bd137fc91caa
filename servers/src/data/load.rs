//! Reads a data set into records. What does not fit is reported with file, line and field.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Dataset, IdPatterns, Problem, Profile,
    document::Document,
    placed::{Placed, Placements, dotted, duplicates},
    record::Article,
    source::{ASSETS, CUSTOMERS, DATASET, INVOICES, Source, TICKETS},
};
use crate::schema::{self, Object, record};

/// Every file of a data set, parsed but not yet understood.
pub(crate) struct Documents {
    pub dataset: Document,
    tickets: Document,
    customers: Document,
    invoices: Document,
    assets: Document,
    articles: Vec<Document>,
}

/// Reads `dataset.toml` alone: cheap, and all that is needed to list tools.
///
/// # Errors
/// The file is missing, is not TOML, or lacks one of its fields.
pub(crate) fn profile(source: &Source) -> Result<Profile, Vec<Problem>> {
    let text = source.file(DATASET).map_err(|problem| vec![problem])?;
    let document = Document::parse(DATASET, &text, 1).map_err(|problem| vec![problem])?;
    profile_of(&document)
}

/// Reads a whole data set.
///
/// # Errors
/// Everything that keeps a record from being understood, and ids that are used twice.
pub(crate) fn load(source: &Source) -> Result<Dataset, Vec<Problem>> {
    let documents = documents(source)?;
    let profile = profile_of(&documents.dataset)?;
    let mut problems = Vec::new();
    let placed = placements(&documents, &profile.id_patterns, &mut problems);
    problems.extend(duplicates(&placed));
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Dataset {
        profile,
        tickets: records(placed.tickets),
        customers: records(placed.customers),
        invoices: records(placed.invoices),
        assets: records(placed.assets),
        articles: records(placed.articles),
    })
}

/// Parses every file.
///
/// # Errors
/// Files that are missing or are not TOML.
pub(crate) fn documents(source: &Source) -> Result<Documents, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut parsed = [DATASET, TICKETS, CUSTOMERS, INVOICES, ASSETS].map(|name| {
        let document = source.file(name).and_then(|text| Document::parse(name, &text, 1));
        document.map_err(|problem| problems.push(problem)).ok()
    });
    let mut articles = Vec::new();
    match source.articles() {
        Ok(files) => {
            for (name, text) in files {
                match article_document(&name, &text) {
                    Ok(document) => articles.push(document),
                    Err(problem) => problems.push(problem),
                }
            }
        }
        Err(unread) => problems.extend(unread),
    }
    match parsed.each_mut().map(Option::take) {
        [Some(dataset), Some(tickets), Some(customers), Some(invoices), Some(assets)] if problems.is_empty() => {
            Ok(Documents { dataset, tickets, customers, invoices, assets, articles })
        }
        _ => Err(problems),
    }
}

/// Turns documents into records; what cannot be understood goes to `problems` and is left out.
pub(crate) fn placements<'a>(
    documents: &'a Documents,
    ids: &IdPatterns,
    problems: &mut Vec<Problem>,
) -> Placements<'a> {
    Placements {
        tickets: listed(&documents.tickets, "ticket", || record::ticket(ids), problems),
        customers: listed(&documents.customers, "customer", || record::customer(ids), problems),
        invoices: listed(&documents.invoices, "invoice", || record::stored_invoice(ids), problems),
        assets: listed(&documents.assets, "asset", || record::stored_asset(ids), problems),
        articles: documents.articles.iter().filter_map(|document| article(document, ids, problems)).collect(),
    }
}

/// Reads what `dataset.toml` says.
///
/// # Errors
/// A field is missing or wrong, or an id pattern is not a regular expression.
pub(crate) fn profile_of(document: &Document) -> Result<Profile, Vec<Problem>> {
    let pattern = || serde_json::json!({ "type": "string", "format": "regex" });
    let patterns = ["ticket", "customer", "invoice", "article", "asset"]
        .into_iter()
        .fold(Object::default(), |patterns, kind| patterns.must(kind, pattern()));
    let shape = Object::default()
        .must("name", schema::text("The name of the data set."))
        .must("as_of", schema::date("The day that counts as today."))
        .must("id_patterns", patterns.closed());
    let problems = violations(document, "", &document.value, &shape.closed(), "name");
    if !problems.is_empty() {
        return Err(problems);
    }
    serde_json::from_value(document.value.clone())
        .map_err(|error| vec![Problem::of_file(&document.file, error.to_string())])
}

/// Everything in `value` that does not fit `schema`; `id_field` is the member that names the record.
pub(crate) fn violations(
    document: &Document,
    pointer: &str,
    value: &Value,
    schema: &Value,
    id_field: &str,
) -> Vec<Problem> {
    let validator = match jsonschema::options().should_validate_formats(true).build(schema) {
        Ok(validator) => validator,
        // A pattern of dataset.toml is part of the schema, so this is the data's fault.
        Err(error) => {
            return vec![Problem::of_file(&document.file, format!("cannot be checked: {error}"))];
        }
    };
    let name = naming(value, id_field);
    validator
        .iter_errors(value)
        .map(|error| {
            let within = error.instance_path().as_str();
            Problem {
                file: document.file.clone(),
                line: document.line(&format!("{pointer}{within}")),
                field: dotted(within),
                message: format!("{name}{error}"),
            }
        })
        .collect()
}

fn documents_records<'a>(document: &'a Document, kind: &str) -> Result<&'a Vec<Value>, Problem> {
    let stranger = document.value.as_object().and_then(|table| table.keys().find(|key| *key != kind));
    if let Some(stranger) = stranger {
        let mut problem = Problem::of_file(&document.file, format!("unknown table; every record is a [[{kind}]]"));
        problem.line = document.line(&format!("/{stranger}"));
        problem.field = stranger.clone();
        return Err(problem);
    }
    document
        .value
        .get(kind)
        .and_then(Value::as_array)
        .ok_or_else(|| Problem::of_file(&document.file, format!("has no records; each begins with [[{kind}]]")))
}

fn listed<'a, T: DeserializeOwned>(
    document: &'a Document,
    kind: &str,
    shape: impl Fn() -> Object,
    problems: &mut Vec<Problem>,
) -> Vec<Placed<'a, T>> {
    let values = match documents_records(document, kind) {
        Ok(values) => values,
        Err(problem) => {
            problems.push(problem);
            return Vec::new();
        }
    };
    let id_field = format!("{kind}_id");
    let place = |(index, value)| understood(document, format!("/{kind}/{index}"), value, &shape, &id_field, problems);
    values.iter().enumerate().filter_map(place).collect()
}

/// Reads one record. Schemas are only compiled when that fails: they say more about what is wrong.
fn understood<'a, T: DeserializeOwned>(
    document: &'a Document,
    pointer: String,
    value: &Value,
    shape: impl Fn() -> Object,
    id_field: &str,
    problems: &mut Vec<Problem>,
) -> Option<Placed<'a, T>> {
    match T::deserialize(value) {
        Ok(record) => Some(Placed { record, document, pointer }),
        Err(error) => {
            let found = violations(document, &pointer, value, &shape().closed(), id_field);
            if found.is_empty() {
                problems.push(Problem {
                    file: document.file.clone(),
                    line: document.line(&pointer),
                    field: String::new(),
                    message: format!("{}{error}", naming(value, id_field)),
                });
            }
            problems.extend(found);
            None
        }
    }
}

/// Splits an article file into its TOML header between `+++` lines and its Markdown content.
fn article_document(name: &str, text: &str) -> Result<Document, Problem> {
    let text: Cow<'_, str> = if text.contains('\r') { text.replace("\r\n", "\n").into() } else { text.into() };
    let header_and_content = text.strip_prefix("+++\n").and_then(|rest| rest.split_once("\n+++\n"));
    let Some((header, content)) = header_and_content else {
        return Err(Problem::of_file(name, "does not begin with a TOML header between two lines of +++"));
    };
    let mut document = Document::parse(name, header, 2)?;
    let line = header.lines().count() + 3;
    document.add("content", content.trim(), line);
    Ok(document)
}

fn article<'a>(document: &'a Document, ids: &IdPatterns, problems: &mut Vec<Problem>) -> Option<Placed<'a, Article>> {
    let shape = || record::article(ids).must("content", schema::text("Markdown."));
    understood(document, String::new(), &document.value, shape, "article_id", problems)
}

fn records<T>(placed: Vec<Placed<'_, T>>) -> Vec<T> {
    placed.into_iter().map(|place| place.record).collect()
}

/// The id of a record and a colon, if it has one, to begin a message with.
fn naming(value: &Value, id_field: &str) -> String {
    let id = value.get(id_field).and_then(Value::as_str);
    id.map_or_else(String::new, |id| format!("{id}: "))
}
