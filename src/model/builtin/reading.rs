//! From words to items: phrases with their meanings, named records, spans of days, numbers, and the unknown rest.

mod figures;
mod names;
mod words;

pub(super) use figures::{Figure, Unit};
use figures::{figure_at, is_currency};
use names::join_names;
use words::{correct, direction, settle_capitals, split_hyphens};

use std::collections::HashMap;

use jiff::civil::Date;

use super::dates::{self, Direction};
use super::directory::Directory;
use super::frame::{DateSpan, Mention};
use super::knowledge::{FieldId, KindId, Knowledge, Role};
use super::lexicon::{Match, Meaning, Naming, Strength};
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
    Number(Figure),
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
        let kinds = || self.meanings().iter().filter_map(Meaning::kind);
        kinds().find(|(_, strength)| *strength == Strength::Strong).or_else(|| kinds().next())
    }

    /// The conditions it may state.
    pub(super) fn values(&self) -> Vec<(KindId, super::frame::Filter, Naming)> {
        self.meanings().iter().filter_map(Meaning::value).collect()
    }

    /// The fields it may name.
    pub(super) fn fields(&self) -> Vec<(KindId, FieldId)> {
        self.meanings().iter().filter_map(Meaning::field).collect()
    }

    /// The superlative it is.
    pub(super) fn superlative(&self) -> Option<usize> {
        self.meanings().iter().find_map(Meaning::superlative)
    }

    /// The composites it asks for.
    pub(super) fn composites(&self) -> Vec<usize> {
        self.meanings().iter().filter_map(Meaning::composite).collect()
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
    let phrase = phrase_at(reader, words, at, direction);
    let covered = phrase.as_ref().map_or(0, |phrase| phrase.words);
    if let Some((mention, used)) =
        mention::mention_at(reader.knowledge, words, at, reader.today.year()).filter(|m| m.1 >= covered)
    {
        return done(What::Record(mention), used);
    }
    if let Some((span, used)) = dates::span_at(words, at, reader.today, direction).filter(|found| {
        // "between 1000 and 2000": the second is no year.
        let counted = at
            .checked_sub(2)
            .and_then(|at| words.get(at))
            .is_some_and(|word| dates::number(&word.low).is_some_and(|number| number > 31));
        if found.1 == 1 && (counted || is_amount(words, at)) && dates::number(&word.low).is_some() {
            return false;
        }
        let alone = found.1 == 1 && matches!(word.low.as_str(), "may" | "march" | "mar" | "sun" | "sat");
        found.1 >= covered && !alone
    }) {
        return done(What::Days(span), used);
    }
    if let Some(position) = position(words, at) {
        return done(What::Position(position.0), position.1);
    }
    // "longer than a day"
    let before = at.checked_sub(1).and_then(|at| words.get(at)).map_or("", |word| word.low.as_str());
    let counted = word.low == "one" && matches!(before, "than" | "least" | "most" | "exactly" | "over");
    if let (true, Some((figure, used))) = (counted || matches!(word.low.as_str(), "a" | "an"), figure_at(words, at)) {
        return done(What::Number(figure), used);
    }
    if let Some(phrase) = phrase {
        let mut found = done(What::Phrase(phrase.meaning), phrase.words);
        found.2 = phrase.beyond;
        return found;
    }
    match figure_at(words, at) {
        Some((figure, used)) => done(What::Number(figure), used),
        None => done(What::Unknown { capital: word.capital }, 1),
    }
}

/// The known phrase at a place. Of "due next week" it is "due": the days begin with its last word otherwise.
fn phrase_at(reader: &Reader<'_>, words: &[Word], at: usize, direction: Direction) -> Option<Match> {
    let lexicon = &reader.knowledge.lexicon;
    let found = lexicon.longest(words, at)?;
    let last = at + found.words.saturating_sub(1);
    if last == at || !found.beyond.is_empty() {
        return Some(found);
    }
    match dates::span_at(words, last, reader.today, direction) {
        Some((_, 2..)) => lexicon.longest(words.get(..last)?, at),
        Some(_) | None => Some(found),
    }
}

/// Whether a bare number is compared or is money, so that it is no year and no id.
pub(super) fn is_amount(words: &[Word], at: usize) -> bool {
    let low = |at: Option<usize>| at.and_then(|at| words.get(at)).map_or("", |word| word.low.as_str());
    let before = low(at.checked_sub(1));
    words.get(at).is_some_and(|word| word.money)
        || is_currency(low(Some(at + 1)))
        || matches!(
            before,
            "over"
                | "above"
                | "below"
                | "under"
                | "than"
                | "least"
                | "exceeding"
                | "exceeds"
                | "exceed"
                | "exactly"
                | "between"
                | "beyond"
        )
        || (before == "most" || before == "to") && matches!(low(at.checked_sub(2)), "at" | "up")
        || matches!(before, "and" | "to") && matches!(low(at.checked_sub(3)), "between" | "from")
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
