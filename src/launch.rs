//! Puts a session together from settings: model, servers, recording, and the orchestrator on a thread of its own.

mod fleet;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use ulid::Ulid;

use crate::clock::Clock;
use crate::config::servers::Secrets;
use crate::config::{Record, Settings};
use crate::failure::Failure;
use crate::link::{Link, link};
use crate::model::Model;
use crate::model::builtin::BuiltIn;
use crate::model::openai::{self, ApiKey, OpenAi};
use crate::model::scripted::Scripted;
use crate::orchestrator::{self, Answers, Gate, Models, Others, Policy, Projects, Resumed, Setup, Source};
use crate::pins::Kept;
use crate::protocol::{Event, SessionId};
use crate::recording::format::{FORMAT, ForkedFrom, Header, VERSION};
use crate::recording::reader::{Reader, Row};
use crate::recording::redact::Redactor;
use crate::recording::{Recording, sessions_dir};
use crate::wording::count;

pub use fleet::{Fleet, database, fleet, sources};

use fleet::{bundled, projects};

/// A running session.
#[derive(Debug)]
pub struct Running {
    /// The screen's end.
    pub link: Link,
    /// Its ULID.
    pub id: SessionId,
    /// The model's name.
    pub model: String,
    /// The assistant without a model, which also runs runbooks.
    pub built_in: Arc<BuiltIn>,
    /// Its file, if it is recorded.
    pub file: Option<PathBuf>,
    /// Where it goes on from, if it is a fork.
    pub forked_from: Option<ForkedFrom>,
    thread: JoinHandle<()>,
}

impl Running {
    /// Splits the link from the rest.
    #[must_use]
    pub fn split(self) -> (Link, JoinHandle<()>) {
        (self.link, self.thread)
    }
}

/// Program name and version, as in recordings.
#[must_use]
pub fn app() -> String {
    format!("callboard {}", env!("CARGO_PKG_VERSION"))
}

/// Starts a session.
///
/// # Errors
/// A model, server file or recording that cannot be had.
pub fn start(settings: &Settings) -> Result<Running, Failure> {
    let (bundled, sources) = (bundled(settings)?, sources(settings)?);
    let Fleet { specs, warnings, secrets, .. } = Fleet::of(&bundled, &sources);
    let commands = specs.iter().map(|spec| (spec.name.to_string(), spec.place())).collect();
    let projects = projects(bundled, sources, specs.clone());
    let plan = Plan {
        servers: Source::Live(specs),
        projects,
        gate: settings.gate.clone(),
        commands,
        secrets,
        origin: Origin::New,
    };
    assemble(settings, plan, warnings)
}

/// Starts a session that goes on from the first `at` lines of a recording behind its header, or from all of them.
///
/// # Errors
/// A recording that cannot be read, and those of [`start`].
pub fn start_fork(settings: &Settings, path: &Path, at: Option<u64>) -> Result<Running, Failure> {
    let unreadable = |error: String| Failure::failed(format!("{} cannot be forked: {error}", path.display()));
    let mut reader = Reader::open(path).map_err(|error| Failure::failed(error.to_string()))?;
    let (parent, is_being_written) = (reader.header.id.clone(), reader.is_being_written());
    let (mut taken, mut writes, mut rows) = (Vec::new(), 0, 0_u64);
    for row in &mut reader {
        let is_wanted = at.is_none_or(|at| rows < at);
        rows += 1;
        match row.map_err(|error| unreadable(error.to_string()))? {
            Row::Record(record) => {
                let is_write = matches!(&record.event, Event::CallStarted(started) if !started.read_only);
                match is_wanted {
                    true => taken.push(record),
                    false => writes += usize::from(is_write),
                }
            }
            // It stays in the parent.
            Row::Bad { .. } => {}
        }
    }
    let record = taken.last().map_or(0, |record| record.index.0);
    let fork = ForkedFrom { session: parent, record };
    let (bundled, sources) = (bundled(settings)?, sources(settings)?);
    let Fleet { specs, mut warnings, secrets, .. } = Fleet::of(&bundled, &sources);
    if let Some(words) = reader.damage.words() {
        warnings.push(format!("{} is damaged, {words}; this session goes on from what could be read", fork.session));
    }
    let mut words = format!("forked at #{record} of …{}: from here on this session is live", fork.session.tail());
    if is_being_written {
        words.push_str("; that one is still being written, and what happens there from now on is no part of this one");
    }
    if writes > 0 {
        let ran = count(writes, "call");
        words.push_str(&format!("; {ran} that may change something ran there after it, and the world does not rewind"));
    }
    warnings.push(words);
    let commands = specs.iter().map(|spec| (spec.name.to_string(), spec.place())).collect();
    let projects = projects(bundled, sources, specs.clone());
    let origin = Origin::Fork(fork, Resumed { records: taken });
    let plan = Plan { servers: Source::Live(specs), projects, gate: settings.gate.clone(), commands, secrets, origin };
    assemble(settings, plan, warnings)
}

