//! The `kb` server: the knowledge base.

mod fixes;
mod related;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    arguments::searchable,
    data::{
        IdPatterns,
        record::{Article, ArticleId},
    },
    markdown,
    nearest::unknown,
    schema::{self, Object, record},
    store::{Kind, Window, Words},
    tool::{Answer, Author, Card, Desk, Server, Tool},
};

pub(crate) const SERVER: Server = Server {
    name: "kb",
    instructions: "Articles on known problems: symptoms, causes, numbered resolution steps. Start with search_solutions, then get_article. \
                   All tools only read.",
    tools,
};

/// A snippet longer than this is cut.
const LONGEST_SNIPPET: usize = 240;

fn tools(ids: &IdPatterns) -> Vec<Tool> {
    vec![
        Tool::new(search_card(ids), search_solutions),
        Tool::new(article_card(ids), get_article),
        Tool::new(related::card(ids), related::find_related_articles),
        Tool::new(fixes::card(ids), fixes::get_common_fixes),
    ]
}

#[derive(Deserialize)]
struct Search {
    query: String,
    category: Option<String>,
    #[serde(flatten)]
    window: Window,
}

/// What every list of articles shows of one.
fn summary(ids: &IdPatterns) -> Object {
    Object::default()
        .must("article_id", schema::id(&ids.article, "The article; get_article returns it whole."))
        .must("title", schema::text("Its title."))
        .must("category", schema::text("What kind of problem it is about."))
        .must("relevance_score", schema::score("How well it fits: 0 not at all, 1 best."))
}

fn search_card(ids: &IdPatterns) -> Card {
    let input = Object::default()
        .must("query", schema::words("Words that describe the problem, such as blue screen after update."))
        .may("category", schema::words("Only articles of this category."));
    let result = summary(ids)
        .must("tags", schema::texts("Keywords."))
        .must("views", schema::count("How often it was read."))
        .must("helpful_count", schema::count("How many readers found it helpful."))
        .must("snippet", schema::text("The passage that fits best."));
    let output = Object::default()
        .must("query", schema::text("The words that were looked for."))
        .must("category", schema::or_null(schema::text("The category asked for; null if any.")))
        .must("results", schema::list(result.described("An article that fits."), "Best first."))
        .must("total_count", schema::count("How many articles fit, on all pages together."));
    Card {
        name: "search_solutions",
        title: "Search solutions",
        description: "Returns the articles that fit a description of a problem, best first, with a relevance score and the matching \
                      passage. Use it to find a solution; then read it with get_article.",
        input: schema::paged(input, 10).closed(),
        output: schema::output([output]),
        author: Author::Others,
    }
}

async fn search_solutions(desk: Desk, wanted: Search) -> Answer {
    let words = searchable("query", &wanted.query)?;
    let mut found = desk.store.articles_with(&words).await?;
    if let Some(category) = &wanted.category {
        found.retain(|found| means(&found.article.category, category));
    }
    let page = wanted.window.of(found);
    let results: Vec<Value> = page
        .items
        .iter()
        .map(|found| {
            let article = &found.article;
            json!({
                "article_id": article.article_id,
                "title": article.title,
                "category": article.category,
                "relevance_score": rounded(found.relevance),
                "tags": article.tags,
                "views": article.views,
                "helpful_count": article.helpful_count,
                "snippet": snippet(article, &words),
            })
        })
        .collect();
    Ok(json!({
        "query": wanted.query,
        "category": wanted.category,
        "results": results,
        "total_count": page.total,
    }))
}

/// The passage of an article in which most of the words are found; the first one if none are.
fn snippet(article: &Article, words: &Words) -> String {
    let passages = markdown::passages(&article.content);
    let mut best: Option<(usize, &String)> = None;
    for passage in &passages {
        let count = words.found_in(passage);
        if best.is_none_or(|(most, _)| count > most) {
            best = Some((count, passage));
        }
    }
    let passage = best.map_or("", |(_, passage)| passage);
    match passage.char_indices().nth(LONGEST_SNIPPET) {
        Some((end, _)) => format!("{}…", passage[..end].trim_end()),
        None => passage.to_owned(),
    }
}

/// Whether a label is meant by what was asked for: case and the kind of separator do not matter, a part is enough.
fn means(label: &str, asked: &str) -> bool {
    let key = |text: &str| text.trim().to_lowercase().replace(['_', '-'], " ");
    key(label).contains(&key(asked))
}

/// A score to two decimals.
fn rounded(score: f64) -> f64 {
    (score.clamp(0.0, 1.0) * 100.0).round() / 100.0
}

#[derive(Deserialize)]
struct One {
    article_id: ArticleId,
}

fn article_card(ids: &IdPatterns) -> Card {
    Card {
        name: "get_article",
        title: "Get an article",
        description: "Returns one whole article in Markdown: symptoms, causes, numbered resolution steps, verification, prevention. Use it \
                      after search_solutions, before advising anybody.",
        input: Object::default().must("article_id", schema::id(&ids.article, "The article to return.")).closed(),
        output: schema::output([record::article(ids).must("content", schema::text("The article in Markdown."))]),
        author: Author::Others,
    }
}

async fn get_article(desk: Desk, wanted: One) -> Answer {
    match desk.store.article(&wanted.article_id).await? {
        Some(article) => Ok(json!(article)),
        None => Err(unknown(&desk.store, Kind::Article, wanted.article_id.as_str()).await),
    }
}
