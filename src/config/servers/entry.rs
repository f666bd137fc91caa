//! One server of a file: from what is written to how it is reached.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri};
use serde::Deserialize;
use serde_json::Value;

use crate::mcp::{Era, Limits, Make, Naming, Program, Reach, Remote, RemoteKind, ServerSpec, Trust};

use super::secrets::Secrets;
use super::variables::Variables;

/// Restarts of a server before it counts as failed.
pub const RESTARTS: u32 = 5;

/// What can be written of a server, each with its form.
const KEYS: &[(&str, Form)] = &[
    ("type", Form::Text),
    ("command", Form::Text),
    ("args", Form::Texts),
    ("env", Form::NamedTexts),
    ("cwd", Form::Text),
    ("url", Form::Text),
    ("headers", Form::NamedTexts),
    ("disabled", Form::Switch),
    ("era", Form::Text),
    ("trust", Form::Switch),
    ("timeout_ms", Form::Milliseconds),
    ("start_timeout_ms", Form::Milliseconds),
    ("list_timeout_ms", Form::Milliseconds),
];

/// What form a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Texts,
    NamedTexts,
    Switch,
    Milliseconds,
}

/// A part of an entry that has not the form it should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The names that lead to it; empty for the entry itself.
    pub path: Vec<String>,
    /// What it has to be, and is, in words; its value, which may be a secret, is not in it.
    pub words: String,
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.path.is_empty() {
            true => f.write_str(&self.words),
            false => write!(f, "field {:?}: {}", self.path.join("."), self.words),
        }
    }
}

/// A server as it is written, variables not put in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// `stdio`, `http`, `streamable-http` or `sse`; by default what `command` or `url` says.
    pub r#type: Option<String>,
    /// The program.
    pub command: Option<String>,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables it gets besides the allow-list.
    pub env: BTreeMap<String, String>,
    /// Its working directory; one that is not absolute counts from the file's project.
    pub cwd: Option<String>,
    /// The address of a server over HTTP.
    pub url: Option<String>,
    /// Sent to it with every request.
    pub headers: BTreeMap<String, String>,
    /// Whether it is switched off.
    pub disabled: bool,
    era: Option<String>,
    trust: bool,
    timeout_ms: Option<u64>,
    start_timeout_ms: Option<u64>,
    list_timeout_ms: Option<u64>,
}

impl Entry {
    /// Reads an entry.
    ///
    /// # Errors
    /// The first part that has not the form it should have.
    pub fn parse(value: &Value) -> Result<Self, Misfit> {
        let whole = |words: String| Misfit { path: Vec::new(), words };
        let fields = value.as_object().ok_or_else(|| whole(format!("it must be an object, not {}", kind(value))))?;
        for (key, form) in KEYS {
            fields.get(*key).map_or(Ok(()), |value| fits(*form, key, value))?;
        }
        Self::deserialize(value).map_err(|error| whole(error.to_string()))
    }

    /// Whether a server has a field of this name.
    #[must_use]
    pub fn knows(key: &str) -> bool {
        KEYS.iter().any(|(known, _)| *known == key)
    }

