//! Words made ready: capitals that mean nothing, hyphens, slips of the finger, which way days are meant.

use super::super::dates::{self, Direction};
use super::super::knowledge::{FieldId, KindId};
use super::super::lexicon::Meaning;
use super::super::text::{self, Gap, Word};
use super::Reader;

/// In a title-cased question capitals say nothing, except those inside a word.
pub(super) fn settle_capitals(reader: &Reader<'_>, words: &mut [Word]) {
    let capitals = words.iter().filter(|word| word.capital && reader.knowledge.lexicon.knows(word)).count();
    let plain = words.iter().filter(|word| !word.capital && reader.knowledge.lexicon.knows(word)).count();
    if capitals >= 3 && capitals > plain {
        for word in words.iter_mut() {
            word.capital &= text::mixed_case(&word.raw) || !reader.knowledge.lexicon.knows(word);
        }
    }
}

/// `high-priority` is two words if both are known; `df-db01` is one.
pub(super) fn split_hyphens(reader: &Reader<'_>, words: Vec<Word>) -> Vec<Word> {
    let mut out = Vec::with_capacity(words.len());
    for word in words {
        let parts: Vec<&str> = word.low.split('-').collect();
        let known = parts.len() > 1
            && !reader.knowledge.lexicon.knows(&word)
            && parts.iter().all(|part| {
                part.len() > 1 && part.chars().all(char::is_alphabetic) && reader.knowledge.lexicon.knows_text(part)
            });
        // "tag kernel-panic": what is given as a value stays as it was typed.
        let given = out
            .last()
            .and_then(|before: &Word| reader.knowledge.lexicon.longest(std::slice::from_ref(before), 0))
            .is_some_and(|found| {
                let field = |(kind, field): (KindId, FieldId)| reader.knowledge.kind(kind).fields.get(field);
                found.meaning.iter().filter_map(Meaning::field).filter_map(field).any(|field| field.given)
            });
        if !known || given || word.quote.is_some() {
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
                money: false,
                quote: None,
            });
        }
    }
    out
}

/// Words with a slip of the finger become the known words they were meant to be.
pub(super) fn correct(reader: &Reader<'_>, mut words: Vec<Word>) -> Vec<Word> {
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
        // "marcus bell": what follows a name is rather its second part than another word with a slip.
        let named = at.checked_sub(1).and_then(|before| words.get(before)).is_some_and(|before| {
            let plain = before.low.len() > 3 && before.low.chars().all(char::is_alphabetic) && !before.possessive;
            word.gap == Gap::None && plain && !reader.knowledge.lexicon.knows(before) && !is_date_word(&before.low)
        });
        if named {
            continue;
        }
        // A name may begin a sentence: there only a small slip is taken for one.
        let begins = word.gap == Gap::Stop
            && word.raw.chars().next().is_some_and(char::is_uppercase)
            && word.raw.chars().skip(1).all(char::is_lowercase);
        if let Some((low, _)) = reader.knowledge.lexicon.corrected(&word.low)
            && (!begins || strsim::damerau_levenshtein(low, &word.low) < 2)
        {
            let (low, stem) = (low.to_owned(), text::stem(low));
            if let Some(word) = words.get_mut(at) {
                (word.low, word.stem) = (low, stem);
            }
        }
    }
    words
}

pub(super) fn is_date_word(low: &str) -> bool {
    const WORDS: [&str; 32] = [
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "one",
        "two",
        "three",
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
    WORDS.contains(&low) || dates::is_named(low)
}

/// Words of things that lie ahead turn the spans of the whole question round.
pub(super) fn direction(reader: &Reader<'_>, words: &[Word]) -> Direction {
    let ahead = (0..words.len()).any(|at| {
        let Some(found) = reader.knowledge.lexicon.longest(words, at) else { return false };
        let fields: Vec<bool> = found
            .meaning
            .iter()
            .filter_map(Meaning::field)
            .filter_map(|(kind, field)| reader.knowledge.kind(kind).fields.get(field).map(|field| field.future))
            .collect();
        fields.contains(&true) && !fields.contains(&false)
    });
    if ahead { Direction::Future } else { Direction::Past }
}
