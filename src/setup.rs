//! `callboard mcp`: servers are added, listed, taken away, taken over from other programs, and a project's approved.

mod listing;

use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::cli::{McpTask, NewServer, Scope};
use crate::config::Settings;
use crate::config::servers::edit::{self, Existing};
use crate::config::servers::import::{self, Found, Program};
use crate::config::servers::{
    Approvals, Entry, Origin, Secrets, ServerFile, Standing, Variables, canonical, judge_name, portrait, project_files,
    project_root,
};
use crate::failure::{Failure, Form};
use crate::launch;
use crate::protocol::ProjectVerdict;
use crate::sanitise::{clean_block, clean_line};
use crate::stderr::tell;
use crate::stdout::{say, say_json};
use crate::wording::count;

/// Does what is asked of `callboard mcp`.
///
/// # Errors
/// What could not be done; the files are as they were.
pub fn run(settings: &Settings, task: McpTask, form: Form) -> Result<(), Failure> {
    match task {
        McpTask::Add(server) => add(settings, &server, form),
        McpTask::List => listing::list(settings, form),
        McpTask::Remove { name, scope } => remove(settings, &name, scope, form),
        McpTask::Import { from: None, .. } => importable(form),
        McpTask::Import { from: Some(from), names, scope, replace } => {
            let existing = if replace { Existing::Replace } else { Existing::Keep };
            take_over(settings, &from, &names, scope, existing, form)
        }
        McpTask::Trust { file, yes, no } => {
            let said = match (yes, no) {
                (true, _) => Some(ProjectVerdict::Approved),
                (false, true) => Some(ProjectVerdict::Refused),
                (false, false) => None,
            };
            trust(settings, file, said, form)
        }
    }
}

fn add(settings: &Settings, server: &NewServer, form: Form) -> Result<(), Failure> {
    let existing = if server.replace { Existing::Replace } else { Existing::Keep };
    let entry = entry(server)?;
    let (path, origin) = target(settings, server.scope)?;
    check(&server.name, &entry, &path)?;
    write(&path, origin, &[(server.name.clone(), entry)], existing)?;
    told(&format!("{} is written down in {}", server.name, path.display()), &path, &[&server.name], form)
}

/// The entry that the options describe.
fn entry(server: &NewServer) -> Result<Map<String, Value>, Failure> {
    let mut entry = Map::new();
    match (&server.url, server.command.split_first()) {
        (Some(url), _) => {
            entry.insert("type".into(), if server.sse { "sse" } else { "http" }.into());
            entry.insert("url".into(), url.as_str().into());
            let headers = pairs(&server.headers, ':', "--header", "'Name: value'")?;
            if !headers.is_empty() {
                entry.insert("headers".into(), headers.into());
            }
        }
        (None, Some((command, args))) => {
            entry.insert("command".into(), command.as_str().into());
            if !args.is_empty() {
                entry.insert("args".into(), args.into());
            }
            let env = pairs(&server.env, '=', "--env", "NAME=VALUE")?;
            if !env.is_empty() {
                entry.insert("env".into(), env.into());
            }
            if let Some(cwd) = &server.cwd {
                entry.insert("cwd".into(), cwd.as_str().into());
            }
        }
        (None, None) => {
            let name = &server.name;
            return Err(Failure::usage(format!(
                "there is neither a command nor an address; try: callboard mcp add {name} -- npx -y SOME-SERVER, \
                 or: callboard mcp add {name} --url https://…"
            )));
        }
    }
    if server.trust {
        entry.insert("trust".into(), true.into());
    }
    Ok(entry)
}

fn pairs(texts: &[String], between: char, option: &str, form: &str) -> Result<Map<String, Value>, Failure> {
    let pair = |text: &String| {
        let (name, value) = text
            .split_once(between)
            .filter(|(name, _)| !name.trim().is_empty())
            .ok_or_else(|| Failure::usage(format!("{option} {text:?} is not of the form {form}")))?;
        Ok((name.trim().to_owned(), value.trim_start().into()))
    };
    texts.iter().map(pair).collect()
}

/// What can be said of an entry before it is written down; whether its variables are set is said at the start.
fn check(name: &str, entry: &Map<String, Value>, path: &Path) -> Result<(), Failure> {
    judge_name(name).map_err(Failure::usage)?;
    let any_value = |_: &str| Some("x".to_owned());
    let mut variables = Variables::new(&any_value, path.parent().unwrap_or(Path::new("")));
    let parsed = Entry::parse(&Value::Object(entry.clone())).map_err(|misfit| misfit.to_string());
    // An address may come from a variable as a whole; that it is one can be said only at the start.
    let from_variable = |entry: &Entry| entry.url.as_ref().is_some_and(|url| url.starts_with("${"));
    parsed
        .and_then(|entry| match from_variable(&entry) {
            true => Ok(()),
            false => entry.spec(name, &mut variables, &mut Secrets::default()).map(drop),
        })
        .map_err(|reason| Failure::usage(format!("the server {name:?} cannot be used: {reason}")))
}

