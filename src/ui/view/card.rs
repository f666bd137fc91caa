//! What there is to say about the selected call before its data: why it is held, why it takes long, why it failed.

use super::{greeting, marks};
use crate::protocol::{DeliveredForm, Direction, Stepping, StopSite, ToolChanged, Verdict};
use crate::session::{Call, CallState, Frame, Health, Server};
use crate::ui::state::{Row, Selected, State, Tab, Target};
use crate::ui::text::{self, Pen, Piece};
use crate::ui::theme::Role;
use crate::ui::update;

/// A call that takes longer than this explains itself, µs.
const LONG_US: u64 = 3_000_000;
/// Bytes of a message that fill its line on the card, whatever they are.
const FRAME_BYTES: usize = 1600;
/// Lines of a tool's change that the card has room for.
const CHANGE_ROWS: usize = 6;
/// Lines of a reason, and rows of each; a longer one stands below, whole.
const REASON_ROWS: usize = 6;
/// Said where a reason is cut: the result under it has the whole one.
const REST: &str = " (all of it in the result)";

/// Rows of the card; none if there is nothing to say.
#[must_use]
pub fn card_rows(state: &State, width: u16) -> Vec<Row> {
    let mut card = Card { state, width, rows: Vec::new() };
    match (state.call(), state.selected) {
        (Some(call), _) => card.call(call),
        (None, Selected::Server(_)) => {
            if let Some(server) = state.server() {
                card.server(server);
            }
        }
        (None, Selected::Request) => {
            if let Some(held) = &state.session.held_turn {
                card.words(&format!("⏸ {}. n sends this; nothing has been sent yet.", held.told.reason), Role::Warn);
            }
        }
        (None, Selected::Span(_) | Selected::Nothing) => {}
    }
    if !card.rows.is_empty() {
        card.rule();
    }
    card.rows
}

struct Card<'a> {
    state: &'a State,
    width: u16,
    rows: Vec<Row>,
}

