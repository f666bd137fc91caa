//! From words to items: phrases with their meanings, named records, spans of days, numbers, and the unknown rest.

use std::collections::HashMap;

use jiff::civil::Date;

use super::dates::{self, Direction};
use super::directory::Directory;
use super::frame::{DateSpan, Mention};
use super::knowledge::{FieldId, KindId, Knowledge, Role};
use super::lexicon::{Meaning, Naming, Strength};
use super::mention;
use super::text::{self, Gap, Word};

/// What a placeholder in a composite's or runbook's step stands for.
#[derive(Clone, Debug)]
pub(super) enum Binding {
    /// A record by id or name.
    Mention(Mention),
    /// Words taken as a proper name.
    Name(String),
}

/// What is needed to read a question.
pub(super) struct Reader<'a> {
    pub knowledge: &'a Knowledge,
    pub directory: &'a Directory,
    pub today: Date,
    pub bindings: &'a HashMap<String, Binding>,
}

/// A piece of a question.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub gap: Gap,
    /// As typed.
    pub raw: String,
    /// The first word in lower case.
    pub low: String,
    pub possessive: bool,
    pub what: What,
}

/// What a piece is.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A known phrase with everything it may mean.
    Phrase(Vec<Meaning>),
    /// A named record.
    Record(Mention),
    /// Days.
    Days(DateSpan),
    /// A number that names nothing.
    Number(i64),
    /// "the second one": a position from 0.
    Position(usize),
    /// A proper name nobody knows yet; by its capitals, or just by being unknown.
    Unknown { capital: bool },
    /// Text in quotation marks.
    Quoted,
}

impl Item {
    fn meanings(&self) -> &[Meaning] {
        match &self.what {
            What::Phrase(meanings) => meanings,
            What::Record(_)
            | What::Days(_)
            | What::Number(_)
            | What::Position(_)
            | What::Unknown { .. }
            | What::Quoted => &[],
        }
    }

    /// Whether a small word does this here.
    pub(super) fn has(&self, role: Role) -> bool {
        self.meanings().contains(&Meaning::Role(role))
    }

    /// The kinds it may name, firmly or else weakly.
    pub(super) fn kind(&self) -> Option<(KindId, Strength)> {
        let kinds = || {
            self.meanings().iter().filter_map(|meaning| match meaning {
                Meaning::Kind(kind, strength) => Some((*kind, *strength)),
                Meaning::Value(..)
                | Meaning::Field(..)
                | Meaning::Role(_)
                | Meaning::Superlative(_)
                | Meaning::Composite(_)
                | Meaning::Topic => None,
            })
        };
        kinds().find(|(_, strength)| *strength == Strength::Strong).or_else(|| kinds().next())
    }

    /// The conditions it may state.
    pub(super) fn values(&self) -> Vec<(KindId, super::frame::Filter, Naming)> {
        self.meanings()
            .iter()
            .filter_map(|meaning| match meaning {
                Meaning::Value(kind, filter, naming) => Some((*kind, filter.clone(), *naming)),
                Meaning::Kind(..)
                | Meaning::Field(..)
                | Meaning::Role(_)
                | Meaning::Superlative(_)
                | Meaning::Composite(_)
                | Meaning::Topic => None,
            })
            .collect()
    }

    /// The fields it may name.
    pub(super) fn fields(&self) -> Vec<(KindId, FieldId)> {
        self.meanings()
            .iter()
            .filter_map(|meaning| match meaning {
                Meaning::Field(kind, field) => Some((*kind, *field)),
                Meaning::Kind(..)
                | Meaning::Value(..)
                | Meaning::Role(_)
                | Meaning::Superlative(_)
                | Meaning::Composite(_)
                | Meaning::Topic => None,
            })
            .collect()
    }

