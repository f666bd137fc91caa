//! One TOML text as JSON values that still know the line they were written on.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::Problem;

/// A parsed file: its value, and the line of each part by JSON pointer.
#[derive(Debug)]
pub(crate) struct Document {
    pub file: String,
    pub value: Value,
    lines: HashMap<String, usize>,
}

impl Document {
    /// Parses `text`, whose first line is line `first_line` of `file`.
    ///
    /// # Errors
    /// The text is not TOML; the problem carries the line.
    pub fn parse(file: &str, text: &str, first_line: usize) -> Result<Self, Problem> {
        let starts = Lines::of(text, first_line);
        let table = DeTable::parse(text).map_err(|error| Problem {
            file: file.to_owned(),
            line: error.span().map(|span| starts.line(span.start)),
            field: String::new(),
            message: format!("is not valid TOML: {}", error.message().replace('\n', ", ")),
        })?;
        let mut lines = HashMap::new();
        let value = table_value(table.get_ref(), "", &starts, &mut lines);
        Ok(Self { file: file.to_owned(), value, lines })
    }

    /// Adds a text that stands outside the TOML, from `line` on.
    pub fn add(&mut self, name: &str, text: &str, line: usize) {
        self.value[name] = Value::from(text);
        self.lines.insert(format!("/{name}"), line);
    }

    /// The line where `pointer`, or the nearest part around it that is in the file, begins.
    pub fn line(&self, pointer: &str) -> Option<usize> {
        let mut pointer = pointer;
        loop {
            if let Some(line) = self.lines.get(pointer) {
                return Some(*line);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }
}

/// Where each line of a text begins.
struct Lines {
    starts: Vec<usize>,
    first: usize,
}

impl Lines {
    fn of(text: &str, first: usize) -> Self {
        let starts = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        Self { starts, first }
    }

    fn line(&self, offset: usize) -> usize {
        self.first + self.starts.partition_point(|start| *start <= offset)
    }
}

fn table_value(table: &DeTable<'_>, pointer: &str, starts: &Lines, lines: &mut HashMap<String, usize>) -> Value {
    let mut members = Map::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        lines.insert(pointer.clone(), starts.line(key.span().start));
        members.insert(name.to_owned(), value_of(value, &pointer, starts, lines));
    }
    Value::Object(members)
}

fn value_of(value: &Spanned<DeValue<'_>>, pointer: &str, starts: &Lines, lines: &mut HashMap<String, usize>) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::String(text.clone().into_owned()),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map_or_else(|_| Value::String(integer.to_string()), Value::from),
        DeValue::Float(float) => float
            .as_str()
            .parse()
            .ok()
            .and_then(Number::from_f64)
            .map_or_else(|| Value::String(float.to_string()), Value::Number),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        // A date without quotes is meant like the same date in quotes.
        DeValue::Datetime(date) => Value::String(date.to_string()),
        DeValue::Array(items) => {
            let items = items.iter().enumerate().map(|(index, item)| {
                let pointer = format!("{pointer}/{index}");
                lines.insert(pointer.clone(), starts.line(item.span().start));
                value_of(item, &pointer, starts, lines)
            });
            Value::Array(items.collect())
        }
        DeValue::Table(table) => table_value(table, pointer, starts, lines),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_knows_its_line() {
        let text = "name = \"a\"\n\n[[thing]]\nid = 1\nparts = [\n  { n = 2 },\n]\n";
        let document = Document::parse("x.toml", text, 1).unwrap();
        assert_eq!(document.line("/thing/0"), Some(3));
        assert_eq!(document.line("/thing/0/id"), Some(4));
        assert_eq!(document.line("/thing/0/parts/0/n"), Some(6));
        assert_eq!(document.line("/thing/0/missing"), Some(3));
    }

    #[test]
    fn a_syntax_error_names_its_line() {
        let problem = Document::parse("x.toml", "a = 1\nb = = 2\n", 10).unwrap_err();
        assert_eq!((problem.file.as_str(), problem.line), ("x.toml", Some(11)));
    }
}
