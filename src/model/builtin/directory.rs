//! Names that results of this conversation have tied to ids: a name said again needs no second look-up.

use super::frame::{How, Mention};
use super::knowledge::{KindId, Knowledge};
use super::rows::Row;
use super::text::{Gap, Word};

/// Names and ids by kind.
#[derive(Debug, Default)]
pub(super) struct Directory {
    names: Vec<Known>,
    /// Words in small letters that were looked up as names, and that nothing is called by.
    nobody: Vec<String>,
}

#[derive(Debug)]
struct Known {
    kind: KindId,
    words: Vec<String>,
    id: String,
    name: String,
}

impl Directory {
    /// Notes the proper names in rows.
    pub(super) fn learn(&mut self, knowledge: &Knowledge, rows: &[Row]) {
        for row in rows {
            let kind = knowledge.kind(row.kind);
            let (key, named) = (row.text(&kind.key), row.text(&kind.name_field));
            if let (Some(id), Some(name)) = (key, named) {
                self.add(row.kind, &name, id, &name);
            }
        }
    }

    /// Notes that a name as it was typed turned out to be this record.
    pub(super) fn add(&mut self, kind: KindId, said: &str, id: String, name: &str) {
        let words: Vec<String> = said.split_whitespace().map(str::to_lowercase).collect();
        if !words.is_empty() && !self.names.iter().any(|known| known.kind == kind && known.words == words) {
            self.names.push(Known { kind, words, id, name: name.to_owned() });
        }
    }

    /// Notes that nothing is called so; true if that was not known.
    pub(super) fn nobody(&mut self, said: &str) -> bool {
        let fresh = !self.is_nobody(said);
        if fresh {
            self.nobody.push(said.to_owned());
        }
        fresh
    }

    /// Whether a word was looked up as a name in vain.
    pub(super) fn is_nobody(&self, said: &str) -> bool {
        self.nobody.iter().any(|known| known == said)
    }

    /// Notes that a name means this record from now on, whatever it meant before.
    pub(super) fn prefer(&mut self, kind: KindId, said: &str, id: String, name: &str) {
        let words: Vec<String> = said.split_whitespace().map(str::to_lowercase).collect();
        self.names.retain(|known| known.words != words);
        self.add(kind, said, id, name);
    }

    /// The name of a record, if a result said it.
    pub(super) fn name_of(&self, id: &str) -> Option<&str> {
        self.names.iter().find(|known| known.id == id).map(|known| known.name.as_str())
    }

    /// The known record named at `at`, with how many words name it; a slip of the finger is forgiven in long names.
    pub(super) fn named(&self, words: &[Word], at: usize) -> Option<(Mention, usize)> {
        let mut best: Option<(&Known, usize)> = None;
        for known in &self.names {
            let length = known.words.len();
            let Some(typed) = words.get(at..at + length) else { continue };
            let broken =
                typed.iter().skip(1).any(|word| word.gap != Gap::None) || typed.iter().any(|word| word.quote.is_some());
            let typed = typed.iter().map(|word| word.low.as_str()).collect::<Vec<_>>().join(" ");
            let name = known.words.join(" ");
            let same = typed == name || (name.len() >= 8 && strsim::damerau_levenshtein(&typed, &name) <= 2);
            if same && !broken && best.is_none_or(|(_, most)| length > most) {
                best = Some((known, length));
            }
        }
        let (known, used) = best?;
        let said = words.get(at..at + used)?.iter().map(|word| word.raw.as_str()).collect::<Vec<_>>().join(" ");
        Some((Mention { kind: known.kind, said, how: How::Ids(vec![known.id.clone()]) }, used))
    }
}
