//! What a question leaves for the next one: the records it named, those it asked for, and what it left open.

use jiff::civil::Date;

use super::super::catalog::Catalog;
use super::super::evidence::{Exchange, Outcome};
use super::super::foreign;
use super::super::frame::{How, Mention};
use super::super::knowledge::Knowledge;
use super::super::rows::Row;
use super::super::run::{Problem, Run, State};
use super::super::understand::Understood;
use super::{Context, Pending, Turn, mention_of};

/// What a question leaves behind, worked out from its answers.
pub(super) fn context_of(
    knowledge: &Knowledge,
    catalog: &Catalog<'_>,
    turn: &Turn,
    exchange: &Exchange,
    today: Date,
) -> Context {
    let mut context = Context::default();
    if let Some(missing) = turn.foreign.as_ref().and_then(foreign::Choice::missing) {
        context.pending = Some(Pending::Argument { question: turn.question.clone(), name: missing.to_owned() });
        return context;
    }
    match &turn.understood {
        Understood::Missing { .. } => context.pending = Some(Pending::Missing { question: turn.question.clone() }),
        Understood::Unclear { kinds, .. } => {
            context.pending = Some(Pending::Kind { question: turn.question.clone(), kinds: kinds.clone() })
        }
        Understood::Plan(frame) if turn.foreign.is_none() => {
            context.frame = Some(frame.clone());
            let mut run = Run::new(knowledge, catalog, frame, today, &exchange.calls, false);
            for (id, node) in frame.nodes.iter().enumerate() {
                if let Some(rows) = node.known.as_ref().filter(|rows| !rows.is_empty()) {
                    context.named.push((node.kind, rows.clone()));
                }
                let Some(mention) = &node.named else { continue };
                let found = match run.resolve(id) {
                    State::Ready(found) => found,
                    State::Waiting => continue,
                };
                let ambiguous = found.problems.iter().find_map(|problem| match problem {
                    Problem::Ambiguous { said, rows } => Some((said.clone(), rows.clone())),
                    _ => None,
                });
                if let Some((said, rows)) = ambiguous {
                    context.pending = Some(Pending::Record { question: turn.question.clone(), said, rows });
                }
                // "tickets of Tom": the name was read in another way, which found something.
                let mut links = frame.nodes.iter().flat_map(|node| &node.links);
                let read_otherwise = links.any(|link| link.to == id && !link.or_else.is_empty())
                    && turn
                        .answers
                        .iter()
                        .any(|(_, answered)| answered.as_ref().is_some_and(|all| !all.rows.is_empty()));
                context.unfound |= found.is_missing() && !read_otherwise;
                let rows = if found.rows.is_empty() { bare_rows(knowledge, mention, exchange) } else { found.rows };
                if let [row] = rows.as_slice()
                    && let Some(resolved) = mention_of(knowledge, row)
                {
                    context.resolved.push((mention.clone(), Mention { said: mention.said.clone(), ..resolved }));
                }
                if !rows.is_empty() && !context.named.iter().any(|(_, known)| *known == rows) {
                    context.named.push((node.kind, rows));
                }
            }
            // "who owns them?" was asked of each alone; what comes next speaks of all of them again.
            let one_kind = frame.heads.len() > 1
                && frame.heads.iter().all(|head| {
                    let first = frame.heads.first().map_or(head.node, |first| first.node);
                    let kind = |node: usize| frame.nodes.get(node).map(|node| (node.kind, node.named.is_some()));
                    kind(head.node) == kind(first) && kind(first).is_some_and(|(_, named)| named)
                });
            if one_kind {
                let all: Vec<Row> = turn
                    .answers
                    .iter()
                    .filter_map(|(_, answered)| answered.as_ref())
                    .flat_map(|all| all.rows.clone())
                    .collect();
                if let Some(kind) = all.first().map(|row| row.kind) {
                    context.named.retain(|(other, _)| *other != kind);
                    context.shown.clone_from(&all);
                    context.heads.push((kind, all));
                }
                return context;
            }
            for (_, answered) in &turn.answers {
                if let Some(answered) = answered {
                    context.heads.push((answered.kind, answered.rows.clone()));
                    if context.shown.is_empty() && answered.rows.len() > 1 {
                        context.shown.clone_from(&answered.rows);
                    }
                }
            }
        }
        Understood::Plan(_) | Understood::Talk(_) | Understood::Unplaced(_) | Understood::Foreign => {}
    }
    context
}

/// Records of which only the id was needed: the id as it stands in a result.
fn bare_rows(knowledge: &Knowledge, mention: &Mention, exchange: &Exchange) -> Vec<Row> {
    let How::Ids(ids) = &mention.how else { return Vec::new() };
    let key = &knowledge.kind(mention.kind).key;
    let mut out = Vec::new();
    for id in ids {
        let said = exchange.calls.iter().find(|done| match &done.outcome {
            Outcome::Content(content) => content.to_string().contains(id.as_str()),
            Outcome::Failed(_) => false,
        });
        if let Some(done) = said {
            let fields = serde_json::Map::from_iter([(key.clone(), serde_json::Value::String(id.clone()))]);
            out.push(Row { kind: mention.kind, fields: fields.into(), call: done.call, beside: None });
        }
    }
    out
}
