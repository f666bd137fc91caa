//! A form that a server wants filled in, field by field; or a page that it wants visited.

use serde_json::{Map, Number, Value};

use crate::protocol::{InputId, InputRequested, Json, ServerName, Wanted};
use crate::schema::Schema;

/// Fields that a form shows; a schema with more is filled in as one text.
const MOST_FIELDS: usize = 64;

/// What a server asks for, and what has been written so far.
#[derive(Debug)]
pub struct Inquiry {
    /// What is answered.
    pub input: InputId,
    /// Who asks.
    pub server: ServerName,
    /// Why, in the server's words.
    pub message: String,
    /// What it wants.
    pub wanted: Sought,
    /// Where the operator is.
    pub stage: FormStage,
    /// The first line on the screen.
    pub top: usize,
    /// Whether the field of the keys has to come into view.
    pub reveal: bool,
    /// Why nothing can be sent any more, once the server has its answer or no longer waits.
    pub over: Option<String>,
}

/// What is sought.
#[derive(Debug)]
pub enum Sought {
    /// Values.
    Values {
        /// One a property, in the server's order.
        fields: Vec<Field>,
        /// What the values must keep.
        schema: Schema,
    },
    /// A visit to this address.
    Visit(String),
}

/// Where the operator is with a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormStage {
    /// At the field at this position.
    Filling(usize),
    /// Looking at what will be sent.
    Reviewing,
}

/// One value.
#[derive(Debug, PartialEq)]
pub struct Field {
    /// The property's name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it is, in the server's words.
    pub description: String,
    /// Whether it must be given.
    pub required: bool,
    /// What it is set to.
    pub entry: Entry,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// Something is wrong with a field, which says what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faulty;

/// What a field is set to, in the manner of its type.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// Text.
    Text(String),
    /// A number, as it is written.
    Number(String),
    /// An integer, as it is written.
    Integer(String),
    /// Yes, no, or nothing yet.
    Flag(Option<bool>),
    /// One of several, or none yet.
    One(Vec<Choosable>, Option<usize>),
    /// Any of several.
    Many(Vec<(Choosable, bool)>, usize),
    /// Something this console has no field for, as JSON.
    Json(String),
}

/// One of several values.
#[derive(Clone, Debug, PartialEq)]
pub struct Choosable {
    /// What is sent.
    pub value: Value,
    /// What is shown.
    pub label: String,
}

impl Inquiry {
    /// The form for a request, with the server's defaults.
    #[must_use]
    pub fn of(requested: &InputRequested) -> Self {
        let wanted = match &requested.wanted {
            Wanted::Url { url } => Sought::Visit(url.clone()),
            Wanted::Form { schema } => {
                Sought::Values { fields: fields(&schema.value()), schema: Schema::of_form(schema.clone()) }
            }
        };
        Self {
            input: requested.input,
            server: requested.server.clone(),
            message: requested.message.clone(),
            wanted,
            stage: FormStage::Filling(0),
            top: 0,
            reveal: true,
            over: None,
        }
    }

    /// Its fields; none of a page to be visited.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        match &self.wanted {
            Sought::Values { fields, .. } => fields,
            Sought::Visit(_) => &[],
        }
    }

    /// The field of the keys, while it is filled in.
    pub fn field_mut(&mut self) -> Option<&mut Field> {
        match (&mut self.wanted, self.stage) {
            (Sought::Values { fields, .. }, FormStage::Filling(at)) => fields.get_mut(at),
            (Sought::Visit(_), _) | (Sought::Values { .. }, FormStage::Reviewing) => None,
        }
    }

    /// Goes to the next field, or the one before.
    pub fn step(&mut self, forward: bool) {
        let count = self.fields().len();
        if let FormStage::Filling(at) = self.stage
            && count > 0
        {
            let next = if forward { at + 1 } else { at + count - 1 } % count;
            self.stage = FormStage::Filling(next);
            self.reveal = true;
        }
    }

    /// The values as they would be sent; none for a page to be visited.
    ///
    /// # Errors
    /// Something is wrong: the first such field has the keys, and each says what.
    pub fn content(&mut self) -> Result<Option<Json>, Faulty> {
        let Sought::Values { fields, schema } = &mut self.wanted else { return Ok(None) };
        for field in fields.iter_mut() {
            field.problem = match field.entry.value() {
                Ok(Some(_)) => None,
                Ok(None) => field.required.then(|| "this has to be given".to_owned()),
                Err(problem) => Some(problem),
            };
        }
        let content = content_of(fields);
        if fields.iter().all(|field| field.problem.is_none())
            && let Some(violation) = schema.violation(&content)
        {
            // A violation begins with the place, such as `/name: …`.
            let place = violation.trim_start_matches('/');
            let at = fields.iter().position(|field| {
                place.strip_prefix(field.name.as_str()).is_some_and(|rest| rest.starts_with([':', '/']))
            });
            // Its own field need not be told where it is.
            let words = at.and_then(|at| place.strip_prefix(fields[at].name.as_str())?.strip_prefix(": "));
            let words = words.unwrap_or(&violation).to_owned();
            if let Some(field) = fields.get_mut(at.unwrap_or(0)) {
                field.problem = Some(words);
            }
        }
        match fields.iter().position(|field| field.problem.is_some()) {
            Some(at) => {
                self.stage = FormStage::Filling(at);
                self.reveal = true;
                Err(Faulty)
            }
            None => Ok(Some(Json::from(content))),
        }
    }
}

