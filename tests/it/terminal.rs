//! The console as a person has it: the real program in a real pty, read back through a terminal emulator.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::fleet::CALLBOARD;

/// The longest anything is waited for; reached only when a test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running console and the terminal it runs in.
pub struct Console {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    raw: Arc<Mutex<Vec<u8>>>,
    /// Where it keeps its sessions; gone with the console.
    pub home: tempfile::TempDir,
}

fn size(rows: u16, cols: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a size")
}

impl Console {
    pub fn open(rows: u16, cols: u16, args: &[&str]) -> Self {
        Self::open_in(tempfile::tempdir().expect("a folder"), rows, cols, args)
    }

    pub fn open_in(home: tempfile::TempDir, rows: u16, cols: u16, args: &[&str]) -> Self {
        Self::open_with(home, rows, cols, args, &[])
    }

    /// With more variables in its environment.
    pub fn open_with(home: tempfile::TempDir, rows: u16, cols: u16, args: &[&str], more: &[(&str, &str)]) -> Self {
        Self::run(home, rows, cols, CommandBuilder::new(CALLBOARD), args, more)
    }

    /// As a person has it who started it in a shell, which has nothing else to do: once the console stops or ends the shell
    /// says so, waits for a line, and goes on with it.
    pub fn open_under_a_shell(rows: u16, cols: u16) -> Self {
        let mut command = CommandBuilder::new("sh");
        let script = r#"set -m; "$0"; echo "back in the "shell; read line; fg; echo "the console "ended"#;
        command.args(["-c", script, CALLBOARD]);
        Self::run(tempfile::tempdir().expect("a folder"), rows, cols, command, &[], &[])
    }

    fn run(
        home: tempfile::TempDir,
        rows: u16,
        cols: u16,
        mut command: CommandBuilder,
        args: &[&str],
        more: &[(&str, &str)],
    ) -> Self {
        let pair = native_pty_system().openpty(size(rows, cols)).expect("a pty");
        command.args(args);
        for name in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL", "NO_COLOR", "CALLBOARD_DATA"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env_remove("VISUAL");
        command.env("EDITOR", "sed -i s/critical/high/");
        command.env("XDG_STATE_HOME", home.path().join("state"));
        command.env("XDG_CONFIG_HOME", home.path().join("config"));
        command.env("HOME", home.path());
        // A test that makes this folder stands in it.
        let project = home.path().join("project");
        if project.exists() {
            command.cwd(project);
        }
        more.iter().for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).expect("it starts");
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(cols), 0)));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let (to_screen, to_raw) = (Arc::clone(&screen), Arc::clone(&raw));
        std::thread::spawn(move || {
            let mut block = [0; 8192];
            while let Ok(read @ 1..) = reader.read(&mut block) {
                to_screen.lock().expect("no panic").process(&block[..read]);
                to_raw.lock().expect("no panic").extend_from_slice(&block[..read]);
            }
        });
        let writer = pair.master.take_writer().expect("a writer");
        Self { child, master: pair.master, writer, screen, raw, home }
    }

    pub fn contents(&self) -> String {
        self.screen.lock().expect("no panic").screen().contents()
    }

    pub fn is_alternate(&self) -> bool {
        self.screen.lock().expect("no panic").screen().alternate_screen()
    }

    pub fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("the pty takes keys");
        self.writer.flush().expect("the pty takes keys");
    }

    pub fn wait_for(&self, wanted: impl Fn(&str) -> bool, what: &str) -> String {
        let begun = Instant::now();
        loop {
            let contents = self.contents();
            if wanted(&contents) {
                return contents;
            }
            assert!(begun.elapsed() < PATIENCE, "waited for {what}; the screen is:\n{contents}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn wait_for_text(&self, text: &str) -> String {
        self.wait_for(|contents| contents.contains(text), text)
    }

    /// Presses a key that decides about a held call until what comes of it is seen: a call that has only just come up is not
    /// decided about, and how long ago that was is for the program to say, not for a clock here.
    pub fn decide(&mut self, key: &str, wanted: impl Fn(&str) -> bool, what: &str) -> String {
        let begun = Instant::now();
        loop {
            self.press(key);
            let pressed = Instant::now();
            loop {
                let contents = self.contents();
                if wanted(&contents) {
                    return contents;
                }
                assert!(begun.elapsed() < PATIENCE, "pressed {key:?} for {what}; the screen is:\n{contents}");
                std::thread::sleep(Duration::from_millis(20));
                if pressed.elapsed() > Duration::from_millis(600) && contents.contains("press the key again") {
                    break;
                }
            }
        }
    }

    pub fn resize(&mut self, rows: u16, cols: u16) {
        self.master.resize(size(rows, cols)).expect("it resizes");
        self.screen.lock().expect("no panic").screen_mut().set_size(cells(rows), cells(cols));
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Every byte it has sent to the terminal so far.
    pub fn sent(&self) -> Vec<u8> {
        self.raw.lock().expect("no panic").clone()
    }

    /// Waits for the end and gives the exit code.
    pub fn end(&mut self) -> u32 {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                // The reader thread needs the last bytes.
                std::thread::sleep(Duration::from_millis(100));
                return status.exit_code();
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end; the screen is:\n{}", self.contents());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The modes that a program may leave behind are all switched off again.
    pub fn assert_restored(&self) {
        assert!(!self.is_alternate(), "the alternate screen was left on");
        let raw = self.raw.lock().expect("no panic");
        let text = String::from_utf8_lossy(&raw);
        for mode in ["?1049", "?2004", "?1000", "?1006"] {
            let (on, off) = (text.rfind(&format!("\x1b[{mode}h")), text.rfind(&format!("\x1b[{mode}l")));
            assert!(on.is_none() || off > on, "mode {mode} was left on");
        }
        assert!(text.rfind("\x1b[?25h") >= text.rfind("\x1b[?25l"), "the cursor was left hidden");
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // Ended already unless the test failed.
        let _ = self.child.kill();
    }
}
