//! The async shell around the player: reads the file, folds, and tells the screen. One thread; long work goes in slices,
//! so that a command never waits for more than one of them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::link::{Feed, News};
use crate::protocol::{Command, Mark, Pace, Playback, Reading, Record, ReplayCommand, Stride};
use crate::query::{ParseError, Query, Subject};
use crate::recording::reader::Row;
use crate::session::Session;

use super::index::Index;
use super::player::{Effect, Input, Player};
use super::snapshots::{INTERVAL, Snapshots};
use super::source::{Look, Source};

/// How often a file is looked at for more.
const POLL: Duration = Duration::from_millis(250);
/// The least time between two showings while playing: a frame.
const FRAME: Duration = Duration::from_millis(16);
/// Steps forward up to this many records are told record by record.
const NEAR: usize = INTERVAL;

/// Replays `source` until the screen quits or is gone.
pub(super) async fn run(source: Source, feed: Feed, clock: Clock) {
    let Feed { mut commands, news } = feed;
    let mut stage = Stage::new(source, news, clock);
    // The screen is gone when something cannot be sent to it.
    let _gone = stage.serve(&mut commands).await;
}

/// The screen has gone.
struct Gone;

struct Stage {
    source: Source,
    news: mpsc::Sender<News>,
    clock: Clock,
    player: Player,
    /// The fold of the first `folded` lines.
    fold: Session,
    folded: usize,
    /// The position of the screen.
    shown: usize,
    snapshots: Snapshots,
    /// The longest fold so far, if it is not `fold`: what filters are asked of.
    longest: Option<(usize, Session)>,
    /// Marks of the index when it was so long.
    marks: (usize, Arc<[Mark]>),
}

impl Stage {
    fn new(source: Source, news: mpsc::Sender<News>, clock: Clock) -> Self {
        let (done, of) = source.progress();
        Self {
            source,
            news,
            clock,
            player: Player::at_end(Reading::Indexing { done, of }),
            fold: Session::default(),
            folded: 0,
            shown: 0,
            snapshots: Snapshots::default(),
            longest: None,
            marks: (0, Arc::from([])),
        }
    }