    /// The superlative it is.
    pub(super) fn superlative(&self) -> Option<usize> {
        self.meanings().iter().find_map(|meaning| match meaning {
            Meaning::Superlative(index) => Some(*index),
            Meaning::Kind(..)
            | Meaning::Value(..)
            | Meaning::Field(..)
            | Meaning::Role(_)
            | Meaning::Composite(_)
            | Meaning::Topic => None,
        })
    }

    /// The composites it asks for.
    pub(super) fn composites(&self) -> Vec<usize> {
        self.meanings()
            .iter()
            .filter_map(|meaning| match meaning {
                Meaning::Composite(index) => Some(*index),
                Meaning::Kind(..)
                | Meaning::Value(..)
                | Meaning::Field(..)
                | Meaning::Role(_)
                | Meaning::Superlative(_)
                | Meaning::Topic => None,
            })
            .collect()
    }

    /// Whether it is a technical word.
    pub(super) fn is_topic(&self) -> bool {
        self.meanings().contains(&Meaning::Topic)
    }

    /// Whether it carries nothing but a small role, or nothing at all.
    pub(super) fn is_small(&self) -> bool {
        matches!(&self.what, What::Phrase(meanings) if meanings.iter().all(|meaning| matches!(meaning, Meaning::Role(_))))
    }

    /// Whether it says something about the domain.
    pub(super) fn is_content(&self) -> bool {
        !self.is_small()
    }
}

/// Reads a question into items.
pub(super) fn read(reader: &Reader<'_>, question: &str) -> Vec<Item> {
    let mut words = text::words(question, &reader.knowledge.synonyms);
    settle_capitals(reader, &mut words);
    let words = split_hyphens(reader, words);
    let words = correct(reader, words);
    let direction = direction(reader, &words);
    let mut items = Vec::new();
    let mut taken: Vec<usize> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if taken.contains(&at) {
            at += 1;
            continue;
        }
        let (item, used, beyond) = item_at(reader, &words, at, direction);
        taken.extend(beyond);
        items.push(item);
        at += used.max(1);
    }
    join_names(items)
}

fn item(words: &[Word], at: usize, used: usize, what: What) -> Item {
    let covered = words.get(at..at + used).unwrap_or_default();
    Item {
        gap: covered.first().map_or(Gap::None, |word| word.gap),
        raw: covered.iter().map(|word| word.raw.as_str()).collect::<Vec<_>>().join(" "),
        low: covered.first().map(|word| word.low.clone()).unwrap_or_default(),
        possessive: covered.last().is_some_and(|word| word.possessive),
        what,
    }
}

fn item_at(reader: &Reader<'_>, words: &[Word], at: usize, direction: Direction) -> (Item, usize, Vec<usize>) {
    let done = |what: What, used: usize| (item(words, at, used, what), used, Vec::new());
    let Some(word) = words.get(at) else { return done(What::Unknown { capital: false }, 1) };
    if let Some(binding) = word.low.strip_prefix('§').and_then(|name| reader.bindings.get(name)) {
        return match binding {
            Binding::Mention(mention) => done(What::Record(mention.clone()), 1),
            Binding::Name(name) => {
                let (mut item, used, beyond) = done(What::Unknown { capital: true }, 1);
                item.raw.clone_from(name);
                (item, used, beyond)
            }
        };
    }
    if let Some(quote) = word.quote {
        let used = words.iter().skip(at).take_while(|word| word.quote == Some(quote)).count();
        let inner = words.get(at..at + used).unwrap_or_default();
        let named =
            mention::mention_at(reader.knowledge, inner, 0, reader.today.year()).filter(|found| found.1 == used);
        return match named {
            Some((mention, _)) => done(What::Record(mention), used),
            None => done(What::Quoted, used),
        };
    }
    if let Some((mention, used)) = reader.directory.named(words, at) {
        return done(What::Record(mention), used);
    }
    let phrase = reader.knowledge.lexicon.longest(words, at);
    let covered = phrase.as_ref().map_or(0, |phrase| phrase.words);
    if let Some((mention, used)) =
        mention::mention_at(reader.knowledge, words, at, reader.today.year()).filter(|m| m.1 >= covered)
    {
        return done(What::Record(mention), used);
    }
    if let Some((span, used)) = dates::span_at(words, at, reader.today, direction).filter(|found| {
        let alone = found.1 == 1 && matches!(word.low.as_str(), "may" | "march" | "mar" | "sun" | "sat");
        found.1 >= covered && !alone
    }) {
        return done(What::Days(span), used);
    }
    if let Some(position) = position(words, at) {
        return done(What::Position(position.0), position.1);
    }
    if let Some(phrase) = phrase {
        let mut found = done(What::Phrase(phrase.meaning), phrase.words);
        found.2 = phrase.beyond;
        return found;
    }
    match dates::number(&word.low) {
        Some(number) => done(What::Number(number), 1),
        None => done(What::Unknown { capital: word.capital }, 1),
    }
}

