//! A model request while it runs.

use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};

use crate::model::Delta;
use crate::protocol::{ModelAnswered, ModelFailed, ModelFailureCode, StepId};

/// A model request that runs.
pub(super) struct Asking {
    pub step: StepId,
    pub deltas: mpsc::Receiver<Delta>,
    pub task: JoinHandle<Result<ModelAnswered, ModelFailed>>,
}

/// What a request said.
pub(super) enum Heard {
    Delta(Delta),
    Done(Result<ModelAnswered, ModelFailed>),
}

impl Asking {
    /// What comes next. Cancel-safe.
    pub async fn next(asking: &mut Option<Self>) -> Heard {
        let Some(asking) = asking else { return std::future::pending().await };
        match asking.deltas.recv().await {
            Some(delta) => Heard::Delta(delta),
            // The request's future held the sender, so it is over.
            None => Heard::Done((&mut asking.task).await.unwrap_or_else(|error| Err(crashed(&error)))),
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn crashed(error: &JoinError) -> ModelFailed {
    ModelFailed {
        code: ModelFailureCode::Malformed,
        message: format!(
            "The model's request broke inside Callboard ({error}). Ask again; if it happens again, report it."
        ),
        http_status: None,
    }
}
