//! `/resources` and `/prompts`: lists of what servers offer besides tools, and taking something from them.
//!
//! What comes from there was written by others: a resource is marked as such before a question, and a prompt is only put
//! into the input, where the operator reads it.

use serde_json::{Map, Value};

use crate::protocol::{Attachment, Command, Event, Json, Material, PromptArgument, Record, ResourceForm, ServerName};
use crate::session::{Document, Health, Server};
use crate::ui::state::{Arrival, Overlay, Prompt, Shelf, State};
use crate::ui::text::{self, Piece};
use crate::ui::theme::{Role, Theme};

use super::{Effect, arrivals, facts, palette};

/// Text of a resource that goes with a question, bytes.
const LARGEST_ATTACHMENT: usize = 32 * 1024;
/// Text of a resource that is shown, bytes.
const LARGEST_PAGE: usize = 256 * 1024;
/// Text of a prompt that is put into the input, bytes.
const LARGEST_PROMPT: usize = 32 * 1024;
/// Resources that go with one question.
const MOST_ATTACHMENTS: usize = 4;

/// `/resources [SERVER [URI]]`
///
/// # Errors
/// In words, why nothing can be asked for.
pub(super) fn resources(state: &mut State, arguments: &str) -> Result<Vec<Effect>, String> {
    match arguments.split_once(char::is_whitespace) {
        None => Ok(list(state, Shelf::Resources, arguments)),
        Some((server, uri)) => {
            let (server, uri) = (known(state, server)?, uri.trim().to_owned());
            state.notice = Some(format!("Reading {} from {server}…", text::fit(&uri, 60)));
            Ok(fetch(state, server, uri.clone(), Material::Resource { uri }))
        }
    }
}

/// `/prompts [SERVER [NAME ARG=TEXT…]]`
///
/// # Errors
/// In words, why nothing can be asked for.
pub(super) fn prompts(state: &mut State, arguments: &str) -> Result<Vec<Effect>, String> {
    let Some((server, rest)) = arguments.split_once(char::is_whitespace) else {
        return Ok(list(state, Shelf::Prompts, arguments));
    };
    let server = known(state, server)?;
    let (name, told) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    let told = told_of(told)?;
    let listed = state.session.server(&server).and_then(|server| server.prompts.clone());
    let prompt = listed.iter().flat_map(|listed| &listed.prompts).find(|prompt| prompt.name == name);
    let is_missing = |argument: &&PromptArgument| argument.required && !told.contains_key(&argument.name);
    if let Some(missing) = prompt.and_then(|prompt| prompt.arguments.iter().find(is_missing)) {
        let (name, missing) = (text::fit(name, 40), text::fit(&missing.name, 40));
        return Err(format!("{name} needs {missing}: /prompts {server} {name} {missing}=TEXT"));
    }
    state.notice = Some(format!("Asking {server} for {}…", text::fit(name, 60)));
    let (name, arguments) = (name.to_owned(), Json::from(Value::Object(told)));
    Ok(fetch(state, server, name.clone(), Material::Prompt { name, arguments }))
}

/// `ARG=TEXT ARG=TEXT`: a text goes on until the next word with an equals sign.
fn told_of(words: &str) -> Result<Map<String, Value>, String> {
    let mut told: Vec<(String, String)> = Vec::new();
    for word in words.split_whitespace() {
        match (word.split_once('='), told.last_mut()) {
            (Some((name, text)), _) if !name.is_empty() => told.push((name.to_owned(), text.to_owned())),
            (_, Some((_, text))) => {
                text.push(' ');
                text.push_str(word);
            }
            (_, None) => return Err(format!("{}: say what it is, as in name={0}.", text::fit(word, 40))),
        }
    }
    // As in a shell, where they would be needed; what stands in two pairs of quotes keeps one.
    let unquoted = |text: String| {
        text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map(str::to_owned).unwrap_or(text)
    };
    Ok(told.into_iter().map(|(name, text)| (name, Value::String(unquoted(text)))).collect())
}

fn known(state: &State, wanted: &str) -> Result<ServerName, String> {
    let names: Vec<&str> = state.session.servers.iter().map(|server| server.name.as_str()).collect();
    if names.contains(&wanted) {
        return Ok(wanted.into());
    }
    Err(format!("There is no server {}; there are {}.", text::fit(wanted, 40), names.join(", ")))
}

