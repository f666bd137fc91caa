//! The templates that word an answer, with the filters they may use.

use minijinja::{Environment, UndefinedBehavior, Value};

/// An environment without forms yet.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.add_filter("plain", |text: String| text.replace('_', " "));
    environment.add_filter("money", |value: Value| super::answer::values::money_of(&value));
    environment.add_filter("day", |text: String| text.get(..10).unwrap_or(&text).to_owned());
    environment.add_filter("article", |text: String| format!("{} {text}", article(&text)));
    environment
}

/// "a" or "an".
pub(super) fn article(text: &str) -> &'static str {
    let low = text.to_lowercase();
    if low.starts_with(['a', 'e', 'i', 'o']) || low.starts_with("sla") || low.starts_with("un") { "an" } else { "a" }
}

/// A form filled in; a broken one gives its name and what is wrong, so that a user's file can be corrected.
pub(super) fn fill(forms: &Environment<'static>, name: &str, values: Value) -> String {
    let rendered = forms.get_template(name).and_then(|template| template.render(values));
    rendered.map_or_else(|error| format!("[form {name}: {error}]"), |text| squeeze(&text))
}

/// Whether there is such a form.
pub(super) fn has(forms: &Environment<'static>, name: &str) -> bool {
    forms.get_template(name).is_ok()
}

/// Spaces that a template's empty parts leave behind.
fn squeeze(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.trim().lines() {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        if !out.is_empty() {
            out.push('\n');
        }
        let indent = line.len() - line.trim_start().len();
        out.push_str(&" ".repeat(indent));
        out.push_str(&words.join(" ").replace(" .", ".").replace(" ,", ",").replace(" :", ":"));
    }
    out
}
