//! Answers that are wrong.

use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use super::Exchange;
use crate::escapes::payload;
use crate::wire::text;

/// What is done instead of answering.
pub type Wrong = fn(&mut Exchange);

pub const WRONGS: &[(&str, Wrong)] = &[
    // Waiting.
    ("no-headers", |exchange| exchange.hang()),
    ("headers-only", |exchange| {
        exchange.json("{");
        exchange.hang();
    }),
    ("silent-events", |exchange| {
        exchange.events("");
        exchange.hang();
    }),
    ("comments", |exchange| {
        exchange.events("");
        while exchange.say(": still there\n\n".repeat(100)) {}
    }),
    ("drip", |exchange| {
        let reply = exchange.reply(text("far too slow"));
        exchange.json("");
        for byte in reply.bytes() {
            if !exchange.say([byte]) {
                return;
            }
            sleep(Duration::from_millis(500));
        }
    }),
    ("continue", |exchange| while exchange.say("HTTP/1.1 100 Continue\r\n\r\n".repeat(100)) {}),
    // Too much.
    ("endless-event", |exchange| {
        exchange.events("data: ");
        endless(exchange);
    }),
    ("endless-body", |exchange| {
        exchange.json("{\"jsonrpc\":\"2.0\",\"a\":\"");
        endless(exchange);
    }),
    ("chunks", |exchange| {
        exchange.say("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        while exchange.say("1;what=ever\r\nx\r\n".repeat(100)) {}
    }),
    ("chunk-without-end", |exchange| {
        exchange.say("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        exchange.say("FFFFFFFFFFFFFFFFFFF\r\n");
        endless(exchange);
    }),
    ("gzip", |exchange| {
        let headers = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
        exchange.say(format!("HTTP/1.1 200 OK\r\n{headers}\r\n\u{1f}"));
        endless(exchange);
    }),
    ("headers-without-end", |exchange| {
        exchange.say("HTTP/1.1 200 OK\r\n");
        while exchange.say(format!("X-More: {}\r\n", "x".repeat(1000))) {}
    }),
    ("large", |exchange| exchange.result(text(&"x".repeat(15 * 1024 * 1024)), "")),
    // No answer.
    ("not-http", |exchange| {
        exchange.say(payload());
    }),
    ("hangs-up", |_| {}),
    ("cut", |exchange| {
        let reply = exchange.reply(text("never whole"));
        exchange.say("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n");
        exchange.say(&reply[..reply.len() / 2]);
    }),
    ("cut-events", |exchange| exchange.events("data: {\"jsonrpc\"")),
    ("page", |exchange| {
        let page = format!("<html><title>Sign in {0}</title><script>{0}</script></html>", payload());
        exchange.whole("200 OK", "Content-Type: text/html\r\n", &page);
    }),
    ("painted-type", |exchange| exchange.whole("200 OK", "Content-Type: text/\u{9b}4711m\r\n", "")),
    ("painted-header", |exchange| exchange.whole("200 OK", &format!("X-Paint: {}\r\n", payload()), "")),
    ("foreign", |exchange| {
        let other = json!({"jsonrpc": "2.0", "id": 4711, "result": text("for somebody else")});
        let own = exchange.reply(text("for us"));
        exchange.events(&format!("data: {other}\n\ndata: {own}\n\n"));
    }),
    ("painted-events", |exchange| {
        let (paint, own) = (payload(), exchange.reply(text(&payload())));
        let paint = paint.replace(['\r', '\n'], "");
        let note =
            json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": paint}});
        exchange.events(&format!(
            "event: {paint}\nid: {paint}\ndata: {paint}\n\n: {paint}\n\ndata: {note}\n\ndata: {own}\n\n"
        ));
    }),
    // Refusals.
    ("unauthorised", |exchange| exchange.whole("401 Who", "WWW-Authenticate: Bearer realm=\"desk\"\r\n", &payload())),
    ("forbidden", |exchange| exchange.whole("403 No", "", &payload())),
    ("nowhere", |exchange| exchange.whole("404 Not Found", "", &payload())),
    ("not-allowed", |exchange| exchange.whole("405 Not Allowed", "", &payload())),
    ("busy", |exchange| exchange.whole("429 Busy", "Retry-After: 7\r\n", &payload())),
    ("bad-gateway", |exchange| {
        let page = format!("<html><head><title>502 Bad Gateway {}</title></head><h1>proxy</h1></html>", payload());
        exchange.whole("502 Bad", "Content-Type: text/html\r\n", &page);
    }),
    ("refusal-without-end", |exchange| {
        exchange.say("HTTP/1.1 500 Oh\r\nContent-Type: text/plain\r\n\r\nout of paper");
        exchange.hang();
    }),
    ("redirect", |exchange| {
        let headers = format!("Location: {}\r\n", exchange.elsewhere);
        exchange.whole("307 Elsewhere", &headers, "");
    }),
];

/// Bytes until nobody reads them.
fn endless(exchange: &mut Exchange) {
    let block = [b'x'; 64 * 1024];
    while exchange.say(block) {}
}
