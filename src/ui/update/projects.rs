//! A project's server files: shown in full before the operator says whether their servers may start.

use crate::protocol::{Command, ProjectVerdict};
use crate::session::Project;
use crate::ui::state::{Matter, Overlay, Page, State};
use crate::ui::text::Piece;
use crate::ui::theme::Role;

use super::{Effect, arrivals, palette};

/// Shows all files that wait, unless the operator is at something else.
pub(super) fn show(state: &mut State) {
    if arrivals::is_free(state) {
        open(state);
    }
    state.notice = Some("This project has servers of its own, which wait for your word: /trust".to_owned());
}

/// Takes the operator's word on all files that were read to their end; without a word, shows them.
///
/// # Errors
/// In words, why it cannot be taken.
pub(super) fn judge(state: &mut State, word: &str) -> Result<Vec<Effect>, String> {
    if let Some(("no", file)) = word.split_once(char::is_whitespace) {
        return take_back(state, file.trim());
    }
    if state.session.open_projects().next().is_none() {
        return Err(match (word, state.session.trusted.as_slice()) {
            ("no", trusted @ [_, ..]) => {
                format!("Nothing waits for your word. /trust no FILE takes a yes back, of: {}.", trusted.join(", "))
            }
            _ => "No server file of a project waits for your word. What you have refused can be approved with \
                  `callboard mcp trust`, for the next start."
                .to_owned(),
        });
    }
    let verdict = match word {
        "" => {
            open(state);
            return Ok(Vec::new());
        }
        "yes" => ProjectVerdict::Approved,
        "no" => ProjectVerdict::Refused,
        _ => return Err("/trust [yes|no|no FILE]: may the project's servers start?".to_owned()),
    };
    if !state.session.open_projects().all(|project| state.read.contains(&matter(project))) {
        open(state);
        state.notice = Some("This is what would start. Read it to its end (PgDn), then say it again.".to_owned());
        return Ok(Vec::new());
    }
    let files = state.session.open_projects().map(|project| project.proposed.file.clone());
    Ok(files.map(|file| Effect::Send(Command::JudgeProject { file, verdict })).collect())
}

/// Takes a yes back that counts now. A no needs no reading.
fn take_back(state: &mut State, file: &str) -> Result<Vec<Effect>, String> {
    let trusted = &state.session.trusted;
    let Some(file) = trusted.iter().find(|trusted| *trusted == file).cloned() else {
        return Err(match trusted.as_slice() {
            [] => format!("There is no yes to {file} to take back: no server file of a project counts here."),
            trusted => format!("There is no yes to {file} to take back, only to: {}.", trusted.join(", ")),
        });
    };
    state.notice = Some(format!("Your yes to {file} is taken back: its servers are stopped."));
    Ok(vec![Effect::Send(Command::JudgeProject { file, verdict: ProjectVerdict::Refused })])
}

fn open(state: &mut State) {
    let theme = state.theme();
    let (plain, strong) = (theme.style(Role::Text), theme.style(Role::Strong));
    let how = "Read this to its end; then /trust yes or /trust no answers.";
    let mut paragraphs = vec![vec![Piece::new(how, theme.style(Role::Dim))], Vec::new()];
    for project in state.session.open_projects() {
        let proposed = &project.proposed;
        let changed = if proposed.changed { " HAS CHANGED since you last decided. It" } else { "" };
        paragraphs.push(vec![Piece::new(&format!("{}{changed} would start:", proposed.file), strong)]);
        paragraphs.push(Vec::new());
        paragraphs.extend(proposed.lines.iter().map(|line| vec![Piece::new(line, plain)]));
        paragraphs.push(Vec::new());
    }
    paragraphs.push(vec![Piece::new("They run as you, with your files. Everything else has started already.", plain)]);
    for (word, does) in [
        ("/trust yes", "lets them start, now and until the file changes"),
        ("/trust no", "refuses them, until the file changes"),
        ("Esc", "not now: you are asked again the next time"),
    ] {
        let dim = theme.style(Role::Dim);
        paragraphs.push(vec![Piece::new(&format!("{word:<12}"), theme.style(Role::Name)), Piece::new(does, dim)]);
    }
    let matters = state.session.open_projects().map(matter).collect();
    let page = palette::titled("May this project's servers start?", paragraphs);
    state.overlay = Some(Overlay::Page(Page { matters, ..page }));
}

fn matter(project: &Project) -> Matter {
    Matter::Project(project.proposed.clone())
}