impl Card<'_> {
    fn call(&mut self, call: &Call) {
        self.asked(call);
        match call.state {
            CallState::Held(site) => self.held(call, site),
            CallState::Released => self.released(call),
            CallState::Running => {
                let running = self.state.call_us(call).unwrap_or(0);
                if running >= LONG_US || self.state.asked_why == Some(call.id) {
                    self.waiting(call, running);
                }
                self.progress(call);
            }
            CallState::Proposed | CallState::Ok | CallState::Error | CallState::Cancelled | CallState::Denied => {}
        }
        if update::tab(self.state) != Tab::Result {
            return;
        }
        if let Some(refusal) = call.refusal.as_ref().filter(|_| call.is_kept_back()) {
            self.words(&format!("⊘ Kept back: the model was told “{refusal}” instead."), Role::Warn);
        }
        self.error(call);
        // The call and its result are each let go: that is worth one line.
        let is_first = |at: usize| !call.decisions[..at].contains(&call.decisions[at]);
        for (_, (verdict, by)) in call.decisions.iter().enumerate().filter(|(at, _)| is_first(*at)) {
            self.words(&format!("⏸ {} by {by}", verdict.words()), Role::Warn);
        }
        if let Some(mismatch) = &call.mismatch {
            self.words(&format!("⚠ not what was promised: {mismatch}"), Role::Warn);
        }
        if let Some(delivered) = &call.delivered {
            let size = |bytes: u64| text::bytes(usize::try_from(bytes).unwrap_or(usize::MAX));
            let words = match delivered.form {
                DeliveredForm::Original | DeliveredForm::Denied | DeliveredForm::Synthetic => return,
                DeliveredForm::Edited => "the model got an edited result".to_owned(),
                DeliveredForm::Truncated => {
                    format!("the model got {} of {}", size(delivered.bytes), size(delivered.full_bytes))
                }
            };
            self.words(&format!("· {words}"), Role::Dim);
        }
    }

    /// What a server asks the operator because of the call.
    fn asked(&mut self, call: &Call) {
        let inputs: Vec<_> = self.state.session.open_inputs().filter(|input| input.call == Some(call.id)).collect();
        for input in &inputs {
            let requested = &input.requested;
            self.words(&format!("? {} asks you: {}", requested.server, requested.message), Role::Warn);
        }
        if !inputs.is_empty() && !self.state.is_viewing() {
            self.keys(&[("Q", "opens it")]);
        }
    }

    fn released(&mut self, call: &Call) {
        let waits = self.state.session.waits_for(call);
        let what = waits.map_or("is about to be sent".to_owned(), |other| format!("waits for call {}", other.0));
        self.words(&format!("▷ Released, {what}. Until it is sent, your last word counts."), Role::Warn);
        self.changed(call);
        if !self.state.is_viewing() {
            self.keys(&[("e", "edits, and holds it again"), ("x", "answers for it"), ("d", "denies")]);
        }
    }

    fn changed(&mut self, call: &Call) {
        if call.can_revert() {
            let edits = call.decisions.iter().filter(|(verdict, _)| *verdict == Verdict::Edit).count();
            self.words(&format!("  ✎ changed {}; V reverts", text::count(edits, "time")), Role::Warn);
        }
    }

    fn held(&mut self, call: &Call, site: StopSite) {
        let where_ = match site {
            StopSite::BeforeCall => "Held: it has not been sent.",
            StopSite::AfterResult => "Held: the model has not seen the result.",
            StopSite::BeforeModel | StopSite::AfterModel => "Held.",
        };
        let reason = call.held_reason.as_deref().unwrap_or("no reason given");
        self.words(&format!("⏸ {where_} {reason}"), Role::Warn);
        let change = update::changed::of_call(self.state, call);
        if let Some(change) = change.filter(|_| site == StopSite::BeforeCall) {
            self.change(change);
        }
        let effect = if call.read_only && change.is_none() { "It only reads." } else { "It may change something." };
        let is_sent = site == StopSite::AfterResult;
        let words = if is_sent { "What is shown is what the model gets." } else { "What is shown is what is sent." };
        self.words(&format!("  {} {words}", if is_sent { "" } else { effect }), Role::Dim);
        self.changed(call);
        if self.state.is_viewing() {
            return;
        }
        // Who steps knows why everything waits, and a changed tool has a key of its own.
        let is_stepped = matches!(self.state.session.stepping, Stepping::On | Stepping::All);
        let is_plain = !is_sent && !is_stepped && change.is_none();
        if is_plain && !call.may_be_allowed() && !call.held_remedy.is_empty() {
            self.words(&format!("  So that such a call does not wait: {}.", call.held_remedy), Role::Dim);
        }
        match is_sent {
            false if change.is_some() => self.keys(&[
                ("a", "shows all of it, then accepts it"),
                ("n", "sends this call only"),
                ("e", "edits"),
                ("x", "answers for it"),
                ("d", "denies"),
            ]),
            false => {
                let keys = [
                    ("n", "sends it"),
                    ("e", "edits"),
                    ("x", "answers for it"),
                    ("d", "denies"),
                    ("a", "always allows"),
                ];
                self.keys(if call.may_be_allowed() { &keys } else { &keys[..4] });
            }
            true if change.is_some() => self.keys(&[
                ("n", "goes on"),
                ("e", "edits"),
                ("d", "keeps it back"),
                ("a", "shows how its tool has changed"),
            ]),
            true => self.keys(&[("n", "goes on"), ("e", "edits"), ("r", "retries"), ("d", "keeps it back")]),
        }
    }

    /// How a tool differs from what it was, as far as there is room.
    fn change(&mut self, change: &ToolChanged) {
        let lines = update::changed::lines(change);
        // A single line more takes no more room than to say so.
        let shown = if lines.len() > CHANGE_ROWS + 1 { CHANGE_ROWS } else { lines.len() };
        for (role, line) in &lines[..shown] {
            self.line(&format!("  {line}"), *role);
        }
        if shown < lines.len() {
            self.line(&format!("  … {} more", text::count(lines.len() - shown, "line")), Role::Dim);
        }
    }

    fn waiting(&mut self, call: &Call, running: u64) {
        let now = self.state.now_us;
        let second = |us: u64| text::duration(us / 100_000 * 100_000);
        let asked = self.state.session.open_inputs().any(|input| input.call == Some(call.id));
        let due =
            call.patience_us.zip(call.timeout_ms).map(|(since, ms)| since.saturating_add(ms.saturating_mul(1000)));
        let left = match due {
            Some(_) if asked => "; its time stands still while you are asked".to_owned(),
            Some(due) => format!(", time-out in {}", second(due.saturating_sub(now))),
            None => String::new(),
        };
        self.words(&format!("◌ Why is it waiting? {} without an answer{left}", second(running)), Role::Busy);
        let last = |direction: Direction| call.frames.iter().rev().find(|frame| frame.direction == direction);
        self.frame("→ sent    ", last(Direction::Sent), now);
        self.frame("← received", last(Direction::Received), now);
        let Some(server) = self.state.session.server(&call.server) else { return };
        let process = match (&server.health, server.pid) {
            (Health::Probing | Health::Listing | Health::Ready, Some(pid)) => format!(", process {pid} runs"),
            (
                Health::Restarting { .. } | Health::Failed { .. } | Health::Stopped | Health::SwitchedOff(_),
                Some(pid),
            ) => {
                format!(", process {pid} is gone")
            }
            (Health::Unknown | Health::Withheld(_) | Health::Starting, _) | (_, None) => String::new(),
        };
        let open = server.calls.iter().rev().take(64).filter_map(|id| self.state.session.call(*id));
        let open = open.filter(|call| call.state == CallState::Running).count();
        let word = marks::health(&self.state.session, server).word;
        let (busy, since) = (text::count(open, "call"), second(now.saturating_sub(server.since_us)));
        self.words(&format!("  {} {word} {since}{process}, {busy} open", call.server), Role::Text);
        if let Some(trouble) = self.state.session.trouble(server) {
            self.words(&format!("  ▲ {trouble}"), Role::Warn);
        }
        let tail: Vec<String> = server.log.iter().rev().take(2).map(|line| line.text.clone()).collect();
        if tail.is_empty() {
            self.words("  stderr: nothing", Role::Dim);
        }
        for line in tail.iter().rev() {
            self.line(&format!("  stderr: {line}"), Role::Dim);
        }
        if !self.state.is_viewing() {
            self.keys(&[
                ("x", "cancels this call only"),
                ("W", "waits longer"),
                ("r", "restarts the server"),
                ("S", "shows its log"),
            ]);
        }
    }

    fn frame(&mut self, label: &str, frame: Option<&Frame>, now: u64) {
        match frame {
            Some(frame) => {
                let ago = text::duration(now.saturating_sub(frame.at_us) / 100_000 * 100_000);
                self.line(&format!("  {label} {ago} ago  {}", frame.start(FRAME_BYTES)), Role::Text);
            }
            None => self.line(&format!("  {label} nothing"), Role::Dim),
        }
    }

    fn progress(&mut self, call: &Call) {
        let Some(progress) = &call.progress else { return };
        let message = progress.message.as_deref().unwrap_or("");
        let line = match progress.total.filter(|total| *total > 0.0) {
            Some(total) => {
                let part = (progress.progress / total).clamp(0.0, 1.0);
                let full = usize::from(self.width.saturating_sub(30).clamp(6, 24));
                let filled = (0..full).filter(|cell| part * (full as f64) > *cell as f64).count();
                let bar = format!("{}{}", "█".repeat(filled), "░".repeat(full - filled));
                format!("  {bar} {:.0}/{total:.0} {message}", progress.progress)
            }
            None => format!("  {:.0} done {message}", progress.progress),
        };
        self.line(&line, Role::Busy);
    }

    fn error(&mut self, call: &Call) {
        let Some(advice) = self.state.data.advice.clone() else { return };
        let code = call.failure.as_ref().map(|failure| format!("{:?}", failure.code)).unwrap_or_default();
        let code = if code.is_empty() { String::new() } else { format!("{}: ", spaced(&code)) };
        for (number, line) in text::clean_block(&advice.reason).lines().take(REASON_ROWS).enumerate() {
            let sign = if number == 0 { format!("✗ {code}") } else { "  ".to_owned() };
            self.words(&text::in_rows(&format!("{sign}{line}"), usize::from(self.width), REASON_ROWS, REST), Role::Bad);
        }
        for (number, action) in advice.actions.iter().enumerate() {
            let before = self.rows.len();
            self.numbered(number + 1, action);
            for row in &mut self.rows[before..] {
                row.target = Some(Target::Action(action.clone()));
            }
        }
        if !advice.actions.is_empty() && !self.state.is_viewing() {
            self.words("  A number puts the suggestion into the input.", Role::Dim);
        }
        if !advice.tools.is_empty() {
            self.words(&format!("  These tools may help: {}", advice.tools.join(", ")), Role::Dim);
        }
        if advice.retryable {
            self.words("  The same call may work later.", Role::Dim);
        }
    }

    fn server(&mut self, server: &Server) {
        let words = match &server.health {
            Health::Failed { reason } => format!("✗ Down: {reason}"),
            Health::Restarting { reason, attempt, of, .. } => format!("↻ Restart {attempt} of {of}: {reason}"),
            Health::Ready => match self.state.session.trouble(server) {
                Some(trouble) => format!("▲ Degraded: {trouble}"),
                None => return,
            },
            Health::Withheld(by) => {
                let shown = marks::health(&self.state.session, server);
                return self.words(&format!("{} {}", shown.sign, greeting::withheld_words(self.state, by)), shown.role);
            }
            Health::SwitchedOff(_) => {
                let shown = marks::health(&self.state.session, server);
                let words = greeting::server_words(self.state, server);
                return self.words(&format!("{} {words}", shown.sign), shown.role);
            }
            Health::Unknown | Health::Starting | Health::Probing | Health::Listing | Health::Stopped => return,
        };
        self.words(&words, Role::Bad);
        if !self.state.is_viewing() {
            self.keys(&[("r", "starts it again"), ("S", "shows its log")]);
        }
    }

    fn numbered(&mut self, number: usize, action: &str) {
        let theme = self.state.theme();
        let pieces =
            [Piece::new(&format!("  {number} "), theme.style(Role::Name)), Piece::new(action, theme.style(Role::Link))];
        let lines = text::flow(&pieces, usize::from(self.width.saturating_sub(1)).max(4), 4);
        self.rows.extend(lines.into_iter().take(3).map(|(line, _)| Row::from(line)));
    }

    fn words(&mut self, words: &str, role: Role) {
        let piece = Piece::new(&format!(" {words}"), self.state.theme().style(role));
        let lines = text::flow(&[piece], usize::from(self.width.saturating_sub(1)).max(4), 3);
        self.rows.extend(lines.into_iter().take(6).map(|(line, _)| Row::from(line)));
    }

    fn line(&mut self, words: &str, role: Role) {
        let mut pen = Pen::new(self.width);
        pen.put(&format!(" {words}"), self.state.theme().style(role));
        self.rows.push(pen.line().into());
    }

    fn keys(&mut self, keys: &[(&str, &str)]) {
        let theme = self.state.theme();
        let mut pieces = vec![Piece::new("   ", theme.style(Role::Text))];
        for (key, label) in keys {
            pieces.push(Piece::new(key, theme.style(Role::Name)));
            // A key and its words stay on one line.
            pieces.push(Piece::new(&format!("\u{a0}{}   ", label.replace(' ', "\u{a0}")), theme.style(Role::Dim)));
        }
        let lines = text::flow(&pieces, usize::from(self.width.saturating_sub(1)).max(4), 3);
        self.rows.extend(lines.into_iter().take(3).map(|(line, _)| Row::from(line)));
    }

    fn rule(&mut self) {
        let mut pen = Pen::new(self.width);
        pen.put(&"─".repeat(usize::from(self.width)), self.state.theme().style(Role::Border));
        self.rows.push(pen.line().into());
    }
}

/// `TimedOut` as `timed out`.
fn spaced(name: &str) -> String {
    let mut out = String::new();
    for (at, c) in name.chars().enumerate() {
        if c.is_uppercase() && at > 0 {
            out.push(' ');
        }
        out.extend(c.to_lowercase());
    }
    out
}
