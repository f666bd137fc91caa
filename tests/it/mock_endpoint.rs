//! An endpoint on 127.0.0.1 that misbehaves on purpose, as a model or as a server over HTTP: replies are prepared or made
//! from the request, requests are kept.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

/// The endpoint; it stops when it is dropped.
pub struct MockEndpoint {
    pub base_url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    hung_up: mpsc::UnboundedReceiver<()>,
    task: JoinHandle<()>,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Request line and headers.
    pub head: String,
    pub body: Value,
}

/// A prepared reply.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<String>,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    /// One HTTP chunk.
    Bytes(Vec<u8>),
    /// What comes next waits until a test says so.
    Wait(Arc<Notify>),
    /// Nothing more, until the client hangs up. In front of all others not even headers are sent.
    Stall,
    /// The connection is dropped in the middle of the body.
    Cut,
}

impl Reply {
    /// A reply with a status and a whole body.
    pub fn status(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self { status, headers: Vec::new(), parts: vec![Part::Bytes(body.as_ref().to_vec())] }
    }

    /// An event stream whose text is given as it is.
    pub fn raw(text: impl AsRef<[u8]>) -> Self {
        Self::status(200, text).header("Content-Type: text/event-stream")
    }

    /// An event stream of these chunks, closed by `[DONE]`.
    pub fn events(chunks: &[Value]) -> Self {
        Self::raw(events(chunks) + "data: [DONE]\n\n")
    }

    /// An event stream of these chunks that just ends.
    pub fn events_without_done(chunks: &[Value]) -> Self {
        Self::raw(events(chunks))
    }

    /// Nothing, for ever.
    pub fn silence() -> Self {
        Self { status: 200, headers: Vec::new(), parts: vec![Part::Stall] }
    }

    /// With one more header line.
    pub fn header(mut self, line: &str) -> Self {
        self.headers.push(line.to_owned());
        self
    }

    /// The body in HTTP chunks of `size` bytes.
    pub fn cut_every(mut self, size: usize) -> Self {
        let whole: Vec<u8> = self.parts.iter().flat_map(|part| part.bytes().to_vec()).collect();
        self.parts = whole.chunks(size).map(|piece| Part::Bytes(piece.to_vec())).collect();
        self
    }

    /// Then more of the body, once `when` is notified.
    pub fn then(mut self, when: &Arc<Notify>, more: impl AsRef<[u8]>) -> Self {
        self.parts.extend([Part::Wait(Arc::clone(when)), Part::Bytes(more.as_ref().to_vec())]);
        self
    }

    /// Then nothing until the client hangs up.
    pub fn then_stall(mut self) -> Self {
        self.parts.push(Part::Stall);
        self
    }

    /// Then the connection breaks.
    pub fn then_cut(mut self) -> Self {
        self.parts.push(Part::Cut);
        self
    }
}

impl Part {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Wait(_) | Self::Stall | Self::Cut => &[],
        }
    }
}

impl MockEndpoint {
    /// Gives the replies one after another, one a connection; then only 418.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Mutex<VecDeque<_>> = Mutex::new(replies.into_iter().collect());
        Self::answering(move |_| {
            let next = replies.lock().unwrap().pop_front();
            next.unwrap_or_else(|| Reply::status(418, "no reply left"))
        })
        .await
    }

    /// Answers each request as `answer` says.
    pub async fn answering(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::listening(listener, answer)
    }

    /// Answers each request that comes in there as `answer` says.
    pub fn listening(listener: TcpListener, answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (gone, hung_up) = mpsc::unbounded_channel();
        let answer = Arc::new(answer);
        let kept = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, gone, answer) = (Arc::clone(&kept), gone.clone(), Arc::clone(&answer));
                tokio::spawn(async move {
                    // The client may hang up at any time; that is what some tests are about.
                    let _hung_up = serve(stream, &*answer, &kept, &gone).await;
                });
            }
        });
        Self { base_url, asked, hung_up, task }
    }

    /// The requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits until a client hangs up on a stalled reply.
    pub async fn wait_until_hung_up(&mut self) {
        self.hung_up.recv().await.unwrap();
    }
}

impl Drop for MockEndpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn events(chunks: &[Value]) -> String {
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect()
}

async fn serve(
    mut stream: TcpStream,
    answer: &(dyn Fn(&Asked) -> Reply + Sync),
    kept: &Mutex<Vec<Asked>>,
    gone: &mpsc::UnboundedSender<()>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let asked = read_request(&mut stream).await?;
    let reply = answer(&asked);
    kept.lock().unwrap().push(asked);
    if !matches!(reply.parts.first(), Some(Part::Stall)) {
        let mut head =
            format!("HTTP/1.1 {} Reply\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n", reply.status);
        for line in &reply.headers {
            head.push_str(line);
            head.push_str("\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).await?;
    }
    for part in &reply.parts {
        match part {
            Part::Bytes(bytes) if bytes.is_empty() => {}
            Part::Bytes(bytes) => {
                stream.write_all(format!("{:x}\r\n", bytes.len()).as_bytes()).await?;
                stream.write_all(bytes).await?;
                stream.write_all(b"\r\n").await?;
            }
            Part::Wait(when) => when.notified().await,
            Part::Stall => {
                let mut rest = [0; 64];
                while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
                let _nobody_waits = gone.send(());
                return Ok(());
            }
            Part::Cut => return stream.shutdown().await,
        }
    }
    stream.write_all(b"0\r\n\r\n").await?;
    stream.shutdown().await?;
    // Closing with unread input would reset the connection under the reply.
    let mut rest = [0; 64];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

async fn read_request(stream: &mut TcpStream) -> io::Result<Asked> {
    let mut bytes = Vec::new();
    let body_start = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..body_start]).into_owned();
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok())
        .unwrap_or(0);
    while bytes.len() < body_start + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let body = serde_json::from_slice(&bytes[body_start..]).unwrap_or(Value::Null);
    Ok(Asked { head, body })
}
