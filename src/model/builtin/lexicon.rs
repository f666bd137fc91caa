//! The phrases the knowledge files teach, and how a word with a slip of the finger still finds its phrase.

use std::collections::{HashMap, HashSet};

use super::frame::Filter;
use super::knowledge::{FieldId, KindId, Role};
use super::text::{Word, phrase_stems};

/// What a phrase may mean; one phrase can mean several things.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Meaning {
    /// Records of a kind; weakly, if something else may be meant.
    Kind(KindId, Strength),
    /// A condition on records of a kind; a noun if it names the records too.
    Value(KindId, Filter, Naming),
    /// A field of a kind.
    Field(KindId, FieldId),
    /// What a small word does.
    Role(Role),
    /// First or last of its kind.
    Superlative(usize),
    /// A question made of questions.
    Composite(usize),
    /// A technical word.
    Topic,
}

impl Meaning {
    /// The kind it names, firmly or weakly.
    pub(super) fn kind(&self) -> Option<(KindId, Strength)> {
        if let Self::Kind(kind, strength) = self { Some((*kind, *strength)) } else { None }
    }

    /// The condition it states.
    pub(super) fn value(&self) -> Option<(KindId, Filter, Naming)> {
        if let Self::Value(kind, filter, naming) = self { Some((*kind, filter.clone(), *naming)) } else { None }
    }

    /// The field it names.
    pub(super) fn field(&self) -> Option<(KindId, FieldId)> {
        if let Self::Field(kind, field) = self { Some((*kind, *field)) } else { None }
    }

    /// The superlative it is.
    pub(super) fn superlative(&self) -> Option<usize> {
        if let Self::Superlative(index) = self { Some(*index) } else { None }
    }

    /// The composite it asks for.
    pub(super) fn composite(&self) -> Option<usize> {
        if let Self::Composite(index) = self { Some(*index) } else { None }
    }
}

/// Whether a word alone makes a kind the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    Strong,
    Weak,
}

/// Whether a value also names its kind: "laptops" against "overdue".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    Noun,
    Adjective,
}

/// Whether a misspelt word may be taken for a taught one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Guessed,
    Exact,
}

#[derive(Debug, Default)]
struct Entry {
    stems: Vec<String>,
    /// As taught: `expired`, `expires` and `expiring` have one stem and three meanings.
    written: String,
    /// Whether only the form as taught counts: `close` is no `closed`.
    exact: bool,
    meaning: Vec<Meaning>,
}

/// All phrases, by their first stem.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    entries: HashMap<String, Vec<Entry>>,
    /// Words that can be meant by a misspelt one, with their stems.
    spellings: Vec<(String, String)>,
    known: HashSet<String>,
}

/// One match: how many words it covers, where a gap in it lies, and what it may mean.
#[derive(Clone, Debug)]
pub(super) struct Match {
    /// Words covered from the start; with a gap, those before it.
    pub words: usize,
    /// Words after a gap that belong to the phrase too, as positions.
    pub beyond: Vec<usize>,
    pub meaning: Vec<Meaning>,
}

/// How many words a `*` in a phrase may stand for.
const GAP_WORDS: usize = 8;

impl Lexicon {
    /// Teaches a phrase.
    pub(super) fn teach(&mut self, phrase: &str, meaning: Meaning) {
        self.learn(phrase, meaning, Spelling::Guessed);
    }

    /// Teaches a word that no misspelt word is taken for; a filler is one without meaning.
    pub(super) fn teach_exactly(&mut self, phrase: &str, role: Role) {
        let role = if role == Role::Filler { Role::Ignore } else { role };
        self.learn(phrase, Meaning::Role(role), Spelling::Exact);
    }

