//! Terminal, settings, folders and clock.

use std::io::IsTerminal;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::cli::Common;
use crate::clock::Clock;
use crate::config::{self, Settings};
use crate::failure::Exit;
use crate::recording::sessions_dir;

use super::Finding;

/// The smallest screen the console is made for: columns and rows.
const SMALLEST: (u16, u16) = (80, 24);

pub(super) fn terminal() -> Vec<Finding> {
    let area = "terminal";
    let mut found = Vec::new();
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        let advice = "start it in a terminal, without pipes; `callboard ask` needs none";
        found.push(Finding::warn(area, "tty", "stdin or stdout is no terminal: the console cannot open here", advice));
    } else {
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).map(|size| (size.ws_col, size.ws_row));
        found.push(match size {
            Ok((columns, rows)) if columns >= SMALLEST.0 && rows >= SMALLEST.1 => {
                Finding::ok(area, "size", format!("{columns}×{rows}"))
            }
            Ok((columns, rows)) => {
                let (least, lines) = SMALLEST;
                let advice = format!("make it at least {least}×{lines}; 120×40 is comfortable");
                Finding::warn(area, "size", format!("{columns}×{rows} is small"), advice)
            }
            Err(error) => {
                let advice = "resize the window once, or try another terminal";
                Finding::warn(area, "size", format!("the terminal does not tell its size: {error}"), advice)
            }
        });
    }
    found.push(colours());
    found.push(characters());
    let in_multiplexer = std::env::var_os("TMUX").is_some() || std::env::var_os("STY").is_some();
    let clipboard = "whether it takes copied text (OSC 52) cannot be asked";
    found.push(match in_multiplexer {
        true => {
            Finding::warn(area, "clipboard", clipboard, "in tmux: set -g set-clipboard on; in screen it does not work")
        }
        false => Finding::ok(area, "clipboard", format!("{clipboard}; press y in the console and paste to see")),
    });
    found
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn colours() -> Finding {
    let (area, what) = ("terminal", "colours");
    let term = variable("TERM");
    match (variable("NO_COLOR"), term.as_deref()) {
        (_, None | Some("dumb")) => {
            let advice = "set TERM to what the terminal is, such as xterm-256color";
            Finding::warn(area, what, "TERM is not set to a terminal that can move its cursor", advice)
        }
        (Some(_), _) => Finding::ok(area, what, "off, because NO_COLOR is set"),
        (None, Some(term)) => {
            Finding::ok(area, what, format!("TERM is {term}; the console uses the terminal's own 16"))
        }
    }
}

fn characters() -> Finding {
    let (area, what) = ("terminal", "UTF-8");
    // The first that is set decides (POSIX, "Environment Variables").
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| Some((name, variable(name)?)));
    match set {
        Some((name, value)) if value.to_lowercase().replace('-', "").contains("utf8") => {
            Finding::ok(area, what, format!("{name} is {value}"))
        }
        Some((name, value)) => {
            let advice = "set LANG to a locale that ends in .UTF-8, or lines and signs may be garbled";
            Finding::warn(area, what, format!("{name} is {value}, which does not say UTF-8"), advice)
        }
        None => {
            let advice = "set LANG, for instance to C.UTF-8, if lines and signs are garbled";
            Finding::warn(area, what, "none of LC_ALL, LC_CTYPE and LANG is set", advice)
        }
    }
}

pub(super) fn settings(common: &Common, settings: &Settings) -> Vec<Finding> {
    let (area, what) = ("settings", "config.toml");
    let mut found = vec![match common.config.clone().or_else(config::default_path) {
        Some(path) if path.exists() => Finding::ok(area, what, path.display().to_string()),
        Some(path) => Finding::ok(area, what, format!("none, which is fine; it would be {}", path.display())),
        None => {
            let advice = "set HOME or XDG_CONFIG_HOME";
            Finding::warn(area, what, "there is no home folder to look for it in", advice)
        }
    }];
    let advice = "correct it; the README has a sample";
    found.extend(settings.warnings.iter().map(|warning| Finding::warn(area, what, warning.as_str(), advice)));
    found
}

pub(super) fn state() -> Vec<Finding> {
    let (area, what) = ("folders", "sessions");
    let Some(dir) = sessions_dir() else {
        let advice = "set HOME or XDG_STATE_HOME; until then sessions are not recorded";
        return vec![Finding::fail(area, what, "there is no home folder", advice, Exit::Failed)];
    };
    let shown = dir.display();
    // Nothing is made only to look: what counts is the folder that is there.
    let there = dir.ancestors().find(|above| above.exists()).unwrap_or(Path::new("/"));
    let metadata = match std::fs::metadata(there) {
        Ok(metadata) if metadata.is_dir() => metadata,
        Ok(_) => {
            let says = format!("{} is no folder, so {shown} cannot be made", there.display());
            let advice = "move it away, or set XDG_STATE_HOME to a folder of yours";
            return vec![Finding::fail(area, what, says, advice, Exit::Failed)];
        }
        Err(error) => {
            let says = format!("{} cannot be looked at: {error}", there.display());
            return vec![Finding::fail(area, what, says, "check who may enter it", Exit::Failed)];
        }
    };
    if rustix::fs::access(there, rustix::fs::Access::WRITE_OK).is_err() {
        let says = format!("{} cannot be written to, so sessions are not recorded", there.display());
        let advice = "give yourself the right to write there, or set XDG_STATE_HOME to another folder";
        return vec![Finding::fail(area, what, says, advice, Exit::Failed)];
    }
    if there != dir {
        return vec![Finding::ok(area, what, format!("{shown} will be made with the first session"))];
    }
    let mode = metadata.permissions().mode() & 0o777;
    let own = metadata.uid() == rustix::process::geteuid().as_raw();
    vec![if mode & 0o077 == 0 && own {
        Finding::ok(area, what, format!("{shown}, for you only"))
    } else {
        let advice = format!("chmod 700 {shown}");
        Finding::warn(area, what, format!("others may enter {shown} (mode {mode:o})"), advice)
    }]
}

pub(super) fn clock() -> Vec<Finding> {
    let (area, what) = ("clock", "time");
    let clock = Clock::start();
    let now = clock.now_rfc3339();
    let built = std::env::current_exe().and_then(|path| std::fs::metadata(path)?.modified());
    let built_ms = built.ok().and_then(|built| built.duration_since(std::time::UNIX_EPOCH).ok());
    let is_behind = built_ms.is_some_and(|built| i64::try_from(built.as_millis()).unwrap_or(0) > clock.unix_ms());
    vec![if is_behind {
        let advice = "set the clock; secure connections fail when it is wrong";
        Finding::warn(area, what, format!("{now} is before this program was built"), advice)
    } else {
        Finding::ok(area, what, format!("{now}; today is {}", clock.today()))
    }]
}
