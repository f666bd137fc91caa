//! `find_related_articles`: what else to read about an article's subject, or about a topic.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{rounded, summary};
use crate::{
    arguments::searchable,
    data::{
        IdPatterns,
        record::{Article, ArticleId},
    },
    nearest::unknown,
    schema::{self, Object},
    store::{Kind, Window, Words},
    tool::{Answer, Author, Card, Desk},
    tool_error::ToolError,
};

/// What each likeness counts for; together 1.
const TAGS: f64 = 0.4;
const PRODUCTS: f64 = 0.2;
const CATEGORY: f64 = 0.2;
const TITLE: f64 = 0.2;

/// Below this two articles have nothing to do with each other.
const LEAST: f64 = 0.1;

#[derive(Deserialize)]
pub(super) struct Related {
    article_id: Option<ArticleId>,
    topic: Option<String>,
    #[serde(flatten)]
    window: Window,
}

struct Scored {
    score: f64,
    article: Article,
    common_tags: Vec<String>,
}

pub(super) fn card(ids: &IdPatterns) -> Card {
    let input = Object::default()
        .may("article_id", schema::id(&ids.article, "Find articles related to this one."))
        .may("topic", schema::words("Find articles on this topic, such as vpn."));
    let related =
        summary(ids).must("common_tags", schema::texts("Tags shared with the article, or matching the topic."));
    let output = Object::default()
        .must("article_id", schema::or_null(schema::id(&ids.article, "The article asked about; null if none.")))
        .must("topic", schema::or_null(schema::text("The topic asked about; null if none.")))
        .must("related_articles", schema::list(related.described("A related article."), "Best first."))
        .must("total_found", schema::count("How many are related, on all pages together."));
    Card {
        name: "find_related_articles",
        title: "Find related articles",
        description: "Returns articles related to an article (by tags, products, category and title) or to a topic. Use it for further \
                      reading. One of article_id and topic is needed; with both, articles related to either.",
        input: schema::paged(input, 5).closed(),
        output: schema::output([output]),
        author: Author::Others,
    }
}

pub(super) async fn find_related_articles(desk: Desk, wanted: Related) -> Answer {
    let mut related: HashMap<ArticleId, Scored> = HashMap::new();
    match (&wanted.article_id, &wanted.topic) {
        (None, None) => return Err(ToolError::no_criteria(&["article_id", "topic"])),
        (article, topic) => {
            if let Some(id) = article {
                keep_best(&mut related, like(&desk, id).await?);
            }
            if let Some(topic) = topic {
                keep_best(&mut related, on(&desk, topic).await?);
            }
        }
    }
    let mut related: Vec<Scored> = related.into_values().collect();
    related.retain(|scored| Some(&scored.article.article_id) != wanted.article_id.as_ref());
    related.sort_by(|a, b| {
        let by_id = a.article.article_id.cmp(&b.article.article_id);
        b.score.total_cmp(&a.score).then(by_id)
    });
    let page = wanted.window.of(related);
    let shown: Vec<Value> = page
        .items
        .iter()
        .map(|scored| {
            json!({
                "article_id": scored.article.article_id,
                "title": scored.article.title,
                "category": scored.article.category,
                "relevance_score": scored.score,
                "common_tags": scored.common_tags,
            })
        })
        .collect();
    Ok(json!({
        "article_id": wanted.article_id,
        "topic": wanted.topic,
        "related_articles": shown,
        "total_found": page.total,
    }))
}

fn keep_best(related: &mut HashMap<ArticleId, Scored>, more: Vec<Scored>) {
    for scored in more {
        let known = related.get(&scored.article.article_id);
        if known.is_none_or(|known| known.score < scored.score) {
            related.insert(scored.article.article_id.clone(), scored);
        }
    }
}

/// Articles like another one.
async fn like(desk: &Desk, id: &ArticleId) -> Result<Vec<Scored>, ToolError> {
    let Some(reference) = desk.store.article(id).await? else {
        return Err(unknown(&desk.store, Kind::Article, id.as_str()).await);
    };
    let title = Words::of(&reference.title);
    let scored = desk.store.articles().await?.into_iter().map(|article| {
        let common_tags = common(&reference.tags, &article.tags);
        let in_title = title.found_in(&article.title) as f64 / title.count().max(1) as f64;
        let score = TAGS * share(common_tags.len(), &reference.tags, &article.tags)
            + PRODUCTS
                * share(common(&reference.products, &article.products).len(), &reference.products, &article.products)
            + CATEGORY * f64::from(u8::from(reference.category.eq_ignore_ascii_case(&article.category)))
            + TITLE * in_title;
        Scored { score: rounded(score), article, common_tags }
    });
    Ok(scored.filter(|scored| scored.score >= LEAST).collect())
}

/// Articles on a topic.
async fn on(desk: &Desk, topic: &str) -> Result<Vec<Scored>, ToolError> {
    let words = searchable("topic", topic)?;
    let found = desk.store.articles_with(&words).await?.into_iter().map(|found| Scored {
        score: rounded(found.relevance),
        common_tags: found.article.tags.iter().filter(|tag| words.found_in(tag) > 0).cloned().collect(),
        article: found.article,
    });
    Ok(found.collect())
}

fn common(own: &[String], others: &[String]) -> Vec<String> {
    let shared = |label: &&String| own.iter().any(|own| own.eq_ignore_ascii_case(label));
    others.iter().filter(shared).cloned().collect()
}

/// The part that `common` labels are of the shorter list.
fn share(common: usize, own: &[String], others: &[String]) -> f64 {
    common as f64 / own.len().min(others.len()).max(1) as f64
}