/// `the second one`, `the 3rd ticket`, `number 2`.
fn position(words: &[Word], at: usize) -> Option<(usize, usize)> {
    const ORDINALS: [(&str, &str); 8] = [
        ("first", "1st"),
        ("second", "2nd"),
        ("third", "3rd"),
        ("fourth", "4th"),
        ("fifth", "5th"),
        ("sixth", "6th"),
        ("seventh", "7th"),
        ("eighth", "8th"),
    ];
    let word = &words.get(at)?.low;
    let next = words.get(at + 1).map_or("", |word| word.low.as_str());
    if matches!(word.as_str(), "number" | "option" | "choice" | "nr")
        && dates::number(next).is_some_and(|n| (1..=50).contains(&n))
    {
        return dates::number(next).and_then(|number| usize::try_from(number - 1).ok()).map(|position| (position, 2));
    }
    let before = at.checked_sub(1).and_then(|at| words.get(at)).map_or("", |word| word.low.as_str());
    let index = ORDINALS.iter().position(|(long, short)| word == long || word == short)?;
    let one = next == "one";
    (one || (before == "the" && (next.is_empty() || words.len() <= 8))).then_some((index, if one { 2 } else { 1 }))
}

/// In a title-cased question capitals say nothing, except those inside a word.
fn settle_capitals(reader: &Reader<'_>, words: &mut [Word]) {
    let capitals = words.iter().filter(|word| word.capital && reader.knowledge.lexicon.knows(word)).count();
    let plain = words.iter().filter(|word| !word.capital && reader.knowledge.lexicon.knows(word)).count();
    if capitals >= 3 && capitals > plain {
        for word in words.iter_mut() {
            word.capital &= text::mixed_case(&word.raw) || !reader.knowledge.lexicon.knows(word);
        }
    }
}

/// `high-priority` is two words if both are known; `df-db01` is one.
fn split_hyphens(reader: &Reader<'_>, words: Vec<Word>) -> Vec<Word> {
    let mut out = Vec::with_capacity(words.len());
    for word in words {
        let parts: Vec<&str> = word.low.split('-').collect();
        let known = parts.len() > 1
            && !reader.knowledge.lexicon.knows(&word)
            && parts.iter().all(|part| {
                part.len() > 1 && part.chars().all(char::is_alphabetic) && reader.knowledge.lexicon.knows_text(part)
            });
        if !known || word.quote.is_some() {
            out.push(word);
            continue;
        }
        for (index, part) in parts.iter().enumerate() {
            out.push(Word {
                raw: (*part).to_owned(),
                low: (*part).to_owned(),
                stem: text::stem(part),
                capital: false,
                possessive: word.possessive && index + 1 == parts.len(),
                gap: if index == 0 { word.gap } else { Gap::None },
                quote: None,
            });
        }
    }
    out
}

