//! Expressions as trees, and how they are printed.

use std::fmt::{self, Display};

use super::operand::Operand;

/// Parentheses and negations inside one another.
pub(super) const DEEPEST: usize = 64;

/// An expression. Parts of `All` are never `All`, parts of `Any` never `Any`, and neither has exactly one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// Every part holds.
    All(Vec<Expression>),
    /// Some part holds.
    Any(Vec<Expression>),
    /// The part does not hold.
    Not(Box<Expression>),
    /// A bare word.
    Text(Word),
    /// A field compared with a value.
    Test(Test),
}

/// A field compared with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Test {
    pub field: Field,
    pub operator: Operator,
    /// As it was written.
    pub word: Word,
    /// What it means for this field.
    pub operand: Operand,
}

/// Text of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// `*` stands for any characters.
    Bare(String),
    /// Every character stands for itself.
    Quoted(String),
}

/// What can be tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Server,
    Tool,
    Model,
    Kind,
    Text,
    Status,
    Ann,
    Turn,
    Step,
    Call,
    Dur,
    Bytes,
    At,
    Arg(Vec<Word>),
    Result(Vec<Word>),
}

/// How it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Match,
    Equal,
    Differ,
    Greater,
    AtLeast,
    Less,
    AtMost,
}

/// Fields without a path, by name.
pub(super) const PLAIN_FIELDS: &[(&str, Field)] = &[
    ("server", Field::Server),
    ("tool", Field::Tool),
    ("model", Field::Model),
    ("kind", Field::Kind),
    ("text", Field::Text),
    ("status", Field::Status),
    ("ann", Field::Ann),
    ("turn", Field::Turn),
    ("step", Field::Step),
    ("call", Field::Call),
    ("dur", Field::Dur),
    ("bytes", Field::Bytes),
    ("at", Field::At),
];

/// Fields with a path, by name.
pub(super) const PATH_FIELDS: &[&str] = &["arg", "result"];

/// Longer ones first, so that `>=` is not read as `>`.
pub(super) const OPERATORS: &[(&str, Operator)] = &[
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("!=", Operator::Differ),
    (":", Operator::Match),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
];

impl Field {
    /// Whether `<` and `>` make sense.
    pub(super) fn has_order(&self) -> bool {
        match self {
            Self::Turn | Self::Step | Self::Call | Self::Dur | Self::Bytes | Self::At => true,
            Self::Arg(_) | Self::Result(_) => true,
            Self::Server | Self::Tool | Self::Model | Self::Kind | Self::Text | Self::Status | Self::Ann => false,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Arg(_) => "arg",
            Self::Result(_) => "result",
            plain => PLAIN_FIELDS.iter().find(|(_, field)| field == plain).map_or("", |(name, _)| name),
        }
    }

    fn path(&self) -> &[Word] {
        match self {
            Self::Arg(path) | Self::Result(path) => path,
            Self::Server | Self::Tool | Self::Model | Self::Kind | Self::Text | Self::Status | Self::Ann => &[],
            Self::Turn | Self::Step | Self::Call | Self::Dur | Self::Bytes | Self::At => &[],
        }
    }
}

impl Word {
    /// The characters, whatever they stand for.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Bare(text) | Self::Quoted(text) => text,
        }
    }
}

/// Whether a character may stand in a bare word.
pub(super) fn is_bare(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '|' | '(' | ')' | '"')
}

/// Whether a character may stand in a bare part of a path.
pub(super) fn is_path(c: char) -> bool {
    is_bare(c) && !matches!(c, '.' | ':' | '=' | '!' | '<' | '>')
}

impl Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => joined(f, parts, " "),
            Self::Any(parts) => joined(f, parts, " | "),
            Self::Not(part) => {
                f.write_str("!")?;
                grouped(f, part)
            }
            Self::Text(word) => word.fmt(f),
            Self::Test(test) => test.fmt(f),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Expression], between: &str) -> fmt::Result {
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            f.write_str(between)?;
        }
        match part {
            // AND binds closer than OR and needs no parentheses inside it.
            Expression::All(_) if between == " | " => part.fmt(f)?,
            _ => grouped(f, part)?,
        }
    }
    Ok(())
}

fn grouped(f: &mut fmt::Formatter<'_>, part: &Expression) -> fmt::Result {
    match part {
        Expression::All(_) | Expression::Any(_) => write!(f, "({part})"),
        Expression::Not(_) | Expression::Text(_) | Expression::Test(_) => part.fmt(f),
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field.name())?;
        for part in self.field.path() {
            write!(f, ".{part}")?;
        }
        let operator = OPERATORS.iter().find(|(_, operator)| *operator == self.operator);
        write!(f, "{}{}", operator.map_or("", |(text, _)| text), self.word)
    }
}

impl Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare(text) => f.write_str(text),
            Self::Quoted(text) => write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    }
}
