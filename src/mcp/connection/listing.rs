//! Lists, page by page and bounded: of tools, resources, templates and prompts.

use rmcp::model::{
    ClientRequest, ListPromptsRequest, ListResourceTemplatesRequest, ListResourcesRequest, ListToolsRequest,
    PaginatedRequestParams,
};
use rmcp::service::{Peer, PeerRequestOptions, RoleClient, ServiceError};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::timeout;

use crate::mcp::Limits;
use crate::mcp::answers::{Answers, RawResult};
use crate::mcp::catalog::MOST_TOOLS;
use crate::protocol::{Json, Scope};
use crate::wording;

use super::service_error;

/// Pages of a listing that are followed (`hosting.md` §1).
const MOST_PAGES: usize = 64;
/// How long all pages of a listing may take together.
const LONGEST: Duration = Duration::from_secs(60);
/// Bytes of all pages of a listing together.
const LARGEST: usize = 8 * 1024 * 1024;
/// With more items than these no further page is asked for.
const MOST_ITEMS: usize = MOST_TOOLS;

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// `tools/list`
    Tools,
    /// `resources/list`
    Resources,
    /// `resources/templates/list`
    Templates,
    /// `prompts/list`
    Prompts,
}

/// What a listing needs while the connection does other things.
#[derive(Clone, Debug)]
pub struct Lister {
    pub(super) peer: Peer<RoleClient>,
    pub(super) answers: Answers,
    pub(super) limits: Limits,
}

/// One page, its items unread.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    tools: Vec<Json>,
    #[serde(default)]
    resources: Vec<Json>,
    #[serde(default)]
    resource_templates: Vec<Json>,
    #[serde(default)]
    prompts: Vec<Json>,
    /// Where the next page begins; an empty string is a cursor too.
    #[serde(default)]
    next_cursor: Option<String>,
}

impl Listing {
    /// What it lists, for messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Resources => "resources",
            Self::Templates => "resource templates",
            Self::Prompts => "prompts",
        }
    }

    fn request(self, cursor: Option<String>) -> ClientRequest {
        let params = cursor.map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor)));
        macro_rules! request {
            ($request:ident) => {{
                let mut request = $request { method: Default::default(), params, extensions: Default::default() };
                request.extensions.insert(RawResult(Scope::default()));
                ClientRequest::$request(request)
            }};
        }
        match self {
            Self::Tools => request!(ListToolsRequest),
            Self::Resources => request!(ListResourcesRequest),
            Self::Templates => request!(ListResourceTemplatesRequest),
            Self::Prompts => request!(ListPromptsRequest),
        }
    }

    fn items(self, page: Page) -> Vec<Json> {
        match self {
            Self::Tools => page.tools,
            Self::Resources => page.resources,
            Self::Templates => page.resource_templates,
            Self::Prompts => page.prompts,
        }
    }
}

impl Lister {
    /// Asks for all items, page by page; they come as the server sent them.
    ///
    /// # Errors
    /// Why there is no list, in words.
    pub async fn list(self, listing: Listing) -> Result<Vec<Json>, String> {
        match timeout(LONGEST, self.pages(listing)).await {
            Ok(listed) => listed,
            Err(_) => Err(format!("it did not list its {} within {}", listing.word(), wording::limit(LONGEST))),
        }
    }

    async fn pages(&self, listing: Listing) -> Result<Vec<Json>, String> {
        let mut items = Vec::new();
        let mut cursors: Vec<String> = Vec::new();
        let mut bytes = 0;
        for _ in 0..MOST_PAGES {
            let mut page = self.page(listing, cursors.last().cloned()).await?;
            let next = page.next_cursor.take();
            let more = listing.items(page);
            bytes += more.iter().map(Json::bytes).sum::<usize>();
            if bytes > LARGEST {
                return Err(format!("its list of {} has over {LARGEST} bytes", listing.word()));
            }
            items.extend(more);
            let Some(next) = next.filter(|_| items.len() <= MOST_ITEMS) else { break };
            if cursors.contains(&next) {
                break;
            }
            cursors.push(next);
        }
        Ok(items)
    }

    async fn page(&self, listing: Listing, cursor: Option<String>) -> Result<Page, String> {
        let word = listing.word();
        let options = PeerRequestOptions::with_timeout(self.limits.list);
        let failed = |error: ServiceError| match error {
            ServiceError::Timeout { .. } => {
                format!("it did not list its {word} within {}", wording::limit(self.limits.list))
            }
            other => format!("it did not list its {word}: {}", service_error(&other)),
        };
        let request = listing.request(cursor);
        let handle = self.peer.send_cancellable_request(request, options).await.map_err(failed)?;
        // All pages together may take too long, and then this one is dropped.
        let awaited = self.answers.awaited(handle.id.clone());
        handle.await_response().await.map_err(failed)?;
        let raw = self.answers.take(&awaited.id).ok_or_else(|| format!("its list of {word} came without a result"))?;
        serde_json::from_str(raw.text()).map_err(|error| format!("its list of {word} cannot be read: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::NumberOrString;
    use rmcp::service::serve_directly;
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, duplex, split};
    use tokio::sync::{mpsc, oneshot};

    use super::*;
    use crate::mcp::answers::Reading;
    use crate::mcp::tap::Tap;
    use crate::mcp::wire::Wire;

    #[tokio::test(start_paused = true)]
    async fn a_page_that_comes_after_all_patience_is_not_kept() {
        let (signals, _told) = mpsc::channel(16);
        let tap = Tap::new("s".into(), signals, Reading::Raw, crate::mcp::stderr::Tail::default());
        let answers = tap.answers.clone();
        let (ours, theirs) = duplex(1024);
        let (source, to_server) = split(ours);
        let wire = Wire::new(tap, Box::new(source), to_server, oneshot::channel().0);
        let service = serve_directly((), wire, None);
        let limits = Limits { list: LONGEST * 2, ..Limits::default() };
        let lister = Lister { peer: service.peer().clone(), answers: answers.clone(), limits };
        let listed = lister.list(Listing::Tools).await;
        assert!(listed.as_ref().is_err_and(|words| words.contains("within 60 s")), "{listed:?}");
        let (from_client, mut server) = split(theirs);
        let mut asked = String::new();
        BufReader::new(from_client).read_line(&mut asked).await.expect("a request");
        let asked: serde_json::Value = serde_json::from_str(&asked).expect("JSON");
        let id: NumberOrString = serde_json::from_value(asked["id"].clone()).expect("an id");
        let page = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"tools":[]}}}}"#, asked["id"]);
        server.write_all(format!("{page}\n").as_bytes()).await.expect("somebody reads");
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!answers.is_open(&id), "it has come");
        assert!(answers.take(&id).is_none());
    }
}
