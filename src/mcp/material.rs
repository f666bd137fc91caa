//! What a server offers besides tools, fetched when it is asked for: resources and prompts.

use std::future::pending;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::protocol::{
    Event, Json, Material, Prompt, PromptArgument, PromptGot, PromptsListed, RejectedTool, Resource, ResourceForm,
    ResourceRead, ResourcesListed, Scope, ServerName,
};

use super::catalog::{LONGEST_DESCRIPTION, MOST_TOOLS, cut};
use super::connection::{Connection, Lister, Listing, NoAnswer, Wish};

/// Fetches of one server that may go on together.
const MOST_FETCHES: usize = 8;
/// Longest URI, bytes.
const LONGEST_URI: usize = 8 * 1024;
/// Longest name or title, bytes.
const LONGEST_NAME: usize = 1024;
/// Most arguments of a prompt.
const MOST_ARGUMENTS: usize = 64;

/// Fetches that go on.
#[derive(Default)]
pub struct Fetches(FuturesUnordered<BoxFuture<'static, Event>>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawResource {
    #[serde(alias = "uriTemplate")]
    uri: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    mime_type: Option<String>,
}

#[derive(Deserialize)]
struct RawPrompt {
    name: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    arguments: Option<Vec<PromptArgument>>,
}

impl RawResource {
    fn resource(self, form: ResourceForm) -> Result<Resource, String> {
        if self.uri.len() > LONGEST_URI {
            return Err(format!("its URI has {} bytes; at most {LONGEST_URI} are taken", self.uri.len()));
        }
        Ok(Resource {
            name: cut(self.name.unwrap_or_else(|| self.uri.clone()), LONGEST_NAME),
            uri: self.uri,
            form,
            title: self.title.map(|title| cut(title, LONGEST_NAME)),
            description: cut(self.description.unwrap_or_default(), LONGEST_DESCRIPTION),
            mime: self.mime_type.map(|mime| cut(mime, LONGEST_NAME)),
        })
    }
}

impl RawPrompt {
    fn prompt(self) -> Result<Prompt, String> {
        let mut arguments = self.arguments.unwrap_or_default();
        if arguments.len() > MOST_ARGUMENTS {
            return Err(format!("it has {} arguments; at most {MOST_ARGUMENTS} are taken", arguments.len()));
        }
        let names = arguments.iter().map(|argument| argument.name.len());
        if let Some(bytes) = names.chain([self.name.len()]).find(|bytes| *bytes > LONGEST_NAME) {
            return Err(format!("a name in it has {bytes} bytes; at most {LONGEST_NAME} are taken"));
        }
        for argument in &mut arguments {
            argument.description = argument.description.take().map(|words| cut(words, LONGEST_DESCRIPTION));
        }
        Ok(Prompt {
            name: self.name,
            title: self.title.map(|title| cut(title, LONGEST_NAME)),
            description: cut(self.description.unwrap_or_default(), LONGEST_DESCRIPTION),
            arguments,
        })
    }
}

impl Fetches {
    /// Begins to fetch; gives the event that says so if there is no room.
    pub fn begin(&mut self, server: &ServerName, material: Material, connection: &Connection) -> Option<Event> {
        if self.0.len() >= MOST_FETCHES {
            return Some(unfetched(server, material, format!("{MOST_FETCHES} other fetches are going on; try again")));
        }
        let server = server.clone();
        let work: BoxFuture<'static, Event> = match material {
            Material::Resources => {
                let has = connection.has(Listing::Resources);
                let lister = connection.lister();
                Box::pin(async move { resources(server, has.then_some(lister)).await.into() })
            }
            Material::Prompts => {
                let lister = connection.has(Listing::Prompts).then(|| connection.lister());
                Box::pin(async move { prompts(server, lister).await.into() })
            }
            Material::Resource { uri } => {
                let (caller, wish) = (connection.caller(), Wish::Resource { uri: uri.clone() });
                Box::pin(async move {
                    let (result, problem) = split(caller.ask(Scope::default(), &wish, &mut pending()).await);
                    ResourceRead { server, uri, result, problem }.into()
                })
            }
            Material::Prompt { name, arguments } => {
                let told: Map<String, Value> = serde_json::from_str(arguments.text()).unwrap_or_default();
                let (caller, wish) = (connection.caller(), Wish::Prompt { name: name.clone(), arguments: told });
                Box::pin(async move {
                    let (result, problem) = split(caller.ask(Scope::default(), &wish, &mut pending()).await);
                    PromptGot { server, name, arguments, result, problem }.into()
                })
            }
        };
        self.0.push(work);
        None
    }

    /// The next fetch that is done. Cancel-safe.
    pub async fn next(&mut self) -> Event {
        match self.0.next().await {
            Some(event) => event,
            None => pending().await,
        }
    }
}