/// Words with a slip of the finger become the known words they were meant to be.
fn correct(reader: &Reader<'_>, mut words: Vec<Word>) -> Vec<Word> {
    for at in 0..words.len() {
        let Some(word) = words.get(at) else { break };
        let plain = word.low.chars().all(char::is_alphabetic);
        if !plain || word.capital || word.quote.is_some() || word.possessive || reader.knowledge.lexicon.knows(word) {
            continue;
        }
        let date = dates::span_at(&words, at, reader.today, Direction::Past).is_some();
        if date
            || dates::number(&word.low).is_some()
            || reader.directory.named(&words, at).is_some()
            || is_date_word(&word.low)
        {
            continue;
        }
        if let Some((low, _)) = reader.knowledge.lexicon.corrected(&word.low) {
            let (low, stem) = (low.to_owned(), text::stem(low));
            if let Some(word) = words.get_mut(at) {
                (word.low, word.stem) = (low, stem);
            }
        }
    }
    words
}

fn is_date_word(low: &str) -> bool {
    const WORDS: [&str; 40] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "week",
        "weeks",
        "month",
        "months",
        "year",
        "years",
        "quarter",
        "quarters",
        "days",
        "since",
        "until",
        "till",
        "before",
        "after",
        "during",
        "yesterday",
        "tomorrow",
        "today",
        "fortnight",
        "couple",
        "past",
    ];
    WORDS.contains(&low)
}

/// Words of things that lie ahead turn the spans of the whole question round.
fn direction(reader: &Reader<'_>, words: &[Word]) -> Direction {
    let ahead = (0..words.len()).any(|at| {
        let Some(found) = reader.knowledge.lexicon.longest(words, at) else { return false };
        let fields: Vec<bool> = found
            .meaning
            .iter()
            .filter_map(|meaning| match meaning {
                Meaning::Field(kind, field) => {
                    reader.knowledge.kind(*kind).fields.get(*field).map(|field| field.future)
                }
                Meaning::Kind(..)
                | Meaning::Value(..)
                | Meaning::Role(_)
                | Meaning::Superlative(_)
                | Meaning::Composite(_)
                | Meaning::Topic => None,
            })
            .collect();
        fields.contains(&true) && !fields.contains(&false)
    });
    if ahead { Direction::Future } else { Direction::Past }
}

/// Neighbouring unknown words are one name; a capital known word beside them belongs to it: "Harbor Support Group".
fn join_names(items: Vec<Item>) -> Vec<Item> {
    let mut out: Vec<Item> = Vec::with_capacity(items.len());
    let mut pending: Vec<Item> = items.into_iter().rev().collect();
    while let Some(item) = pending.pop() {
        let joins = match out.last() {
            Some(last) => joined(last, &item, pending.last()),
            None => false,
        };
        match out.last_mut() {
            Some(last) if joins => {
                last.raw = format!("{} {}", last.raw, item.raw);
                last.possessive = item.possessive;
                let capital = matches!(last.what, What::Unknown { capital: true }) || starts_capital(&item);
                last.what = What::Unknown { capital };
            }
            _ => out.push(item),
        }
    }
    out
}

fn starts_capital(item: &Item) -> bool {
    item.raw.chars().next().is_some_and(char::is_uppercase)
}

fn joined(last: &Item, item: &Item, after: Option<&Item>) -> bool {
    if item.gap != Gap::None || last.possessive {
        return false;
    }
    let unknown = |item: &Item| matches!(item.what, What::Unknown { .. });
    let name = |item: &Item| matches!(item.what, What::Unknown { capital: true });
    if unknown(last) && unknown(item) {
        return name(last) == name(item) || (name(last) && starts_capital(item));
    }
    // "Baker & Sons"
    if name(last) && item.raw == "&" {
        return after.is_some_and(starts_capital);
    }
    let known_capital = |item: &Item| {
        matches!(item.what, What::Phrase(_))
            && starts_capital(item)
            && item.raw.len() > 2
            && item.raw.chars().skip(1).any(char::is_lowercase)
    };
    (name(last) || last.raw.ends_with('&')) && known_capital(item)
}
