//! A project's server files, as the records tell them.

use crate::protocol::{Event, ProjectProposed, ProjectVerdict, Record};

use super::Session;

/// A project's server file that was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// What it would do.
    pub proposed: ProjectProposed,
    /// What the operator said; nothing yet if absent.
    pub verdict: Option<ProjectVerdict>,
}

/// Applies an event of a project's file; `None` if it contradicts the state.
pub(super) fn apply(session: &mut Session, record: &Record) -> Option<()> {
    match &record.event {
        Event::ProjectProposed(proposed) => {
            session.projects.push(Project { proposed: proposed.clone(), verdict: None });
        }
        Event::ProjectJudged(judged) => {
            let known = session.trusted.len();
            session.trusted.retain(|file| *file != judged.file);
            let was_trusted = session.trusted.len() < known;
            match judged.verdict {
                ProjectVerdict::Approved => session.trusted.push(judged.file.clone()),
                ProjectVerdict::Refused => {}
            }
            let mut projects = session.projects.iter_mut().rev();
            match projects.find(|project| project.proposed.file == judged.file) {
                Some(project) => project.verdict = Some(judged.verdict),
                // It was asked about in an earlier session.
                None if was_trusted => {}
                None => return None,
            }
        }
        _ => return None,
    }
    Some(())
}