fn fetch(state: &mut State, server: ServerName, name: String, material: Material) -> Vec<Effect> {
    state.reading.awaited.push((server.clone(), name));
    vec![Effect::Send(Command::Fetch { server, material })]
}

fn list(state: &mut State, shelf: Shelf, wanted: &str) -> Vec<Effect> {
    state.reading.list = Some((shelf, wanted.to_owned()));
    let is_up = |server: &&Server| server.health == Health::Ready && server.name.as_str().contains(wanted);
    let material = match shelf {
        Shelf::Resources => Material::Resources,
        Shelf::Prompts => Material::Prompts,
    };
    let asked = state
        .session
        .servers
        .iter()
        .filter(is_up)
        .map(|server| Effect::Send(Command::Fetch { server: server.name.clone(), material: material.clone() }));
    let asked = asked.collect();
    open(state, shelf, wanted);
    asked
}

/// Takes what has come: an open list is shown anew, and what was asked for is shown and taken.
pub(super) fn absorb(state: &mut State, record: &Record) {
    match &record.event {
        Event::ResourcesListed(_) | Event::PromptsListed(_) => {
            let Some((shelf, wanted)) = state.reading.list.clone() else { return };
            match &state.overlay {
                Some(Overlay::Page(page)) if page.title == shelf.title() => open(state, shelf, &wanted),
                _ => state.reading.list = None,
            }
        }
        Event::ResourceRead(_) | Event::PromptGot(_) => {
            let Some(document) = state.session.documents.last().cloned() else { return };
            let is_it =
                |(server, name): &(ServerName, String)| server == document.server() && name.as_str() == document.name();
            // A replay shows what another console asked for.
            let Some(position) = state.reading.awaited.iter().position(is_it) else { return };
            state.reading.awaited.remove(position);
            take(state, &document);
        }
        _ => {}
    }
}

fn take(state: &mut State, document: &Document) {
    let (server, name) = (document.server(), text::fit(document.name(), 60));
    let words = match document.text() {
        Ok(words) => words,
        Err(problem) => {
            state.notice = Some(format!("{name} of {server} could not be had: {problem}"));
            return;
        }
    };
    match document {
        Document::Prompt(_) => {
            let (kept, left_out) = beginning(words.trim_end(), LARGEST_PROMPT);
            let prompt = Prompt { title: format!("{name} of {server}"), text: kept.to_owned(), left_out };
            arrivals::arrive(state, Arrival::Prompt(prompt));
        }
        Document::Resource(read) => {
            let (kept, left_out) = beginning(&words, LARGEST_ATTACHMENT);
            let (uri, kept) = (read.uri.clone(), kept.to_owned());
            let attachment = Attachment { server: server.clone(), uri, text: kept, left_out: left_out as u64 };
            state.reading.attached.retain(|other| (&other.server, &other.uri) != (server, &read.uri));
            state.reading.attached.push(attachment);
            let over = state.reading.attached.len().saturating_sub(MOST_ATTACHMENTS);
            state.reading.attached.drain(..over);
            let plain = state.theme().style(Role::Text);
            let (shown, hidden) = beginning(&words, LARGEST_PAGE);
            let mut paragraphs: Vec<_> = shown.lines().map(|line| vec![Piece::new(line, plain)]).collect();
            if hidden > 0 {
                let rest = format!("… {} more; the recording has them", text::bytes(hidden));
                paragraphs.push(vec![Piece::new(&rest, state.theme().style(Role::Dim))]);
            }
            let all = text::count(state.reading.attached.len(), "resource");
            let left = if over > 0 { ", and no more at once: the one read first was let go" } else { "" };
            state.notice = Some(format!("{all} will go with your next question{left}; /detach lets go of them."));
            arrivals::arrive(state, Arrival::Page(palette::titled(&format!("{name} of {server}"), paragraphs)));
        }
    }
}

/// As much of a text as there is room for, and how many bytes that leaves out.
fn beginning(text: &str, most: usize) -> (&str, usize) {
    let kept = &text[..text.floor_char_boundary(most)];
    (kept, text.len() - kept.len())
}

fn open(state: &mut State, shelf: Shelf, wanted: &str) {
    let theme = state.theme();
    let mut paragraphs = Vec::new();
    for server in state.session.servers.iter().filter(|server| server.name.as_str().contains(wanted)) {
        match shelf {
            Shelf::Resources => resources_of(state, server, theme, &mut paragraphs),
            Shelf::Prompts => prompts_of(state, server, theme, &mut paragraphs),
        }
        paragraphs.push(Vec::new());
    }
    if paragraphs.is_empty() {
        paragraphs.push(vec![Piece::new("No server of that name, or none at all.", theme.style(Role::Text))]);
    }
    state.overlay = Some(Overlay::Page(palette::titled(shelf.title(), paragraphs)));
}

