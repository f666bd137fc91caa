//! A form that a server wants filled in, field by field; or a page that it wants visited.

mod fields;

use serde_json::{Map, Number, Value};

use crate::protocol::{InputId, InputRequested, Json, ServerName, Wanted};
use crate::schema::Schema;

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
    /// What is wrong with the values together.
    pub problem: Option<String>,
    /// Why nothing can be sent any more, once the server has its answer or no longer waits.
    pub over: Option<String>,
}

/// What is sought.
#[derive(Debug)]
pub enum Sought {
    /// Values.
    Values {
        /// What is filled in, in the server's order.
        fields: Vec<Field>,
        /// What each field stands for.
        parts: Parts,
        /// What the values must keep.
        schema: Schema,
    },
    /// A visit to this address.
    Visit(String),
}

/// What the fields of a form stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// Each for a property.
    Properties,
    /// The only one for all of them, as one JSON object: they are too many, or the server did not say which they are.
    Whole,
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
    /// The `format` that a text has to have, such as `email`.
    pub format: Option<String>,
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
            Wanted::Form { schema: source } => {
                let schema = Schema::of_form(source.clone());
                let (fields, parts) = fields::of(&source.value(), &schema);
                Sought::Values { fields, parts, schema }
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
            problem: None,
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
    /// Something is wrong: the first field with a problem has the keys, and each says what; what is wrong with the values
    /// together is said by the form.
    pub fn content(&mut self) -> Result<Option<Json>, Faulty> {
        let content = self.values();
        let Sought::Values { fields, parts, schema } = &mut self.wanted else { return Ok(None) };
        self.problem = None;
        for field in fields.iter_mut() {
            field.problem = match field.entry.value() {
                Ok(Some(_)) => None,
                Ok(None) => field.required.then(|| "this has to be given".to_owned()),
                Err(problem) => Some(problem),
            };
        }
        if fields.iter().all(|field| field.problem.is_none()) {
            let violation = match content.is_object() {
                true => schema.violation(&content),
                false => Some("this is no JSON object: {…}".to_owned()),
            };
            match (violation, *parts) {
                (Some(violation), Parts::Properties) => match at_its_field(fields, &violation) {
                    Some((field, words)) => field.problem = Some(words),
                    None => self.problem = Some(violation),
                },
                (Some(violation), Parts::Whole) => {
                    if let Some(field) = fields.first_mut() {
                        field.problem = Some(violation);
                    }
                }
                (None, _) => {}
            }
        }
        if let Some(at) = fields.iter().position(|field| field.problem.is_some()) {
            self.stage = FormStage::Filling(at);
            self.reveal = true;
            return Err(Faulty);
        }
        if self.problem.is_some() {
            // It is said at the top.
            self.stage = FormStage::Filling(0);
            self.top = 0;
            return Err(Faulty);
        }
        Ok(Some(Json::from(content)))
    }

    /// What the fields come to, those left out in which something is wrong.
    #[must_use]
    pub fn values(&self) -> Value {
        let Sought::Values { fields, parts, .. } = &self.wanted else { return Value::Null };
        let value = |field: &Field| field.entry.value().ok().flatten();
        match parts {
            Parts::Properties => {
                let given = fields.iter().filter_map(|field| Some((field.name.clone(), value(field)?)));
                Value::Object(given.collect())
            }
            Parts::Whole => fields.first().and_then(value).unwrap_or_else(|| Value::Object(Map::new())),
        }
    }
}

/// The field that a violation is about, and the violation without its place; a violation begins with that, such as `/name: …`.
fn at_its_field<'a>(fields: &'a mut [Field], violation: &str) -> Option<(&'a mut Field, String)> {
    let place = violation.strip_prefix('/')?;
    fields.iter_mut().find_map(|field| {
        let rest = place.strip_prefix(field.name.as_str())?;
        match rest.strip_prefix(": ") {
            Some(words) => Some((field, words.to_owned())),
            None => rest.starts_with('/').then(|| (field, violation.to_owned())),
        }
    })
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
    fn a_form_of_more_values_than_there_is_room_for_is_one_text() {
        let mut properties = Map::new();
        for number in 0..70 {
            properties.insert(format!("v{number:02}"), json!({"type": "string"}));
        }
        properties["v69"] = json!({"type": "string", "minLength": 2});
        properties["v01"] = json!({"type": "integer", "default": 7});
        let mut form = form(json!({"type": "object", "required": ["v69"], "properties": properties}));
        let [field] = form.fields() else { panic!("{:?}", form.fields()) };
        assert_eq!(field.entry, Entry::Json(r#"{"v01":7}"#.to_owned()));
        assert!(field.description.contains("v69 (string, has to be given)"), "{}", field.description);
        for (text, problem) in [
            ("", "has to be given"),
            (r#"{"v69":"x"}"#, "v69: "),
            (r#"{"v00":"x"}"#, "\"v69\" is a required property"),
            ("[1]", "no JSON object"),
            ("{", "no JSON"),
        ] {
            write(&mut form, "", text);
            assert!(form.content().is_err(), "{text}");
            let said = form.fields()[0].problem.clone().unwrap_or_default();
            assert!(said.contains(problem), "{text}: {said}");
        }
        write(&mut form, "", r#"{"v69":"xy","v00":"a"}"#);
        let content = form.content().expect("valid").expect("values");
        assert_eq!(content.value(), json!({"v69": "xy", "v00": "a"}));
    }

    #[test]
    fn what_the_server_did_not_describe_is_written_as_one_text() {
        for schema in [
            json!({"type": "object", "required": ["name"]}),
            json!({"type": "object", "required": ["name"], "properties": {"age": {"type": "integer"}}}),
            json!({"type": "object", "minProperties": 1}),
        ] {
            let mut form = form(schema.clone());
            assert!(form.content().is_err(), "{schema}");
            write(&mut form, "", r#"{"name":"Ada"}"#);
            assert_eq!(form.content().expect("valid").expect("values").value(), json!({"name": "Ada"}), "{schema}");
        }
        let mut nothing = form(json!({"type": "object", "properties": {}}));
        assert_eq!(nothing.content().expect("valid").expect("values").value(), json!({}));
    }

    #[test]
    fn what_is_wrong_with_the_values_together_is_said_by_the_form() {
        let mut form = form(json!({"type": "object", "minProperties": 1, "properties": {
            "mail": {"type": "string"}, "phone": {"type": "string"},
        }}));
        assert!(form.content().is_err());
        assert!(form.problem.as_ref().is_some_and(|words| words.contains("propert")), "{:?}", form.problem);
        assert!(form.fields().iter().all(|field| field.problem.is_none()), "{:?}", form.fields());
        write(&mut form, "mail", "ada@example.com");
        assert!(form.content().is_ok() && form.problem.is_none());
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
