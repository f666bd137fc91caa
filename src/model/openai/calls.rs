//! Calls put together from pieces, although back ends leave out, repeat or invent indexes and ids. Pure.
//!
//! Two pieces belong to one call unless something says otherwise; joining what belongs apart would give broken JSON, which is
//! never run, while splitting what belongs together could run half a call.

use std::collections::HashSet;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::protocol::ModelCall;

use super::chunk::{Arguments, CallPiece};

/// Calls under construction, in the order in which they began.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls(Vec<Call>);

#[derive(Clone, Debug, Default)]
struct Call {
    index: Option<u64>,
    id: Option<String>,
    name: Option<String>,
    arguments: String,
}

impl Calls {
    /// Adds a piece to the call it belongs to, or begins a new call with it.
    pub fn add(&mut self, piece: CallPiece) {
        match self.place(&piece) {
            Some(place) if self.0[place].repeats(&piece) => {}
            Some(place) if !self.0[place].ends_before(&piece) => self.0[place].continue_with(piece),
            Some(_) | None => {
                let mut call = Call::default();
                call.continue_with(piece);
                self.0.push(call);
            }
        }
    }

    /// Whether nothing of a call came.
    pub fn is_empty(&self) -> bool {
        !self.0.iter().any(Call::is_real)
    }

    /// Whether the arguments of some call are no complete JSON, absent ones included.
    pub fn any_is_cut(&self) -> bool {
        self.0.iter().any(|call| call.is_real() && serde_json::from_str::<IgnoredAny>(&call.arguments).is_err())
    }

    /// The calls with ids that neither repeat nor stand in `taken`.
    pub fn finish(self, mut taken: HashSet<String>) -> Vec<ModelCall> {
        let mut finished = Vec::with_capacity(self.0.len());
        for call in self.0.into_iter().filter(Call::is_real) {
            let provider_id = match call.id {
                Some(id) if !taken.contains(&id) => id,
                Some(_) | None => fresh_id(&taken),
            };
            taken.insert(provider_id.clone());
            finished.push(ModelCall { provider_id, name: call.name.unwrap_or_default(), arguments: call.arguments });
        }
        finished
    }

    /// The call a piece would continue, by index, else by id, else the last.
    fn place(&self, piece: &CallPiece) -> Option<usize> {
        let last = self.0.len().checked_sub(1)?;
        let by_id = || self.0.iter().rposition(|call| piece.id.is_some() && call.id == piece.id);
        let Some(index) = piece.index else {
            return if piece.id.is_some() && piece.name.is_some() { by_id() } else { by_id().or(Some(last)) };
        };
        self.0.iter().rposition(|call| call.index == Some(index)).or_else(|| {
            // The index may be missing in the first piece only.
            let place = if piece.id.is_some() { by_id() } else { Some(last).filter(|_| piece.name.is_none()) };
            place.filter(|place| self.0[*place].index.is_none())
        })
    }
}

impl Call {
    fn is_real(&self) -> bool {
        self.name.is_some() || !self.arguments.is_empty()
    }

    /// Whether the piece says once more all that is already known, as some back ends do at the end.
    fn repeats(&self, piece: &CallPiece) -> bool {
        let same_arguments = match &piece.arguments {
            Arguments::Absent => false,
            Arguments::Text(text) | Arguments::Whole(text) => *text == self.arguments && is_object(text),
        };
        let same_id = piece.id.is_none() || piece.id == self.id;
        piece.name.is_some() && piece.name == self.name && same_id && same_arguments
    }

    /// Whether the piece, though in the same place, begins another call. A piece without a name never does.
    fn ends_before(&self, piece: &CallPiece) -> bool {
        let (Some(name), Some(known)) = (&piece.name, &self.name) else { return false };
        let other_id = matches!((&self.id, &piece.id), (Some(id), Some(other)) if id != other);
        let begins_again = match &piece.arguments {
            Arguments::Absent => false,
            Arguments::Text(text) | Arguments::Whole(text) => text.trim_start().starts_with('{'),
        };
        other_id || name != known || (begins_again && is_object(&self.arguments))
    }

    fn continue_with(&mut self, piece: CallPiece) {
        self.index = self.index.or(piece.index);
        self.id = self.id.take().or(piece.id);
        self.name = self.name.take().or(piece.name);
        match piece.arguments {
            Arguments::Absent => {}
            Arguments::Text(text) => self.arguments.push_str(&text),
            Arguments::Whole(text) => self.arguments = text,
        }
    }
}

fn is_object(text: &str) -> bool {
    serde_json::from_str::<Map<String, Value>>(text).is_ok()
}