    async fn serve(&mut self, commands: &mut mpsc::Receiver<Command>) -> Result<(), Gone> {
        self.tell().await?;
        let mut poll = tokio::time::interval(POLL);
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let is_indexing = matches!(self.player.reading, Reading::Indexing { .. });
            let is_busy = is_indexing || self.shown != self.player.position;
            let due = self.player.due_us(&self.source.index).map(|due| {
                let wait = Duration::from_micros(due.saturating_sub(self.clock.now_us()));
                wait.max(FRAME)
            });
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    None | Some(Command::Quit) => return Ok(()),
                    Some(command) => self.obey(command).await?,
                },
                () = tokio::task::yield_now(), if is_busy => self.work(is_indexing).await?,
                () = tokio::time::sleep(due.unwrap_or_default()), if due.is_some() => {
                    self.handle(Input::Passed).await?;
                }
                _ = poll.tick() => self.look_again().await?,
            }
        }
    }

    /// One slice. Where the operator wants to be comes before the rest of the index; but while the replay follows, its
    /// position runs ahead with the index, and going there once is enough.
    async fn work(&mut self, is_indexing: bool) -> Result<(), Gone> {
        let is_there = self.shown == self.player.position;
        if is_indexing && (is_there || self.player.pace == Pace::Following) {
            return self.index_block().await;
        }
        if let Err(error) = self.approach().await? {
            self.give_up(&error);
            self.tell().await?;
        }
        Ok(())
    }

    async fn index_block(&mut self) -> Result<(), Gone> {
        let reading = match self.source.look() {
            Ok(Look::More) => {
                let (done, of) = self.source.progress();
                Reading::Indexing { done, of }
            }
            Ok(Look::End) => self.at_end(),
            Err(error) => {
                self.source.damage.add(0, format!("the file cannot be read further: {error}"));
                Reading::Complete
            }
        };
        self.handle(Input::Read(reading)).await
    }

    fn at_end(&self) -> Reading {
        if self.source.is_being_written() { Reading::Growing } else { Reading::Complete }
    }

    /// Looks whether the file has grown, or its writer is done.
    async fn look_again(&mut self) -> Result<(), Gone> {
        if matches!(self.player.reading, Reading::Indexing { .. }) {
            return Ok(());
        }
        // A file that cannot be asked about has not grown.
        if !self.source.has_grown().unwrap_or(false) {
            let reading = self.at_end();
            return if reading == self.player.reading { Ok(()) } else { self.handle(Input::Read(reading)).await };
        }
        while let Ok(Look::More) = self.source.look() {}
        let reading = self.at_end();
        self.handle(Input::Read(reading)).await
    }

    async fn obey(&mut self, command: Command) -> Result<(), Gone> {
        match command {
            Command::Replay(command) => {
                if matches!(command, ReplayCommand::Step(Stride::Call, _)) && !self.player.filter.is_empty() {
                    self.handle(Input::Matched(self.matching(&self.player.filter))).await?;
                }
                self.handle(Input::Asked(command)).await
            }
            Command::StopTurn => self.handle(Input::Asked(ReplayCommand::Pause)).await,
            Command::Quit => Ok(()),
            Command::Submit(_)
            | Command::CancelCall { .. }
            | Command::Decide { .. }
            | Command::RestartServer { .. }
            | Command::Step { .. }
            | Command::WaitLonger { .. }
            | Command::AnswerInput { .. }
            | Command::Fetch { .. }
            | Command::JudgeProject { .. }
            | Command::Proceed
            | Command::Break { .. }
            | Command::Allow { .. }
            | Command::AcceptTool { .. }
            | Command::SelectModel { .. }
            | Command::ClearConversation
            | Command::Note { .. } => {
                self.player.notice = Some("This is a recording: nothing is executed and nothing is written.".into());
                self.tell().await
            }
        }
    }

    async fn handle(&mut self, input: Input) -> Result<(), Gone> {
        let now_us = self.clock.now_us();
        for effect in self.player.handle(input, &self.source.index, now_us) {
            match effect {
                // The next slice of work goes there; a near one is there at once.
                Effect::Show(position) => self.step_to(position).await?,
                Effect::Match(text) => {
                    let matches = self.matching(&text);
                    self.player.handle(Input::Matched(matches), &self.source.index, now_us);
                }
            }
        }
        self.tell().await
    }

    /// The calls an expression holds of, as far as the file has been folded.
    fn matching(&self, text: &str) -> Result<Vec<bool>, String> {
        let query: Query = text.parse().map_err(|error: ParseError| error.to_string())?;
        let session = match &self.longest {
            Some((position, longest)) if *position > self.folded => longest,
            _ => &self.fold,
        };
        Ok(session.calls.iter().map(|call| query.matches(&Subject::of_call(session, call))).collect())
    }

    /// Tells the records up to a near position one by one.
    async fn step_to(&mut self, position: usize) -> Result<(), Gone> {
        let is_near = (self.shown..=self.shown + NEAR).contains(&position);
        if !is_near || self.folded != self.shown {
            return Ok(());
        }
        match self.fold_to(position) {
            Ok(records) => {
                self.shown = position;
                for record in records {
                    self.news.send(News::Record(record)).await.map_err(|_| Gone)?;
                }
                Ok(())
            }
            Err(error) => {
                self.give_up(&error);
                Ok(())
            }
        }
    }

    /// Goes one slice towards the player's position, and shows it when it is reached.
    async fn approach(&mut self) -> Result<io::Result<()>, Gone> {
        let goal = self.player.position;
        let base = self.snapshots.before(goal).map_or(0, |(position, _)| position);
        if self.folded > goal || self.folded < base {
            self.start_from(base);
        }
        let next = goal.min(self.folded + INTERVAL);
        if let Err(error) = self.fold_to(next) {
            return Ok(Err(error));
        }
        if self.folded == goal {
            self.shown = goal;
            let session = Box::new(self.fold.clone());
            self.news.send(News::Jumped(session)).await.map_err(|_| Gone)?;
            self.tell().await?;
        }
        Ok(Ok(()))
    }

    fn start_from(&mut self, base: usize) {
        let start = self.snapshots.before(base).map(|(_, session)| session.clone()).unwrap_or_default();
        let left = (self.folded, std::mem::replace(&mut self.fold, start));
        if self.longest.as_ref().is_none_or(|(position, _)| *position < left.0) {
            self.longest = Some(left);
        }
        self.folded = base;
    }

    /// Folds on to `position` and gives back the records on the way.
    fn fold_to(&mut self, position: usize) -> io::Result<Vec<Arc<Record>>> {
        let first = self.folded;
        let mut records = Vec::with_capacity(position - first);
        for (row, content) in (first..).zip(self.source.rows(first, position)?) {
            match content {
                Row::Record(record) => {
                    self.fold.apply(&record);
                    records.push(record);
                }
                Row::Bad { line, reason } => self.source.note_bad(row, line, reason),
            }
            self.folded = row + 1;
            self.snapshots.offer(self.folded, &self.fold);
        }
        Ok(records)
    }

    /// The file has become unreadable under us: stay where the screen is.
    fn give_up(&mut self, error: &io::Error) {
        let place = self.source.path().display();
        self.player.stay(self.shown, format!("{place} cannot be read there: {error}"));
    }

    async fn tell(&mut self) -> Result<(), Gone> {
        let playback = self.playback();
        self.news.send(News::Playback(Box::new(playback))).await.map_err(|_| Gone)
    }

    fn playback(&mut self) -> Playback {
        let index: &Index = &self.source.index;
        if self.marks.0 != index.len() {
            self.marks = (index.len(), index.marks().into());
        }
        let torn = match self.player.reading {
            Reading::Complete => self.source.torn(),
            Reading::Indexing { .. } | Reading::Growing => None,
        };
        let foreign = match self.player.reading {
            Reading::Complete | Reading::Growing => self.source.foreign(),
            Reading::Indexing { .. } => None,
        };
        let damage = &self.source.damage;
        Playback {
            file: self.source.path().display().to_string(),
            position: self.player.position as u64,
            length: index.len() as u64,
            here: index.last_number(self.player.position),
            last: index.last_number(index.len()),
            reading: self.player.reading,
            is_seeking: self.shown != self.player.position,
            pace: self.player.pace,
            speed: self.player.speed,
            end_us: index.time(index.len()),
            moment: self.player.moment(index, self.clock.now_us()),
            bookmarks: self.player.bookmarks.iter().map(|position| *position as u64).collect(),
            marks: Arc::clone(&self.marks.1),
            landed: self.player.landed,
            filter: self.player.filter.clone(),
            matching: self.player.matches.as_ref().map(|matches| matches.iter().filter(|held| **held).count() as u64),
            foreign,
            problem_count: damage.count + u64::from(torn.is_some()),
            problems: damage.first.iter().cloned().chain(torn).collect(),
            refused: self.player.refused,
            notice: self.player.notice.clone(),
        }
    }
}
