//! What the console asks of the program around it: lists and replays recordings, forks them, makes their calls again.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use serde_json::Value;

use crate::compare::{self, Change, Outcome, verdict};
use crate::config::Settings;
use crate::console;
use crate::direct;
use crate::failure::Failure;
use crate::launch::{self, Fleet};
use crate::protocol::{CallId, Json};
use crate::recorded;
use crate::recording::reader::{Reader, Row};
use crate::recording::{list, replay, sessions_dir};
use crate::session::Session;
use crate::ui::{Answer, Entry, Outside, Request};
use crate::wording::count;

/// Records that a preview looks at.
const PREVIEWED: usize = 2000;

/// Lines of a result that are shown.
const SHOWN: usize = 2000;

/// The program around one console.
#[derive(Debug)]
pub struct Around {
    settings: Settings,
    /// What the sessions it opened run on.
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Around {
    /// A program with these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, threads: Mutex::default() }
    }

    /// Waits for the sessions it opened; their consoles are gone, so they end.
    pub fn join(&self) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            // A panic over there has been reported.
            let _ = thread.join();
        }
    }

    fn keep(&self, thread: JoinHandle<()>) {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
    }

    fn open(&self, file: &Path) -> Result<Answer, Failure> {
        let (link, thread) = replay::open(file).map_err(|error| Failure::failed(error.to_string()))?;
        self.keep(thread);
        Ok(Answer::Scene(Box::new((link, console::viewing(&self.settings, file)))))
    }

    fn fork(&self, file: &Path, records: u64) -> Result<Answer, Failure> {
        let running = launch::start_fork(&self.settings, file, Some(records))?;
        let options = console::live(&self.settings, &running);
        let (link, thread) = running.split();
        self.keep(thread);
        Ok(Answer::Scene(Box::new((link, options))))
    }

    fn again(&self, file: &Path, call: CallId, arguments: &Json) -> Result<Answer, Failure> {
        let recorded = recorded::read_file(file)?;
        let call = recorded
            .session
            .call(call)
            .ok_or_else(|| Failure::failed(format!("there is no call {call} in {}", file.display())))?;
        let Fleet { specs, secrets, .. } = launch::fleet(&self.settings)?;
        let specs: Vec<_> = specs.into_iter().filter(|spec| spec.name == call.server).collect();
        if specs.is_empty() {
            return Err(Failure::failed(format!("there is no server {} now", call.server)));
        }
        let Value::Object(object) = arguments.value() else {
            return Err(Failure::failed("arguments are a JSON object".into()));
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::failed(format!("no runtime for the call: {error}")))?;
        let end = runtime.block_on(async {
            let (mut servers, muster) = direct::muster(&specs, &secrets).await;
            let listed = muster.listed.get(&call.server).map_or(&[][..], |listed| &listed.tools);
            let tool = listed.iter().find(|tool| tool.tool == call.tool);
            // The operator has said yes by asking for it; a refusal of the settings stands all the same.
            let refused = tool.and_then(|tool| direct::refusal(&self.settings.gate, tool, &object));
            let not_made = |why: String| Err(Failure::failed(format!("call {} was not made again: {why}", call.id.0)));
            let end = match (muster.lost.get(&call.server), tool, refused) {
                (Some(lost), _, _) => not_made(format!("server {} could not be started: {}", call.server, lost.reason)),
                // Nothing is known of what such a call would do.
                (None, None, _) => not_made(format!("server {} has no tool {} any more", call.server, call.tool)),
                (None, Some(_), Some(reason)) => not_made(reason),
                (None, Some(_), None) => direct::run(&mut servers, &call.server, call.tool.as_str(), object).await,
            };
            drop(servers.stop().await);
            end
        })?;
        let now = Outcome::of_end(&end);
        let (words, result) = match compare::unanswered(call) {
            Some(reason) => (format!("no verdict, there is nothing to compare with: {reason}"), result_lines(&now)),
            None => {
                let (verdict, changes) = verdict(&Outcome::of_call(call), &now);
                (format!("verdict: {}", verdict.as_str()), change_lines(&changes))
            }
        };
        let is_edited = compare::canonical(&call.arguments.value()) != compare::canonical(&arguments.value());
        let mut lines = vec![
            format!(
                "{} {}, {}",
                call.server,
                call.tool,
                if is_edited { "with other arguments" } else { "as recorded" }
            ),
            words,
            String::new(),
        ];
        if is_edited {
            let changed = compare::changes(&call.arguments.value(), &arguments.value());
            lines.push("arguments, recorded → now".to_owned());
            lines.extend(changed.iter().map(|change| format!("  {}", change.line())));
            lines.push(String::new());
        }
        lines.extend(result);
        Ok(Answer::Made { call: call.id, lines })
    }
}

