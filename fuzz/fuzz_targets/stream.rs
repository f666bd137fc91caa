//! Answers of an endpoint: any bytes give an answer or words, and the same ones however the bytes are cut.
#![no_main]

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use callboard::model::openai::{OpenAi, Settings};
use callboard::model::{Delta, Message, Model, Request};
use callboard::protocol::{ModelAnswered, ModelFailed, StreamPart};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// An endpoint on this machine and the model that asks it, on one thread.
struct Bench {
    runtime: tokio::runtime::Runtime,
    listener: TcpListener,
    model: OpenAi,
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let base_url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let mut settings = Settings { base_url, model: "m".into(), ..Settings::default() };
        settings.retries.attempts = 1;
        settings.timeouts.idle = Duration::from_secs(5);
        settings.timeouts.first_byte = Duration::from_secs(5);
        Self { runtime, listener, model: OpenAi::new(settings).expect("a URL") }
    }

    /// What comes of a reply with this body, sent in pieces of `size` bytes.
    fn answer(&self, body: &[u8], size: usize) -> Result<ModelAnswered, ModelFailed> {
        let (deltas, mut received) = mpsc::channel(64);
        let request = Request {
            messages: vec![Arc::new(Message::User("What is critical?".into()))],
            tools: Arc::from([]),
            briefings: Arc::from([]),
            today: "2026-11-22".into(),
        };
        let serving = async {
            // The client may hang up in the middle, and refuses some bodies early.
            let _hung_up = serve(self.listener.accept().await.expect("a client").0, body, size).await;
        };
        let reading = async {
            let mut text = String::new();
            while let Some(delta) = received.recv().await {
                if let Delta::Text(StreamPart::Text, piece) = delta {
                    text.push_str(&piece);
                }
            }
            text
        };
        let asking = self.model.request(request, deltas);
        let (result, (), text) = self.runtime.block_on(async { tokio::join!(asking, serving, reading) });
        if let Ok(answered) = &result {
            assert_eq!(answered.text, text, "the text is what was streamed");
        }
        result
    }
}

async fn serve(mut stream: TcpStream, body: &[u8], size: usize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = [0; 16 * 1024];
    stream.read(&mut head).await?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n").await?;
    for piece in body.chunks(size) {
        let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
        stream.write_all(&chunk).await?;
    }
    stream.write_all(b"0\r\n\r\n").await?;
    stream.shutdown().await?;
    while stream.read(&mut head).await? > 0 {}
    Ok(())
}

fuzz_target!(|input: (u8, &[u8])| {
    thread_local! {
        static BENCH: OnceCell<Bench> = const { OnceCell::new() };
    }
    let (size, body) = input;
    let size = usize::from(size).max(1).max(body.len() / 64);
    BENCH.with(|bench| {
        let bench = bench.get_or_init(Bench::new);
        let (whole, pieces) = (bench.answer(body, body.len().max(1)), bench.answer(body, size));
        match (whole, pieces) {
            (Ok(whole), Ok(pieces)) => assert_eq!(whole, pieces),
            // In which words depends on what had been read when it failed.
            (Err(whole), Err(pieces)) => assert!(!whole.message.is_empty() && !pieces.message.is_empty()),
            (whole, pieces) => panic!("{whole:?} whole, {pieces:?} in pieces of {size}"),
        }
    });
});
