//! The signals a console lives with: those that end it, and those by which a shell stops a program and goes on with it.

use std::io;
use std::time::Duration;

use futures::FutureExt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

/// How long a process that was stopped takes at most to hear that it goes on.
const GOING_ON: Duration = Duration::from_millis(200);

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// To end; its name.
    End(&'static str),
    /// To stop until the shell goes on with it (`SIGTSTP`).
    Stop,
    /// The process was stopped without being asked, and goes on (`SIGCONT`).
    Continued,
}

/// What came of stopping the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopping {
    /// It was stopped, and goes on.
    WentOn,
    /// The system lets nobody be stopped whom no shell could go on with.
    Refused,
}

/// The signals listened for.
pub(super) struct Signals {
    ends: Ends,
    stop: Signal,
    go_on: Signal,
}

/// Those that end the program.
struct Ends {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    quit: Signal,
}

impl Signals {
    /// Listens from now on; none of them has its usual effect any more.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            ends: Ends {
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
                interrupt: signal(SignalKind::interrupt())?,
                quit: signal(SignalKind::quit())?,
            },
            stop: signal(SignalKind::from_raw(libc::SIGTSTP))?,
            go_on: signal(SignalKind::from_raw(libc::SIGCONT))?,
        })
    }

    /// The next signal. Cancel-safe.
    pub(super) async fn next(&mut self) -> Heard {
        tokio::select! {
            name = self.ends.next() => Heard::End(name),
            _ = self.stop.recv() => Heard::Stop,
            _ = self.go_on.recv() => Heard::Continued,
        }
    }

    /// The name of a signal to end that came already: of a process that was stopped it is heard together with the one to go on.
    pub(super) fn end_waiting(&mut self) -> Option<&'static str> {
        self.ends.next().now_or_never()
    }

    /// Stops the process with its group, as Ctrl+Z does where no program listens for it; returns once it goes on.
    pub(super) async fn stop(&mut self) -> Stopping {
        // One from before says nothing of this time.
        let _ = self.go_on.recv().now_or_never();
        stop_group();
        match timeout(GOING_ON, self.go_on.recv()).await {
            Ok(_) => Stopping::WentOn,
            Err(_) => Stopping::Refused,
        }
    }
}

impl Ends {
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.hang_up.recv() => "SIGHUP",
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.quit.recv() => "SIGQUIT",
        }
    }
}

/// From now on nothing that is done to the terminal stops the process, also where a shell has put it into the background:
/// whoever is to end must not wait for the foreground.
#[expect(unsafe_code, reason = "only the system call says that a signal is to be ignored")]
pub(super) fn never_wait_for_foreground() {
    // SAFETY: a system call with constants.
    unsafe {
        libc::signal(libc::SIGTTOU, libc::SIG_IGN);
    }
}

/// Stops the process group, unless no shell could go on with it: only the default effect of the signal asks the system that.
#[expect(unsafe_code, reason = "only sigaction gives a signal its default effect back for a moment")]
fn stop_group() {
    // SAFETY: system calls on values that outlive them; all zeros are a valid `sigaction`, and `ours` is what was installed.
    unsafe {
        let mut passing: libc::sigaction = std::mem::zeroed();
        let mut ours: libc::sigaction = std::mem::zeroed();
        // The others of the group first, such as a script that started us: a shell goes on once all of a job are stopped.
        passing.sa_sigaction = libc::SIG_IGN;
        libc::sigaction(libc::SIGTSTP, &raw const passing, &raw mut ours);
        libc::kill(0, libc::SIGTSTP);
        passing.sa_sigaction = libc::SIG_DFL;
        libc::sigaction(libc::SIGTSTP, &raw const passing, std::ptr::null_mut());
        // To this very thread, so that it has had its effect when the call returns.
        libc::raise(libc::SIGTSTP);
        libc::sigaction(libc::SIGTSTP, &raw const ours, std::ptr::null_mut());
    }
}