/// The file of a scope.
fn target(settings: &Settings, scope: Scope) -> Result<(PathBuf, Origin), Failure> {
    match scope {
        Scope::User => {
            let path = settings.user_servers.clone().ok_or_else(|| {
                Failure::failed("there is no home folder to keep servers in; set XDG_CONFIG_HOME".into())
            })?;
            Ok((path, Origin::User))
        }
        Scope::Project => {
            let folder = here()?;
            // What is in force where one stands is what is changed.
            let nearest = folder.join(".mcp.json");
            let path = if nearest.exists() { nearest } else { project_root(&folder).join(".mcp.json") };
            Ok((path, Origin::Project))
        }
    }
}

fn here() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|error| Failure::failed(format!("the working folder is not there: {error}")))
}

/// Writes entries. A project file that was approved, or did not exist, stays approved: the user wrote what is new in it.
fn write(
    path: &Path,
    origin: Origin,
    entries: &[(String, Map<String, Value>)],
    existing: Existing,
) -> Result<(), Failure> {
    let approved = is_approved(path, origin);
    edit::add(path, origin, entries, existing).map_err(Failure::failed)?;
    approve_again(path, approved)
}

fn is_approved(path: &Path, origin: Origin) -> bool {
    origin == Origin::Project
        && (!path.exists()
            || ServerFile::read(path, origin).is_ok_and(|file| {
                Approvals::load().is_ok_and(|approvals| approvals.standing(&file) == Standing::Approved)
            }))
}

fn approve_again(path: &Path, was_approved: bool) -> Result<(), Failure> {
    if !was_approved {
        return Ok(());
    }
    let file = ServerFile::read(path, Origin::Project).map_err(Failure::failed)?;
    let mut approvals = Approvals::load().map_err(Failure::failed)?;
    approvals.judge(&file, ProjectVerdict::Approved).map_err(Failure::failed)
}

fn remove(settings: &Settings, name: &str, scope: Scope, form: Form) -> Result<(), Failure> {
    let (path, origin) = target(settings, scope)?;
    let approved = path.exists() && is_approved(&path, origin);
    let removed = if path.exists() {
        edit::remove(&path, origin, name)
    } else {
        Err(format!("{} does not exist", path.display()))
    };
    removed.map_err(|reason| {
        let elsewhere = launch::sources(settings).unwrap_or_default().files.into_iter().map(|source| source.file);
        let mut having = elsewhere.filter(|file| file.entries.iter().any(|(known, _)| known == name));
        let hint = match (having.next(), target(settings, Scope::Project)) {
            (Some(file), Ok((project, _))) if canonical(&file.path) == canonical(&project) => {
                format!("it is the project's: `callboard mcp remove {name} --scope project`")
            }
            (Some(file), _) if file.origin == Origin::User => {
                format!("it is your own: `callboard mcp remove {name} --scope user`")
            }
            (Some(file), _) => format!("it stands in {}; edit that file", file.path.display()),
            (None, _) if callboard_servers::NAMES.contains(&name) => {
                "a bundled server is switched off with {\"disabled\": true} under its name".to_owned()
            }
            (None, _) => "`callboard mcp list` shows where each server comes from".to_owned(),
        };
        Failure::failed(format!("{reason}; {hint}"))
    })?;
    approve_again(&path, approved)?;
    told(&format!("{name} is taken out of {}", path.display()), &path, &[name], form)
}

fn told(text: &str, path: &Path, servers: &[&str], form: Form) -> Result<(), Failure> {
    match form {
        Form::Json => say_json(&json!({"file": path, "servers": servers}).to_string()),
        Form::Text => say(&clean_line(text)),
    }
}

fn importable(form: Form) -> Result<(), Failure> {
    let home = std::env::home_dir()
        .ok_or_else(|| Failure::failed("there is no home folder to look in; name a file to import from".into()))?;
    let folder = here()?;
    let mut rows = Vec::new();
    for (word, program) in Program::WORDS {
        for path in program.files(&home) {
            match import::servers(&path, Some(&folder)) {
                Ok(found) => {
                    let names: Vec<String> = found.into_iter().map(|(name, _)| name).collect();
                    rows.push((*word, path, names));
                }
                Err(problem) => tell(&clean_line(&format!("callboard: {problem}"))),
            }
        }
    }
    if form == Form::Json {
        let rows: Vec<Value> =
            rows.iter().map(|(word, path, names)| json!({"from": word, "file": path, "servers": names})).collect();
        return say_json(&json!({"importable": rows}).to_string());
    }
    for (word, path, names) in &rows {
        let names = if names.is_empty() { "no servers".to_owned() } else { names.join(", ") };
        say(&clean_line(&format!("{word:<15} {}: {names}", path.display())))?;
    }
    match rows.is_empty() {
        true => tell("no file of Claude Desktop, Claude Code, Cursor or VS Code was found; name a file to import from"),
        false => tell("take them over with: callboard mcp import NAME-OF-PROGRAM [SERVER…]"),
    }
    Ok(())
}

