//! The async shell around the turn machine: carries out effects, and puts everything that happens in one order.

mod answering;
mod control;
mod hosting;
mod idle;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use crate::link::Feed;
use crate::mcp::{CallEnd, CallOrder, ServerSpec, Signal};
use crate::model::Model;
use crate::pins::Kept;
use crate::protocol::{
    CallFinished, CallId, CallStarted, CallStatus, Command, Event, Json, NoteLevel, Question, Scope, ServerName,
    SessionEnded, SessionStarted, Stepping, SteppingChanged, StopSite, TurnHeld,
};

use super::answers::Backing;
use super::asking::Asking;
use super::conversation::{self, Conversation};
use super::deltas::Deltas;
use super::memory::Known;
use super::resume::Resumed;
use super::roster::Roster;
use super::stage::Stage;
use super::toolbox::Toolbox;
use super::turn::{Effect, Input, Numbers, StopReason, ToolUse, Turn};
use super::{Gate, Models, Projects, Setup};

/// A first question waits that long for servers that are still starting.
const PATIENCE: Duration = Duration::from_secs(5);
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
    let Setup {
        model,
        runbooks,
        models,
        servers: source,
        recording,
        app,
        session,
        gate,
        pins: mut kept,
        projects,
        resumed,
        mut warnings,
    } = setup;
    let Feed { mut commands, news } = feed;
    let names = source.names();
    let known = Known::of_all(&source, &mut kept, &mut warnings);
    let deltas = Deltas::new(recording.redactor().clone());
    let mut shell = Shell {
        kept,
        moving: Vec::new(),
        stage: Stage::new(recording, news),
        servers: Backing::start(Vec::new().into(), 0),
        roster: Roster::new(known),
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
        deltas,
        patience: Instant::now() + PATIENCE,
        awake_until: Instant::now(),
        warned_of_tools: false,
        told_stepping: Stepping::Off,
        inputs: 0,
        missed: false,
        projects,
    };
    let stepping = shell.gate.stepping;
    let breakpoints = match resumed {
        Some(resumed) => Some(shell.go_on_from(&resumed).await),
        None => None,
    };
    let (model, trusted_files) = (shell.model.name().to_owned(), shell.projects.trusted.clone());
    let started = SessionStarted { id: session, app, model, servers: names, trusted_files };
    shell.stage.tell(Scope::default(), started).await;
    if let Some(breakpoints) = breakpoints {
        shell.take_breakpoints(breakpoints).await;
    }
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
    /// What is remembered of servers over sessions.
    kept: Kept,
    /// Servers that are to be reached elsewhere once the turn is over.
    moving: Vec<ServerSpec>,
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
    questions: VecDeque<Question>,
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
            self.move_servers().await;
            self.begin_turn().await;
            let flush = self.deltas.due();
            let is_waiting = !self.questions.is_empty() && self.turn.is_none();
            // Once it is over, only what a server does can begin a turn: a moment that has passed would wake us for ever.
            let patience = Some(self.patience).filter(|until| is_waiting && *until > Instant::now());
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
        if self.questions.front().is_some_and(|question| self.awaits_server(question)) {
            return;
        }
        if let Some(question) = self.questions.pop_front() {
            self.begin(question).await;
        }
    }

    /// Whether a question is a planned call of a server that is still starting: that ends with the server's own deadlines.
    fn awaits_server(&self, question: &Question) -> bool {
        let called = question.text.strip_prefix("/call ").and_then(|call| call.split_whitespace().next());
        called.is_some_and(|name| self.roster.toolbox().awaited(name).is_some())
    }

    /// Gives up the first question that waits, if there is one: nobody is asked.
    pub(super) async fn give_up(&mut self) {
        let Some(question) = self.questions.pop_front() else { return };
        let model = self.model.name().to_owned();
        let (turn, effects) = Turn::given_up(&question, model, self.toolbox.clone(), self.gate.clone(), self.numbers);
        self.turn = Some(turn);
        self.carry_out(effects).await;
    }

    async fn begin(&mut self, question: Question) {
        // What the operator has planned needs no model.
        let is_planned = ["/run ", "/call "].iter().any(|command| question.text.starts_with(command));
        self.asked = Arc::clone(if is_planned { &self.runbooks } else { &self.model });
        self.toolbox = self.roster.toolbox().offered_to(self.asked.most_tools());
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
                    // A tool that is off its server's list counts as the one that the turn began with.
                    let begun_with = || self.turn.as_ref().and_then(|turn| turn.tool(call));
                    let definition = self.roster.definition(&server, &tool).or_else(begun_with);
                    let definition = definition.map(|tool| tool.hash.clone());
                    match self.servers.call(&server, CallOrder { call, scope, tool, definition, arguments }) {
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

    fn end_call(&mut self, call: CallId, end: CallEnd) -> Vec<Effect> {
        // A call that is no longer running was cancelled: this is its late end.
        let (Some(sent_us), Some(turn)) = (self.running.remove(&call), &mut self.turn) else { return Vec::new() };
        let duration_us = self.stage.now_us().saturating_sub(sent_us);
        turn.handle(Input::CallEnded { call, end, duration_us }, &mut self.conversation)
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