fn heading(server: &Server, words: &str, theme: Theme) -> Vec<Piece> {
    vec![
        Piece::new(server.name.as_str(), theme.style(Role::Strong)),
        Piece::new(&format!("  {words}"), theme.style(Role::Dim)),
    ]
}

/// What is said of a list that is not there.
fn not_there(state: &State, server: &Server) -> String {
    match server.health {
        Health::Ready => "asking…".to_owned(),
        Health::Starting | Health::Probing | Health::Listing | Health::Restarting { .. } => {
            let since = text::duration(state.now_us.saturating_sub(server.since_us));
            format!("still starting ({since}); ask again once it is ready")
        }
        Health::Unknown | Health::Withheld(_) | Health::Failed { .. } | Health::Stopped | Health::SwitchedOff(_) => {
            facts::health(state, server)
        }
    }
}

fn resources_of(state: &State, server: &Server, theme: Theme, paragraphs: &mut Vec<Vec<Piece>>) {
    let Some(listed) = &server.resources else {
        return paragraphs.push(heading(server, &not_there(state, server), theme));
    };
    paragraphs.push(heading(server, &text::count(listed.resources.len(), "resource"), theme));
    for resource in &listed.resources {
        let form = if resource.form == ResourceForm::Template { "  template" } else { "" };
        let first = text::first_line(&resource.description);
        paragraphs.push(vec![
            Piece::new("  ", theme.style(Role::Text)),
            Piece::new(&resource.uri, theme.style(Role::Name)),
            Piece::new(
                &format!("{form}  {}  ", resource.title.as_deref().unwrap_or(&resource.name)),
                theme.style(Role::Dim),
            ),
            Piece::new(first, theme.style(Role::Text)),
        ]);
    }
    let faults = listed.rejected.iter().map(|item| format!("{}: {}", item.label(), item.reason));
    bad(faults.chain(listed.problem.clone()), theme, paragraphs);
    if !listed.resources.is_empty() {
        let how = format!("  /resources {} URI attaches one to your next question", server.name);
        paragraphs.push(vec![Piece::new(&how, theme.style(Role::Dim))]);
    }
}

fn prompts_of(state: &State, server: &Server, theme: Theme, paragraphs: &mut Vec<Vec<Piece>>) {
    let Some(listed) = &server.prompts else {
        return paragraphs.push(heading(server, &not_there(state, server), theme));
    };
    paragraphs.push(heading(server, &text::count(listed.prompts.len(), "prompt"), theme));
    for prompt in &listed.prompts {
        let argument = |argument: &PromptArgument| match argument.required {
            true => format!(" {}=TEXT", argument.name),
            false => format!(" [{}=TEXT]", argument.name),
        };
        let arguments: String = prompt.arguments.iter().map(argument).collect();
        let first = text::first_line(&prompt.description);
        paragraphs.push(vec![
            Piece::new("  ", theme.style(Role::Text)),
            Piece::new(&prompt.name, theme.style(Role::Name)),
            Piece::new(&format!("{arguments}  "), theme.style(Role::Dim)),
            Piece::new(first, theme.style(Role::Text)),
        ]);
    }
    let faults = listed.rejected.iter().map(|item| format!("{}: {}", item.label(), item.reason));
    bad(faults.chain(listed.problem.clone()), theme, paragraphs);
    if !listed.prompts.is_empty() {
        let how = format!("  /prompts {} NAME ARG=TEXT puts one into the input", server.name);
        paragraphs.push(vec![Piece::new(&how, theme.style(Role::Dim))]);
    }
}

fn bad(faults: impl Iterator<Item = String>, theme: Theme, paragraphs: &mut Vec<Vec<Piece>>) {
    for fault in faults {
        paragraphs.push(vec![Piece::new(&format!("  ✗ {fault}"), theme.style(Role::Bad))]);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_prompt_is_told_is_read_from_words() {
        assert_eq!(told_of("").map(Value::Object), Ok(json!({})));
        assert_eq!(told_of("city=New York x=1=2").map(Value::Object), Ok(json!({"city": "New York", "x": "1=2"})));
        assert!(told_of("Oslo").is_err_and(|words| words.contains("name=Oslo")));
    }
}
