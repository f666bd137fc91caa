//! Servers to test with: the bundled ones, a hostile one, and a look at whether their processes are gone.

use std::path::{Path, PathBuf};
use std::time::Duration;

use callboard::mcp::{Era, Limits, Naming, Program, Reach, ServerSpec, Trust};

/// No test waits longer than this for anything; nothing is ever meant to take that long.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// The program under test.
pub const CALLBOARD: &str = env!("CARGO_BIN_EXE_callboard");

/// A server with short deadlines, never started again by itself.
pub fn spec(name: &str, command: impl Into<PathBuf>, args: &[&str]) -> ServerSpec {
    ServerSpec {
        name: name.into(),
        reach: Reach::Program(Program {
            command: command.into(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            ..Program::default()
        }),
        era: Era::Auto,
        naming: Naming::Plain,
        limits: Limits {
            start: Duration::from_secs(20),
            list: Duration::from_secs(20),
            call: Duration::from_secs(40),
            call_total: Duration::from_secs(50),
        },
        restarts: 0,
        trust: Trust::Trusted,
    }
}

/// One of the bundled servers.
pub fn bundled(name: &str) -> ServerSpec {
    ServerSpec { era: Era::Modern, ..spec(name, CALLBOARD, &["serve", name]) }
}

/// The server of `examples/hostile.rs`.
pub fn hostile(mode: &str) -> ServerSpec {
    spec("hostile", hostile_program(), &[mode])
}

/// Where cargo puts the examples of a test run.
pub fn hostile_program() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let program = here.parent().and_then(Path::parent).unwrap().join("examples/hostile");
    assert!(program.exists(), "{} is missing: run `cargo test`, or `cargo build --examples`", program.display());
    program
}

/// Whether a process runs; one that nobody has reaped yet does not.
pub fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !matches!(stat.rsplit(") ").next().and_then(|rest| rest.chars().next()), Some('Z' | 'X')))
}

/// Waits until none of these processes runs.
pub async fn wait_until_gone(pids: &[u32]) {
    let gone = async {
        while pids.iter().any(|pid| is_alive(*pid)) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, gone).await.is_ok(), "some of {pids:?} are still there");
}

/// Ends a process that a test started itself.
pub fn kill(pid: u32, signal: rustix::process::Signal) {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}
