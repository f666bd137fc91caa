//! What servers ask the operator: opening, filling in, looking over, sending, saying no.

use crossterm::event::{KeyCode, KeyEvent};

use crate::protocol::{Command, InputAnswer, InputId, InputRequested, Wanted};
use crate::ui::state::{FormStage, Inquiry, Overlay, Sought, State};
use crate::ui::{text, view};

use super::Effect;

/// Opens what has waited longest for an answer, as it was when it was last closed.
pub(super) fn open(state: &mut State) {
    let Some(input) = state.session.open_inputs().next() else {
        state.notice = Some("No server asks anything.".to_owned());
        return;
    };
    let id = input.requested.input;
    let form = state.forms.remove(&id).unwrap_or_else(|| Inquiry::of(&input.requested));
    state.overlay = Some(Overlay::Form(Box::new(form)));
}

/// What is said when a server begins to ask.
pub(super) fn asks(requested: &InputRequested) -> String {
    let what = match requested.wanted {
        Wanted::Form { .. } => "asks you to fill in a form",
        Wanted::Url { .. } => "asks you to visit a page",
    };
    format!("Server {} {what}: /answer opens it, or Q outside the input.", text::fit(requested.server.as_str(), 40))
}

/// A question has its end. One that is open stays, so that what was written can still be copied.
pub(super) fn ended(state: &mut State, input: InputId, reason: Option<&str>) {
    state.forms.remove(&input);
    if let Some(Overlay::Form(form)) = &mut state.overlay
        && form.input == input
    {
        form.over = Some(reason.unwrap_or("it has been answered").to_owned());
    }
}

/// Goes back from what will be sent to the fields; from there, keeps what was written in a form that is closed.
pub(super) fn put_away(state: &mut State, mut form: Inquiry) {
    if form.over.is_some() {
        return;
    }
    if form.stage == FormStage::Reviewing {
        form.stage = FormStage::Filling(0);
        state.overlay = Some(Overlay::Form(Box::new(form)));
        return;
    }
    state.notice =
        Some("It still waits for your answer; what you wrote is kept. Q outside the input opens it.".to_owned());
    state.forms.insert(form.input, form);
}

/// Types into the field of the keys.
pub(super) fn type_into(state: &mut State, key: KeyEvent) {
    let Some(Overlay::Form(form)) = &mut state.overlay else { return };
    let Some(field) = form.field_mut() else { return };
    match (key.code, field.entry.text_mut()) {
        (_, Some(text)) => super::typing::edit_words(text, key),
        (KeyCode::Right, None) => field.entry.turn(true),
        (KeyCode::Left, None) => field.entry.turn(false),
        (KeyCode::Char(' '), None) => field.entry.toggle(),
        (_, None) => return,
    }
    field.problem = None;
    form.reveal = true;
}

/// Puts pasted text into the field of the keys, without what cannot be seen.
pub(super) fn paste(form: &mut Inquiry, pasted: &str) {
    if let Some(text) = form.field_mut().and_then(|field| field.entry.text_mut()) {
        text.extend(pasted.chars().filter(|c| !text::is_hidden(*c)));
    }
}

/// Goes on: from the fields to what will be sent, and from there to sending it.
pub(super) fn go_on(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Form(form)) = &mut state.overlay else { return Vec::new() };
    if form.over.is_some() {
        return Vec::new();
    }
    let Ok(content) = form.content() else { return Vec::new() };
    match (form.stage, &form.wanted) {
        (FormStage::Filling(_), Sought::Values { .. }) => {
            form.stage = FormStage::Reviewing;
            form.top = 0;
            Vec::new()
        }
        (FormStage::Filling(_), Sought::Visit(_)) | (FormStage::Reviewing, _) => {
            answer(state, InputAnswer::Accept { content })
        }
    }
}

/// Answers what is open.
pub(super) fn answer(state: &mut State, answer: InputAnswer) -> Vec<Effect> {
    match state.overlay.take() {
        Some(Overlay::Form(form)) if form.over.is_none() => {
            vec![Effect::Send(Command::AnswerInput { input: form.input, answer })]
        }
        other => {
            state.overlay = other;
            Vec::new()
        }
    }
}

/// The text worth copying: the address, or the values as they would be sent.
pub(super) fn copied(form: &mut Inquiry) -> String {
    match &form.wanted {
        Sought::Visit(url) => url.clone(),
        Sought::Values { .. } => {
            form.content().ok().flatten().map(|content| content.text().to_owned()).unwrap_or_default()
        }
    }
}

/// Brings the field of the keys into view.
pub(super) fn settle(state: &mut State) {
    let rows = usize::from(view::form_height(state.size));
    let theme = state.theme();
    let width = view::page_columns(state.size);
    let Some(Overlay::Form(form)) = &mut state.overlay else { return };
    let shown = view::form_rows(form, width, theme);
    if let FormStage::Filling(at) = form.stage
        && std::mem::take(&mut form.reveal)
        && at > 0
    {
        let first = shown.iter().position(|row| row.field == Some(at)).unwrap_or(0);
        let last = shown.iter().rposition(|row| row.field == Some(at)).unwrap_or(0);
        form.top = form.top.max((last + 1).saturating_sub(rows)).min(first);
    } else if let FormStage::Filling(0) = form.stage {
        // The first field is under the message, which is read first.
        let first = shown.iter().position(|row| row.field == Some(0)).unwrap_or(0);
        if first < rows {
            form.top = 0;
        }
    }
    form.top = form.top.min(shown.len().saturating_sub(rows.max(1)));
}
