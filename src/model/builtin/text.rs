//! A question as words: split, lower-cased, stemmed, with what the punctuation said.

use std::collections::BTreeMap;

use rust_stemmers::{Algorithm, Stemmer};

/// What stands between a word and the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd)]
pub(super) enum Gap {
    /// Only space.
    #[default]
    None,
    /// A comma, colon or dash.
    Comma,
    /// The end of a sentence.
    Stop,
}

/// One word.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Word {
    /// As it was typed, without the punctuation around it.
    pub raw: String,
    /// Lower case.
    pub low: String,
    /// Its stem.
    pub stem: String,
    /// Whether it begins with a capital letter that means something: not at the start, not in a shouted question.
    pub capital: bool,
    /// Whether it stood in quotation marks; all words of one quotation have the same number.
    pub quote: Option<u32>,
    /// Whether `'s` was cut off its end.
    pub possessive: bool,
    /// Whether a sign of a currency stood before it.
    pub money: bool,
    /// What stood before it.
    pub gap: Gap,
}

/// The stem of a lower-case word; words with digits stay as they are.
pub(super) fn stem(low: &str) -> String {
    if low.chars().all(char::is_alphabetic) {
        Stemmer::create(Algorithm::English).stem(low).into_owned()
    } else {
        // "P1s"
        let cut = low.strip_suffix('s').filter(|cut| cut.ends_with(|c: char| c.is_ascii_digit()));
        cut.unwrap_or(low).to_owned()
    }
}

/// Splits a question into words, with single words replaced by their synonyms.
pub(super) fn words(question: &str, synonyms: &BTreeMap<String, String>) -> Vec<Word> {
    let question = question.replace(['’', '‘', '`'], "'").replace(['“', '”', '„'], "\"");
    let letters = question.chars().filter(|c| c.is_alphabetic()).count();
    let capitals = question.chars().filter(|c| c.is_uppercase()).count();
    let shouted = letters >= 8 && capitals * 10 >= letters * 6;
    let mut out: Vec<Word> = Vec::new();
    let mut gap = Gap::Stop;
    let mut quotes = 0_u32;
    let mut quoted = false;
    for chunk in question.split_whitespace() {
        if chunk.chars().all(|c| matches!(c, '-' | '–' | '—' | '|' | '/' | '*' | '•')) {
            gap = later(gap, Gap::Comma);
            continue;
        }
        let lead = chunk.len() - chunk.trim_start_matches(opening).len();
        if chunk.get(..lead).is_some_and(|open| open.contains('"')) {
            quoted = true;
            quotes += 1;
        }
        let body = chunk.trim_start_matches(opening).trim_end_matches(closing);
        let tail = chunk.get(lead + body.len()..).unwrap_or_default().to_owned();
        let money = chunk.get(..lead).is_some_and(|open| open.contains(['$', '€', '£']));
        let in_quotes = quoted.then_some(quotes);
        if tail.contains('"') {
            quoted = false;
        }
        let body = without_thousands(body);
        for (index, part) in body.split([',', ';']).flat_map(|part| split_slash(part)).enumerate() {
            if part.is_empty() {
                continue;
            }
            if index > 0 {
                gap = later(gap, Gap::Comma);
            }
            push(&mut out, part, gap, in_quotes, shouted, synonyms);
            if let Some(word) = out.last_mut() {
                word.money |= money;
                // "the customers' invoices"
                word.possessive |= tail == "'" && !chunk.starts_with('\'') && word.low.ends_with('s');
            }
            gap = Gap::None;
        }
        let short =
            body.chars().count() <= 3 && body.starts_with(char::is_uppercase) || body.trim_matches('.').contains('.');
        // "Inc.", "Sp. z o.o.": a point that ends no sentence.
        let abbreviated = tail == "." && short && body.chars().all(|c| c.is_alphabetic() || c == '.');
        gap = later(gap, if abbreviated { Gap::None } else { gap_of(&tail) });
    }
    out
}

fn later(a: Gap, b: Gap) -> Gap {
    if a == Gap::Stop || b == Gap::Stop {
        Gap::Stop
    } else if a == Gap::Comma || b == Gap::Comma {
        Gap::Comma
    } else {
        Gap::None
    }
}

fn opening(c: char) -> bool {
    matches!(c, '"' | '\'' | '(' | '[' | '{' | '<' | '¿' | '¡' | '#' | '*' | '_' | '$' | '€' | '£')
        || c == '.'
        || c == ','
}