    fn learn(&mut self, phrase: &str, meaning: Meaning, spelling: Spelling) {
        let stems = phrase_stems(phrase);
        let Some(first) = stems.first().cloned() else { return };
        for (word, stem) in phrase.split_whitespace().zip(&stems) {
            let low = word.to_lowercase();
            if self.known.insert(low.clone())
                && spelling == Spelling::Guessed
                && low.chars().count() >= 4
                && low.chars().all(char::is_alphabetic)
            {
                self.spellings.push((low, stem.clone()));
            }
        }
        let exact = matches!(meaning, Meaning::Role(Role::Change));
        let written = phrase.to_lowercase();
        let list = self.entries.entry(first).or_default();
        match list.iter_mut().find(|entry| entry.written == written && entry.exact == exact) {
            Some(entry) if entry.meaning.contains(&meaning) => {}
            Some(entry) => entry.meaning.push(meaning),
            None => list.push(Entry { stems, written, exact, meaning: vec![meaning] }),
        }
    }

    /// Longest phrases first; to be called once when all is taught.
    pub(super) fn finish(&mut self) {
        for list in self.entries.values_mut() {
            list.sort_by_key(|entry| std::cmp::Reverse(entry.stems.len()));
        }
        self.spellings.sort();
    }

    /// Whether any phrase contains this word or a form of it.
    pub(super) fn knows(&self, word: &Word) -> bool {
        self.known.contains(&word.low)
            || self.entries.contains_key(&word.stem)
            || self.spellings.binary_search_by(|(known, _)| known.as_str().cmp(&word.stem)).is_ok()
    }

    /// Whether a lower-case word stands in any phrase.
    pub(super) fn knows_text(&self, low: &str) -> bool {
        self.known.contains(low) || self.entries.contains_key(&super::text::stem(low))
    }

    /// The longest phrase that starts at `at`. Among phrases of the same stems, those written as typed count
    /// first, then those that differ by a plural only, then all.
    pub(super) fn longest(&self, words: &[Word], at: usize) -> Option<Match> {
        let list = self.entries.get(&words.get(at)?.stem)?;
        let mut found: Vec<(Match, Likeness)> = Vec::new();
        let mut longest = 0;
        for entry in list {
            let Some((covered, beyond)) = covers(entry, words, at) else { continue };
            longest = longest.max(covered + beyond.len());
            let likeness = if beyond.is_empty() { likeness(entry, words, at) } else { Likeness::Written };
            found.push((Match { words: covered, beyond, meaning: entry.meaning.clone() }, likeness));
        }
        // "resolved this month" is no "resolve this": a longer phrase in another form gives way to the words as written.
        let length = |found: &Match| found.words + found.beyond.len();
        let written =
            found.iter().filter(|(_, likeness)| *likeness > Likeness::Stem).map(|(found, _)| length(found)).max();
        let longest = written.unwrap_or(longest);
        found.retain(|(found, likeness)| length(found) == longest && (written.is_none() || *likeness > Likeness::Stem));
        let best = found.iter().map(|(_, likeness)| *likeness).max()?;
        found.into_iter().filter(|(_, likeness)| *likeness == best).map(|(found, _)| found).reduce(|mut all, one| {
            all.meaning.extend(one.meaning);
            all
        })
    }

    /// The known word that a misspelt one was meant to be, if exactly one is near enough.
    pub(super) fn corrected(&self, low: &str) -> Option<(&str, &str)> {
        let length = low.chars().count();
        let allowed = match length {
            0..=3 => return None,
            4..=6 => 1,
            7..=9 => 2,
            _ => 3,
        };
        let first = low.chars().next();
        let mut best: Option<(usize, &(String, String))> = None;
        let mut tie = false;
        for spelling in &self.spellings {
            let other = spelling.0.chars().count();
            if other.abs_diff(length) > allowed || other < 4 {
                continue;
            }
            let distance = strsim::damerau_levenshtein(low, &spelling.0);
            // A different first letter is seldom a slip; it must then be the only one.
            let limit = if spelling.0.chars().next() == first { allowed } else { 1.min(allowed.saturating_sub(1)) };
            if distance == 0 || distance > limit || distance * 3 > other.max(length) {
                continue;
            }
            match best {
                Some((found, _)) if found < distance => {}
                Some((found, same)) if found == distance => tie |= same.1 != spelling.1,
                _ => {
                    best = Some((distance, spelling));
                    tie = false;
                }
            }
        }
        // Between several words that are equally near, an anagram of the typed one wins.
        if tie {
            let letters = sorted(low);
            let mut same = self.spellings.iter().filter(|(known, _)| sorted(known) == letters);
            return same.next().map(|(known, stem)| (known.as_str(), stem.as_str()));
        }
        best.map(|(_, (known, stem))| (known.as_str(), stem.as_str()))
    }
}

