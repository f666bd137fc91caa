//! What was typed: a question, or a command of the input line.

use crate::protocol::{Command, Question, Rejection, ServerName, Stepping, Unapproved};
use crate::session::Health;
use crate::ui::command::{self, Spec, Verb};
use crate::ui::state::{
    Choice, FeedState, Follow, Leaving, Overlay, Page, Scroll, Shows, State, Urgency, trouble_first,
};
use crate::ui::text::{self, Piece};
use crate::ui::theme::Role;

use super::{Effect, act, around, arrivals, facts, form, materials, palette, projects};

/// What is said to whoever wants something of a recording.
const RECORDED: &str =
    "This is a recording: nothing is executed in it. Tab, then C goes on from here in a new live session.";

/// Sends what was typed.
pub(super) fn send(state: &mut State) -> Vec<Effect> {
    let line = state.input.text();
    if line.trim().is_empty() {
        return Vec::new();
    }
    if arrivals::has_just_come(state) {
        state.notice = Some("This has only just come: read it first, then press Enter again.".to_owned());
        return Vec::new();
    }
    match command::split(&line) {
        Some((word, arguments)) => match command::find(word) {
            Ok(spec) => {
                let arguments = arguments.to_owned();
                let ran = run(state, spec, &arguments);
                match ran {
                    Ok(effects) => {
                        state.input.take();
                        effects
                    }
                    Err(words) => {
                        state.notice = Some(words);
                        Vec::new()
                    }
                }
            }
            Err(words) => {
                state.notice = Some(words);
                Vec::new()
            }
        },
        None => {
            if state.feed == FeedState::Over {
                state.notice = Some("Not sent: the session is over. Ctrl+C twice leaves.".to_owned());
                return Vec::new();
            }
            if state.is_viewing() {
                state.notice = Some(RECORDED.to_owned());
                return Vec::new();
            }
            let text = state.input.take();
            let question = with_attached(state, text);
            ask(state, question)
        }
    }
}

/// Asks a question that was not typed.
pub(super) fn submit(state: &mut State, question: String) -> Vec<Effect> {
    state.input.remember(&question);
    let question = with_attached(state, question);
    ask(state, question)
}

fn with_attached(state: &mut State, text: String) -> Question {
    Question { text: text.trim().to_owned(), attached: std::mem::take(&mut state.reading.attached) }
}

fn ask(state: &mut State, question: Question) -> Vec<Effect> {
    state.chat.scroll = Scroll::End;
    state.chat.link = None;
    state.chat.example = None;
    state.follow = Follow::Latest;
    vec![Effect::Send(Command::Submit(question))]
}

/// Runs a command.
///
/// # Errors
/// In words, why it cannot be run with these arguments.
pub(super) fn run(state: &mut State, spec: &Spec, arguments: &str) -> Result<Vec<Effect>, String> {
    if state.is_viewing() && spec.verb.needs_live(arguments) {
        return Err(RECORDED.to_owned());
    }
    match spec.verb {
        Verb::Help => state.overlay = Some(Overlay::Help(palette::help_page(state))),
        Verb::Tools => tools(state, arguments),
        Verb::Servers => state.overlay = Some(Overlay::Page(servers(state))),
        Verb::Resources => return materials::resources(state, arguments),
        Verb::Prompts => return materials::prompts(state, arguments),
        Verb::Model if arguments.is_empty() => {
            state.notice = Some(format!("Answers come from {}.", text::fit(state.session.model(), 60)));
        }
        Verb::Model => return sent(Command::SelectModel { name: arguments.to_owned() }),
        Verb::Detach if state.reading.attached.is_empty() => {
            state.notice = Some("Nothing is attached.".to_owned());
        }
        Verb::Detach => {
            let all = text::count(state.reading.attached.len(), "resource");
            state.notice = Some(format!("{all} let go of: your next question goes alone."));
            state.reading.attached.clear();
        }
        Verb::Clear => {
            state.reading.attached.clear();
            return sent(Command::ClearConversation);
        }
        Verb::Note if arguments.is_empty() => return Err("/note TEXT: say what to note.".to_owned()),
        Verb::Note => {
            state.notice = Some("Noted in the recording.".to_owned());
            return sent(Command::Note { text: arguments.to_owned() });
        }
        Verb::Restart => return restart(state, arguments),
        Verb::Answer => form::open(state),
        Verb::Stop if !state.session.is_busy() => {
            state.notice = Some("No turn is running, and no question waits.".to_owned());
        }
        Verb::Stop => return sent(Command::StopTurn),
        Verb::Call if arguments.is_empty() => {
            return Err("/call SERVER__TOOL {JSON}: /tools lists the names.".to_owned());
        }
        Verb::Call => return Ok(ask(state, format!("/call {arguments}").into())),
        Verb::Run if arguments.is_empty() => runbooks(state),
        Verb::Run => return Ok(ask(state, format!("/run {arguments}").into())),
        Verb::Step => return step(state, arguments),
        Verb::Trust => return projects::judge(state, arguments),
        Verb::Sessions => return Ok(around::pick(state, Choice::Open)),
        Verb::Query => query(state),
        Verb::Problems => problems(state),
        Verb::Notices => notices(state),
        Verb::Quit => {
            state.leaving = Leaving::Armed;
            return Ok(act::quit(state));
        }
    }
    Ok(Vec::new())
}

