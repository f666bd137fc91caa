//! The async shell around the turn machine: carries out effects, and puts everything that happens in one order.

mod control;
mod idle;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use crate::link::Feed;
use crate::mcp::{CallEnd, CallOrder, Signal};
use crate::model::{Delta, Message, Model, Request};
use crate::protocol::{
    CallFinished, CallId, CallStarted, CallStatus, Command, Event, Json, NoteLevel, Scope, ServerName, SessionEnded,
    SessionStarted, StepId, Stepping, SteppingChanged, StopSite, TurnHeld,
};

use super::answers::Backing;
use super::asking::{Asking, Heard};
use super::conversation::{self, Conversation};
use super::deltas::Deltas;
use super::resume::Resumed;
use super::roster::Roster;
use super::stage::Stage;
use super::toolbox::Toolbox;
use super::turn::{Effect, Input, Numbers, StopReason, ToolUse, Turn};
use super::{Gate, Models, Projects, Setup, prompt};

/// A first question waits that long for servers that are still starting.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pieces of a model's answer that may wait.
const DELTA_CAPACITY: usize = 256;
/// Questions that may wait while a turn runs.
const MOST_QUESTIONS: usize = 32;

/// Runs a session until the screen quits or goes away. Every server is stopped when this returns.
pub async fn run(setup: Setup, feed: Feed) {
    // A task of its own: to wake the outermost future of a runtime takes a system call each time.
    if let Err(error) = tokio::spawn(perform(setup, feed)).await
        && let Ok(panic) = error.try_into_panic()
    {
        std::panic::resume_unwind(panic);
    }
}

async fn perform(setup: Setup, feed: Feed) {
    let Setup { model, runbooks, models, servers: source, recording, app, session, gate, projects, resumed, warnings } =
        setup;
    let Feed { mut commands, news } = feed;
    let names = source.names();
    let mut shell = Shell {
        stage: Stage::new(recording, news),
        servers: Backing::start(Vec::new().into(), 0),
        roster: Roster::new(names.clone()),
        asked: Arc::clone(&model),
        model,
        runbooks,
        models,
        gate,
        conversation: Conversation::default(),
        toolbox: Toolbox::default(),
        turn: None,
        numbers: Numbers::default(),
        questions: VecDeque::new(),
        asking: None,
        running: HashMap::new(),
        deltas: Deltas::default(),
        patience: Instant::now() + PATIENCE,
        awake_until: Instant::now(),
        warned_of_tools: false,
        told_stepping: Stepping::Off,
        inputs: 0,
        missed: false,
        projects,
    };
    let stepping = shell.gate.stepping;
    if let Some(resumed) = resumed {
        shell.go_on_from(&resumed).await;
    }
    let started = SessionStarted { id: session, app, model: shell.model.name().to_owned(), servers: names };
    shell.stage.tell(Scope::default(), started).await;
    for text in warnings {
        shell.stage.note(NoteLevel::Warning, text).await;
    }
    for proposed in shell.projects.proposed.clone() {
        shell.stage.tell(Scope::default(), proposed).await;
    }
    if stepping != shell.told_stepping {
        shell.stage.tell(Scope::default(), SteppingChanged { stepping }).await;
    }
    shell.servers = Backing::start(source, shell.inputs);
    let reason = shell.serve(&mut commands).await;
    shell.close(reason).await;
}

struct Shell {
    stage: Stage,
    servers: Backing,
    roster: Roster,
    /// Who answers from the next turn on.
    model: Arc<dyn Model>,
    /// Who answers the running turn.
    asked: Arc<dyn Model>,
    runbooks: Arc<dyn Model>,
    models: Models,
    gate: Gate,
    conversation: Conversation,
    /// The tools of the running turn.
    toolbox: Toolbox,
    turn: Option<Turn>,
    numbers: Numbers,
    questions: VecDeque<String>,
    asking: Option<Asking>,
    /// Calls that were sent, with when, µs.
    running: HashMap<CallId, u64>,
    deltas: Deltas,
    patience: Instant,
    /// When the thread may sleep although calls run.
    awake_until: Instant,
    warned_of_tools: bool,
    /// What the records before this session say of stepping.
    told_stepping: Stepping,
    /// How often servers wanted something of the operator in the records before this session.
    inputs: u64,
    /// Whether the recording that stands in for the servers lacked a call.
    missed: bool,
    projects: Projects,
}

