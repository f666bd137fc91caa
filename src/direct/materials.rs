//! `callboard resources` and `callboard prompts`: what servers offer besides tools, listed and read.

use serde_json::{Value, json};

use crate::failure::{Failure, Form};
use crate::launch::Fleet;
use crate::mcp::{Servers, Signal};
use crate::protocol::{
    Event, Json, Material, Prompt, PromptsListed, RejectedTool, Resource, ResourceForm, ResourcesListed, ServerName,
};
use crate::sanitise::{clean_block, clean_line};
use crate::session::Document;
use crate::stdout::{say, say_json};
use crate::wording::{count, first_line};

use super::{Muster, choose, decline, muster_aloud, object};

/// `callboard resources`: what can be read, or one of it.
///
/// # Errors
/// There is no such server or resource, or a server could not be reached; the others have been printed.
pub async fn resources(fleet: &Fleet, server: Option<&str>, uri: Option<&str>, form: Form) -> Result<(), Failure> {
    let material = uri.map_or(Material::Resources, |uri| Material::Resource { uri: uri.to_owned() });
    show(fleet, server, material, form).await
}

/// `callboard prompts`: what servers have prepared, or one of it.
///
/// # Errors
/// Arguments that are no object, no such server or prompt, or a server that could not be reached; the others have been printed.
pub async fn prompts(
    fleet: &Fleet,
    server: Option<&str>,
    name: Option<&str>,
    arguments: &str,
    form: Form,
) -> Result<(), Failure> {
    let arguments = Json::from(Value::Object(object(arguments)?));
    let material = name.map_or(Material::Prompts, |name| Material::Prompt { name: name.to_owned(), arguments });
    show(fleet, server, material, form).await
}

async fn show(fleet: &Fleet, server: Option<&str>, material: Material, form: Form) -> Result<(), Failure> {
    let chosen = choose(&fleet.specs, server)?;
    let (mut servers, muster) = muster_aloud(&chosen, &fleet.secrets).await;
    let mut events = Vec::new();
    for spec in chosen.iter().filter(|spec| muster.listed.contains_key(&spec.name)) {
        events.push(fetch(&mut servers, &spec.name, material.clone()).await?);
    }
    drop(servers.stop().await);
    print(&events, form)?;
    problem(&events, &muster).map_or(Ok(()), Err)
}

/// Fetches something from one server; nothing else may be going on.
async fn fetch(servers: &mut Servers, server: &ServerName, material: Material) -> Result<Event, Failure> {
    servers.fetch(server, material).map_err(Failure::failed)?;
    loop {
        match servers.next().await {
            Some(Signal::Happened(_, Event::InputRequested(requested))) => decline(servers, &requested),
            Some(Signal::Happened(
                _,
                event @ (Event::ResourcesListed(_)
                | Event::PromptsListed(_)
                | Event::ResourceRead(_)
                | Event::PromptGot(_)),
            )) => return Ok(event),
            Some(_) => {}
            None => return Err(Failure::failed(format!("server {server} went away"))),
        }
    }
}

fn print(events: &[Event], form: Form) -> Result<(), Failure> {
    match form {
        Form::Json => print_json(events),
        Form::Text => events.iter().try_for_each(print_text),
    }
}

/// One object for all lists; a document as its server gave it.
fn print_json(events: &[Event]) -> Result<(), Failure> {
    let (mut resources, mut prompts): (Option<Vec<Value>>, Option<Vec<Value>>) = (None, None);
    let named = |server: &ServerName, item: Result<Value, serde_json::Error>| {
        let mut item = item.unwrap_or_default();
        item["server"] = json!(server);
        item
    };
    for event in events {
        match event {
            Event::ResourcesListed(listed) => {
                let items = listed.resources.iter().map(|item| named(&listed.server, serde_json::to_value(item)));
                resources.get_or_insert_default().extend(items);
            }
            Event::PromptsListed(listed) => {
                let items = listed.prompts.iter().map(|item| named(&listed.server, serde_json::to_value(item)));
                prompts.get_or_insert_default().extend(items);
            }
            _ => {
                if let Some(Ok(result)) = document(event).as_ref().map(Document::result) {
                    say_json(result.text())?;
                }
            }
        }
    }
    if let Some(resources) = resources {
        say_json(&json!({"resources": resources}).to_string())?;
    }
    if let Some(prompts) = prompts {
        say_json(&json!({"prompts": prompts}).to_string())?;
    }
    Ok(())
}

fn print_text(event: &Event) -> Result<(), Failure> {
    match event {
        Event::ResourcesListed(ResourcesListed { server, resources, rejected, .. }) => {
            say(&clean_line(&format!("{server}: {}", count(resources.len(), "resource"))))?;
            for Resource { uri, form, name, title, description, .. } in resources {
                let words = summary(title.as_deref().unwrap_or(name), description);
                let template = if *form == ResourceForm::Template { "  (template)" } else { "" };
                say(&clean_line(&format!("  {uri}{template}  {words}")))?;
            }
            print_rejected(rejected)
        }
        Event::PromptsListed(PromptsListed { server, prompts, rejected, .. }) => {
            say(&clean_line(&format!("{server}: {}", count(prompts.len(), "prompt"))))?;
            for Prompt { name, title, description, arguments } in prompts {
                let arguments: Vec<String> = arguments
                    .iter()
                    .map(
                        |argument| {
                            if argument.required { argument.name.clone() } else { format!("[{}]", argument.name) }
                        },
                    )
                    .collect();
                let words = summary(title.as_deref().unwrap_or_default(), description);
                say(&clean_line(&format!("  {name} {}  {words}", arguments.join(" "))))?;
            }
            print_rejected(rejected)
        }
        _ => match document(event).as_ref().map(Document::text) {
            Some(Ok(text)) => say(&clean_block(&text)),
            Some(Err(_)) | None => Ok(()),
        },
    }
}

fn print_rejected(items: &[RejectedTool]) -> Result<(), Failure> {
    items.iter().try_for_each(|item| say(&clean_line(&format!("  {} cannot be used: {}", item.label(), item.reason))))
}

fn summary(title: &str, description: &str) -> String {
    let first = first_line(description);
    if first.is_empty() || title.is_empty() { format!("{title}{first}") } else { format!("{title}: {first}") }
}

fn document(event: &Event) -> Option<Document> {
    match event {
        Event::ResourceRead(read) => Some(Document::Resource(read.clone())),
        Event::PromptGot(got) => Some(Document::Prompt(got.clone())),
        _ => None,
    }
}

fn problem(events: &[Event], muster: &Muster) -> Option<Failure> {
    let names = muster.lost.keys().chain(muster.withheld.keys());
    if let Some(missing) = names.filter_map(|name| muster.missing(name)).next() {
        return Some(missing);
    }
    events.iter().find_map(|event| {
        let (server, problem) = match event {
            Event::ResourcesListed(listed) => (&listed.server, listed.problem.as_ref()?),
            Event::PromptsListed(listed) => (&listed.server, listed.problem.as_ref()?),
            Event::ResourceRead(read) => (&read.server, read.problem.as_ref()?),
            Event::PromptGot(got) => (&got.server, got.problem.as_ref()?),
            _ => return None,
        };
        Some(Failure::failed(format!("server {server}: {problem}")))
    })
}