fn sent(command: Command) -> Result<Vec<Effect>, String> {
    Ok(vec![Effect::Send(command)])
}

fn step(state: &State, arguments: &str) -> Result<Vec<Effect>, String> {
    let stepping = match arguments {
        "" if state.session.stepping != Stepping::Off => Stepping::Off,
        "" | "on" => Stepping::On,
        "off" => Stepping::Off,
        "all" => Stepping::All,
        _ => return Err("/step [on|all|off]: hold calls and results; all: around the model too.".to_owned()),
    };
    sent(Command::Step { stepping })
}

/// Shows what can be written in an expression.
pub(super) fn query(state: &mut State) {
    let theme = state.theme();
    let mut paragraphs = Vec::new();
    for (example, meaning) in crate::query::HELP {
        paragraphs.push(vec![Piece::new(example, theme.style(Role::Name))]);
        paragraphs.push(vec![Piece::new(&format!("    {meaning}"), theme.style(Role::Text))]);
    }
    state.overlay = Some(Overlay::Page(palette::titled("Expressions", paragraphs)));
}

fn problems(state: &mut State) {
    let Some(playback) = state.playback.as_ref().filter(|playback| playback.problem_count > 0) else {
        state.notice = Some("Nothing is known to be wrong with this session's file.".to_owned());
        return;
    };
    let plain = state.theme().style(Role::Text);
    let mut paragraphs = vec![vec![Piece::new(&playback.file, plain)], Vec::new()];
    paragraphs.extend(playback.problems.iter().map(|problem| vec![Piece::new(&problem.to_string(), plain)]));
    let more = playback.problem_count.saturating_sub(playback.problems.len() as u64);
    if more > 0 {
        paragraphs.push(vec![Piece::new(&format!("… and {more} more"), plain)]);
    }
    state.overlay = Some(Overlay::Page(palette::titled("Problems", paragraphs)));
}

/// What the console has said, and the notes of the session, which say what it cannot know.
fn notices(state: &mut State) {
    const MOST: usize = 200;
    let theme = state.theme();
    let mut said: Vec<(u64, &str)> = state.notices.newest_first().collect();
    let notes = state.session.notes.iter().rev().map(|note| (note.at_us, note.told.text.as_str()));
    let unsaid: Vec<_> = notes.take(MOST).filter(|(_, text)| said.iter().all(|(_, words)| words != text)).collect();
    said.extend(unsaid);
    said.sort_by_key(|(at_us, _)| std::cmp::Reverse(*at_us));
    let mut paragraphs = Vec::new();
    for (at_us, words) in said.into_iter().take(MOST) {
        let time = Piece::new(&format!("{:>7}  ", text::clock(at_us)), theme.style(Role::Dim));
        let mut lines = words.lines().map(|line| Piece::new(line, theme.style(Role::Text)));
        paragraphs.push([time].into_iter().chain(lines.next()).collect());
        let more = lines.map(|line| vec![Piece::new("         ", theme.style(Role::Text)), line]);
        paragraphs.extend(more);
    }
    if paragraphs.is_empty() {
        paragraphs.push(vec![Piece::new("Nothing has been said yet.", theme.style(Role::Text))]);
    }
    state.overlay = Some(Overlay::Page(palette::titled("Notices", paragraphs)));
}

fn runbooks(state: &mut State) {
    let theme = state.theme();
    let mut paragraphs = Vec::new();
    for runbook in &state.options.runbooks {
        paragraphs.push(vec![
            Piece::new(&format!("/run {} ", runbook.name), theme.style(Role::Strong)),
            Piece::new(&runbook.parameters, theme.style(Role::Dim)),
        ]);
        paragraphs.push(vec![Piece::new(&format!("  {}", runbook.summary), theme.style(Role::Text))]);
        paragraphs.push(Vec::new());
    }
    state.overlay = Some(Overlay::Page(palette::titled("Runbooks", paragraphs)));
}

