//! What the answer of a turn is worth: what of it no result has, and what it stands on.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag};

use crate::protocol::CallId;

use super::{Mark, Session, StepState, Turn};

/// What is known of an answer, for screen, commands and reports alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worth {
    /// Its ids, amounts and days that no result of the session has, then the calls it cites that there are not
    /// (`call [9]`), each once.
    pub unsupported: Vec<String>,
    /// What it stands on.
    pub standing: Standing,
}

/// What an answer stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// The turn has calls of its own that brought results.
    Calls,
    /// It has none, and cites calls of earlier turns or says what their results say.
    Earlier,
    /// It has none, and says nothing that could be checked.
    #[default]
    Nothing,
    /// It has none, and says something that no result has.
    Unverified,
}

impl Worth {
    /// What is known of the answer of `turn`; nothing as long as there is no whole one.
    #[must_use]
    pub fn of(session: &Session, turn: &Turn) -> Self {
        let whole = turn.answer(session).filter(|step| step.state == StepState::Answered);
        let Some(text) = whole.map(|step| step.text.as_str()) else { return Self::default() };
        let evidence = &session.evidence;
        let mut unsupported: Vec<String> = evidence.unsupported(turn.id, text).into_iter().map(str::to_owned).collect();
        let cited = references(&without_code(text));
        let nowhere = cited.iter().filter(|(_, call)| call.index() >= session.calls.len());
        for told in nowhere.map(|(_, call)| format!("call [{}]", call.0)) {
            if !unsupported.contains(&told) {
                unsupported.push(told);
            }
        }
        // A call that was refused, or never sent, says nothing.
        let brought = |call: &CallId| session.call(*call).is_some_and(|call| call.result.is_some());
        let standing = if turn.calls.iter().any(brought) {
            Standing::Calls
        } else if !unsupported.is_empty() {
            Standing::Unverified
        } else if !cited.is_empty() {
            Standing::Earlier
        } else {
            let checked = evidence.check(turn.id, text);
            match checked.iter().any(|claim| claim.mark == Mark::Named) {
                // To name a record again that the question named is no proof of what is said about it.
                true => Standing::Unverified,
                false if checked.is_empty() => Standing::Nothing,
                false => Standing::Earlier,
            }
        };
        Self { unsupported, standing }
    }

    /// What no result has, in words.
    #[must_use]
    pub fn unsupported_words(&self) -> Option<String> {
        let words = || format!("⚠ not in any result: {}", self.unsupported.join(", "));
        (!self.unsupported.is_empty()).then(words)
    }

    /// The lines that warn of the answer wherever it is shown without its calls; none if nothing is wrong with it.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let unverified = (self.standing == Standing::Unverified).then(|| format!("⚠ {}", self.standing.words()));
        self.unsupported_words().into_iter().chain(unverified).collect()
    }
}

impl Standing {
    /// For machines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Earlier => "earlier",
            Self::Nothing => "nothing",
            Self::Unverified => "unverified",
        }
    }

    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Calls => "from calls of its own",
            Self::Earlier => "no calls: from results of earlier turns",
            Self::Nothing => "no calls",
            Self::Unverified => "no result behind it: unverified",
        }
    }
}

/// The same text with blanks where code and links stand: a number in brackets there is no reference.
fn without_code(text: &str) -> String {
    let mut out = text.to_owned();
    for (event, range) in Parser::new(text).into_offset_iter() {
        if matches!(event, Event::Code(_) | Event::Start(Tag::CodeBlock(_) | Tag::Link { .. })) {
            let blanks = " ".repeat(range.len());
            out.replace_range(range, &blanks);
        }
    }
    out
}

/// References `[3]`, `[1, 2]` in a text: byte range of each number and the call it names.
#[must_use]
pub fn references(text: &str) -> Vec<(Range<usize>, CallId)> {
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(open) = text[rest..].find('[').map(|at| rest + at) {
        rest = open + 1;
        let Some(close) = text[rest..].find(']').map(|at| rest + at) else { break };
        let inner = &text[rest..close];
        let mut start = rest;
        let numbers: Option<Vec<_>> = inner
            .split(',')
            .map(|part| {
                let from = start + (part.len() - part.trim_start().len());
                start += part.len() + 1;
                let digits = part.trim();
                let plain = !digits.is_empty() && digits.len() < 10 && digits.bytes().all(|b| b.is_ascii_digit());
                let number = digits.parse().ok().filter(|number| plain && *number > 0)?;
                Some((from..from + digits.len(), CallId(number)))
            })
            .collect();
        if let Some(numbers) = numbers {
            found.extend(numbers);
            rest = close;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_code_and_links_are_no_references() {
        let text = "é `args[12]` and [12](http://x), see [3].\n\n```\nx[7]\n```\n\n[1, 2]";
        let found: Vec<_> = references(&without_code(text)).into_iter().map(|(_, call)| call.0).collect();
        assert_eq!(found, [3, 1, 2]);
        assert_eq!(without_code(text).len(), text.len());
    }

    #[test]
    fn references_are_found_alone_and_in_lists() {
        let found: Vec<_> = references("a [3], b [1, 2] c [x] [0] [] [4").into_iter().map(|(_, call)| call.0).collect();
        assert_eq!(found, [3, 1, 2]);
    }
}
