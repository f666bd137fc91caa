//! What the shell asks of the model, and what it hears of it.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::model::{Delta, Message, Request};
use crate::orchestrator::asking::{Asking, Heard};
use crate::orchestrator::prompt;
use crate::orchestrator::share::left_out;
use crate::protocol::{NoteLevel, Scope, StepId};

use super::{Input, Shell, ToolUse, Turn};

/// Pieces of a model's answer that may wait.
const DELTA_CAPACITY: usize = 256;

impl Shell {
    pub(super) fn ask(&mut self, step: StepId, tools: ToolUse) {
        let briefings = self.roster.briefings();
        let (today, messages) = (self.stage.today(), self.messages());
        let tools = match tools {
            ToolUse::Offered => Arc::clone(&self.toolbox.offered),
            ToolUse::Withheld => Arc::from([]),
        };
        let request = Request { messages, tools, briefings: briefings.into(), today };
        let (sender, deltas) = mpsc::channel(DELTA_CAPACITY);
        let model = Arc::clone(&self.asked);
        let task = tokio::spawn(async move { model.request(request, sender).await });
        self.asking = Some(Asking { step, deltas, task });
    }

    pub(super) async fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Delta(Delta::Text(part, text)) => {
                if let Some(streamed) = self.deltas.push(part, &text) {
                    self.stage.tell(self.step_scope(), streamed).await;
                }
            }
            Heard::Delta(Delta::Retried(retried)) => {
                self.flush().await;
                self.stage.tell(self.step_scope(), retried).await;
            }
            Heard::Done(result) => {
                self.flush().await;
                self.asking = None;
                self.advance(match result {
                    Ok(answer) => Input::ModelAnswered(answer),
                    Err(failure) => Input::ModelFailed(failure),
                })
                .await;
            }
        }
    }

    /// Everything the model would be sent now.
    pub(super) fn messages(&self) -> Vec<Arc<Message>> {
        let text = prompt::system(&self.roster.briefings(), &self.stage.today());
        let mut messages = vec![Arc::new(Message::System { text })];
        messages.extend_from_slice(self.conversation.messages());
        messages
    }

    pub(super) async fn warn_of_tools(&mut self) {
        let (tools, most) = (Arc::clone(&self.toolbox.tools), self.asked.most_tools());
        if tools.len() > most && !self.warned_of_tools {
            self.warned_of_tools = true;
            let left = left_out(&tools, &self.toolbox.offered).into_iter();
            let left = left.map(|(server, left)| format!("{left} of {server}"));
            let left = left.collect::<Vec<_>>().join(", ");
            let text = format!(
                "{} tools are connected, and the model takes {most}: the last {left} are left out; switch off a server that \
                 is not needed.",
                tools.len()
            );
            self.stage.note(NoteLevel::Warning, text).await;
        }
    }

    pub(super) async fn flush_words(&mut self) {
        if let Some(streamed) = self.deltas.take_words() {
            self.stage.tell(self.step_scope(), streamed).await;
        }
    }

    pub(super) async fn flush(&mut self) {
        if let Some(streamed) = self.deltas.take() {
            self.stage.tell(self.step_scope(), streamed).await;
        }
    }

    pub(super) fn step_scope(&self) -> Scope {
        let turn = self.turn.as_ref().map(Turn::id);
        Scope { turn, step: self.asking.as_ref().map(|asking| asking.step), call: None }
    }
}