    /// Whether what it says of its tools is believed.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.trust
    }

    /// The server, its variables put in. What is to be kept out of recordings of that is added to `secrets`.
    ///
    /// # Errors
    /// The field that cannot be used, and why.
    pub fn spec(&self, name: &str, variables: &mut Variables<'_>, secrets: &mut Secrets) -> Result<ServerSpec, String> {
        let seen_before = variables.seen.len();
        let reach = self.reach(variables, secrets)?;
        variables.seen[seen_before..].iter().for_each(|(name, value)| secrets.put_in(name, value));
        let era = match self.era.as_deref() {
            None | Some("auto") => Era::Auto,
            Some("legacy") => Era::Legacy,
            Some("modern") => Era::Modern,
            Some(other) => return Err(format!("field \"era\": {other:?} is none of auto, legacy, modern")),
        };
        Ok(ServerSpec {
            name: name.into(),
            reach,
            era,
            naming: Naming::Prefixed,
            limits: self.limits(),
            restarts: RESTARTS,
            trust: if self.trust { Trust::Trusted } else { Trust::Untrusted },
        })
    }

    fn reach(&self, variables: &mut Variables<'_>, secrets: &mut Secrets) -> Result<Reach, String> {
        let kind = match (self.r#type.as_deref(), &self.command, &self.url) {
            (Some("stdio"), ..) | (None, Some(_), None) => None,
            (Some("http" | "streamable-http"), ..) | (None, None, Some(_)) => Some(RemoteKind::Streamable),
            (Some("sse"), ..) => Some(RemoteKind::Sse),
            (Some(other), ..) => {
                return Err(format!("field \"type\": {other:?} is none of stdio, http, streamable-http, sse"));
            }
            (None, None, None) => return Err("field \"command\" is missing (or \"url\")".into()),
            (None, Some(_), Some(_)) => return Err("fields \"command\" and \"url\": only one of them can be".into()),
        };
        match kind {
            None => self.program(variables, secrets).map(Reach::Program),
            Some(kind) => self.remote(kind, variables, secrets).map(Reach::Remote),
        }
    }

    fn program(&self, variables: &mut Variables<'_>, secrets: &mut Secrets) -> Result<Program, String> {
        let command = self.command.as_deref().ok_or("field \"command\" is missing")?;
        let command = PathBuf::from(expanded(variables, "command", command)?);
        let args = self.args.iter().map(|arg| expanded(variables, "args", arg)).collect::<Result<Vec<_>, _>>()?;
        secrets.args(&args);
        let mut env = BTreeMap::new();
        for (name, text) in &self.env {
            let value = expanded(variables, &format!("env.{name}"), text)?;
            secrets.field(name, &value);
            env.insert(name.clone(), value);
        }
        let cwd = self.cwd.as_deref().map(|cwd| expanded(variables, "cwd", cwd)).transpose()?;
        Ok(Program { command, args, env, cwd: cwd.map(|cwd| variables.folder().join(cwd)), make: Make::Foreign })
    }

    fn remote(&self, kind: RemoteKind, variables: &mut Variables<'_>, secrets: &mut Secrets) -> Result<Remote, String> {
        let url = expanded(variables, "url", self.url.as_deref().ok_or("field \"url\" is missing")?)?;
        let parsed = url.parse::<Uri>().ok();
        let is_http = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
        if !parsed.is_some_and(|uri| is_http(&uri) && uri.host().is_some_and(|host| !host.is_empty())) {
            return Err("field \"url\": it must begin with http:// or https:// and name a host".into());
        }
        secrets.address(&url);
        let mut headers = BTreeMap::new();
        for (name, text) in &self.headers {
            let field = format!("headers.{name}");
            let value = expanded(variables, &field, text)?;
            HeaderName::try_from(name.as_str()).map_err(|_| format!("field {field:?} is no name of a header"))?;
            HeaderValue::try_from(value.as_str())
                .map_err(|_| format!("field {field:?} holds a character that no header can carry"))?;
            secrets.field(name, &value);
            headers.insert(name.clone(), value);
        }
        Ok(Remote { url, headers, kind })
    }

    fn limits(&self) -> Limits {
        let default = Limits::default();
        let ms = |field: Option<u64>, default| field.map_or(default, |ms| Duration::from_millis(ms.max(1)));
        let call = ms(self.timeout_ms, default.call);
        Limits {
            start: ms(self.start_timeout_ms, default.start),
            list: ms(self.list_timeout_ms, default.list),
            call,
            call_total: default.call_total.max(call),
        }
    }
}

/// A server whose entry cannot be used, for this reason.
pub fn unusable(name: &str, reason: String) -> ServerSpec {
    ServerSpec {
        name: name.into(),
        reach: Reach::Nowhere(reason),
        era: Era::Auto,
        naming: Naming::Prefixed,
        limits: Limits::default(),
        restarts: 0,
        trust: Trust::Untrusted,
    }
}

/// Whether a field has its form; `null` is the same as no field where nothing else is allowed to be absent.
fn fits(form: Form, key: &str, value: &Value) -> Result<(), Misfit> {
    let misfit = |inner: Option<String>, must: &str, value: &Value| {
        let path = std::iter::once(key.to_owned()).chain(inner).collect();
        Err(Misfit { path, words: format!("it must be {must}, not {}", kind(value)) })
    };
    match form {
        Form::Text if value.is_string() || value.is_null() => Ok(()),
        Form::Text => misfit(None, "text", value),
        Form::Switch if value.is_boolean() => Ok(()),
        Form::Switch => misfit(None, "true or false", value),
        Form::Milliseconds if value.is_u64() || value.is_null() => Ok(()),
        Form::Milliseconds => misfit(None, "a whole number of milliseconds", value),
        Form::Texts => match value.as_array() {
            None => misfit(None, "a list of texts", value),
            Some(items) => match items.iter().enumerate().find(|(_, item)| !item.is_string()) {
                Some((at, item)) => misfit(Some(at.to_string()), "text, in quotes", item),
                None => Ok(()),
            },
        },
        Form::NamedTexts => match value.as_object() {
            None => misfit(None, "an object of texts", value),
            Some(fields) => match fields.iter().find(|(_, text)| !text.is_string()) {
                Some((name, text)) => misfit(Some(name.clone()), "text, in quotes", text),
                None => Ok(()),
            },
        },
    }
}

