//! Where the user's files are: the XDG folders, on every system alike.

use std::ffi::OsString;
use std::path::PathBuf;

/// For settings: `$XDG_CONFIG_HOME`, or `~/.config`; `None` without a home folder.
#[must_use]
pub fn config() -> Option<PathBuf> {
    folder(std::env::var_os("XDG_CONFIG_HOME"), ".config")
}

/// For what a program keeps by itself: `$XDG_STATE_HOME`, or `~/.local/state`; `None` without a home folder.
#[must_use]
pub fn state() -> Option<PathBuf> {
    folder(std::env::var_os("XDG_STATE_HOME"), ".local/state")
}

/// A relative path counts as none (XDG Base Directory Specification, "Basics").
fn folder(variable: Option<OsString>, below_home: &str) -> Option<PathBuf> {
    let named = variable.map(PathBuf::from).filter(|path| path.is_absolute());
    let at_home = || std::env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(below_home));
    named.or_else(at_home)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_comes_first_and_must_be_absolute() {
        assert_eq!(folder(Some("/x".into()), ".config"), Some("/x".into()));
        let at_home = folder(None, ".local/state");
        assert!(at_home.as_ref().is_none_or(|path| path.ends_with(".local/state")), "{at_home:?}");
        assert_eq!(folder(Some("x".into()), ".local/state"), at_home);
        assert_eq!(folder(Some(OsString::new()), ".local/state"), at_home);
    }
}