fn take_over(
    settings: &Settings,
    from: &str,
    names: &[String],
    scope: Scope,
    existing: Existing,
    form: Form,
) -> Result<(), Failure> {
    let found = offered(from)?;
    if let Some(unknown) = names.iter().find(|name| !found.iter().any(|(known, _)| known == *name)) {
        let known: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        return Err(Failure::usage(format!("{from} has no server {unknown:?}; it has {}", known.join(", "))));
    }
    let wanted = found.into_iter().filter(|(name, _)| names.is_empty() || names.contains(name));
    let (path, origin) = target(settings, scope)?;
    let there: Vec<String> = match path.exists() {
        true => ServerFile::read(&path, origin)
            .map_err(Failure::failed)?
            .entries
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        false => Vec::new(),
    };
    let mut taken = Found::new();
    for (name, entry) in wanted {
        if existing == Existing::Keep && there.contains(&name) {
            tell(&clean_line(&format!(
                "{name} is there already and stays as it is; --replace puts the other in its place"
            )));
        } else if let Err(failure) = check(&name, &entry, &path) {
            tell(&clean_line(&format!("left out: {}", failure.message)));
        } else {
            taken.push((name, entry));
        }
    }
    if taken.is_empty() {
        return Err(Failure::failed(format!("nothing was taken over from {from}")));
    }
    write(&path, origin, &taken, existing)?;
    let names: Vec<&str> = taken.iter().map(|(name, _)| name.as_str()).collect();
    let text = format!("{} written down in {}: {}", count(names.len(), "server"), path.display(), names.join(", "));
    told(&text, &path, &names, form)
}

/// The servers of a program known by its word, or of a file.
fn offered(from: &str) -> Result<Found, Failure> {
    let folder = here()?;
    let Some((_, program)) = Program::WORDS.iter().find(|(word, _)| *word == from) else {
        let path = Path::new(from);
        if !path.exists() {
            let words: Vec<&str> = Program::WORDS.iter().map(|(word, _)| *word).collect();
            return Err(Failure::usage(format!("{from:?} is none of {}, and no file", words.join(", "))));
        }
        return import::servers(path, Some(&folder)).map_err(Failure::failed);
    };
    let files = std::env::home_dir().map(|home| program.files(&home)).unwrap_or_default();
    if files.is_empty() {
        return Err(Failure::failed(format!("no file of {from} was found; name the file to import from")));
    }
    let mut found = Found::new();
    for path in files {
        for (name, entry) in import::servers(&path, Some(&folder)).map_err(Failure::failed)? {
            if !found.iter().any(|(known, _)| *known == name) {
                found.push((name, entry));
            }
        }
    }
    Ok(found)
}

fn trust(settings: &Settings, file: Option<PathBuf>, said: Option<ProjectVerdict>, form: Form) -> Result<(), Failure> {
    let files = match file {
        Some(file) => vec![file],
        None => project_files(&here()?),
    };
    if files.is_empty() {
        return Err(Failure::failed(
            "this project has no server file (.mcp.json, .cursor/mcp.json, .vscode/mcp.json)".into(),
        ));
    }
    let sources = launch::sources(settings)?;
    let mut approvals = Approvals::load().map_err(Failure::failed)?;
    let mut rows = Vec::new();
    for path in files {
        let file = ServerFile::read(&path, Origin::Project).map_err(Failure::failed)?;
        let shown = path.display();
        if form == Form::Text {
            say(&clean_line(&format!("{shown}:")))?;
            for line in portrait(&file, sources.behind(&path)) {
                say(&format!("  {}", clean_line(&line)))?;
            }
        }
        let verdict = match said {
            Some(verdict) => verdict,
            None => ask(&path)?,
        };
        approvals.judge(&file, verdict).map_err(Failure::failed)?;
        let word = match verdict {
            ProjectVerdict::Approved => "approved as it is now",
            ProjectVerdict::Refused => "refused",
        };
        match form {
            Form::Json => rows.push(json!({"file": path, "verdict": verdict, "hash": file.hash})),
            Form::Text => say(&clean_block(&format!("{shown} is {word}")))?,
        }
    }
    if form == Form::Json {
        say_json(&json!({"files": rows}).to_string())?;
    }
    Ok(())
}

/// Asks at the terminal; anything but a clear yes is a no.
fn ask(path: &Path) -> Result<ProjectVerdict, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(format!(
            "nobody is there to ask; `callboard mcp trust {} --yes` approves it, --no refuses it",
            path.display()
        )));
    }
    tell("May these servers start, as you and with your files? [y/N]");
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Failure::failed(format!("the answer cannot be read: {error}")))?;
    let is_yes = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    Ok(if is_yes { ProjectVerdict::Approved } else { ProjectVerdict::Refused })
}
