//! Full-text search with FTS5: word stems, prefixes, ranking. This is the part another database would do differently.
//!
//! Every text is indexed twice. The stemmed index finds "freezing" and "frozen up" from "freezes"; the plain index
//! finds "configuration" from the unfinished "configurati", whose stem is another word.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::StoreError;

/// More words than this say nothing more about what is looked for.
const MOST_WORDS: usize = 16;

/// Words that are in every text; they are left out of a query unless there are no others.
const COMMON: &[&str] = &[
    "a", "about", "after", "all", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "do",
    "does", "for", "from", "had", "has", "have", "how", "i", "in", "into", "is", "it", "its", "me", "my", "of", "on",
    "or", "our", "that", "the", "their", "there", "this", "to", "was", "we", "were", "what", "when", "which", "why",
    "with", "you",
];

/// What is indexed of one kind of record: a pair of tables, and what each column counts for.
pub(super) struct TextIndex {
    /// `(stemmed, plain)` table names.
    tables: [&'static str; 2],
    /// Column names with their weights.
    columns: &'static [(&'static str, f32)],
}

pub(super) const TICKET: TextIndex = TextIndex {
    tables: ["ticket_stem", "ticket_word"],
    columns: &[
        ("subject", 8.0),
        ("tags", 6.0),
        ("labels", 3.0),
        ("description", 2.0),
        ("resolution", 1.5),
        ("notes", 1.0),
    ],
};

pub(super) const ARTICLE: TextIndex = TextIndex {
    tables: ["article_stem", "article_word"],
    columns: &[("title", 10.0), ("tags", 8.0), ("products", 6.0), ("category", 4.0), ("content", 1.0)],
};

/// The words of a search, ready to be looked for.
#[derive(Clone, Debug)]
pub(crate) struct Words(Vec<String>);

/// True if a text has nothing in it that could be searched for.
pub(crate) fn is_blank(text: &str) -> bool {
    !text.contains(char::is_alphanumeric)
}

impl Words {
    /// Splits a query into words; the common ones are dropped, so is punctuation.
    pub fn of(query: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        for word in query.split_whitespace() {
            let word = word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
            if !is_blank(&word) && !words.contains(&word) {
                words.push(word);
            }
        }
        if words.iter().any(|word| !COMMON.contains(&word.as_str())) {
            words.retain(|word| !COMMON.contains(&word.as_str()));
        }
        words.truncate(MOST_WORDS);
        Self(words)
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// How many of the words begin a word of `text`; a rough count, for choosing a passage to show.
    pub fn found_in(&self, text: &str) -> usize {
        let text = text.to_lowercase();
        let tokens: Vec<&str> =
            text.split(|letter: char| !letter.is_alphanumeric()).filter(|token| !token.is_empty()).collect();
        let begins = |word: &&String| {
            let stem = stem_of(word);
            tokens.iter().any(|token| token.starts_with(stem))
        };
        self.0.iter().filter(begins).count()
    }
}

/// Cuts the commonest endings off, so that "freezes" is seen in "freezing".
fn stem_of(word: &str) -> &str {
    let endings = ["ing", "es", "ed", "s"];
    let cut = endings.iter().find_map(|ending| word.strip_suffix(ending));
    cut.filter(|stem| stem.chars().count() >= 4).unwrap_or(word)
}

impl TextIndex {
    /// Creates both tables.
    pub async fn create(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        let weights: Vec<String> = self.columns.iter().map(|(_, weight)| format!("{weight:.1}")).collect();
        for (table, tokenizer) in self.tables.into_iter().zip(["porter unicode61", "unicode61"]) {
            let mut sql = QueryBuilder::<Sqlite>::new("CREATE VIRTUAL TABLE ");
            sql.push(table).push(" USING fts5(id UNINDEXED, ").push(names.join(", "));
            sql.push(", tokenize = '").push(tokenizer).push("', prefix = '2 3 4')");
            sql.build().execute(&mut *connection).await?;
            let mut sql = QueryBuilder::<Sqlite>::new("INSERT INTO ");
            sql.push(table).push("(").push(table).push(", rank) VALUES ('rank', ");
            // The first weight is that of the id, which is not indexed.
            sql.push_bind(format!("bm25(0.0, {})", weights.join(", "))).push(")");
            sql.build().execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Adds one record; `texts` are in the order of the columns.
    pub async fn add(&self, connection: &mut SqliteConnection, id: &str, texts: &[&str]) -> Result<(), StoreError> {
        for table in self.tables {
            let mut sql = QueryBuilder::<Sqlite>::new("INSERT INTO ");
            sql.push(table).push(" VALUES (").push_bind(id.to_owned());
            for text in texts {
                sql.push(", ").push_bind((*text).to_owned());
            }
            sql.push(")");
            sql.build().execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Writes a sub-query `(…) AS text` with `id`, `words` (how many of them were found) and `score` (smaller is better).
    ///
    /// Records with less than half as many of the words as the best one are left out.
    pub fn push_hits(&self, query: &mut QueryBuilder<Sqlite>, words: &Words) {
        query.push(
            "(SELECT id, words, score FROM (SELECT id, COUNT(DISTINCT word) AS words, SUM(score) AS score, \
             MAX(COUNT(DISTINCT word)) OVER () AS best FROM (",
        );
        let mut union = "";
        for (number, word) in words.0.iter().enumerate() {
            for table in self.tables {
                query.push(union).push("SELECT ").push(number).push(" AS word, id, rank AS score FROM ");
                query.push(table).push(" WHERE ").push(table).push(" MATCH ").push_bind(quoted(word));
                union = " UNION ALL ";
            }
        }
        query.push(") AS found GROUP BY id) AS counted WHERE words * 2 >= best) AS text");
    }
}

/// A word as FTS5 takes it: quoted, so that nothing in it is an operator, and as a prefix.
fn quoted(word: &str) -> String {
    format!("\"{}\"*", word.replace('"', "\"\"").replace('\0', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_count_only_when_alone() {
        assert_eq!(Words::of("the printer is on fire").0, ["printer", "fire"]);
        assert_eq!(Words::of("is it on").0, ["is", "it", "on"]);
        assert_eq!(Words::of(" !! -- ").count(), 0);
    }

    #[test]
    fn operators_in_a_query_are_plain_text() {
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"*");
        assert_eq!(Words::of("NEAR(printer) OR* -tag:x").0, ["near(printer", "tag:x"]);
    }

    #[test]
    fn a_passage_is_found_by_stems() {
        assert_eq!(Words::of("freezes printers").found_in("It is freezing the Printer."), 2);
    }
}
