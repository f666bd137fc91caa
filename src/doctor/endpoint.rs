//! The model endpoint: whether one is set, and on request whether it can do what the console needs.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use crate::config::Settings;
use crate::failure::{Exit, Failure};
use crate::launch;
use crate::model::openai::{self, OpenAi, Probed};
use crate::model::{Message, Request};
use crate::protocol::{Annotations, Json, ModelFailed, ToolDefinition};

use super::{Depth, Finding};

const AREA: &str = "model";

pub(super) async fn look(settings: &Settings, depth: Depth) -> Vec<Finding> {
    let endpoint = match launch::endpoint(settings) {
        Ok(Some(endpoint)) => endpoint,
        Ok(None) => {
            let says = match settings.model.as_deref() {
                Some(name) => format!("{name} answers"),
                None => "none is set: the built-in assistant answers".to_owned(),
            };
            let advice = "set OPENAI_API_KEY, or OPENAI_BASE_URL and --model, for a model";
            return vec![match depth {
                Depth::Configured => Finding::ok(AREA, "endpoint", says),
                Depth::Live(_) => Finding::fail(AREA, "endpoint", says, advice, Exit::Usage),
            }];
        }
        Err(failure) => return vec![Finding::fail(AREA, "endpoint", failure.message, "correct it", Exit::Usage)],
    };
    let key = if endpoint.api_key.is_some() { "with a key" } else { "without a key" };
    let model = match OpenAi::new(endpoint.clone()) {
        Ok(model) => model,
        Err(error) => {
            let says = settings.origins.tell("base_url", &error.to_string());
            return vec![Finding::fail(AREA, "endpoint", says, "correct it", Exit::Usage)];
        }
    };
    let set = format!("{} {key}, model {}", model.endpoint(), endpoint.model);
    match depth {
        Depth::Configured => {
            vec![Finding::ok(AREA, "endpoint", format!("{set}; not asked, which `callboard doctor --model` does"))]
        }
        Depth::Live(patience) => {
            let mut found = vec![Finding::ok(AREA, "endpoint", set)];
            found.extend(ask(&model, &endpoint, patience).await);
            found
        }
    }
}

async fn ask(model: &OpenAi, settings: &openai::Settings, patience: Duration) -> Vec<Finding> {
    let mut found = vec![listed(model, &settings.model, patience).await];
    let first = probed(model, request("Answer with the one word: ready", Vec::new()), patience).await;
    let answered = match first {
        Ok(answered) => answered,
        Err(failure) => {
            // What refused one question would refuse the others.
            found.push(broken("answer", failure));
            return found;
        }
    };
    found.push(match (answered.pieces, answered.is_streamed) {
        (_, false) => {
            let says = "it answers, but in one piece: nothing is shown while the model writes";
            Finding::warn(AREA, "streaming", says, "see whether the endpoint can stream; it works without, too")
        }
        (pieces, true) => {
            Finding::ok(AREA, "streaming", format!("{pieces} events in {} ms", answered.took.as_millis()))
        }
    });
    let wanted = "Call look_up_weather for Oslo and look_up_time for Lima, both at once. Do not answer in words.";
    let tools =
        vec![tool("look_up_weather", "The weather of a city."), tool("look_up_time", "The local time of a city.")];
    match probed(model, request(wanted, tools), patience).await {
        Ok(called) => {
            found.extend(calls(&called));
            let mut deviations = answered.deviations;
            deviations.extend(called.deviations);
            deviations.sort_unstable();
            deviations.dedup();
            found.extend(deviations.into_iter().map(|deviation| {
                Finding::warn(AREA, "protocol", deviation, "nothing to do: it is put right when answers are read")
            }));
        }
        Err(failure) => found.push(broken("tools", failure)),
    }
    found
}