/// `call_1`, `call_2`, … whichever is free.
fn fresh_id(taken: &HashSet<String>) -> String {
    let mut number = taken.len() + 1;
    loop {
        let id = format!("call_{number}");
        if !taken.contains(&id) {
            return id;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(index: Option<u64>, id: &str, name: &str, arguments: &str) -> CallPiece {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let arguments = some(arguments).map_or(Arguments::Absent, Arguments::Text);
        CallPiece { index, id: some(id), name: some(name), arguments }
    }

    fn whole(name: &str, arguments: &str) -> CallPiece {
        CallPiece { arguments: Arguments::Whole(arguments.to_owned()), ..piece(None, "", name, "") }
    }

    /// The calls as `id name arguments`.
    fn assembled(pieces: impl IntoIterator<Item = CallPiece>) -> Vec<String> {
        let mut calls = Calls::default();
        pieces.into_iter().for_each(|piece| calls.add(piece));
        let calls = calls.finish(HashSet::new());
        calls.iter().map(|call| format!("{} {} {}", call.provider_id, call.name, call.arguments)).collect()
    }

    #[test]
    fn interleaved_pieces_are_joined_by_index() {
        let calls = assembled([
            piece(Some(0), "a", "f", ""),
            piece(Some(1), "b", "g", ""),
            piece(Some(0), "", "", r#"{"x":"#),
            piece(Some(1), "", "", r#"{"y":2"#),
            piece(Some(0), "", "", "1}"),
            piece(Some(1), "", "", "}"),
        ]);
        assert_eq!(calls, [r#"a f {"x":1}"#, r#"b g {"y":2}"#]);
    }

    #[test]
    fn without_indexes_a_new_id_or_name_begins_a_call() {
        let calls = assembled([
            piece(None, "a", "f", r#"{"x""#),
            piece(None, "", "", ":1}"),
            piece(None, "b", "f", "{}"),
            piece(None, "", "g", ""),
            piece(None, "", "", "{}"),
        ]);
        assert_eq!(calls, [r#"a f {"x":1}"#, "b f {}", "call_3 g {}"]);
    }

    #[test]
    fn an_index_that_is_always_zero_does_not_join_calls() {
        let with_ids = [piece(Some(0), "a", "f", r#"{"x":1}"#), piece(Some(0), "b", "f", r#"{"x":2}"#)];
        assert_eq!(assembled(with_ids), [r#"a f {"x":1}"#, r#"b f {"x":2}"#]);
        let without = [piece(Some(0), "", "f", r#"{"x":1}"#), piece(Some(0), "", "f", r#"{"x":2}"#)];
        assert_eq!(assembled(without), [r#"call_1 f {"x":1}"#, r#"call_2 f {"x":2}"#]);
        let later = [piece(Some(0), "a", "f", ""), piece(Some(0), "b", "f", ""), piece(Some(0), "", "", "{}")];
        assert_eq!(assembled(later), ["a f ", "b f {}"]);
        let other_names = [piece(Some(0), "", "f", "{}"), piece(Some(0), "", "g", "{}")];
        assert_eq!(assembled(other_names), ["call_1 f {}", "call_2 g {}"]);
    }

    #[test]
    fn an_index_missing_in_the_first_piece_or_in_later_ones_is_no_new_call() {
        assert_eq!(assembled([piece(None, "a", "f", ""), piece(Some(0), "", "", "{}")]), ["a f {}"]);
        assert_eq!(assembled([piece(Some(0), "a", "f", ""), piece(None, "", "", "{}")]), ["a f {}"]);
    }

    #[test]
    fn a_name_or_id_repeated_in_every_piece_is_one_call() {
        let calls = assembled([
            piece(Some(0), "a", "f", ""),
            piece(Some(0), "a", "f", r#"{"x""#),
            piece(Some(0), "a", "f", ":1}"),
        ]);
        assert_eq!(calls, [r#"a f {"x":1}"#]);
        // A new id in every piece, with nothing else that begins a call.
        assert_eq!(assembled([piece(Some(0), "a", "f", "{"), piece(Some(0), "b", "", "}")]), ["a f {}"]);
    }

    #[test]
    fn a_complete_call_said_again_is_not_run_twice() {
        let said = piece(Some(0), "a", "f", r#"{"x":1}"#);
        assert_eq!(assembled([said.clone(), said]), [r#"a f {"x":1}"#]);
    }

    #[test]
    fn duplicate_ids_of_different_calls_are_replaced() {
        let calls = assembled([piece(Some(0), "x", "f", "{}"), piece(Some(1), "x", "g", "{}")]);
        assert_eq!(calls, ["x f {}", "call_2 g {}"]);
    }

    #[test]
    fn ids_are_unique_in_the_whole_conversation() {
        let mut calls = Calls::default();
        calls.add(piece(Some(0), "call_1", "f", "{}"));
        calls.add(piece(Some(1), "", "g", "{}"));
        let taken = ["call_1", "call_2", "call_3"].map(str::to_owned);
        let ids: Vec<_> = calls.finish(HashSet::from(taken)).into_iter().map(|call| call.provider_id).collect();
        assert_eq!(ids, ["call_4", "call_5"]);
    }

    #[test]
    fn arguments_as_an_object_are_taken_whole() {
        assert_eq!(
            assembled([whole("f", r#"{"x":1}"#), whole("f", r#"{"x":2}"#)]),
            [r#"call_1 f {"x":1}"#, r#"call_2 f {"x":2}"#]
        );
    }

    #[test]
    fn empty_pieces_are_no_call() {
        let mut calls = Calls::default();
        calls.add(piece(Some(0), "a", "", ""));
        assert!(calls.is_empty() && !calls.any_is_cut());
        assert!(calls.finish(HashSet::new()).is_empty());
    }

    #[test]
    fn cut_arguments_are_noticed() {
        let cut = |arguments: &str| {
            let mut calls = Calls::default();
            calls.add(piece(Some(0), "a", "f", arguments));
            calls.any_is_cut()
        };
        assert!(cut("") && cut(r#"{"x":"#) && cut(r#"{"x":1"#));
        assert!(!cut("{}") && !cut(r#"{"x":1}"#));
    }
}
