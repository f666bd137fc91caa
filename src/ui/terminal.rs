//! The terminal's modes: entered once, left on every way out.
//!
//! A panic on the console's own thread leaves first, so that its text can be read on the main screen; a panic on any
//! other thread must not touch the terminal and is handed over as text.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::sync::mpsc;

use super::state::{Mouse, State};
use super::view::view;

/// Buttons and the wheel in SGR form, without every motion: an idle mouse must not wake us.
const TAKE_MOUSE: &str = "\x1b[?1000h\x1b[?1006h";
const FREE_MOUSE: &str = "\x1b[?1006l\x1b[?1000l";

/// Whether the terminal is in our modes.
static ENTERED: AtomicBool = AtomicBool::new(false);

type Hook = Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// The terminal in our modes; dropping it gives it back.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    hook: Hook,
}

/// Whether there is a terminal to read keys from and to draw on.
pub fn is_there() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Bytes of whole lines that were typed before the terminal was ours.
pub(super) fn typed_ahead() -> u64 {
    rustix::io::ioctl_fionread(io::stdin()).unwrap_or(0)
}

impl Screen {
    /// Enters the alternate screen. Panics of other threads are sent to `panics`.
    ///
    /// # Errors
    /// If the terminal does not take the modes; it is as before then.
    pub(super) fn enter(mouse: Mouse, panics: mpsc::Sender<String>) -> io::Result<Self> {
        let hook = install_hook(panics);
        ENTERED.store(true, Ordering::SeqCst);
        let entered = enable_raw_mode()
            .and_then(|()| execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide))
            .and_then(|()| fullscreen());
        match entered {
            Ok(terminal) => {
                let mut screen = Self { terminal, hook };
                screen.set_mouse(mouse)?;
                Ok(screen)
            }
            Err(error) => {
                restore();
                uninstall_hook(&hook);
                Err(error)
            }
        }
    }

    /// Gives the terminal to another program for a while.
    pub(super) fn lend(&mut self) {
        restore();
    }

    /// Takes the terminal back; everything is drawn anew.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn take_back(&mut self, mouse: Mouse) -> io::Result<()> {
        ENTERED.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)?;
        // A new one remembers nothing of what is on the screen. Asking the old one to clear it would need an answer.
        self.terminal = fullscreen()?;
        self.set_mouse(mouse)
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        self.terminal.size().map(|size| (size.width, size.height))
    }

    /// Draws the state; the terminal shows it all at once.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn draw(&mut self, state: &State) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| view(state, frame))?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// Takes the mouse or leaves it to the terminal.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn set_mouse(&mut self, mouse: Mouse) -> io::Result<()> {
        let sequence = match mouse {
            Mouse::Captured => TAKE_MOUSE,
            Mouse::Free => FREE_MOUSE,
        };
        self.write(sequence)
    }

    /// Puts text on the clipboard through the terminal (OSC 52).
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn copy(&mut self, text: &str) -> io::Result<()> {
        self.write(&format!("\x1b]52;c;{}\x07", STANDARD.encode(text)))
    }

    fn write(&mut self, sequence: &str) -> io::Result<()> {
        let out = self.terminal.backend_mut();
        out.write_all(sequence.as_bytes())?;
        Write::flush(out)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
        // The hook may not be changed while it runs; the program ends then anyway.
        if !thread::panicking() {
            uninstall_hook(&self.hook);
        }
    }
}

fn fullscreen() -> io::Result<Terminal<CrosstermBackend<BufWriter<Stdout>>>> {
    Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(64 * 1024, io::stdout())))
}

/// Gives the terminal back; harmless when that has happened already.
fn restore() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // Nobody is left to tell of an error here.
    let _ = io::stdout().write_all(FREE_MOUSE.as_bytes());
    let _ = execute!(io::stdout(), EndSynchronizedUpdate, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

fn install_hook(panics: mpsc::Sender<String>) -> Hook {
    let ours = thread::current().id();
    let previous: Hook = Arc::from(panic::take_hook());
    let inner = Arc::clone(&previous);
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() == ours || !ENTERED.load(Ordering::SeqCst) {
            restore();
            inner(info);
        } else {
            // A full channel means that enough has been said.
            let _ = panics.try_send(info.to_string());
        }
    }));
    previous
}

fn uninstall_hook(previous: &Hook) {
    let previous = Arc::clone(previous);
    drop(panic::take_hook());
    panic::set_hook(Box::new(move |info| previous(info)));
}