fn closing(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '}' | '>' | '?' | '!' | '.' | ',' | ';' | ':' | '*' | '…')
}

fn gap_of(tail: &str) -> Gap {
    if tail.contains(['?', '!', '.', ';']) && !tail.starts_with("..") {
        Gap::Stop
    } else if tail.contains([',', ':', '…']) || tail.starts_with("..") {
        Gap::Comma
    } else {
        Gap::None
    }
}

/// `5,000` is a number; other commas part words.
fn without_thousands(body: &str) -> String {
    let number = body.contains(',')
        && body
            .split(',')
            .skip(1)
            .all(|part| part.len() == 3 || part.split('.').next().is_some_and(|whole| whole.len() == 3))
        && body.chars().all(|c| c.is_ascii_digit() || c == ',' || c == '.');
    if number { body.replace(',', "") } else { body.to_owned() }
}

/// `tickets/invoices` are two words; `s/n`, `w/o`, `24/7`, paths and web addresses are one.
fn split_slash(part: &str) -> Vec<&str> {
    let pieces: Vec<&str> = part.split('/').collect();
    let plain =
        pieces.len() == 2 && pieces.iter().all(|piece| piece.len() > 2 && piece.chars().all(char::is_alphabetic));
    if plain { pieces } else { vec![part] }
}

fn push(
    out: &mut Vec<Word>,
    part: &str,
    gap: Gap,
    quote: Option<u32>,
    shouted: bool,
    synonyms: &BTreeMap<String, String>,
) {
    let mut low = part.to_lowercase();
    let mut raw = part;
    let mut possessive = false;
    let cut = low.strip_suffix("'s").or_else(|| low.strip_suffix('\'').filter(|cut| cut.ends_with('s')));
    if let Some(cut) = cut.filter(|_| !synonyms.contains_key(&low)).map(str::to_owned) {
        raw = raw.get(..cut.len()).unwrap_or(raw);
        low = cut;
        possessive = true;
    }
    if let Some(replacement) = synonyms.get(&low).filter(|_| quote.is_none()) {
        for (index, word) in replacement.split_whitespace().enumerate() {
            out.push(Word {
                raw: word.to_owned(),
                low: word.to_owned(),
                stem: stem(word),
                capital: false,
                quote,
                possessive: false,
                money: false,
                gap: if index == 0 { gap } else { Gap::None },
            });
        }
        return;
    }
    let first = gap == Gap::Stop;
    let capital = !shouted && raw.chars().next().is_some_and(char::is_uppercase) && (!first || mixed_case(raw));
    out.push(Word { raw: raw.to_owned(), stem: stem(&low), low, capital, quote, possessive, money: false, gap });
}

/// `TechCorp`, `DataFlow`: capitals inside a word are no accident of its place.
pub(super) fn mixed_case(raw: &str) -> bool {
    let inner_capital = raw.chars().skip(1).any(char::is_uppercase);
    inner_capital && raw.chars().any(char::is_lowercase)
}

/// The words of a phrase in a knowledge file.
pub(super) fn phrase_stems(phrase: &str) -> Vec<String> {
    phrase
        .split_whitespace()
        .map(|word| if word == "*" { word.to_owned() } else { stem(&word.to_lowercase()) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_and_possessives_are_taken_off_and_remembered() {
        let words = words("Show TechCorp's tickets, please. Then CUST-001?", &BTreeMap::new());
        let low: Vec<&str> = words.iter().map(|word| word.low.as_str()).collect();
        assert_eq!(low, ["show", "techcorp", "tickets", "please", "then", "cust-001"]);
        assert!(words[1].possessive && words[1].capital);
        assert_eq!(words[3].gap, Gap::Comma);
        assert_eq!(words[4].gap, Gap::Stop);
    }

    #[test]
    fn capitals_mean_nothing_in_a_shouted_question() {
        assert!(words("SHOW ME OPEN TICKETS FOR TECHCORP", &BTreeMap::new()).iter().all(|word| !word.capital));
    }

    #[test]
    fn a_synonym_may_stand_for_several_words() {
        let synonyms = BTreeMap::from([("what's".to_owned(), "what is".to_owned())]);
        let low: Vec<String> = words("What's up", &synonyms).into_iter().map(|word| word.low).collect();
        assert_eq!(low, ["what", "is", "up"]);
    }
}
