//! The same over HTTP: a server that is wrong in every answer from the first on, or only in the calls whose argument `do` says
//! so. Each connection carries one request.
//!
//! It prints its address first, and then one line for each request that comes where none may come: to the place its redirects
//! lead to.

mod wrong;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{sleep, spawn};

use serde_json::{Value, json};

use crate::escapes::payload;
use crate::life::FOR_EVER;
use crate::wire::text;

pub use wrong::WRONGS;

/// Ways that are wrong in something else than an answer.
pub const MODES: &[&str] = &["well", "painted-session", "frenzy", "own-flood", "deaf-farewell", "forgetful"];

/// Sessions that were begun.
static SESSIONS: AtomicU64 = AtomicU64::new(0);

/// One request, and where its answer goes.
pub struct Exchange {
    pub head: String,
    pub body: Value,
    /// An address that nobody is to ask.
    pub elsewhere: String,
    stream: TcpStream,
}

/// Serves until it is killed.
pub fn serve(mode: &str) {
    let listen = || TcpListener::bind("127.0.0.1:0").and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (Ok((place, listener)), Ok((trap, traps))) = (listen(), listen()) else { return eprintln!("no socket") };
    let elsewhere = format!("http://{trap}/trap");
    println!("http://{place}/mcp");
    spawn(move || {
        for stream in traps.incoming().flatten() {
            let mut line = String::new();
            let _ = BufReader::new(stream).read_line(&mut line);
            println!("somebody came: {line:?}");
        }
    });
    for stream in listener.incoming().flatten() {
        let (mode, elsewhere) = (mode.to_owned(), elsewhere.clone());
        spawn(move || {
            if let Some(exchange) = Exchange::read(stream, elsewhere) {
                exchange.answer(&mode);
            }
        });
    }
}

impl Exchange {
    fn read(stream: TcpStream, elsewhere: String) -> Option<Self> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        head.make_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).ok()?;
        Some(Self { head, body: serde_json::from_slice(&body).unwrap_or(Value::Null), elsewhere, stream })
    }

    fn answer(mut self, mode: &str) {
        let wanted = self.body["params"]["arguments"]["do"].as_str().unwrap_or_default().to_owned();
        let is_post = self.head.starts_with("post");
        let wrong = WRONGS.iter().find(|(name, _)| is_post && (*name == mode || *name == wanted));
        match wrong {
            Some((_, act)) => act(&mut self),
            None => self.well(mode),
        }
        // Whoever has closed already has what it wanted.
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }

    fn well(&mut self, mode: &str) {
        match (self.head.split(' ').next(), mode) {
            (Some("get"), "frenzy") => return self.events("retry: 0\nid: 1\ndata:\n\n"),
            (Some("get"), "own-flood") => return self.flood(),
            (Some("get"), _) => return self.whole("405 Not Allowed", "", ""),
            (Some("delete"), "deaf-farewell") => return sleep(FOR_EVER),
            (Some("delete"), _) => return self.whole("204 No Content", "", ""),
            _ => {}
        }
        let forgets = mode == "forgetful" && self.head.contains("mcp-session-id: s-1\r");
        match self.body["method"].as_str() {
            Some("initialize") => {
                let session = match mode {
                    "painted-session" => "two words".to_owned(),
                    _ => format!("s-{}", SESSIONS.fetch_add(1, Ordering::SeqCst) + 1),
                };
                let about = json!({"protocolVersion": "2025-06-18", "serverInfo": {"name": "hostile", "version": "1"},
                    "capabilities": {"tools": {}}});
                self.result(about, &format!("Mcp-Session-Id: {session}\r\n"));
            }
            Some("tools/list") => {
                let schema = json!({"type": "object"});
                let tools = json!([{"name": "echo", "inputSchema": schema, "annotations": {"readOnlyHint": true}},
                    {"name": "write", "inputSchema": schema}]);
                self.result(json!({ "tools": tools }), "");
            }
            Some("tools/call") if forgets => self.whole("404 Not Found", "", "no such session"),
            Some("tools/call") => self.result(text("all is well"), ""),
            _ => self.whole("202 Accepted", "", ""),
        }
    }

    /// What the server has to say on its own, for ever.
    fn flood(&mut self) {
        self.events(": begun\n\n");
        let note = json!({"jsonrpc": "2.0", "method": "notifications/message",
            "params": {"level": "info", "data": format!("on and on {}", payload())}});
        let answer = json!({"jsonrpc": "2.0", "id": 2, "result": text("stolen")});
        while self.say(format!("data: {note}\n\ndata: {answer}\n\ndata: no message\n\n")) {}
    }

    /// The JSON-RPC answer to the request.
    pub fn reply(&self, result: Value) -> String {
        json!({"jsonrpc": "2.0", "id": self.body["id"], "result": result}).to_string()
    }

    /// A whole answer with these header lines.
    pub fn result(&mut self, result: Value, headers: &str) {
        let reply = self.reply(result);
        self.whole("200 OK", &format!("Content-Type: application/json\r\n{headers}"), &reply);
    }

    /// A whole answer of this status.
    pub fn whole(&mut self, status: &str, headers: &str, body: &str) {
        let length = body.len();
        self.say(format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"));
    }

    /// The beginning of an answer in JSON without an end of its own.
    pub fn json(&mut self, body: &str) {
        self.begin("application/json", body);
    }

    /// The beginning of a stream of events.
    pub fn events(&mut self, body: &str) {
        self.begin("text/event-stream", body);
    }

    fn begin(&mut self, kind: &str, body: &str) {
        self.say(format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: {kind}\r\n\r\n{body}"));
    }

    /// Sends bytes as they are; false once nobody reads them.
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).and_then(|()| self.stream.flush()).is_ok()
    }

    /// Keeps the connection, and says nothing.
    pub fn hang(&mut self) {
        sleep(FOR_EVER);
    }
}