fn sorted(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}

/// How near the typed form is to the taught one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    Stem,
    Plural,
    Written,
}

fn likeness(entry: &Entry, words: &[Word], at: usize) -> Likeness {
    let typed = words.get(at..at + entry.stems.len()).unwrap_or_default();
    let mut worst = Likeness::Written;
    for (taught, word) in entry.written.split_whitespace().zip(typed) {
        let this = if taught == word.low {
            Likeness::Written
        } else if singular(taught) == singular(&word.low) {
            Likeness::Plural
        } else {
            Likeness::Stem
        };
        worst = worst.min(this);
    }
    worst
}

fn singular(word: &str) -> &str {
    let cut = if word.ends_with("sses") || word.ends_with("xes") || word.ends_with("ches") { "es" } else { "s" };
    word.strip_suffix(cut).unwrap_or(word)
}

fn covers(entry: &Entry, words: &[Word], at: usize) -> Option<(usize, Vec<usize>)> {
    if entry.exact && likeness(entry, words, at) != Likeness::Written {
        return None;
    }
    let gap = entry.stems.iter().position(|stem| stem == "*");
    let head = gap.unwrap_or(entry.stems.len());
    for (offset, stem) in entry.stems.iter().take(head).enumerate() {
        let word = words.get(at + offset)?;
        if word.stem != *stem || (offset > 0 && word.gap == super::text::Gap::Stop) {
            return None;
        }
    }
    let Some(gap) = gap else { return Some((head, Vec::new())) };
    let rest = entry.stems.get(gap + 1..)?;
    let start = (at + head + 1..=at + head + GAP_WORDS).find(|start| {
        rest.iter().enumerate().all(|(offset, stem)| words.get(start + offset).is_some_and(|word| word.stem == *stem))
    })?;
    Some((head, (start..start + rest.len()).collect()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::text::words;
    use super::*;

    fn lexicon() -> Lexicon {
        let mut lexicon = Lexicon::default();
        lexicon.teach("critical", Meaning::Topic);
        lexicon.teach("in progress", Meaning::Topic);
        lexicon.teach("how was * resolved", Meaning::Role(Role::Of));
        lexicon.teach("close", Meaning::Role(Role::Change));
        lexicon.finish();
        lexicon
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        assert_eq!(lexicon().corrected("critcal").map(|found| found.0), Some("critical"));
        assert_eq!(lexicon().corrected("paris"), None);
        let mut lexicon = lexicon();
        lexicon.teach("macos", Meaning::Topic);
        lexicon.finish();
        assert_eq!(lexicon.corrected("marcus"), None, "a short name is no slip of another word");
    }

    #[test]
    fn the_longest_phrase_wins_and_a_star_stands_for_some_words() {
        let words = words("how was ticket five resolved", &BTreeMap::new());
        let found = lexicon().longest(&words, 0).unwrap();
        assert_eq!((found.words, found.beyond), (2, vec![4]));
    }

    #[test]
    fn a_verb_of_change_counts_only_in_its_plain_form() {
        let lexicon = lexicon();
        assert!(lexicon.longest(&words("close", &BTreeMap::new()), 0).is_some());
        assert!(lexicon.longest(&words("closed", &BTreeMap::new()), 0).is_none());
    }
}