impl Shell {
    /// Serves until the operator quits or the screen is gone; says which.
    async fn serve(&mut self, commands: &mut mpsc::Receiver<Command>) -> &'static str {
        loop {
            if self.missed {
                return "a call is not in the recording";
            }
            self.begin_turn().await;
            let flush = self.deltas.due();
            let patience = (!self.questions.is_empty() && self.turn.is_none()).then_some(self.patience);
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    None => return "the screen is gone",
                    Some(Command::Quit) => return "quit",
                    Some(command) => self.obey(command).await,
                },
                heard = Asking::next(&mut self.asking) => self.heard(heard).await,
                Some(signal) = self.servers.next() => self.signalled(signal).await,
                () = wait_until(flush) => self.flush_words().await,
                () = wait_until(patience) => {}
                // Once every task that can go on has done so.
                () = yield_now(), if self.has_chores() => self.do_chore().await,
            }
        }
    }

    /// Begins the next question's turn, if there is one and the servers have had their chance.
    async fn begin_turn(&mut self) {
        let ready = self.roster.is_settled() || Instant::now() >= self.patience;
        if self.turn.is_some() || !ready {
            return;
        }
        let Some(question) = self.questions.pop_front() else { return };
        let runbook = question.starts_with("/run ");
        self.asked = Arc::clone(if runbook { &self.runbooks } else { &self.model });
        self.toolbox = self.roster.toolbox();
        self.warn_of_tools().await;
        let (turn, effects) = Turn::begin(
            question,
            self.asked.name().to_owned(),
            self.toolbox.clone(),
            self.gate.clone(),
            self.numbers,
            &mut self.conversation,
        );
        self.turn = Some(turn);
        self.carry_out(effects).await;
    }

    async fn warn_of_tools(&mut self) {
        let (offered, most) = (self.toolbox.tools.len(), self.asked.most_tools());
        if offered > most && !self.warned_of_tools {
            self.warned_of_tools = true;
            let text = format!(
                "{offered} tools are connected, and the model takes {most}: the last {} are left out.",
                offered - most
            );
            self.stage.note(NoteLevel::Warning, text).await;
        }
    }

    async fn advance(&mut self, input: Input) {
        let Some(turn) = &mut self.turn else { return };
        let effects = turn.handle(input, &mut self.conversation);
        self.carry_out(effects).await;
    }

    async fn carry_out(&mut self, effects: Vec<Effect>) {
        // A call that cannot be handed over ends at once, which may lead to more effects.
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Tell(scope, event) => {
                    let event = self.with_messages(self.with_duration(scope, event));
                    self.stage.tell(scope, event).await;
                }
                Effect::AskModel { step, tools } => self.ask(step, tools),
                Effect::AbortModel => {
                    self.flush().await;
                    self.asking = None;
                }
                Effect::SendCall { call, scope, server, tool, arguments, read_only, attempt } => {
                    let sent = Json::from(serde_json::Value::Object(arguments.clone()));
                    let timeout_ms = u64::try_from(self.servers.call_timeout(&server).as_millis()).unwrap_or(u64::MAX);
                    self.stage.tell(scope, CallStarted { attempt, arguments: sent, timeout_ms, read_only }).await;
                    self.running.insert(call, self.stage.now_us());
                    self.stay_awake();
                    match self.servers.call(&server, CallOrder { call, scope, tool, arguments }) {
                        Ok(()) => {}
                        Err(failure) if self.servers.is_recorded() => {
                            self.missed = true;
                            self.stage.note(NoteLevel::Error, failure.message).await;
                            // What was about to be asked is not asked: the turn ends here.
                            effects.retain(|effect| matches!(effect, Effect::Tell(..)));
                            if let Some(turn) = &mut self.turn {
                                effects.extend(turn.handle(Input::Missed, &mut self.conversation));
                            }
                        }
                        Err(failure) => {
                            let end = CallEnd::failed(failure.code, failure.message);
                            effects.extend(self.end_call(call, end));
                        }
                    }
                }
                Effect::AbortCall { call, server } => self.abort_call(call, &server),
                Effect::End => {
                    if let Some(turn) = self.turn.take() {
                        self.numbers = turn.numbers();
                    }
                    // What was stepped out of is over.
                    if self.gate.stepping == Stepping::Out {
                        self.gate.stepping = Stepping::On;
                        self.stage.tell(Scope::default(), SteppingChanged { stepping: Stepping::On }).await;
                    }
                }
            }
        }
    }

    fn abort_call(&mut self, call: CallId, server: &ServerName) {
        self.running.remove(&call);
        self.servers.cancel(server, call, "the operator cancelled the call");
    }

    /// The machine knows no time: a call that ends while it runs gets its duration here.
    fn with_duration(&self, scope: Scope, event: Event) -> Event {
        match (event, scope.call.and_then(|call| self.running.get(&call))) {
            (Event::CallFinished(finished), Some(sent_us)) if finished.status == CallStatus::Cancelled => {
                CallFinished { duration_us: self.stage.now_us().saturating_sub(*sent_us), ..finished }.into()
            }
            (event, _) => event,
        }
    }

    /// Nor does it know the standing instructions, which are sent too.
    fn with_messages(&self, event: Event) -> Event {
        match event {
            Event::TurnHeld(held) if held.site == StopSite::BeforeModel => {
                let messages = Some(conversation::in_json(&self.messages()));
                TurnHeld { messages, ..held }.into()
            }
            event => event,
        }
    }

    /// Everything the model would be sent now.
    fn messages(&self) -> Vec<Arc<Message>> {
        let text = prompt::system(&self.roster.briefings(), &self.stage.today());
        let mut messages = vec![Arc::new(Message::System { text })];
        messages.extend_from_slice(self.conversation.messages());
        messages
    }

    fn end_call(&mut self, call: CallId, end: CallEnd) -> Vec<Effect> {
        // A call that is no longer running was cancelled: this is its late end.
        let (Some(sent_us), Some(turn)) = (self.running.remove(&call), &mut self.turn) else { return Vec::new() };
        let duration_us = self.stage.now_us().saturating_sub(sent_us);
        turn.handle(Input::CallEnded { call, end, duration_us }, &mut self.conversation)
    }

    fn ask(&mut self, step: StepId, tools: ToolUse) {
        let briefings = self.roster.briefings();
        let (today, messages) = (self.stage.today(), self.messages());
        let most = self.asked.most_tools();
        let tools = match tools {
            ToolUse::Offered if self.toolbox.tools.len() > most => self.toolbox.tools[..most].into(),
            ToolUse::Offered => Arc::clone(&self.toolbox.tools),
            ToolUse::Withheld => Arc::from([]),
        };
        let request = Request { messages, tools, briefings: briefings.into(), today };
        let (sender, deltas) = mpsc::channel(DELTA_CAPACITY);
        let model = Arc::clone(&self.asked);
        let task = tokio::spawn(async move { model.request(request, sender).await });
        self.asking = Some(Asking { step, deltas, task });
    }

    async fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Delta(Delta::Text(part, text)) => {
                if let Some(streamed) = self.deltas.push(part, &text) {
                    self.stage.tell(self.step_scope(), streamed).await;
                }
            }
            Heard::Delta(Delta::Retried(retried)) => {
                self.flush().await;
                self.stage.tell(self.step_scope(), retried).await;
            }
            Heard::Done(result) => {
                self.flush().await;
                self.asking = None;
                self.advance(match result {
                    Ok(answer) => Input::ModelAnswered(answer),
                    Err(failure) => Input::ModelFailed(failure),
                })
                .await;
            }
        }
    }

    async fn signalled(&mut self, signal: Signal) {
        match signal {
            Signal::Happened(scope, event) => {
                let warning = self.roster.note(&event);
                self.stage.tell(scope, event).await;
                if let Some(text) = warning {
                    self.stage.note(NoteLevel::Warning, text).await;
                }
            }
            Signal::Ended(call, end) => {
                let effects = self.end_call(call, end);
                self.carry_out(effects).await;
            }
        }
    }

    async fn flush_words(&mut self) {
        if let Some(streamed) = self.deltas.take_words() {
            self.stage.tell(self.step_scope(), streamed).await;
        }
    }

    async fn flush(&mut self) {
        if let Some(streamed) = self.deltas.take() {
            self.stage.tell(self.step_scope(), streamed).await;
        }
    }

    fn step_scope(&self) -> Scope {
        let turn = self.turn.as_ref().map(Turn::id);
        Scope { turn, step: self.asking.as_ref().map(|asking| asking.step), call: None }
    }

    async fn close(mut self, reason: &str) {
        self.advance(Input::Stop(StopReason::Closing)).await;
        self.asking = None;
        for signal in self.servers.stop().await {
            if let Signal::Happened(scope, event) = signal {
                self.stage.tell(scope, event).await;
            }
        }
        self.stage.tell(Scope::default(), SessionEnded { reason: reason.to_owned() }).await;
        self.stage.show().await;
        self.stage.sync();
    }
}

async fn wait_until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