/// What a value is, without what is in it.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_u64() => "a number",
        Value::Number(number) if number.is_i64() => "a negative number",
        Value::Number(_) => "a fraction",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn expanded(variables: &mut Variables<'_>, field: &str, text: &str) -> Result<String, String> {
    variables.expand(text).map_err(|reason| format!("field {field:?}: {reason}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn spec(text: &str) -> (Result<ServerSpec, String>, Secrets) {
        let lookup = |name: &str| (!name.starts_with("NO")).then(|| format!("value 1 of {name}"));
        let entry = Entry::parse(&serde_json::from_str(text).expect("JSON")).expect("an entry");
        let mut secrets = Secrets::default();
        let spec = entry.spec("a", &mut Variables::new(&lookup, Path::new("/project")), &mut secrets);
        (spec, secrets)
    }

    #[test]
    fn what_is_put_in_and_what_is_written_under_a_telling_name_is_secret() {
        let (spec, secrets) = spec(
            r#"{"command":"${BIN}","args":["--token=${TOKEN}","${HOME}","${NO:-plain text}","--api-key","my own key"],
            "env":{"AUTH":"Bearer ${KEY}","LEVEL":"critical"},"cwd":"${DIR}/x"}"#,
        );
        for text in ["value 1 of BIN", "value 1 of TOKEN", "value 1 of KEY", "value 1 of DIR", "my own key"] {
            assert!(secrets.hide(text).starts_with("‹secret:"), "{text}");
        }
        for text in ["value 1 of HOME", "plain text", "critical"] {
            assert_eq!(secrets.hide(text), text);
        }
        let Reach::Program(program) = spec.expect("a server").reach else { panic!("a program") };
        assert_eq!(program.cwd, Some("/project/value 1 of DIR/x".into()));
    }

    #[test]
    fn a_server_over_http_has_its_headers_filled_in() {
        let (spec, secrets) =
            spec(r#"{"url":"https://x.test/mcp?token=tok-query","headers":{"Authorization":"Bearer ${env:KEY}"}}"#);
        let headers = BTreeMap::from([("Authorization".to_owned(), "Bearer value 1 of KEY".to_owned())]);
        let remote = Remote { url: "https://x.test/mcp?token=tok-query".into(), headers, kind: RemoteKind::Streamable };
        let shown = secrets.hide("https://x.test/mcp?token=tok-query, Bearer value 1 of KEY");
        assert!(shown.starts_with("https://x.test/mcp?‹secret:query:") && shown.contains(", ‹secret:Authorization:"));
        assert_eq!(spec.expect("a server").reach, Reach::Remote(remote));
    }

    #[test]
    fn what_cannot_be_used_names_its_field() {
        for (text, reason) in [
            (r"{}", "field \"command\" is missing (or \"url\")"),
            (r#"{"command":"x","url":"http://y"}"#, "fields \"command\" and \"url\": only one of them can be"),
            (r#"{"command":"x","env":{"K":"${NO}"}}"#, "field \"env.K\": the variable NO is not set"),
            (r#"{"type":"ws","url":"x"}"#, "field \"type\": \"ws\" is none of stdio, http, streamable-http, sse"),
            (r#"{"url":"file:///x"}"#, "field \"url\": it must begin with http:// or https:// and name a host"),
            (r#"{"url":"http://x","headers":{"a b":"c"}}"#, "field \"headers.a b\" is no name of a header"),
            (
                r#"{"url":"http://x","headers":{"a":"b\nc"}}"#,
                "field \"headers.a\" holds a character that no header can carry",
            ),
            (r#"{"command":"x","era":"old"}"#, "field \"era\": \"old\" is none of auto, legacy, modern"),
        ] {
            assert_eq!(spec(text).0.expect_err(text), reason);
        }
    }

    #[test]
    fn a_field_without_its_form_is_named_and_its_value_is_not_told() {
        for (text, words) in [
            ("5", "it must be an object, not a number"),
            (r#"{"command":5}"#, "field \"command\": it must be text, not a number"),
            (r#"{"args":"x y"}"#, "field \"args\": it must be a list of texts, not text"),
            (r#"{"args":["x",8080]}"#, "field \"args.1\": it must be text, in quotes, not a number"),
            (r#"{"env":{"PORT":8080}}"#, "field \"env.PORT\": it must be text, in quotes, not a number"),
            (r#"{"headers":["a: b"]}"#, "field \"headers\": it must be an object of texts, not a list"),
            (r#"{"disabled":"true"}"#, "field \"disabled\": it must be true or false, not text"),
            (
                r#"{"timeout_ms":-1}"#,
                "field \"timeout_ms\": it must be a whole number of milliseconds, not a negative number",
            ),
            (
                r#"{"timeout_ms":1.5}"#,
                "field \"timeout_ms\": it must be a whole number of milliseconds, not a fraction",
            ),
        ] {
            let misfit = Entry::parse(&serde_json::from_str(text).expect("JSON")).expect_err(text);
            assert_eq!(misfit.to_string(), words);
        }
        let empty = serde_json::json!({"type":null,"cwd":null,"timeout_ms":null});
        assert!(Entry::parse(&empty).is_ok(), "null is the same as nothing");
    }

    #[test]
    fn waits_are_as_long_as_the_file_says() {
        let limits = |text| spec(text).0.expect("a server").limits;
        let slow = limits(r#"{"command":"x","timeout_ms":900000,"start_timeout_ms":7,"list_timeout_ms":8}"#);
        assert_eq!((slow.call.as_millis(), slow.call_total), (900_000, slow.call));
        assert_eq!((slow.start.as_millis(), slow.list.as_millis()), (7, 8));
        let quick = limits(r#"{"command":"x","timeout_ms":5}"#);
        assert_eq!((quick.call.as_millis(), quick.call_total), (5, Limits::default().call_total));
    }
}