/// Starts a session that asks `of` again, its tools answered from that one's recording; no server is started, so no call
/// waits for a yes. `recorded_model` is who answered then.
///
/// # Errors
/// A model or recording that cannot be had.
pub fn start_mock(
    settings: &Settings,
    of: SessionId,
    recorded_model: String,
    answers: Answers,
) -> Result<Running, Failure> {
    let plan = Plan {
        servers: Source::Recorded(answers),
        projects: Projects::default(),
        gate: Gate::from(Policy::Auto).with_others(Others::Trusted),
        commands: BTreeMap::new(),
        secrets: Secrets::default(),
        origin: Origin::Mock { of, recorded_model },
    };
    assemble(settings, plan, Vec::new())
}

/// What a session comes from.
enum Origin {
    /// Nothing.
    New,
    /// The beginning of another one.
    Fork(ForkedFrom, Resumed),
    /// The questions of another one.
    Mock { of: SessionId, recorded_model: String },
}

/// In what sessions differ.
struct Plan {
    servers: Source,
    projects: Projects,
    gate: Gate,
    /// Where each server is, as the recording's header has it.
    commands: BTreeMap<String, String>,
    secrets: Secrets,
    origin: Origin,
}

fn assemble(settings: &Settings, plan: Plan, more_warnings: Vec<String>) -> Result<Running, Failure> {
    let Plan { servers, projects, gate, commands, secrets, origin } = plan;
    let built_in = Arc::new(built_in(settings)?);
    let model = model(settings, &built_in)?;
    let mut warnings = settings.warnings.clone();
    warnings.extend(more_warnings);
    let (mut forked_from, mut resumed, mut mock_of) = (None, None, None);
    match origin {
        Origin::New => {}
        Origin::Fork(from, records) => (forked_from, resumed) = (Some(from), Some(records)),
        Origin::Mock { of, recorded_model } => {
            if recorded_model != model.name() {
                warnings.push(format!(
                    "{of} was answered by {recorded_model}, and this mock run by {}: other calls and other words are to be \
                     expected; --model chooses who is asked",
                    model.name()
                ));
            }
            mock_of = Some(of);
        }
    }
    let clock = Clock::start_at(resumed.as_ref().map_or(0, Resumed::end_us));
    let id = SessionId::from(Ulid::generate().to_string());
    let mut redactor = secrets.redactor();
    if let Ok(key) = std::env::var("OPENAI_API_KEY") {
        redactor.add("OPENAI_API_KEY", &key);
    }
    let header =
        Header { forked_from: forked_from.clone(), mock_of, ..header(&id, model.name(), commands, gate.policy, clock) };
    let recording = recording(settings.record, &header, clock, redactor, &mut warnings);
    let (screen, feed) = link(clock);
    let file = recording.path().map(Path::to_path_buf);
    let name = model.name().to_owned();
    let (choices, assistant) = (settings.clone(), Arc::clone(&built_in));
    let models: Models = Box::new(move |name| {
        let mut chosen = Settings { model: Some(name.to_owned()), ..choices.clone() };
        chosen.origins.forget("model");
        self::model(&chosen, &assistant).map_err(|failure| failure.message)
    });
    let data = settings.data.clone();
    let mut setup = Setup {
        model,
        runbooks: Arc::clone(&built_in) as Arc<dyn Model>,
        models,
        servers,
        recording,
        app: app(),
        session: id.clone(),
        gate,
        pins: Kept::in_state_folder(),
        projects,
        resumed,
        warnings,
    };
    // One thread keeps the order of notifications, and answers sooner than a pool on few cores.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("no runtime for the orchestrator: {error}")))?;
    let thread = std::thread::Builder::new()
        .name("orchestrator".into())
        .spawn(move || {
            // Read here, where the screen does not wait for it.
            setup.warnings.extend(data_problems(data.as_deref()));
            runtime.block_on(orchestrator::run(setup, feed));
        })
        .map_err(|error| Failure::failed(format!("no thread for the orchestrator: {error}")))?;
    Ok(Running { link: screen, id, model: name, built_in, file, forked_from, thread })
}

