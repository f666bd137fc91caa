//! What the console sends to the terminal, taken apart as a terminal does, so that nothing of a server can be in it.

use vte::{Params, Parser, Perform};

/// The last letters of the control sequences the console uses: colours, places, clearing, modes, cursor shape, questions.
const OURS: &str = "mHJKhlqcnuABCDGrSTX@PLMdsft";

/// What was found that the console never sends by itself.
#[derive(Default)]
struct Found(Vec<String>);

impl Found {
    fn note(&mut self, what: &str, bytes: &[u8]) {
        self.0.push(format!("{what} {:?}", String::from_utf8_lossy(bytes)));
    }
}

impl Perform for Found {
    fn print(&mut self, c: char) {
        if c.is_control() || callboard::sanitise::is_hidden(c) {
            self.note("hidden character", c.to_string().as_bytes());
        }
    }

    fn execute(&mut self, byte: u8) {
        if !matches!(byte, b'\r' | b'\n') {
            self.note("control", &[byte]);
        }
    }

    fn hook(&mut self, _: &Params, intermediates: &[u8], _: bool, _: char) {
        self.note("device control string", intermediates);
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _: bool) {
        self.note("operating system command", &params.concat());
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _: bool, action: char) {
        let numbers: Vec<u16> = params.iter().flatten().copied().collect();
        if numbers.contains(&4711) || !OURS.contains(action) {
            self.note(&format!("control sequence {numbers:?} {action}"), intermediates);
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], _: bool, byte: u8) {
        self.note(&format!("escape {}", char::from(byte)), intermediates);
    }
}

fn found(bytes: &[u8]) -> Vec<String> {
    let mut found = Found::default();
    Parser::new().advance(&mut found, bytes);
    found.0
}

/// Nothing a server wrote is a sequence of the terminal's.
pub fn assert_only_ours(sent: &[u8]) {
    let foreign = found(sent);
    assert!(foreign.is_empty(), "the terminal got {:?}", &foreign[..foreign.len().min(20)]);
    // Neither as text behind a lead-in that this parser may not know.
    let text = String::from_utf8_lossy(sent);
    for lead in ["\x1b]", "\x1bP", "\x1b_", "\x1b^", "\x1bX", "\u{9d}", "\u{90}", "\u{9b}", "\u{9f}", "\u{9e}"] {
        assert!(!text.contains(lead), "the terminal got {lead:?}");
    }
}

#[test]
fn what_a_server_could_send_is_told_from_what_the_console_sends() {
    assert_eq!(found(b"\x1b[?1049h\x1b[2J\x1b[1;1H\x1b[38;2;1;2;3mtext \xe2\x9c\x93\r\n\x1b[0m").len(), 0);
    let foreign = [
        "\x1b]52;c;TVJL\x07",
        "\x1b]0;MRK4711\x1b\\",
        "\x1bP4711$q\x1b\\",
        "\x1b[8;4711;4711t",
        "\x1b[4711A",
        "\x1bc",
        "\x07",
        "\u{202e}",
        "\u{9b}1t",
        "\x1b[5i",
    ];
    for sequence in foreign {
        assert!(!found(sequence.as_bytes()).is_empty(), "{sequence:?}");
    }
}
