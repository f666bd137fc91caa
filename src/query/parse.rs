//! Reads an expression by recursive descent over characters, so that every error knows its column.

use super::ParseError;
use super::operand::Operand;
use super::syntax::{
    DEEPEST, Expression, Field, OPERATORS, Operator, PATH_FIELDS, PLAIN_FIELDS, Test, Word, is_bare, is_path,
};

/// Reads a whole text as one expression.
pub(super) fn expression(text: &str) -> Result<Expression, ParseError> {
    let mut parser = Parser { text: text.chars().collect(), at: 0, depth: 0 };
    parser.space();
    if parser.peek().is_none() {
        return Ok(Expression::All(Vec::new()));
    }
    let expression = parser.any()?;
    match parser.peek() {
        None => Ok(expression),
        Some(_) => Err(parser.expected("the end, or a ( before this )")),
    }
}

struct Parser {
    text: Vec<char>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn any(&mut self) -> Result<Expression, ParseError> {
        let mut parts = vec![self.all()?];
        while self.peek() == Some('|') {
            self.at += 1;
            self.space();
            parts.push(self.all()?);
        }
        let flat = parts.into_iter().flat_map(|part| match part {
            Expression::Any(parts) => parts,
            other => vec![other],
        });
        Ok(one_or(flat.collect(), Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, ParseError> {
        let mut parts = vec![self.part()?];
        loop {
            self.space();
            if matches!(self.peek(), None | Some('|' | ')')) {
                break;
            }
            parts.push(self.part()?);
        }
        let flat = parts.into_iter().flat_map(|part| match part {
            Expression::All(parts) => parts,
            other => vec![other],
        });
        Ok(one_or(flat.collect(), Expression::All))
    }

    fn part(&mut self) -> Result<Expression, ParseError> {
        if self.depth >= DEEPEST {
            return Err(self.expected(&format!("at most {DEEPEST} parentheses and ! inside one another")));
        }
        match self.peek() {
            Some('!') => {
                self.at += 1;
                self.depth += 1;
                let part = self.part()?;
                self.depth -= 1;
                Ok(Expression::Not(Box::new(part)))
            }
            Some('(') => {
                self.at += 1;
                self.depth += 1;
                self.space();
                let inner = self.any()?;
                self.depth -= 1;
                if self.peek() != Some(')') {
                    return Err(self.expected(") for the ( before"));
                }
                self.at += 1;
                Ok(inner)
            }
            None | Some('|' | ')') => Err(self.expected("a word, a field such as tool:get_*, ! or (")),
            Some(c) if c.is_whitespace() => Err(self.expected("something to negate right after the !")),
            Some('"') => self.word().map(Expression::Text),
            Some(_) => self.test_or_word(),
        }
    }

    fn test_or_word(&mut self) -> Result<Expression, ParseError> {
        let start = self.at;
        let name: String = self.take(|c| c.is_alphanumeric() || c == '_' || c == '-');
        let lower = name.to_lowercase();
        let has_path = PATH_FIELDS.contains(&lower.as_str()) && self.peek() == Some('.');
        let field = if has_path {
            let path = self.path()?;
            Some(if lower == "arg" { Field::Arg(path) } else { Field::Result(path) })
        } else {
            PLAIN_FIELDS.iter().find(|(known, _)| *known == lower).map(|(_, field)| field.clone())
        };
        let operator_at = self.at;
        let Some(operator) = self.operator() else {
            if has_path {
                return Err(self.expected("an operator after the path: one of : = != > >= < <="));
            }
            self.at = start;
            return self.word().map(Expression::Text);
        };
        let Some(field) = field else {
            return Err(ParseError { column: start, expected: unknown_field(&name, &lower) });
        };
        let is_order = !matches!(operator, Operator::Match | Operator::Equal | Operator::Differ);
        if is_order && !field.has_order() {
            return Err(ParseError { column: operator_at, expected: format!(": = or != after {lower}") });
        }
        let value_at = self.at;
        let word = self.word()?;
        let operand = Operand::read(&field, operator, &word)
            .map_err(|expected| ParseError { column: value_at, expected: expected.to_owned() })?;
        Ok(Expression::Test(Test { field, operator, word, operand }))
    }

    fn path(&mut self) -> Result<Vec<Word>, ParseError> {
        let mut path = Vec::new();
        while self.peek() == Some('.') {
            self.at += 1;
            path.push(match self.peek() {
                Some('"') => self.quoted()?,
                _ => Word::Bare(self.take(is_path)),
            });
            if path.last().is_some_and(|part| matches!(part, Word::Bare(name) if name.is_empty())) {
                return Err(self.expected("the name of a value, such as arg.customer_id"));
            }
        }
        Ok(path)
    }

    fn operator(&mut self) -> Option<Operator> {
        let rest = &self.text[self.at..];
        let (text, operator) =
            OPERATORS.iter().find(|(text, _)| text.chars().zip(rest).filter(|(a, b)| a == *b).count() == text.len())?;
        self.at += text.len();
        Some(*operator)
    }

    fn word(&mut self) -> Result<Word, ParseError> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let text = self.take(is_bare);
        if text.is_empty() { Err(self.expected("a value, in \"…\" if it has spaces")) } else { Ok(Word::Bare(text)) }
    }

    fn quoted(&mut self) -> Result<Word, ParseError> {
        self.at += 1;
        let mut text = String::new();
        loop {
            match (self.peek(), self.text.get(self.at + 1)) {
                (None, _) => return Err(self.expected("a closing \"")),
                (Some('"'), _) => break,
                (Some('\\'), Some(escaped @ ('"' | '\\'))) => {
                    text.push(*escaped);
                    self.at += 1;
                }
                (Some(c), _) => text.push(c),
            }
            self.at += 1;
        }
        self.at += 1;
        Ok(Word::Quoted(text))
    }

    fn take(&mut self, allowed: impl Fn(char) -> bool) -> String {
        let taken: String = self.text[self.at..].iter().copied().take_while(|c| allowed(*c)).collect();
        self.at += taken.chars().count();
        taken
    }

    fn space(&mut self) {
        self.take(char::is_whitespace);
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn expected(&self, expected: &str) -> ParseError {
        ParseError { column: self.at, expected: expected.to_owned() }
    }
}

fn one_or(mut parts: Vec<Expression>, many: impl Fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.len() {
        1 => parts.remove(0),
        _ => many(parts),
    }
}

fn unknown_field(name: &str, lower: &str) -> String {
    let names = || PLAIN_FIELDS.iter().map(|(known, _)| *known).chain(PATH_FIELDS.iter().copied());
    if PATH_FIELDS.contains(&lower) {
        return format!("a path after {lower}, such as {lower}.customer_id");
    }
    // Two letters of three may be anything.
    let is_near = |known: &&str| strsim::damerau_levenshtein(known, lower) <= (lower.chars().count() / 2).min(2);
    match names().find(|known| !name.is_empty() && is_near(known)) {
        Some(near) => format!("a field; {name:?} is none, perhaps {near}"),
        None => {
            let all: Vec<&str> = names().collect();
            let meant = if name.is_empty() { String::new() } else { format!("; an argument is arg.{name}") };
            format!("a field ({}), or quotes around text that has : = < or >{meant}", all.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::Query;

    fn word() -> impl Strategy<Value = Word> {
        prop_oneof!["[a-z*_-]{1,6}".prop_map(Word::Bare), "[ -~äµ]{0,6}".prop_map(Word::Quoted)]
    }

    fn test() -> impl Strategy<Value = Expression> {
        let path = prop::collection::vec(
            prop_oneof!["[a-z0-9_]{1,4}".prop_map(Word::Bare), "[ -~]{0,4}".prop_map(Word::Quoted)],
            1..3,
        );
        let operator = prop::sample::select(OPERATORS).prop_map(|(_, operator)| operator);
        let text_operator = prop::sample::select(vec![Operator::Match, Operator::Equal, Operator::Differ]);
        let names = prop::sample::select(vec![Field::Server, Field::Tool, Field::Model, Field::Kind, Field::Text]);
        let numbers = prop::sample::select(vec![Field::Turn, Field::Call, Field::Bytes, Field::Dur, Field::At]);
        let number = (0_u32..5000).prop_map(|number| Word::Bare(number.to_string()));
        prop_oneof![
            (names, text_operator, word()),
            (numbers, operator.clone(), number),
            (path.prop_map(Field::Arg), operator, word()),
        ]
        .prop_map(|(field, operator, word)| {
            let operand = Operand::read(&field, operator, &word).expect("an operand of this field");
            Expression::Test(Test { field, operator, word, operand })
        })
    }

    fn expressions() -> impl Strategy<Value = Expression> {
        let leaf = prop_oneof![word().prop_map(Expression::Text), test()];
        leaf.prop_recursive(4, 24, 3, |inner| {
            let many = || prop::collection::vec(inner.clone(), 2..4);
            let all = many().prop_map(|parts| {
                Expression::All(
                    parts
                        .into_iter()
                        .map(|part| match part {
                            all @ Expression::All(_) => Expression::Not(Box::new(all)),
                            other => other,
                        })
                        .collect(),
                )
            });
            let any = many().prop_map(|parts| {
                Expression::Any(
                    parts
                        .into_iter()
                        .map(|part| match part {
                            any @ Expression::Any(_) => Expression::Not(Box::new(any)),
                            other => other,
                        })
                        .collect(),
                )
            });
            prop_oneof![all, any, inner.prop_map(|part| Expression::Not(Box::new(part)))]
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_to_the_same(tree in expressions()) {
            let printed = tree.to_string();
            prop_assert_eq!(expression(&printed).map_err(|error| format!("{printed}: {error}")), Ok(tree));
        }

        #[test]
        fn any_text_parses_or_has_an_error_inside_it(text in "[ -~|()!\"äµ€:.=<>]{0,40}") {
            match text.parse::<Query>() {
                Ok(query) => prop_assert_eq!(query.to_string().parse::<Query>(), Ok(query)),
                Err(error) => prop_assert!(error.column <= text.chars().count() && !error.expected.is_empty()),
            }
        }
    }
}
