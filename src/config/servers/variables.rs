//! Variables in server files: `${VAR}`, `${VAR:-default}`, `${env:VAR}`, and the folders editors have names for.

use std::path::Path;

/// What can be put in, and what was.
#[expect(missing_debug_implementations, reason = "it holds values that are nobody's to print")]
pub struct Variables<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    folder: &'a Path,
    /// Name and value of each environment variable that was put in.
    pub seen: Vec<(String, String)>,
}

impl<'a> Variables<'a> {
    /// Variables of the environment that `lookup` gives, for a file whose project is `folder`.
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>, folder: &'a Path) -> Self {
        Self { lookup, folder, seen: Vec::new() }
    }

    /// The project's folder.
    pub fn folder(&self) -> &Path {
        self.folder
    }

    /// Puts every variable of `text` in. A `$` that does not begin one stays as it is.
    ///
    /// # Errors
    /// A variable that is unset or empty and has no default; one that only an editor could ask for; one that does not end.
    pub fn expand(&mut self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((inside, behind)) = after.split_once('}') else {
                return Err(format!("\"${{{after}\" has no closing }}"));
            };
            out.push_str(before);
            out.push_str(&self.value(inside)?);
            rest = behind;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn value(&mut self, inside: &str) -> Result<String, String> {
        match inside {
            "workspaceFolder" => return Ok(self.folder.display().to_string()),
            "userHome" => return self.variable("HOME", None),
            _ => {}
        }
        let inside = inside.strip_prefix("env:").unwrap_or(inside);
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        match name.split_once(':') {
            Some(("input", id)) => Err(format!(
                "${{input:{id}}} is asked for by VS Code only; put the value into an environment variable and write ${{env:NAME}}"
            )),
            Some(_) => Err(format!("${{{inside}}} is none of ${{VAR}}, ${{VAR:-default}} and ${{env:VAR}}")),
            None => self.variable(name, default),
        }
    }

    fn variable(&mut self, name: &str, default: Option<&str>) -> Result<String, String> {
        match ((self.lookup)(name).filter(|value| !value.is_empty()), default) {
            (Some(value), _) => {
                self.seen.push((name.to_owned(), value.clone()));
                Ok(value)
            }
            (None, Some(default)) => Ok(default.to_owned()),
            (None, None) => Err(format!("the variable {name} is not set")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> (Result<String, String>, Vec<(String, String)>) {
        let lookup = |name: &str| (name == "HOME").then(|| "/h".to_owned());
        let mut variables = Variables::new(&lookup, Path::new("/work"));
        let result = variables.expand(text);
        (result, variables.seen)
    }

    #[test]
    fn variables_are_put_in_and_an_unset_one_is_named() {
        let (text, seen) = expanded("${HOME}/x ${env:HOME} ${NO:-d} ${env:NO:-} $5 $");
        assert_eq!(text.as_deref(), Ok("/h/x /h d  $5 $"));
        assert_eq!(seen, vec![("HOME".to_owned(), "/h".to_owned()); 2]);
        assert_eq!(expanded("${NO}").0, Err("the variable NO is not set".into()));
        assert_eq!(expanded("${HOME}/${HOME/x").0, Err("\"${HOME/x\" has no closing }".into()));
    }

    #[test]
    fn folders_of_editors_are_known_and_their_questions_are_refused_with_words() {
        assert_eq!(expanded("${workspaceFolder}/a ${userHome}").0.as_deref(), Ok("/work/a /h"));
        let refused = expanded("${input:key}").0.expect_err("refused");
        assert!(refused.contains("${input:key}") && refused.contains("${env:NAME}"), "{refused}");
        let unknown = expanded("${command:x}").0.expect_err("refused");
        assert!(unknown.starts_with("${command:x} is none of"), "{unknown}");
    }
}
