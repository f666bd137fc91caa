//! What must never reach a terminal as it is: sequences that write the clipboard, the title, the size or other lines.
//!
//! Each carries [`MARK`] or 4711, so that whoever reads the terminal's bytes can tell them from the host's own.

/// Stands in every sequence that can hold text.
pub const MARK: &str = "MRK4711";

/// The sequences, with the letters `SEEN` at the end to be looked for.
pub fn payload() -> String {
    let to_clipboard = "\u{1b}]52;c;TVJLNDcxMQ==\u{7}\u{1b}]52;c;TVJLNDcxMQ==\u{1b}\\";
    let titles =
        format!("\u{1b}]0;{MARK}\u{7}\u{1b}]2;{MARK}\u{1b}\\\u{9d}0;{MARK}\u{9c}\u{1b}]8;;http://{MARK}/\u{7}");
    let strings =
        format!("\u{1b}P4711$q{MARK}\u{1b}\\\u{90}4711|{MARK}\u{9c}\u{1b}_{MARK}\u{1b}\\\u{1b}^{MARK}\u{1b}\\");
    let control =
        "\u{1b}[8;4711;4711t\u{9b}8;4711;4711t\u{1b}[4711;4711H\u{1b}[4711A\u{1b}[?4711h\u{1b}[4711m\u{1b}c\u{1b}#8";
    let plain = "\u{7}\u{8}\u{b}\u{c}\r\u{e}\u{f}\u{7f}\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}";
    format!("{to_clipboard}{titles}{strings}{control}{plain}SEEN")
}
