//! A process of our own that outlives us by a moment: it ends what servers that are not ours have started, however we ended.
//!
//! It is this very program, in a session of its own, blocked on a pipe that only we hold open. We tell it which servers are
//! there (`+PID BEGUN`) and which have been ended (`-PID`). Whatever is left of the session of one that has been ended, or of any
//! once the pipe ends, is told to end and then killed. Ending in order leaves nothing in that list, so there is no word for
//! good-bye.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(target_os = "linux")]
use rustix::process::kill_process;
#[cfg(not(target_os = "linux"))]
use rustix::process::kill_process_group;
use rustix::process::{Pid, Signal};

/// The hidden subcommand that it is.
pub const COMMAND: &str = "watch-servers";
/// Sessions it keeps in mind; a console has far fewer servers.
const MOST: usize = 4096;
/// How long what it tells to end has for that.
const GRACE: Duration = Duration::from_millis(500);
/// How often it looks whether something is left.
const LOOK: Duration = Duration::from_millis(25);
/// How often it kills what is left: whatever forks faster than it is killed is not chased for ever.
const ROUNDS: u32 = 20;

/// Our end of it.
static WATCHER: Mutex<Watcher> = Mutex::new(Watcher { program: None, pipe: None, told: Vec::new() });

struct Watcher {
    /// The program that can be started for it; none where the library is not in it, such as in tests.
    program: Option<PathBuf>,
    pipe: Option<ChildStdin>,
    /// The servers it is to know of, with when they began.
    told: Vec<(i32, Option<u64>)>,
}

/// Says which program is started, with [`COMMAND`], once there is something to watch; it must call [`run`] then.
pub fn enable(program: PathBuf) {
    watcher().program = Some(program);
}

/// From now on what this server leaves behind is ended, however it and we end. It leads a session and has just been started.
pub fn watch(server: Pid) {
    let mut watcher = watcher();
    let Some(program) = watcher.program.clone().filter(|_| watcher.told.len() < MOST) else { return };
    let server = server.as_raw_nonzero().get();
    // Nobody has asked for its end yet, so that the number is surely its own.
    let server = (server, begun(server));
    watcher.told.push(server);
    match watcher.tell(&introduced(&server)) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotConnected | io::ErrorKind::BrokenPipe) => {
            watcher.pipe = start(program).ok();
            let all: String = watcher.told.iter().map(introduced).collect();
            // Without it everything works but this: the servers themselves end with us all the same.
            let _ = watcher.tell(&all);
        }
        // One that takes nothing for a moment is not replaced: it would take its end of the pipe for our end.
        Ok(()) | Err(_) => {}
    }
}

/// This server has been ended with its group; what is left of its session in other groups is ended too.
pub fn ended(server: Pid) {
    let mut watcher = watcher();
    let server = server.as_raw_nonzero().get();
    if let Some(at) = watcher.told.iter().position(|(told, _)| *told == server) {
        watcher.told.remove(at);
        let _ = watcher.tell(&format!("-{server}\n"));
    }
}

fn introduced((server, begun): &(i32, Option<u64>)) -> String {
    match begun {
        Some(begun) => format!("+{server} {begun}\n"),
        None => format!("+{server}\n"),
    }
}

impl Watcher {
    fn tell(&mut self, words: &str) -> io::Result<()> {
        let pipe = self.pipe.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        pipe.write_all(words.as_bytes())
    }
}

#[expect(unsafe_code, reason = "pre_exec is the only way to call setsid between fork and exec")]
fn start(program: PathBuf) -> io::Result<ChildStdin> {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(program);
    command.arg(COMMAND).env_clear().current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // SAFETY: the closure makes one async-signal-safe system call and does not allocate.
    unsafe {
        command.pre_exec(|| rustix::process::setsid().map(drop).map_err(io::Error::from));
    }
    let mut child = command.spawn()?;
    let pipe = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    // Nobody waits for a watcher that takes nothing any more.
    rustix::io::ioctl_fionbio(&pipe, true)?;
    Ok(pipe)
}

fn watcher() -> MutexGuard<'static, Watcher> {
    WATCHER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Watches on stdin until it ends, then ends what is left; nothing of the terminal is needed.
pub fn run() {
    // Who kills the console by its name is not to kill this too.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::set_name(c"cb-watcher");
    close_inherited();
    std::thread::scope(|scope| {
        let mut sessions: BTreeMap<i32, Option<u64>> = BTreeMap::new();
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let mut words = line.get(1..).unwrap_or_default().split(' ');
            let Some(pid) = words.next().and_then(|pid| pid.parse().ok()) else { continue };
            match line.as_bytes().first() {
                Some(b'+') if sessions.len() < MOST => {
                    sessions.insert(pid, words.next().and_then(|begun| begun.parse().ok()));
                }
                // Elsewhere only groups can be told, and that one is gone.
                Some(b'-') if cfg!(target_os = "linux") => {
                    if let Some(known) = sessions.remove(&pid) {
                        // The next line may be about another that is to end now.
                        let ending = std::thread::Builder::new();
                        let _ = ending.spawn_scoped(scope, move || end(BTreeMap::from([(pid, known)])));
                    }
                }
                Some(b'-') => drop(sessions.remove(&pid)),
                _ => {}
            }
        }
        end(sessions);
    });
}

