//! Articles in the store.

use sqlx::{QueryBuilder, Row};

use super::{Store, StoreError, awake, read, text};
use crate::data::record::{Article, ArticleId};

/// An article that was found by words.
#[derive(Debug)]
pub(crate) struct Found {
    pub article: Article,
    /// How well it fits, above 0 and at most 1. One more word found always counts more than the same words found better.
    pub relevance: f64,
}

impl Store {
    pub async fn article(&self, id: &ArticleId) -> Result<Option<Article>, StoreError> {
        self.one("SELECT body FROM article WHERE article_id = $1", id.as_str()).await
    }

    /// Every article, ordered by id.
    pub async fn articles(&self) -> Result<Vec<Article>, StoreError> {
        self.all(QueryBuilder::new("SELECT body FROM article ORDER BY article_id")).await
    }

    /// The articles in which words are found, best first.
    pub async fn articles_with(&self, words: &text::Words) -> Result<Vec<Found>, StoreError> {
        let mut query = QueryBuilder::new("SELECT article.body, text.words, text.score FROM article JOIN ");
        text::ARTICLE.push_hits(&mut query, words);
        query.push(" ON text.id = article.article_id ORDER BY text.words DESC, text.score, article.article_id");
        let rows = awake(query.build().fetch_all(&mut *self.connection().await?)).await?;
        // Scores are negative: the smallest is the best.
        let mut best = f64::MIN_POSITIVE;
        for row in &rows {
            best = best.max(-row.try_get::<f64, _>(2)?);
        }
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let matched = row.try_get::<i32, _>(1)?;
            let strength = (-row.try_get::<f64, _>(2)? / best).clamp(0.0, 1.0);
            let relevance = (f64::from(matched) - 0.5 + strength / 2.0) / words.count().max(1) as f64;
            found.push(Found { article: read(row, 0)?, relevance });
        }
        Ok(found)
    }
}
