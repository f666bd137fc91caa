//! Runbooks: `/run NAME ARGS` becomes the questions of its steps, with what was given in place of the parameters.

use std::collections::HashMap;

use super::dates;
use super::frame::{How, Mention};
use super::knowledge::{Knowledge, Runbook, RunbookParameter};
use super::reading::{self, Binding, Reader, What};
use super::understand::{self, Understood};

/// Name and arguments of a question that starts a runbook.
pub(super) fn requested(question: &str) -> Option<(&str, &str)> {
    let rest = question.trim().strip_prefix("/run")?;
    let rest = rest.strip_prefix(char::is_whitespace).or_else(|| rest.is_empty().then_some(""))?.trim();
    Some(rest.split_once(char::is_whitespace).map_or((rest, ""), |(name, arguments)| (name, arguments.trim())))
}

/// The runbook's plan.
///
/// # Errors
/// In words for the user: no such runbook, or a parameter is missing or of the wrong kind.
pub(super) fn understand(reader: &Reader<'_>, name: &str, arguments: &str) -> Result<Understood, String> {
    let Some(book) = reader.knowledge.runbooks.iter().find(|book| book.name == name) else {
        return Err(unknown(reader.knowledge, name));
    };
    let given = given(reader, book, arguments)?;
    let mut bindings: HashMap<String, Binding> = HashMap::new();
    let mut texts: Vec<(String, String)> = Vec::new();
    for (parameter, value) in &given {
        match parameter.kind.as_str() {
            "number" => texts.push((parameter.name.clone(), value.clone())),
            "text" => {
                bindings.insert(parameter.name.clone(), Binding::Name(value.clone()));
            }
            kind => {
                let mention = mention(reader, kind, value).ok_or_else(|| wrong(book, parameter, value))?;
                bindings.insert(parameter.name.clone(), Binding::Mention(mention));
            }
        }
    }
    let has = |name: &str| given.iter().any(|(parameter, _)| parameter.name == name);
    let asked_for =
        |parameter: &String| given.iter().any(|(known, _)| known.name == *parameter && known.default.is_none());
    let mut steps = Vec::new();
    for step in &book.steps {
        let complete = placeholders(&step.ask).all(&has);
        if !complete || step.without.iter().any(asked_for) {
            continue;
        }
        let ask = texts.iter().fold(step.ask.clone(), |ask, (name, value)| ask.replace(&format!("{{{name}}}"), value));
        steps.push((step.title.clone(), ask));
    }
    let reader =
        Reader { bindings: &bindings, knowledge: reader.knowledge, directory: reader.directory, today: reader.today };
    Ok(understand::understand_steps(&reader, &steps))
}

fn placeholders(ask: &str) -> impl Iterator<Item = &str> {
    ask.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

/// Parameters with what was given for them: `name=value` anywhere, the rest in order.
fn given<'b>(
    reader: &Reader<'_>,
    book: &'b Runbook,
    arguments: &str,
) -> Result<Vec<(&'b RunbookParameter, String)>, String> {
    let mut rest = arguments.trim().to_owned();
    let mut given = Vec::new();
    for parameter in &book.parameters {
        let marked = rest
            .split_whitespace()
            .find_map(|word| word.strip_prefix(&format!("{}=", parameter.name)).map(str::to_owned));
        let value = if let Some(value) = marked {
            rest = rest.replacen(&format!("{}={value}", parameter.name), "", 1).trim().to_owned();
            Some(value)
        } else if book.parameters.len() == 1 && !rest.is_empty() {
            Some(std::mem::take(&mut rest))
        } else {
            let (first, others) = rest
                .split_once(char::is_whitespace)
                .map_or((rest.clone(), String::new()), |(a, b)| (a.to_owned(), b.trim().to_owned()));
            rest = others;
            Some(first).filter(|first| !first.is_empty())
        };
        match value.or_else(|| parameter.default.clone()) {
            Some(value) if parameter.kind == "number" && dates::number(&value.to_lowercase()).is_none() => {
                return Err(wrong(book, parameter, &value));
            }
            Some(value) => given.push((parameter, value.trim_matches('"').to_owned())),
            None if parameter.required => {
                return Err(format!(
                    "The runbook `{}` needs `{}`: {}. Give it after the name: `{}`.",
                    book.name,
                    parameter.name,
                    parameter.description,
                    usage(book)
                ));
            }
            None => {}
        }
    }
    let _ = reader;
    Ok(given)
}

/// The record an argument names: by id, e-mail or host, else by its name.
fn mention(reader: &Reader<'_>, kind: &str, value: &str) -> Option<Mention> {
    let wanted = reader.knowledge.kind_named(kind)?;
    let known = reader.knowledge.kind(wanted);
    let typed = |text: &str| {
        reading::read(reader, text).into_iter().find_map(|item| match item.what {
            What::Record(mention) if mention.kind == wanted => Some(mention),
            _ => None,
        })
    };
    let named = || {
        let how = How::Fields(vec![known.name_field.clone()], value.to_owned());
        (!known.name_field.is_empty()).then(|| Mention { kind: wanted, said: value.to_owned(), how })
    };
    typed(value).or_else(|| typed(&format!("{} {value}", known.one))).or_else(named)
}

/// How a runbook is typed.
pub(super) fn usage(book: &Runbook) -> String {
    let parameters = book.parameters.iter().map(|parameter| {
        if parameter.required {
            format!(" {}", parameter.name.to_uppercase())
        } else {
            format!(" [{}]", parameter.name.to_uppercase())
        }
    });
    format!("{}{}", book.name, parameters.collect::<String>())
}

fn wrong(book: &Runbook, parameter: &RunbookParameter, value: &str) -> String {
    format!(
        "The runbook `{}` cannot take “{value}” for `{}`: it wants {}. Type `{}`.",
        book.name,
        parameter.name,
        parameter.description,
        usage(book)
    )
}

fn unknown(knowledge: &Knowledge, name: &str) -> String {
    let mut out =
        if name.is_empty() { "Which runbook?".to_owned() } else { format!("There is no runbook “{name}”.") };
    let near = knowledge
        .runbooks
        .iter()
        .map(|book| (strsim::jaro_winkler(name, &book.name), book))
        .filter(|(likeness, _)| *likeness > 0.8);
    if let Some((_, book)) = near.max_by(|a, b| a.0.total_cmp(&b.0)) {
        out.push_str(&format!(" Did you mean `{}`?", usage(book)));
    }
    out.push_str(" These are known:\n");
    for book in &knowledge.runbooks {
        out.push_str(&format!("\n- `{}`: {}", usage(book), book.summary));
    }
    out
}