fn restart(state: &mut State, wanted: &str) -> Result<Vec<Effect>, String> {
    let names: Vec<&str> = state.session.servers.iter().map(|server| server.name.as_str()).collect();
    let health = state.session.server(&ServerName::from(wanted)).map(|server| &server.health);
    match health {
        None => Err(format!("/restart SERVER: one of {}.", names.join(", "))),
        Some(Health::SwitchedOff(file)) => Err(format!("{wanted} is switched off in {file}: change that first.")),
        Some(Health::Withheld(by)) => Err(format!("{wanted} may not be started: {}; {}.", by.reason(), remedy(by.why))),
        Some(_) => {
            state.notice = Some(format!("Restarting {}…", text::fit(wanted, 40)));
            sent(Command::RestartServer { server: ServerName::from(wanted) })
        }
    }
}

fn remedy(why: Unapproved) -> &'static str {
    match why {
        Unapproved::New | Unapproved::Changed => "/trust shows it",
        Unapproved::Refused => "`callboard mcp trust` takes that back, for the next start",
    }
}

fn tools(state: &mut State, wanted: &str) {
    let theme = state.theme();
    let mut paragraphs = Vec::new();
    for server in
        state.session.servers.iter().filter(|server| wanted.is_empty() || server.name.as_str().contains(wanted))
    {
        let count = text::count(server.tools.len(), "tool");
        paragraphs.push(vec![
            Piece::new(server.name.as_str(), theme.style(Role::Strong)),
            Piece::new(&format!("  {count}"), theme.style(Role::Dim)),
        ]);
        for tool in server.tools.iter() {
            let effect = match (tool.effects().read_only, tool.annotations.read_only) {
                (true, _) => "reads",
                (false, true) => "may write; says it reads, not trusted",
                (false, false) => "may write",
            };
            let first = text::first_line(&tool.description);
            paragraphs.push(vec![
                Piece::new("  ", theme.style(Role::Text)),
                Piece::new(tool.tool.as_str(), theme.style(Role::Name)),
                Piece::new(&format!("  {effect}  "), theme.style(Role::Dim)),
                Piece::new(first, theme.style(Role::Text)),
            ]);
            if let Some(change) = state.session.change(&server.name, &tool.tool) {
                let words = format!("    ⚠ {}; its calls wait for a yes", change.summary);
                paragraphs.push(vec![Piece::new(&words, theme.style(Role::Warn))]);
            }
        }
        for rejected in server.rejected.iter() {
            let (sign, role) = match rejected.kind {
                Rejection::Fault => ("✗", Role::Bad),
                Rejection::Unsupported => ("–", Role::Dim),
            };
            paragraphs.push(vec![
                Piece::new("  ", theme.style(Role::Text)),
                Piece::new(&format!("{sign} {}: {}", rejected.label(), rejected.reason), theme.style(role)),
            ]);
        }
        paragraphs.push(Vec::new());
    }
    if paragraphs.is_empty() {
        paragraphs.push(vec![Piece::new("No server of that name, or none at all.", theme.style(Role::Text))]);
    }
    state.overlay = Some(Overlay::Page(palette::titled("Tools", paragraphs)));
}

/// All servers, those in trouble first.
pub(super) fn servers(state: &State) -> Page {
    let theme = state.theme();
    let mut paragraphs = Vec::new();
    let order = trouble_first(&Urgency::of_all(&state.session));
    for server in order.into_iter().filter_map(|lane| state.session.servers.get(lane)) {
        let role = match server.health {
            Health::Ready if state.session.trouble(server).is_some() => Role::Warn,
            Health::Ready => Role::Good,
            Health::Failed { .. } => Role::Bad,
            Health::Withheld(_) => Role::Warn,
            Health::Starting | Health::Probing | Health::Listing | Health::Restarting { .. } => Role::Busy,
            Health::Unknown | Health::Stopped | Health::SwitchedOff(_) => Role::Dim,
        };
        let time = facts::going_on(state, server).map(|time| format!("  {time}"));
        paragraphs.push(vec![
            Piece::new(server.name.as_str(), theme.style(Role::Strong)),
            Piece::new("  ", theme.style(Role::Text)),
            Piece::new(&facts::health(state, server), theme.style(role)),
            Piece::new(&time.unwrap_or_default(), theme.style(Role::Dim)),
        ]);
        paragraphs.extend(facts::of_server(server).into_iter().map(|(name, value)| {
            vec![
                Piece::new(&format!("  {name:<10}"), theme.style(Role::Dim)),
                Piece::new(&value, theme.style(Role::Text)),
            ]
        }));
        paragraphs.push(Vec::new());
    }
    if paragraphs.is_empty() {
        paragraphs.push(vec![Piece::new("No servers are configured.", theme.style(Role::Text))]);
    }
    Page {
        shows: Shows::Servers(state.session.records, state.going_on_us(state.now_us)),
        ..palette::titled("Servers", paragraphs)
    }
}