/// The values of fields in which nothing is wrong, as they are sent.
#[must_use]
pub fn content_of(fields: &[Field]) -> Value {
    let given = fields.iter().filter_map(|field| Some((field.name.clone(), field.entry.value().ok().flatten()?)));
    Value::Object(given.collect::<Map<_, _>>())
}

impl Entry {
    /// The text that letters go to, if it has one.
    pub fn text_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Integer(text) | Self::Json(text) => Some(text),
            Self::Flag(_) | Self::One(..) | Self::Many(..) => None,
        }
    }

    /// Goes to the next value, or the one before.
    pub fn turn(&mut self, forward: bool) {
        let turned = |at: usize, count: usize| if forward { at + 1 } else { at + count - 1 } % count;
        match self {
            Self::Flag(flag) => *flag = Some(*flag != Some(true)),
            Self::One(values, at) if !values.is_empty() => {
                *at = Some(at.map_or(if forward { 0 } else { values.len() - 1 }, |at| turned(at, values.len())));
            }
            Self::Many(values, at) if !values.is_empty() => *at = turned(*at, values.len()),
            Self::One(..) | Self::Many(..) => {}
            Self::Text(_) | Self::Number(_) | Self::Integer(_) | Self::Json(_) => {}
        }
    }

    /// Takes the value the keys are on, or takes it away.
    pub fn toggle(&mut self) {
        match self {
            Self::Many(values, at) => {
                if let Some((_, taken)) = values.get_mut(*at) {
                    *taken = !*taken;
                }
            }
            Self::Flag(_) | Self::One(..) => self.turn(true),
            Self::Text(_) | Self::Number(_) | Self::Integer(_) | Self::Json(_) => {}
        }
    }

    /// What would be sent; nothing for what was left empty.
    ///
    /// # Errors
    /// What is wrong with what was written, in words.
    fn value(&self) -> Result<Option<Value>, String> {
        match self {
            Self::Text(text) => Ok((!text.is_empty()).then(|| Value::from(text.as_str()))),
            Self::Number(text) | Self::Integer(text) | Self::Json(text) if text.trim().is_empty() => Ok(None),
            Self::Number(text) => match text.trim().parse::<Number>() {
                Ok(number) => Ok(Some(Value::Number(number))),
                Err(_) => Err(format!("{text:?} is no number, such as 12 or 1.5")),
            },
            Self::Integer(text) => match text.trim().parse::<i64>() {
                Ok(number) => Ok(Some(Value::from(number))),
                Err(_) => Err(format!("{text:?} is no whole number, such as 12")),
            },
            Self::Json(text) => {
                serde_json::from_str(text).map(Some).map_err(|error| format!("this is no JSON: {error}"))
            }
            Self::Flag(flag) => Ok(flag.map(Value::from)),
            Self::One(values, at) => Ok(at.and_then(|at| values.get(at)).map(|choice| choice.value.clone())),
            Self::Many(values, _) => {
                let taken: Vec<Value> =
                    values.iter().filter(|(_, taken)| *taken).map(|(choice, _)| choice.value.clone()).collect();
                Ok((!taken.is_empty()).then(|| Value::from(taken)))
            }
        }
    }
}

fn fields(schema: &Value) -> Vec<Field> {
    let required = |name: &str| {
        let list = schema.get("required").and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|required| required.as_str() == Some(name)))
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    let field = |(name, property): (&String, &Value)| Field {
        name: name.clone(),
        title: text(property, "title").unwrap_or(name).to_owned(),
        description: text(property, "description").unwrap_or_default().to_owned(),
        required: required(name),
        entry: entry(property),
        problem: None,
    };
    properties.into_iter().flatten().take(MOST_FIELDS).map(field).collect()
}

