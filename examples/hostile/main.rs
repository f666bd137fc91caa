//! An MCP server that misbehaves, for the tests of everything that hosts servers.
//!
//! The first argument says what is wrong with it as a whole (a *mode*); a call's argument `do` says what goes wrong in that
//! call (a *deed*). Everything else works: both eras, the tools `echo` (only reads) and `write` (says nothing of itself).
//! `hostile http MODE` is one over HTTP. `hostile --list` prints every mode and deed, so that the tests can see that none is
//! left out.

mod calls;
mod escapes;
mod floods;
mod handshake;
mod http;
mod life;
mod questions;
mod shelves;
mod tools;
mod wire;

use std::io::BufRead;

use serde_json::Value;

/// What the server keeps in mind.
struct Server {
    mode: String,
    /// Calls that are answered only when they are no longer wanted.
    late: Vec<Value>,
    /// Whether the list of tools is another one than at first.
    changed: bool,
    /// Whether the list of tools is still given.
    lists: bool,
    /// The call in which the host was asked for something, and with which errors it has answered so far.
    asking: Option<Value>,
    answers: Vec<String>,
}

fn main() {
    let mode = std::env::args().nth(1).unwrap_or_default();
    if mode == "--list" {
        let modes = [life::MODES, handshake::MODES, tools::MODES, shelves::MODES].concat();
        modes.iter().for_each(|mode| println!("mode {mode}"));
        deeds().for_each(|(deed, _)| println!("deed {deed}"));
        http::MODES.iter().for_each(|mode| println!("http {mode}"));
        http::WRONGS.iter().for_each(|(wrong, _)| println!("http {wrong}"));
        return;
    }
    if mode == "http" {
        return http::serve(&std::env::args().nth(2).unwrap_or_default());
    }
    life::begin(&mode);
    let mut server = Server { mode, late: Vec::new(), changed: false, lists: true, asking: None, answers: Vec::new() };
    for line in std::io::stdin().lock().lines() {
        let Ok(message) = serde_json::from_str::<Value>(&line.unwrap_or_default()) else { continue };
        server.hear(&message);
    }
    life::end(&server.mode);
}

fn deeds() -> impl Iterator<Item = &'static (&'static str, calls::Deed)> {
    calls::DEEDS.iter().chain(floods::DEEDS).chain(questions::DEEDS)
}

impl Server {
    fn hear(&mut self, message: &Value) {
        let (id, params) = (&message["id"], &message["params"]);
        life::hear(&self.mode, message);
        match message["method"].as_str().unwrap_or_default() {
            "initialize" => handshake::initialize(&self.mode, id),
            "server/discover" => handshake::discover(&self.mode, id),
            "tools/list" if self.lists => tools::list(self, id, params),
            "tools/call" => self.call(id, params),
            "" => questions::hear(self, message),
            method if method.starts_with("resources/") || method.starts_with("prompts/") => {
                shelves::answer_of(&self.mode, method, id, params);
            }
            "notifications/cancelled" => {
                for id in self.late.extract_if(.., |id| *id == params["requestId"]) {
                    wire::answer(&id, wire::text("too late"));
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, id: &Value, params: &Value) {
        let arguments = &params["arguments"];
        let wrong = arguments["do"].as_str().unwrap_or_default();
        match deeds().find(|(deed, _)| *deed == wrong) {
            Some((_, act)) => act(self, id, params),
            None => wire::answer(id, wire::text(&arguments.to_string())),
        }
    }
}
