//! `get_common_fixes`: the steps that usually help with a product or a kind of problem.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{means, rounded, summary};
use crate::{
    arguments::searchable,
    data::{
        IdPatterns,
        record::{Article, ArticleId},
    },
    markdown,
    schema::{self, Object},
    store::Window,
    tool::{Answer, Author, Card, Desk},
    tool_error::ToolError,
};

#[derive(Deserialize)]
pub(super) struct Fixes {
    product: Option<String>,
    issue_type: Option<String>,
    #[serde(flatten)]
    window: Window,
}

pub(super) fn card(ids: &IdPatterns) -> Card {
    let input = Object::default()
        .may("product", schema::words("The product concerned, such as Windows 11."))
        .may("issue_type", schema::words("The kind of problem, such as blue screen or vpn."));
    let fix = summary(ids)
        .must("helpful_count", schema::count("How many readers found it helpful."))
        .must("tags", schema::texts("Keywords."))
        .must("steps", schema::texts("The resolution steps of the article, in order."));
    let output = Object::default()
        .must("product", schema::or_null(schema::text("The product asked about; null if any.")))
        .must("issue_type", schema::or_null(schema::text("The kind of problem asked about; null if any.")))
        .must(
            "common_fixes",
            schema::list(fix.described("An article with its steps."), "Best first, then most helpful first."),
        )
        .must("total_found", schema::count("How many articles fit, on all pages together."));
    Card {
        name: "get_common_fixes",
        title: "Get common fixes",
        description: "Returns the articles about a product, a kind of problem, or both, with their resolution steps in order. Use it to \
                      advise what to do. At least one of product and issue_type is needed.",
        input: schema::paged(input, 10).closed(),
        output: schema::output([output]),
        author: Author::Others,
    }
}

pub(super) async fn get_common_fixes(desk: Desk, wanted: Fixes) -> Answer {
    let of_product = match &wanted.product {
        Some(product) => Some(about_product(&desk, product).await?),
        None => None,
    };
    let of_issue = match &wanted.issue_type {
        Some(issue) => Some(about_issue(&desk, issue).await?),
        None => None,
    };
    let fitting = match (of_product, of_issue) {
        (None, None) => return Err(ToolError::no_criteria(&["product", "issue_type"])),
        (Some(fitting), None) | (None, Some(fitting)) => fitting,
        (Some(product), Some(mut issue)) => {
            issue.retain(|id, _| product.contains_key(id));
            for (id, (score, _)) in &mut issue {
                *score = (*score + product[id].0) / 2.0;
            }
            issue
        }
    };
    let mut fixes: Vec<(f64, Article)> =
        fitting.into_values().map(|(score, article)| (rounded(score), article)).collect();
    fixes.sort_by(|(a_score, a), (b_score, b)| {
        let by_help = b.helpful_count.cmp(&a.helpful_count);
        b_score.total_cmp(a_score).then(by_help).then_with(|| a.article_id.cmp(&b.article_id))
    });
    let page = wanted.window.of(fixes);
    let shown: Vec<Value> = page
        .items
        .iter()
        .map(|(score, article)| {
            json!({
                "article_id": article.article_id,
                "title": article.title,
                "category": article.category,
                "relevance_score": score,
                "helpful_count": article.helpful_count,
                "tags": article.tags,
                "steps": markdown::steps(&article.content, "Resolution"),
            })
        })
        .collect();
    Ok(json!({
        "product": wanted.product,
        "issue_type": wanted.issue_type,
        "common_fixes": shown,
        "total_found": page.total,
    }))
}

type Fitting = HashMap<ArticleId, (f64, Article)>;

/// The articles for a product; if none lists it, those that mention it.
async fn about_product(desk: &Desk, product: &str) -> Result<Fitting, ToolError> {
    let words = searchable("product", product)?;
    let listed: Fitting = desk
        .store
        .articles()
        .await?
        .into_iter()
        .filter(|article| {
            // "Windows" means "Windows 11", and "Windows 11 Pro" is a "Windows 11".
            let labels = article.products.iter().chain(&article.tags);
            labels.into_iter().any(|label| means(label, product))
                || article.products.iter().any(|label| means(product, label))
        })
        .map(|article| (article.article_id.clone(), (1.0, article)))
        .collect();
    if !listed.is_empty() {
        return Ok(listed);
    }
    let found = desk.store.articles_with(&words).await?.into_iter();
    Ok(found.map(|found| (found.article.article_id.clone(), (found.relevance, found.article))).collect())
}

/// The articles about a kind of problem: those it is a label of, and those that mention it.
async fn about_issue(desk: &Desk, issue: &str) -> Result<Fitting, ToolError> {
    let words = searchable("issue_type", &issue.replace('_', " "))?;
    let found = desk.store.articles_with(&words).await?.into_iter();
    let mut fitting: Fitting =
        found.map(|found| (found.article.article_id.clone(), (found.relevance, found.article))).collect();
    for article in desk.store.articles().await? {
        let is_label = means(&article.category, issue) || article.tags.iter().any(|tag| means(tag, issue));
        if is_label {
            fitting.insert(article.article_id.clone(), (1.0, article));
        }
    }
    Ok(fitting)
}
