//! The servers of a session: the bundled ones, what server files make of them, and a project's that wait for a word.

use crate::config::Settings;
use crate::config::servers::{Origin, RESTARTS, Resolved, Secrets, Source, Sources, Standing, portrait, unusable};
use crate::failure::Failure;
use crate::mcp::{Era, Limits, Make, Naming, Program, Reach, ServerSpec, Trust};
use crate::orchestrator::{Judge, Judged, Projects};
use crate::protocol::{ProjectProposed, ProjectVerdict, ServerName, Unapproved, Withheld};

/// The servers of a session.
#[derive(Debug, Default)]
pub struct Fleet {
    /// In lane order: the bundled ones, then configured ones; a configured name replaces a bundled one in its place.
    pub specs: Vec<ServerSpec>,
    /// What was odd about the configuration.
    pub warnings: Vec<String>,
    /// What is to be kept out of recordings.
    pub secrets: Secrets,
    /// Names that a project's file gives to other servers than the ones that run, and what keeps those from it.
    pub passed_over: Vec<(ServerName, Withheld)>,
}

/// All servers the settings ask for.
///
/// # Errors
/// Our own path cannot be found; a server file of the user's that cannot be read.
pub fn fleet(settings: &Settings) -> Result<Fleet, Failure> {
    Ok(Fleet::of(&bundled(settings)?, &sources(settings)?))
}

impl Fleet {
    pub(super) fn of(bundled: &[ServerSpec], sources: &Sources) -> Self {
        let Resolved { specs, secrets, passed_over } = sources.resolve(bundled, &environment);
        Self { specs, warnings: sources.warnings.clone(), secrets, passed_over }
    }
}

/// The project's files that wait for the operator's word, and what becomes of `specs` with it.
pub(super) fn projects(bundled: Vec<ServerSpec>, mut sources: Sources, mut specs: Vec<ServerSpec>) -> Projects {
    let waits = |source: &&Source| matches!(source.standing, Standing::Withheld(Unapproved::New | Unapproved::Changed));
    let proposed = |source: &Source| ProjectProposed {
        file: source.file.path.display().to_string(),
        changed: source.standing == Standing::Withheld(Unapproved::Changed),
        servers: source.file.entries.iter().map(|(name, _)| name.as_str().into()).collect(),
        lines: portrait(&source.file, sources.behind(&source.file.path)),
    };
    let proposed = sources.files.iter().filter(waits).map(proposed).collect();
    let is_trusted = |source: &&Source| source.file.origin == Origin::Project && source.standing == Standing::Approved;
    let trusted =
        sources.files.iter().filter(is_trusted).map(|source| source.file.path.display().to_string()).collect();
    let judge: Judge = Box::new(move |file, verdict| {
        let kept = sources.judge(file, verdict);
        let Resolved { specs: now, secrets, .. } = sources.resolve(&bundled, &environment);
        let is_new = |spec: &&ServerSpec| !specs.contains(spec);
        let mut moved: Vec<ServerSpec> = now.iter().filter(is_new).cloned().collect();
        let is_gone = |spec: &&ServerSpec| !now.iter().any(|other| other.name == spec.name);
        moved.extend(specs.iter().filter(is_gone).map(|spec| ServerSpec {
            reach: Reach::SwitchedOff(sources.switches_off(&spec.name).unwrap_or_else(|| file.to_owned())),
            ..spec.clone()
        }));
        let withdrawn = match verdict {
            ProjectVerdict::Approved => Vec::new(),
            ProjectVerdict::Refused => {
                specs.iter().filter(|spec| runs_otherwise(spec, &now)).map(|spec| refused(spec, file)).collect()
            }
        };
        specs = now;
        Judged { moved, withdrawn, secrets: secrets.redactor(), kept }
    });
    Projects { proposed, trusted, judge }
}

/// Whether a server runs that is another one `now`, or none.
fn runs_otherwise(spec: &ServerSpec, now: &[ServerSpec]) -> bool {
    matches!(spec.reach, Reach::Program(_) | Reach::Remote(_)) && !now.contains(spec)
}

/// A server of a file that the operator has refused.
fn refused(spec: &ServerSpec, file: &str) -> ServerSpec {
    let by = Withheld { file: file.to_owned(), why: Unapproved::Refused };
    ServerSpec { reach: Reach::Withheld(by), ..unusable(spec.name.as_str(), String::new()) }
}

/// The server files in force here.
///
/// # Errors
/// A server file of the user's that cannot be read.
pub fn sources(settings: &Settings) -> Result<Sources, Failure> {
    let folder = std::env::current_dir().ok();
    let user = settings.user_servers.as_deref().filter(|path| path.exists());
    Sources::find(settings.servers.as_deref(), folder.as_deref(), user, settings.projects).map_err(Failure::usage)
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Whether the bundled servers can keep their records where the settings say. They open it with the first call only, and
/// each of them would fail then.
///
/// # Errors
/// They cannot.
pub fn database(settings: &Settings) -> Result<(), Failure> {
    let Some(file) = settings.db.as_deref() else { return Ok(()) };
    callboard_servers::check_db(file, settings.data.as_deref())
        .map_err(|error| Failure::usage(settings.origins.tell("db", &error.to_string())))
}

/// The five bundled servers, each a child that is this very program.
pub(super) fn bundled(settings: &Settings) -> Result<Vec<ServerSpec>, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::failed(format!("the program cannot find itself to start its servers: {error}")))?;
    let wrong = |key: &str, words: String| Failure::usage(settings.origins.tell(key, &words));
    if let Some(dir) = settings.data.as_deref().filter(|dir| !dir.is_dir()) {
        let dir = dir.display();
        return Err(wrong("data", format!("there is no folder {dir}; `callboard data export {dir}` makes one")));
    }
    database(settings)?;
    let mut options = Vec::new();
    for (flag, path) in [("--data", &settings.data), ("--db", &settings.db)] {
        if let Some(path) = path {
            options.push(flag.to_owned());
            options.push(path.display().to_string());
        }
    }
    if let Some(as_of) = &settings.as_of {
        callboard_servers::check_day(as_of).map_err(|error| wrong("as_of", error.to_string()))?;
        options.extend(["--as-of".to_owned(), as_of.clone()]);
    }
    let spec = |name: &&str| ServerSpec {
        name: (*name).into(),
        reach: Reach::Program(Program {
            command: program.clone(),
            args: ["serve".to_owned(), (*name).to_owned()].into_iter().chain(options.iter().cloned()).collect(),
            make: Make::Bundled,
            ..Program::default()
        }),
        era: Era::Modern,
        naming: Naming::Plain,
        limits: Limits::default(),
        restarts: RESTARTS,
        trust: Trust::Trusted,
    };
    Ok(callboard_servers::NAMES.iter().map(spec).collect())
}
