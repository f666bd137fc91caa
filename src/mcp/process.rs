//! A server's process: started in a session of its own, stopped with everything it started.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::{Make, Program, watcher};

/// Variables every server gets; all others only if its configuration names them.
pub const ALLOWED: &[&str] =
    &["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TERM", "TMPDIR", "TZ"];
/// How long each rung of the stop ladder lasts.
const RUNG: Duration = Duration::from_secs(2);

/// What is alive, for [`kill_all`].
static GROUPS: Mutex<Groups> = Mutex::new(Groups { alive: BTreeSet::new(), is_over: false });

struct Groups {
    alive: BTreeSet<i32>,
    /// Whether all were killed: whatever starts after that goes too, such as a server that is tried once more.
    is_over: bool,
}

/// A running server process.
#[derive(Debug)]
pub struct Process {
    child: Child,
    group: Option<Pid>,
    /// Keeps its stdin open however early the connection closes it, so that a server that hangs up does not end by our doing.
    stdin: Option<OwnedFd>,
}

/// The three pipes of a new process.
#[derive(Debug)]
pub struct Pipes {
    /// Ours to write.
    pub stdin: ChildStdin,
    /// Ours to read.
    pub stdout: ChildStdout,
    /// Ours to drain.
    pub stderr: ChildStderr,
}

/// What a program cannot be started without and is not there, in words; `None` if nothing is known to be missing.
#[must_use]
pub fn missing(program: &Program) -> Option<String> {
    let shown = program.command.display();
    if let Some(cwd) = program.cwd.as_ref().filter(|cwd| !cwd.is_dir()) {
        let cwd = cwd.display();
        return Some(format!("{shown} could not be started in {cwd}: there is no such folder; check cwd"));
    }
    let path = program.env.get("PATH").map(OsString::from).or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let is_there = match program.command.components().count() {
        0 | 1 if !program.command.is_absolute() => {
            std::env::split_paths(&path).any(|folder| folder.join(&program.command).is_file())
        }
        // Taken from the folder that it is started in.
        _ => program.cwd.clone().unwrap_or_default().join(&program.command).exists(),
    };
    (!is_there).then(|| format!("the program {shown} was not found; check the command, or PATH"))
}

/// Starts a program without a shell, without our terminal, and with a short environment.
///
/// # Errors
/// What the operating system says of the program, such as not found.
pub fn spawn(program: &Program) -> io::Result<(Process, Pipes)> {
    let mut command = Command::new(&program.command);
    command.args(&program.args).env_clear();
    for name in ALLOWED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.envs(&program.env);
    if let Some(cwd) = &program.cwd {
        command.current_dir(cwd);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    detach(&mut command);
    let child = command.spawn()?;
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(group) = group {
        let mut groups = groups();
        groups.alive.insert(group.as_raw_nonzero().get());
        if groups.is_over {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
    match (program.make, group) {
        (Make::Foreign, Some(leader)) => watcher::watch(leader),
        (Make::Foreign, None) | (Make::Bundled, _) => {}
    }
    // From here on whatever fails takes back what was noted.
    let mut process = Process { child, group, stdin: None };
    let missing = || io::Error::other("a pipe to the new process is missing");
    let pipes = Pipes {
        stdin: process.child.stdin.take().ok_or_else(missing)?,
        stdout: process.child.stdout.take().ok_or_else(missing)?,
        stderr: process.child.stderr.take().ok_or_else(missing)?,
    };
    process.stdin = Some(pipes.stdin.as_fd().try_clone_to_owned()?);
    Ok((process, pipes))
}

/// A session of its own keeps the child from our terminal's signals and from opening `/dev/tty`; on Linux it also dies with
/// the thread that started it, which lives as long as the program's work.
#[expect(unsafe_code, reason = "pre_exec is the only way to call setsid between fork and exec")]
fn detach(command: &mut Command) {
    // SAFETY: the closure makes only async-signal-safe system calls and does not allocate.
    unsafe {
        command.pre_exec(|| {
            rustix::process::setsid()?;
            #[cfg(target_os = "linux")]
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            Ok(())
        });
    }
}

impl Process {
    /// The process id while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for its end. Cancel-safe.
    ///
    /// # Errors
    /// The operating system's words.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Lets go of its stdin, which ends for it once the connection has let go of it too.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// Stops it and its whole group; the connection must be closed. Says how it went: `exited`, `terminated`, `killed`.
    pub async fn stop(mut self) -> (&'static str, Option<ExitStatus>) {
        self.hang_up();
        let mut how = "exited";
        let mut status = timeout(RUNG, self.child.wait()).await.ok().and_then(Result::ok);
        for (signal, word) in [(Signal::TERM, "terminated"), (Signal::KILL, "killed")] {
            if status.is_some() {
                break;
            }
            how = word;
            self.signal(signal);
            status = timeout(RUNG, self.child.wait()).await.ok().and_then(Result::ok);
        }
        self.end_group();
        (how, status)
    }

    /// Kills what it has started and left behind; it has ended itself.
    pub fn end_group(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // The group may be gone already, which is what we want.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end_group();
        if let Some(group) = self.group {
            groups().alive.remove(&group.as_raw_nonzero().get());
            watcher::ended(group);
        }
    }
}

/// Kills every process group we started, at once, and those that are started afterwards: for the ways to end that leave no
/// time.
pub fn kill_all() {
    let mut groups = groups();
    groups.is_over = true;
    for group in groups.alive.iter().copied().filter_map(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// What an exit status means, in words.
#[must_use]
pub fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with status {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

fn groups() -> std::sync::MutexGuard<'static, Groups> {
    GROUPS.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