/// What is wrong with a data set of the operator's own: answers from it may be wrong or missing.
fn data_problems(dir: Option<&Path>) -> Option<String> {
    let dir = dir?;
    let problems = callboard_servers::check(Some(dir));
    let first = problems.first()?;
    let more = match problems.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let shown = dir.display();
    Some(format!("The data in {shown} is not sound: {first}{more}. Run `callboard data check {shown}` and correct it."))
}

fn header(id: &SessionId, model: &str, servers: BTreeMap<String, String>, policy: Policy, clock: Clock) -> Header {
    Header {
        fmt: FORMAT.to_owned(),
        v: VERSION,
        need: Vec::new(),
        need_write: Vec::new(),
        id: id.clone(),
        created: clock.now_rfc3339(),
        app: app(),
        model: model.to_owned(),
        servers,
        policy: policy.as_str().to_owned(),
        forked_from: None,
        mock_of: None,
        more: BTreeMap::new(),
    }
}

/// A session that cannot be recorded goes on, and says so.
fn recording(
    record: Record,
    header: &Header,
    clock: Clock,
    redactor: Redactor,
    warnings: &mut Vec<String>,
) -> Recording {
    let dir = match (record, sessions_dir()) {
        (Record::Off, _) => return Recording::off(clock, redactor),
        (Record::On, Some(dir)) => dir,
        (Record::On, None) => {
            warnings.push("this session is not recorded: there is no home folder; set XDG_STATE_HOME".into());
            return Recording::off(clock, redactor);
        }
    };
    match Recording::create(&dir, header, clock, redactor.clone()) {
        Ok(recording) => recording,
        Err(error) => {
            warnings.push(format!("this session is not recorded: {error}"));
            Recording::off(clock, redactor)
        }
    }
}

/// The assistant without a model.
///
/// # Errors
/// A knowledge folder that cannot be used, with file, line and field.
pub fn built_in(settings: &Settings) -> Result<BuiltIn, Failure> {
    let wrong = |error: String| Failure::usage(settings.origins.tell("assistant", &error));
    BuiltIn::load(settings.assistant.as_deref()).map_err(|error| wrong(error.to_string()))
}

/// The model that the settings ask for.
///
/// # Errors
/// A script or endpoint that cannot be used.
pub fn model(settings: &Settings, built_in: &Arc<BuiltIn>) -> Result<Arc<dyn Model>, Failure> {
    let wrong = |key: &str, words: String| Failure::usage(settings.origins.tell(key, &words));
    if let Some(path) = script(settings) {
        let scripted = Scripted::from_file(path).map_err(|error| wrong("model", error.to_string()))?;
        return Ok(Arc::new(scripted));
    }
    let Some(endpoint) = endpoint(settings)? else { return Ok(Arc::clone(built_in) as Arc<dyn Model>) };
    let model = OpenAi::new(endpoint).map_err(|error| wrong("base_url", error.to_string()))?;
    Ok(Arc::new(model))
}

/// The file of answers that stands in for a model.
fn script(settings: &Settings) -> Option<&Path> {
    settings.model.as_deref().and_then(|name| name.strip_prefix("scripted:")).map(Path::new)
}

/// The endpoint that the settings ask for; none if the model is the built-in assistant or a script.
///
/// # Errors
/// A model's name without an endpoint.
pub fn endpoint(settings: &Settings) -> Result<Option<openai::Settings>, Failure> {
    let key = std::env::var("OPENAI_API_KEY").ok().and_then(ApiKey::new);
    let wanted = settings.model.as_deref();
    let no_endpoint = key.is_none() && settings.base_url.is_none();
    if script(settings).is_some() || wanted == Some("built-in") || (wanted.is_none() && no_endpoint) {
        return Ok(None);
    }
    if let (Some(name), true) = (wanted, no_endpoint) {
        let words = format!(
            "the model {name:?} needs an endpoint: set OPENAI_API_KEY for OpenAI's own, or OPENAI_BASE_URL (--base-url) \
             for another one; \"built-in\" needs neither"
        );
        return Err(Failure::usage(settings.origins.tell("model", &words)));
    }
    let mut endpoint = openai::Settings { api_key: key, ..openai::Settings::default() };
    if let Some(url) = &settings.base_url {
        endpoint.base_url.clone_from(url);
    }
    if let Some(name) = wanted {
        endpoint.model = name.to_owned();
    }
    Ok(Some(endpoint))
}