/// Tells what is left of these sessions to end, and kills what then still is.
fn end(mut sessions: BTreeMap<i32, Option<u64>>) {
    // A number may be somebody else's by now.
    sessions.retain(|pid, known| begun(*pid).is_none_or(|now| Some(now) == *known));
    let patience = GRACE.as_millis() / LOOK.as_millis();
    for round in 0..patience {
        let left = left_of(&sessions);
        if left.is_empty() {
            return;
        }
        if round == 0 {
            left.iter().for_each(|whom| whom.signal(Signal::TERM));
        }
        std::thread::sleep(LOOK);
    }
    for _ in 0..ROUNDS {
        let left = left_of(&sessions);
        if left.is_empty() {
            return;
        }
        left.iter().for_each(|whom| whom.signal(Signal::KILL));
        std::thread::sleep(LOOK);
    }
}

/// Whoever started the console may have left it descriptors; with one of them a terminal would stay open.
#[expect(unsafe_code, reason = "a descriptor that nobody owns is closed by its number")]
fn close_inherited() {
    let Ok(entries) = std::fs::read_dir("/dev/fd") else { return };
    let numbers: Vec<i32> = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    // The folder itself was among them, and is closed by now.
    let is_open = |number: &i32| std::fs::symlink_metadata(format!("/dev/fd/{number}")).is_ok();
    for number in numbers.into_iter().filter(|number| *number > 2).filter(is_open) {
        // SAFETY: this process has just begun and owns no descriptor but the first three.
        unsafe { rustix::io::close(number) };
    }
}

/// Something of a session that is there.
#[derive(Clone, Copy)]
enum Left {
    /// One process, in whatever group.
    #[cfg(target_os = "linux")]
    Process(Pid),
    /// The group of the session's leader.
    #[cfg(not(target_os = "linux"))]
    Group(Pid),
}

impl Left {
    fn signal(self, signal: Signal) {
        // What is gone meanwhile is what is wanted.
        let _ = match self {
            #[cfg(target_os = "linux")]
            Self::Process(pid) => kill_process(pid, signal),
            #[cfg(not(target_os = "linux"))]
            Self::Group(pid) => kill_process_group(pid, signal),
        };
    }
}

/// Every process of these sessions that is no zombie.
#[cfg(target_os = "linux")]
fn left_of(sessions: &BTreeMap<i32, Option<u64>>) -> Vec<Left> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_left = |pid: &i32| stat(*pid).is_some_and(|stat| stat.state != "Z" && sessions.contains_key(&stat.session));
    pids.filter(is_left).filter_map(Pid::from_raw).map(Left::Process).collect()
}

#[cfg(not(target_os = "linux"))]
fn left_of(sessions: &BTreeMap<i32, Option<u64>>) -> Vec<Left> {
    let groups = sessions.keys().copied().filter_map(Pid::from_raw);
    groups.filter(|group| rustix::process::test_kill_process_group(*group).is_ok()).map(Left::Group).collect()
}

/// When a process began, in ticks since the machine did; none if there is none, or nobody tells.
#[cfg(target_os = "linux")]
fn begun(pid: i32) -> Option<u64> {
    stat(pid).map(|stat| stat.begun)
}

#[cfg(not(target_os = "linux"))]
fn begun(_: i32) -> Option<u64> {
    None
}

/// What Linux says of a process (`proc_pid_stat(5)`).
#[cfg(target_os = "linux")]
struct Stat {
    state: String,
    session: i32,
    begun: u64,
}

#[cfg(target_os = "linux")]
fn stat(pid: i32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before the last parenthesis may have anything in it.
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?.to_owned();
    let session = fields.nth(2)?.parse().ok()?;
    let begun = fields.nth(15)?.parse().ok()?;
    Some(Stat { state, session, begun })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_session_and_its_beginning() {
        let own = i32::try_from(std::process::id()).expect("a pid");
        // Not getsid(2): in a container the session may be of a process outside, whose number there is 0.
        let status = std::fs::read_to_string("/proc/self/status").expect("own process");
        let sessions = status.lines().find_map(|line| line.strip_prefix("NSsid:")).expect("a session");
        let session: i32 = sessions.split_whitespace().next().and_then(|id| id.parse().ok()).expect("a number");
        let stat = stat(own).expect("own process");
        assert_eq!((stat.state == "Z", stat.session), (false, session));
        let text = std::fs::read_to_string("/proc/self/stat").expect("own process");
        assert_eq!(text.split(' ').nth(21).and_then(|field| field.parse().ok()), Some(stat.begun), "{text}");
        assert_eq!(begun(i32::MAX), None);
    }
}
