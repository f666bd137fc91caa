//! What the shell does while nothing else is to be done.

use std::time::Duration;

use tokio::time::Instant;

use super::Shell;

/// How long the thread stays awake after a call was sent: to sleep and be woken takes as long as a quick server needs to
/// answer.
const AWAKE: Duration = Duration::from_micros(400);

impl Shell {
    /// A call has just been sent.
    pub(super) fn stay_awake(&mut self) {
        self.awake_until = Instant::now() + AWAKE;
    }

    pub(super) fn has_chores(&self) -> bool {
        self.stage.is_behind() || self.is_awake()
    }

    /// Does what can wait until nothing is more urgent, the quickest first: to wake the screen takes as long as to send a call.
    pub(super) async fn do_chore(&mut self) {
        if self.stage.is_unrecorded() {
            self.stage.record();
        } else if self.is_awake() {
            // The server may have been put on the same core.
            std::thread::yield_now();
        } else {
            self.stage.show().await;
        }
    }

    fn is_awake(&self) -> bool {
        !self.running.is_empty() && Instant::now() < self.awake_until
    }
}