impl Outside for Around {
    fn answer(&self, request: Request) -> Answer {
        let answer = match request {
            Request::Sessions => sessions(),
            Request::Preview(file) => Ok(preview(file)),
            Request::Questions { but } => questions(but.as_deref()),
            Request::Open(file) => self.open(&file),
            Request::Fork { file, records } => self.fork(&file, records),
            Request::Again { file, call, arguments } => self.again(&file, call, &arguments),
            Request::Compare { left, right } => compare_files(&left, &right),
        };
        answer.unwrap_or_else(|failure| Answer::Failed(failure.message))
    }
}

/// Where the result differs from the recorded one.
fn change_lines(changes: &[Change]) -> Vec<String> {
    let mut lines = vec!["result, recorded → now".to_owned()];
    lines.extend(changes.iter().map(|change| format!("  {}", change.line())));
    if changes.is_empty() {
        lines.push("  nothing differs".to_owned());
    }
    lines
}

/// The result itself.
fn result_lines(outcome: &Outcome) -> Vec<String> {
    let value = outcome.value();
    let text = value.as_str().map_or_else(|| format!("{value:#}"), str::to_owned);
    let lines = text.lines().take(SHOWN).map(|line| format!("  {line}"));
    std::iter::once(format!("result, {}", outcome.status.as_str())).chain(lines).collect()
}

fn sessions() -> Result<Answer, Failure> {
    let dir =
        sessions_dir().ok_or_else(|| Failure::failed("there is no home folder; set XDG_STATE_HOME".to_owned()))?;
    let listed = list::sessions(&dir)
        .map_err(|error| Failure::failed(format!("{} cannot be listed: {error}", dir.display())))?;
    let entry = |listed: list::Listed| Entry {
        about: listed.about(),
        is_mock: listed.mock_of.is_some(),
        is_in_part: listed.unread > 0,
        file: listed.path,
        id: listed.id,
        created: listed.created.get(..16).unwrap_or(&listed.created).replace('T', " "),
        model: listed.model,
        size: format!("{}t {}c", listed.turns, listed.calls),
        words: listed.questions.join(" "),
    };
    Ok(Answer::Sessions(listed.into_iter().map(entry).collect()))
}

fn questions(but: Option<&Path>) -> Result<Answer, Failure> {
    // Without a folder there is nothing to go back to, and that is no news.
    let Some(dir) = sessions_dir() else { return Ok(Answer::Questions(Vec::new())) };
    list::last_questions(&dir, but)
        .map(Answer::Questions)
        .map_err(|error| Failure::failed(format!("{} cannot be listed: {error}", dir.display())))
}

/// The first questions with the beginnings of their answers.
fn preview(file: PathBuf) -> Answer {
    let reader = match Reader::open(&file) {
        Ok(reader) => reader,
        Err(error) => return Answer::Preview(file, vec![error.to_string()]),
    };
    let mut session = Session::default();
    for row in reader.take(PREVIEWED) {
        if let Ok(Row::Record(record)) = row {
            session.apply(&record);
        }
    }
    let mut lines = Vec::new();
    for turn in session.turns.iter().take(8) {
        let failed = turn.tally(&session).failed;
        lines.push(format!("› {}  ({}, {failed} failed)", turn.question, count(turn.calls.len(), "call")));
        let answer = turn.answer(&session).map_or("", |step| step.text.trim_start());
        lines.extend(answer.lines().next().map(|line| format!("  {line}")));
    }
    Answer::Preview(file, lines)
}

fn compare_files(left: &Path, right: &Path) -> Result<Answer, Failure> {
    let (left, right) = (recorded::read_file(left)?, recorded::read_file(right)?);
    let comparison = compare::compare(&left.session, &right.session);
    let mut lines = Vec::new();
    for (sign, one) in [('-', &left), ('+', &right)] {
        let damage = one.damage.words().map(|words| format!(", damaged: {words}")).unwrap_or_default();
        lines.push(format!("{sign} {}{damage}", one.header.id));
    }
    lines.push(String::new());
    if comparison.is_same() {
        lines.push("The same calls with the same outcomes, and the same answers.".to_owned());
    }
    lines.extend(recorded::diff_lines(&comparison));
    Ok(Answer::Page { title: "What differs".to_owned(), lines })
}
