//! Opens a recording and goes to places in it: how long that takes, and how much memory it needs.
//!
//! `cargo run --release --example seek -- FILE [PLACES]`

use std::time::Instant;

use callboard::link::{Link, News};
use callboard::protocol::{Command, Place, Playback, Reading, ReplayCommand};
use callboard::recording::replay;
use callboard::session::Session;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which file?")?;
    let places: u64 = arguments.next().map_or(Ok(60), |count| count.parse())?;
    let begun = Instant::now();
    let (mut link, thread) = replay::open(path.as_ref())?;
    let mut screen = Screen::default();
    let is_read = |at: &Playback| !matches!(at.reading, Reading::Indexing { .. }) && !at.is_seeking;
    screen.first(&mut link).await;
    println!("first news      {:>9.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    let length = screen.until(&mut link, is_read).await;
    println!(
        "opened at end   {:>9.1} ms, {length} records, {} MiB",
        begun.elapsed().as_secs_f64() * 1e3,
        memory("VmRSS")
    );
    let mut times = Vec::new();
    let mut seed = 7_u64;
    for _ in 0..places {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let position = (seed >> 33) % (length + 1);
        let begun = Instant::now();
        link.commands.send(Command::Replay(ReplayCommand::GoTo(Place::Position(position)))).await?;
        screen.until(&mut link, |at| at.position == position && !at.is_seeking).await;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let at =
        |part: usize| times.get((times.len() * part / 100).min(times.len().saturating_sub(1))).copied().unwrap_or(0.0);
    println!("seek p50 {:.1} ms, p95 {:.1} ms, most {:.1} ms", at(50), at(95), at(100));
    println!("memory          {} MiB now, {} MiB at most", memory("VmRSS"), memory("VmHWM"));
    drop(link);
    thread.join().map_err(|_| "the replay broke")?;
    Ok(())
}

/// What a console keeps.
#[derive(Default)]
struct Screen {
    session: Session,
    at: Playback,
}

impl Screen {
    async fn first(&mut self, link: &mut Link) {
        if let Some(news) = link.news.recv().await {
            self.take(news);
        }
    }

    /// Takes news until `wanted` holds; gives the length of the recording.
    async fn until(&mut self, link: &mut Link, wanted: impl Fn(&Playback) -> bool) -> u64 {
        while let Some(news) = link.news.recv().await {
            if self.take(news) && wanted(&self.at) {
                break;
            }
        }
        self.at.length
    }

    /// Whether it says where the replay stands.
    fn take(&mut self, news: News) -> bool {
        match news {
            News::Record(record) => self.session.apply(&record),
            News::Jumped(session) => self.session = *session,
            News::Playback(playback) => {
                self.at = *playback;
                return true;
            }
        }
        false
    }
}

/// A line of `/proc/self/status`, MiB.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}