/// Whether the endpoint lists its models, and ours among them. Many do not, and work.
async fn listed(model: &OpenAi, wanted: &str, patience: Duration) -> Finding {
    let what = "models";
    match timeout(patience, model.list()).await {
        Ok(Ok(models)) if models.iter().any(|name| name == wanted) => {
            Finding::ok(AREA, what, format!("{wanted} is one of {} listed", models.len()))
        }
        Ok(Ok(models)) => {
            let known: Vec<&str> = models.iter().take(8).map(String::as_str).collect();
            let says = format!("{wanted} is not among the {} listed", models.len());
            Finding::warn(
                AREA,
                what,
                says,
                format!("if it does not answer, try --model with one of: {}", known.join(", ")),
            )
        }
        Ok(Err(failed)) if Failure::of_model(failed.code, String::new()).exit != Exit::Failed => {
            broken(what, Some(failed))
        }
        Ok(Err(failed)) => Finding::warn(AREA, what, failed.message, "it need not list them; what follows counts"),
        Err(_) => Finding::warn(AREA, what, "the list did not come in time", "what follows counts"),
    }
}

async fn probed(model: &OpenAi, request: Request, patience: Duration) -> Result<Probed, Option<ModelFailed>> {
    timeout(patience, model.probe(request)).await.map_err(|_| None)?.map_err(Some)
}

fn broken(what: &str, failed: Option<ModelFailed>) -> Finding {
    match failed {
        Some(failed) => {
            let exit = Failure::of_model(failed.code, String::new()).exit;
            Finding::fail(AREA, what, failed.message, "until this works, `--model built-in` answers", exit)
        }
        None => {
            let advice = "give it longer with --patience SECONDS; a model that is loading can take minutes";
            Finding::fail(AREA, what, "no whole answer in time", advice, Exit::Unreachable)
        }
    }
}

fn calls(called: &Probed) -> Vec<Finding> {
    let calls = &called.answered.calls;
    let is_usable = |arguments: &str| serde_json::from_str::<serde_json::Map<_, _>>(arguments).is_ok();
    let names: Vec<&str> = calls.iter().map(|call| call.name.as_str()).collect();
    let unusable = calls.iter().find(|call| !is_usable(&call.arguments));
    let known = names.iter().all(|name| ["look_up_weather", "look_up_time"].contains(name));
    let tools = match (calls.is_empty(), unusable, known) {
        (true, ..) => Finding::fail(
            AREA,
            "tools",
            "it was asked to call two tools and called none",
            "choose a model made for tool calls; vLLM needs its tool parser flags, llama.cpp --jinja",
            Exit::Failed,
        ),
        (false, Some(call), _) => Finding::warn(
            AREA,
            "tools",
            format!("it called {} with arguments that are no JSON object: {}", call.name, call.arguments),
            "such a call is never run; the model is told. Another model may do better",
        ),
        (false, None, false) => {
            let says = format!("it called {}, and not all of these were offered", names.join(", "));
            Finding::warn(AREA, "tools", says, "such a call is never run; the model is told")
        }
        (false, None, true) => {
            Finding::ok(AREA, "tools", format!("it called {} in {} ms", names.join(", "), called.took.as_millis()))
        }
    };
    let parallel = match calls.len() {
        0 => None,
        1 => Some(Finding::warn(
            AREA,
            "parallel",
            "it called one tool where two were asked for at once",
            "it works, with more steps",
        )),
        calls => Some(Finding::ok(AREA, "parallel", format!("{calls} calls in one answer"))),
    };
    std::iter::once(tools).chain(parallel).collect()
}

fn request(text: &str, tools: Vec<ToolDefinition>) -> Request {
    Request {
        messages: vec![Arc::new(Message::User(text.into()))],
        tools: tools.into(),
        briefings: Arc::from([]),
        today: String::new(),
    }
}

fn tool(name: &str, description: &str) -> ToolDefinition {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    ToolDefinition {
        model_name: name.to_owned(),
        server: "doctor".into(),
        tool: name.into(),
        title: None,
        description: description.to_owned(),
        input_schema: Json::from(schema),
        output_schema: None,
        annotations: Annotations::default(),
        believed: false,
        hash: String::new(),
    }
}