/// What is told of a fetch that could not begin.
#[must_use]
pub fn unfetched(server: &ServerName, material: Material, reason: String) -> Event {
    let (server, problem) = (server.clone(), Some(reason));
    match material {
        Material::Resources => ResourcesListed { server, resources: Vec::new(), rejected: Vec::new(), problem }.into(),
        Material::Prompts => PromptsListed { server, prompts: Vec::new(), rejected: Vec::new(), problem }.into(),
        Material::Resource { uri } => ResourceRead { server, uri, result: None, problem }.into(),
        Material::Prompt { name, arguments } => PromptGot { server, name, arguments, result: None, problem }.into(),
    }
}

fn split(answer: Result<Json, NoAnswer>) -> (Option<Json>, Option<String>) {
    match answer {
        Ok(result) => (Some(result), None),
        Err(
            NoAnswer::Cancelled(words)
            | NoAnswer::TimedOut(words)
            | NoAnswer::Lost(words)
            | NoAnswer::Refused(words, _),
        ) => (None, Some(words)),
    }
}

async fn resources(server: ServerName, lister: Option<Lister>) -> ResourcesListed {
    let mut listed = ResourcesListed { server, resources: Vec::new(), rejected: Vec::new(), problem: None };
    let Some(lister) = lister else { return listed };
    for (listing, form) in [(Listing::Resources, ResourceForm::Fixed), (Listing::Templates, ResourceForm::Template)] {
        match lister.clone().list(listing).await {
            Ok(items) => {
                let (taken, rejected) = take(&items, listing, |raw: RawResource| raw.resource(form));
                listed.resources.extend(taken);
                listed.rejected.extend(rejected);
            }
            // Many servers have resources and know nothing of templates.
            Err(reason) if listing == Listing::Templates && reason.contains("-32601") => {}
            Err(reason) => listed.problem = listed.problem.or(Some(reason)),
        }
    }
    listed
}

async fn prompts(server: ServerName, lister: Option<Lister>) -> PromptsListed {
    let listed = PromptsListed { server, prompts: Vec::new(), rejected: Vec::new(), problem: None };
    let Some(lister) = lister else { return listed };
    match lister.list(Listing::Prompts).await {
        Ok(items) => {
            let (prompts, rejected) = take(&items, Listing::Prompts, RawPrompt::prompt);
            PromptsListed { prompts, rejected, ..listed }
        }
        Err(reason) => PromptsListed { problem: Some(reason), ..listed },
    }
}

/// Takes what can be taken of a list; the rest is told with why.
fn take<R: DeserializeOwned, T>(
    items: &[Json],
    listing: Listing,
    made: impl Fn(R) -> Result<T, String>,
) -> (Vec<T>, Vec<RejectedTool>) {
    let (mut taken, mut rejected) = (Vec::new(), Vec::new());
    for (position, item) in items.iter().enumerate() {
        if taken.len() == MOST_TOOLS {
            let reason = format!("only the first {MOST_TOOLS} {} of a server are taken", listing.word());
            rejected.push(RejectedTool::rest(items.len() - position, reason));
            break;
        }
        let read = serde_json::from_str::<R>(item.text()).map_err(|error| error.to_string());
        match read.and_then(&made) {
            Ok(made) => taken.push(made),
            Err(reason) => {
                let name = item.value().get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
                rejected.push(RejectedTool::one(cut(name, LONGEST_NAME), reason));
            }
        }
    }
    (taken, rejected)
}