fn entry(property: &Value) -> Entry {
    let default = property.get("default");
    let written = || match default {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    if let Some(values) = choices(property) {
        let at = default.and_then(|default| values.iter().position(|choice| choice.value == *default));
        return Entry::One(values, at);
    }
    match text(property, "type") {
        Some("string") => Entry::Text(written()),
        Some("number") => Entry::Number(written()),
        Some("integer") => Entry::Integer(written()),
        Some("boolean") => Entry::Flag(default.and_then(Value::as_bool)),
        Some("array") => match property.get("items").and_then(choices) {
            Some(values) => {
                let is_default = |choice: &Choosable| {
                    default.and_then(Value::as_array).is_some_and(|taken| taken.contains(&choice.value))
                };
                Entry::Many(values.into_iter().map(|choice| (choice.clone(), is_default(&choice))).collect(), 0)
            }
            None => Entry::Json(written()),
        },
        Some(_) | None => Entry::Json(written()),
    }
}

/// The values of an `enum`, or of a `oneOf` or `anyOf` of constants, each with what it is called.
fn choices(property: &Value) -> Option<Vec<Choosable>> {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(values) = property.get("enum").and_then(Value::as_array) {
        let names = property.get("enumNames").and_then(Value::as_array);
        let name = |at: usize| names.and_then(|names| names.get(at)).and_then(Value::as_str);
        let choice = |(at, value): (usize, &Value)| Choosable {
            value: value.clone(),
            label: name(at).map_or_else(|| shown(value), |name| format!("{name} ({})", shown(value))),
        };
        return Some(values.iter().enumerate().map(choice).collect());
    }
    let options = ["oneOf", "anyOf"].iter().find_map(|key| property.get(*key)).and_then(Value::as_array)?;
    options
        .iter()
        .map(|option| {
            let value = option.get("const")?.clone();
            let label =
                text(option, "title").map_or_else(|| shown(&value), |title| format!("{title} ({})", shown(&value)));
            Some(Choosable { value, label })
        })
        .collect()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(schema: Value) -> Inquiry {
        let wanted = Wanted::Form { schema: Json::from(schema) };
        Inquiry::of(&InputRequested { input: InputId(1), server: "desk".into(), message: "Who?".into(), wanted })
    }

    fn everything() -> Inquiry {
        form(json!({"type": "object", "required": ["name", "age"], "properties": {
            "name": {"type": "string", "title": "Your name", "minLength": 2},
            "age": {"type": "integer", "minimum": 18},
            "rate": {"type": "number", "default": 1.5},
            "ok": {"type": "boolean", "default": true},
            "tier": {"type": "string", "enum": ["a", "b"], "enumNames": ["Alpha", "Beta"], "default": "b"},
            "size": {"type": "string", "oneOf": [{"const": "s", "title": "Small"}, {"const": "l", "title": "Large"}]},
            "tags": {"type": "array", "items": {"type": "string", "enum": ["x", "y", "z"]}, "default": ["y"]},
            "odd": {"type": "object"},
            "mail": {"type": "string", "format": "email"},
        }}))
    }

    fn write(form: &mut Inquiry, name: &str, text: &str) {
        let Sought::Values { fields, .. } = &mut form.wanted else { panic!("values") };
        let field = fields.iter_mut().find(|field| field.name == name).expect("a field");
        text.clone_into(field.entry.text_mut().expect("a text"));
    }

    #[test]
    fn every_type_has_a_field_with_its_default_and_what_is_left_empty_is_not_sent() {
        let mut form = everything();
        write(&mut form, "name", "Ada");
        write(&mut form, "age", "36");
        let content = form.content().expect("valid").expect("values");
        assert_eq!(
            content.value(),
            json!({"name": "Ada", "age": 36, "rate": 1.5, "ok": true, "tier": "b", "tags": ["y"]})
        );
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field_which_gets_the_keys() {
        let mut form = everything();
        assert!(form.content().is_err());
        assert_eq!(form.stage, FormStage::Filling(0));
        assert_eq!(form.fields()[0].problem.as_deref(), Some("this has to be given"));
        write(&mut form, "name", "Ada");
        write(&mut form, "age", "old");
        assert!(form.content().is_err());
        assert_eq!(form.stage, FormStage::Filling(1));
        assert!(form.fields()[1].problem.as_ref().is_some_and(|words| words.contains("no whole number")));
        write(&mut form, "age", "17");
        assert!(form.content().is_err(), "the schema has the last word");
        assert!(form.fields()[1].problem.as_ref().is_some_and(|words| words.contains("17")), "{:?}", form.fields()[1]);
        write(&mut form, "age", "18");
        write(&mut form, "mail", "ada at home");
        assert!(form.content().is_err(), "a format is a rule in a form");
        assert!(
            form.fields()[8].problem.as_ref().is_some_and(|words| words.contains("email")),
            "{:?}",
            form.fields()[8]
        );
    }

    #[test]
    fn values_are_chosen_by_turning_and_taken_one_by_one() {
        let mut form = everything();
        write(&mut form, "name", "Ada");
        write(&mut form, "age", "36");
        let Sought::Values { fields, .. } = &mut form.wanted else { panic!("values") };
        let entry = |fields: &mut Vec<Field>, at: usize, act: fn(&mut Entry)| act(&mut fields[at].entry);
        entry(fields, 3, Entry::toggle);
        entry(fields, 4, |entry| entry.turn(true));
        entry(fields, 5, |entry| entry.turn(false));
        entry(fields, 6, Entry::toggle);
        let content = form.content().expect("valid").expect("values").value();
        let expected = json!([false, "a", "l", ["x", "y"]]);
        assert_eq!(json!([content["ok"], content["tier"], content["size"], content["tags"]]), expected);
    }
}
