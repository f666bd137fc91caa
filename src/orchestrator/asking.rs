//! A model request while it runs; dropping it gives it up.

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::model::Delta;
use crate::protocol::{ModelAnswered, ModelFailed, ModelFailureCode, StepId};

/// A model request that runs.
pub struct Asking {
    /// Its step.
    pub step: StepId,
    /// What it streams.
    pub deltas: mpsc::Receiver<Delta>,
    /// The request itself.
    pub task: JoinHandle<Result<ModelAnswered, ModelFailed>>,
}

/// What a request says.
pub enum Heard {
    /// A piece, or a retry.
    Delta(Delta),
    /// Its end.
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

fn crashed(error: &tokio::task::JoinError) -> ModelFailed {
    ModelFailed {
        code: ModelFailureCode::Malformed,
        message: format!(
            "The model's request broke inside Callboard ({error}). Ask again; if it happens again, report it."
        ),
        http_status: None,
    }
}
