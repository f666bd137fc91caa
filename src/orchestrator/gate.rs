//! Which calls are refused and which wait for the operator (`sessions.md` §4): deny rule, a session that only reads, stepping
//! and breakpoints, ask rule, changed definition, what others wrote, mode, allow rule, ask.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::protocol::{
    BreakAction, Breakpoint, CallHeld, CallId, ServerName, Stepping, ToolAllowed, ToolChanged, ToolDefinition, ToolName,
};
use crate::query::{ParseError, Query, Subject};

/// Characters of a resource's address that are told.
const SHOWN: usize = 120;

/// The approval mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Every call waits.
    AskAll,
    /// Calls of tools that are not known only to read wait.
    #[default]
    AskWrites,
    /// Nothing waits.
    Auto,
    /// Calls of tools that are not known only to read are refused, also while the operator steps.
    ReadOnly,
}

impl Policy {
    /// The word in settings and in the recording's header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AskAll => "ask-all",
            Self::AskWrites => "ask-writes",
            Self::Auto => "auto",
            Self::ReadOnly => "read-only",
        }
    }
}

/// What the gate says of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be sent.
    Pass,
    /// It waits.
    Hold(Hold),
    /// It is refused, and why.
    Refuse(String),
}

/// Why a call or a result waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// For whom.
    pub holder: Holder,
    /// Why, in words.
    pub reason: String,
    /// What lets it pass where nobody can be asked, in words.
    pub remedy: &'static str,
}

/// What holds a call or a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Stepping, a rule or the mode: it goes on by itself when they would let it pass.
    Gate,
    /// A breakpoint: it waits on when the breakpoint is taken away.
    Breakpoint,
    /// The operator changed it: nothing but the operator's word lets it go on.
    Operator,
}

/// Expressions that decide before and after the mode does.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Calls that are refused.
    pub deny: Vec<Query>,
    /// Calls that wait whatever the mode says.
    pub ask: Vec<Query>,
    /// Calls that do not wait where the mode asks about those that may change something.
    pub allow: Vec<Query>,
}

/// Whether the words of others in the conversation make calls wait that may change something (`hosting.md` §4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Others {
    /// Such a call waits, whatever mode and allow rules say.
    #[default]
    Ask,
    /// It is like any other.
    Trusted,
}

/// What the model has read and others wrote, which may tell it what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hearsay {
    /// A result: of a server that is not trusted, or of whoever writes to a tool of the open world.
    Result {
        /// The call that brought it.
        call: CallId,
        /// Its server.
        server: ServerName,
        /// Its tool.
        tool: ToolName,
    },
    /// A resource that the operator fetched before the question.
    Resource {
        /// Its server.
        server: ServerName,
        /// Its URI.
        uri: String,
    },
    /// A prompt that the operator fetched before the question.
    Prompt {
        /// Its server.
        server: ServerName,
        /// Its name.
        name: String,
    },
}

impl fmt::Display for Hearsay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Result { call, server, tool } => write!(f, "[{}], {tool} on {server}", call.0),
            Self::Resource { server, uri } => write!(f, "the resource {uri:.SHOWN$} of {server}"),
            Self::Prompt { server, name } => write!(f, "the prompt {name:.SHOWN$} of {server}"),
        }
    }
}

/// Tools whose definition is not the pinned one, with what is told of each.
pub type Changed = BTreeMap<(ServerName, ToolName), ToolChanged>;

/// Everything that decides over a call.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// The mode.
    pub policy: Policy,
    /// The rules of the settings.
    pub rules: Rules,
    /// Whether the operator steps.
    pub stepping: Stepping,
    /// What the words of others do.
    pub others: Others,
    /// Tools that wait for a yes because they are no longer what they were.
    pub changed: Arc<Changed>,
    breakpoints: Vec<(Query, BreakAction)>,
    allowed: Vec<ToolAllowed>,
}

impl From<Policy> for Gate {
    fn from(policy: Policy) -> Self {
        Self { policy, ..Self::default() }
    }
}

impl Gate {
    /// A gate with rules, that steps from the start or does not.
    #[must_use]
    pub fn new(policy: Policy, rules: Rules, stepping: Stepping) -> Self {
        Self { policy, rules, stepping, ..Self::default() }
    }

    /// The same gate, with another view of what others wrote.
    #[must_use]
    pub fn with_others(self, others: Others) -> Self {
        Self { others, ..self }
    }

    /// Sets all breakpoints anew.
    ///
    /// # Errors
    /// The first expression that is none, and where; the old ones stay then.
    pub fn set_breakpoints(&mut self, breakpoints: &[Breakpoint]) -> Result<(), (String, ParseError)> {
        let parse = |breakpoint: &Breakpoint| match breakpoint.on.parse::<Query>() {
            Ok(query) => Ok((query, breakpoint.action)),
            Err(error) => Err((breakpoint.on.clone(), error)),
        };
        self.breakpoints = breakpoints.iter().map(parse).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Does not ask about a tool any more, as long as its definition stays the same.
    pub fn allow(&mut self, allowed: ToolAllowed) {
        self.allowed.retain(|other| (&other.server, &other.tool) != (&allowed.server, &allowed.tool));
        self.allowed.push(allowed);
    }

    /// Whether the turn waits before and after each model request.
    #[must_use]
    pub fn stops_at_model(&self) -> bool {
        self.stepping == Stepping::All
    }

    /// Why a call waits for a yes to its tool: it is not what it was.
    #[must_use]
    pub fn unaccepted(&self, server: &ServerName, tool: &ToolName) -> Option<Hold> {
        self.change(server, tool).map(changed)
    }

    /// The same, unless it was just as it is now when the gate was as it was `before`.
    #[must_use]
    pub fn newly_changed(&self, before: &Self, server: &ServerName, tool: &ToolName) -> Option<Hold> {
        let hash = |gate: &Self| gate.change(server, tool).map(|change| change.hash.clone());
        self.unaccepted(server, tool).filter(|_| hash(self) != hash(before))
    }

    /// Why a call is not sent whoever says yes to it: a deny rule, or a session that only reads.
    #[must_use]
    pub fn refusal(&self, tool: &ToolDefinition, call: &Subject<'_>) -> Option<String> {
        if let Some(rule) = first(&self.rules.deny, call) {
            return Some(format!("a rule refuses it: {rule}"));
        }
        let refused = self.policy == Policy::ReadOnly && self.writes(tool);
        refused.then(|| format!("{}, and this session only reads", may_change(tool)))
    }

    /// What has changed of a tool that waits for a yes.
    fn change(&self, server: &ServerName, tool: &ToolName) -> Option<&ToolChanged> {
        self.changed.get(&(server.clone(), tool.clone()))
    }

    /// Whatever a tool claims, one that is not what it was is not known only to read.
    fn writes(&self, tool: &ToolDefinition) -> bool {
        !tool.effects().read_only || self.change(&tool.server, &tool.tool).is_some()
    }

    /// Decides over one call before it is sent; `hearsay` is what the model has read of others.
    #[must_use]
    pub fn judge(&self, tool: &ToolDefinition, call: &Subject<'_>, hearsay: Option<&Hearsay>) -> Verdict {
        if let Some(reason) = self.refusal(tool, call) {
            return Verdict::Refuse(reason);
        }
        if let Some(hold) = self.stepping_hold().or_else(|| self.breakpoint(call, None)) {
            return Verdict::Hold(hold);
        }
        if let Some(rule) = first(&self.rules.ask, call) {
            return Verdict::Hold(gate(format!("a rule asks: {rule}"), "take the rule out of the settings"));
        }
        if let Some(change) = self.change(&tool.server, &tool.tool) {
            return Verdict::Hold(changed(change));
        }
        let writes = self.writes(tool);
        if let Some(hearsay) = hearsay.filter(|_| writes && self.others == Others::Ask) {
            return Verdict::Hold(heard(tool, hearsay));
        }
        let hold = match self.policy {
            Policy::Auto => return Verdict::Pass,
            Policy::AskWrites | Policy::ReadOnly if !writes => return Verdict::Pass,
            Policy::AskAll => gate("every call is asked about".to_owned(), CallHeld::BY_MODE),
            Policy::AskWrites | Policy::ReadOnly => gate(may_change(tool), CallHeld::BY_MODE),
        };
        let is_allowed = |allowed: &ToolAllowed| {
            allowed.server == tool.server && allowed.tool == tool.tool && allowed.hash == tool.hash
        };
        // Who asks about every call is not answered by a file.
        let by_rule = self.policy == Policy::AskWrites && first(&self.rules.allow, call).is_some();
        if by_rule || self.allowed.iter().any(is_allowed) { Verdict::Pass } else { Verdict::Hold(hold) }
    }

    /// Why a result waits before the model sees it. A breakpoint that stopped the call already does not stop it again.
    #[must_use]
    pub fn judge_result(&self, before: &Subject<'_>, after: &Subject<'_>) -> Option<Hold> {
        self.stepping_hold().or_else(|| self.breakpoint(after, Some(before)))
    }

    /// The log points that a call meets; after its result those it had not met before.
    pub fn log_points(&self, call: &Subject<'_>, before: Option<&Subject<'_>>) -> Vec<String> {
        self.met(BreakAction::Log, call, before).map(ToString::to_string).collect()
    }

    fn stepping_hold(&self) -> Option<Hold> {
        match self.stepping {
            Stepping::On | Stepping::All => Some(gate("stepping".to_owned(), "leave out --step")),
            Stepping::Off | Stepping::Out => None,
        }
    }

    fn breakpoint(&self, call: &Subject<'_>, before: Option<&Subject<'_>>) -> Option<Hold> {
        if self.stepping == Stepping::Out {
            return None;
        }
        let query = self.met(BreakAction::Stop, call, before).next()?;
        let reason = format!("breakpoint {query}");
        Some(Hold { holder: Holder::Breakpoint, reason, remedy: "take the breakpoint away" })
    }

    fn met<'a>(
        &'a self,
        action: BreakAction,
        call: &'a Subject<'_>,
        before: Option<&'a Subject<'_>>,
    ) -> impl Iterator<Item = &'a Query> {
        let new = move |query: &Query| query.matches(call) && before.is_none_or(|before| !query.matches(before));
        self.breakpoints.iter().filter(move |(query, does)| *does == action && new(query)).map(|(query, _)| query)
    }
}

/// The first rule that holds of a call, as it is written.
fn first(rules: &[Query], call: &Subject<'_>) -> Option<String> {
    rules.iter().find(|rule| rule.matches(call)).map(ToString::to_string)
}

fn gate(reason: String, remedy: &'static str) -> Hold {
    Hold { holder: Holder::Gate, reason, remedy }
}

fn may_change(tool: &ToolDefinition) -> String {
    let claims = match (tool.believed, tool.annotations.read_only) {
        (false, true) => "; its server says that it only reads, and is not trusted",
        (true, _) | (false, false) => "",
    };
    format!("{} on {} may change something{claims}", tool.tool, tool.server)
}

fn changed(change: &ToolChanged) -> Hold {
    let ToolChanged { server, tool, summary, .. } = change;
    let reason = format!("{tool} on {server} is not what it was: {summary}");
    gate(reason, "look at the change in the console, and accept it there")
}

fn heard(tool: &ToolDefinition, hearsay: &Hearsay) -> Hold {
    let reason = format!(
        "{}, and the model has read what others wrote: {hearsay}; it may follow that instead of you",
        may_change(tool)
    );
    gate(reason, "--trust-results lets the policy decide")
}

/// The servers' name and the tool's, for a log point's note.
pub(super) fn logged(point: &str, server: &ServerName, tool: &str, body: &str) -> String {
    format!("log point {point}: {server} {tool} {body}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::protocol::{Annotations, Json};
    use crate::query::Status;

    fn tool(read_only: bool) -> ToolDefinition {
        ToolDefinition {
            model_name: "t".into(),
            server: "desk".into(),
            tool: "change".into(),
            title: None,
            description: String::new(),
            input_schema: Json::default(),
            output_schema: None,
            annotations: Annotations { read_only, ..Annotations::default() },
            believed: true,
            hash: "h1".into(),
        }
    }

    fn judge(gate: &Gate, read_only: bool) -> Verdict {
        let (tool, arguments) = (tool(read_only), Json::from(json!({"id": 7})));
        gate.judge(&tool, &Subject::of_proposal(&tool, &arguments), None)
    }

    fn rule(text: &str) -> Vec<Query> {
        vec![text.parse().expect("an expression")]
    }

    fn held(verdict: Verdict) -> (Holder, String) {
        match verdict {
            Verdict::Hold(hold) => (hold.holder, hold.reason),
            Verdict::Pass | Verdict::Refuse(_) => panic!("not held: {verdict:?}"),
        }
    }

    #[test]
    fn the_order_is_deny_breakpoint_ask_mode_allow() {
        let mut gate = Gate::from(Policy::Auto);
        assert_eq!(judge(&gate, false), Verdict::Pass);
        gate.rules.ask = rule("arg.id=7");
        assert_eq!(held(judge(&gate, true)), (Holder::Gate, "a rule asks: arg.id=7".into()));
        gate.set_breakpoints(&[Breakpoint { on: "tool:chan*".into(), action: BreakAction::Stop }]).expect("fine");
        assert_eq!(held(judge(&gate, true)), (Holder::Breakpoint, "breakpoint tool:chan*".into()));
        gate.stepping = Stepping::Out;
        assert!(held(judge(&gate, true)).1.contains("rule asks"));
        gate.rules.deny = rule("server:desk");
        assert!(matches!(judge(&gate, true), Verdict::Refuse(_)));
        let allowing = |policy| Gate { rules: Rules { allow: rule("tool:change"), ..Rules::default() }, ..policy };
        assert_eq!(judge(&allowing(Gate::from(Policy::AskWrites)), false), Verdict::Pass);
        assert!(matches!(judge(&allowing(Gate::from(Policy::AskAll)), false), Verdict::Hold(_)), "it asks about all");
        assert!(matches!(judge(&allowing(Gate::from(Policy::ReadOnly)), false), Verdict::Refuse(_)));
    }

    #[test]
    fn a_session_that_only_reads_refuses_what_stepping_a_breakpoint_or_a_rule_would_hold() {
        let stop = Breakpoint { on: "tool:change".into(), action: BreakAction::Stop };
        let mut stopping = Gate::from(Policy::ReadOnly);
        stopping.set_breakpoints(&[stop]).expect("fine");
        let asking = Gate { rules: Rules { ask: rule("tool:change"), ..Rules::default() }, ..Policy::ReadOnly.into() };
        let stepping = |stepping| Gate::new(Policy::ReadOnly, Rules::default(), stepping);
        for gate in [stepping(Stepping::On), stepping(Stepping::All), stopping, asking] {
            assert!(matches!(judge(&gate, false), Verdict::Refuse(_)), "{gate:?}");
            assert!(matches!(judge(&gate, true), Verdict::Hold(_)), "what only reads waits as ever: {gate:?}");
        }
    }

    #[test]
    fn an_allowed_tool_is_asked_about_again_when_its_definition_is_another() {
        let mut gate = Gate::from(Policy::AskWrites);
        let allowed = |hash: &str| ToolAllowed { server: "desk".into(), tool: "change".into(), hash: hash.to_owned() };
        gate.allow(allowed("h1"));
        assert_eq!(judge(&gate, false), Verdict::Pass);
        gate.allow(allowed("h0"));
        assert!(matches!(judge(&gate, false), Verdict::Hold(_)));
    }

    #[test]
    fn what_a_server_claims_counts_only_if_it_is_trusted() {
        let gate = Gate::from(Policy::AskWrites);
        let judge = |tool: &ToolDefinition| gate.judge(tool, &Subject::of_proposal(tool, &Json::default()), None);
        assert_eq!(judge(&tool(true)), Verdict::Pass);
        let (_, reason) = held(judge(&ToolDefinition { believed: false, ..tool(true) }));
        assert!(reason.contains("says that it only reads, and is not trusted"), "{reason}");
    }

    #[test]
    fn a_breakpoint_on_the_outcome_stops_after_it_and_one_on_the_tool_only_before() {
        let mut gate = Gate::from(Policy::Auto);
        let stop = |on: &str| Breakpoint { on: on.to_owned(), action: BreakAction::Stop };
        let (tool, arguments) = (tool(true), Json::default());
        let before = Subject::of_proposal(&tool, &arguments);
        let after = Subject::of_proposal(&tool, &arguments).ended(Status::Error, 1, None, None);
        gate.set_breakpoints(&[stop("tool:change")]).expect("fine");
        assert_eq!(gate.judge_result(&before, &after), None);
        gate.set_breakpoints(&[stop("status:error")]).expect("fine");
        assert_eq!(judge(&gate, true), Verdict::Pass);
        let hold = gate.judge_result(&before, &after).expect("held");
        assert_eq!((hold.holder, hold.reason.as_str()), (Holder::Breakpoint, "breakpoint status:error"));
        assert!(gate.set_breakpoints(&[stop("dur>")]).is_err());
        assert!(gate.judge_result(&before, &after).is_some(), "the old ones stay");
    }

    fn hearsay() -> Hearsay {
        Hearsay::Result { call: CallId(2), server: "mail".into(), tool: "read_mail".into() }
    }

    fn change_of(tool: &ToolDefinition) -> Arc<Changed> {
        let change = ToolChanged {
            server: tool.server.clone(),
            tool: tool.tool.clone(),
            hash: "h9".into(),
            summary: "its description has changed".into(),
            changes: Vec::new(),
            more: 0,
        };
        Arc::new([((tool.server.clone(), tool.tool.clone()), change)].into())
    }

    #[test]
    fn what_others_wrote_makes_a_writing_call_wait_and_names_the_result() {
        let gate = Gate::from(Policy::Auto);
        let (tool, arguments) = (tool(false), Json::default());
        let judge = |gate: &Gate| gate.judge(&tool, &Subject::of_proposal(&tool, &arguments), Some(&hearsay()));
        let (_, reason) = held(judge(&gate));
        assert!(reason.contains("[2], read_mail on mail"), "{reason}");
        assert_eq!(judge(&gate.with_others(Others::Trusted)), Verdict::Pass);
    }

    #[test]
    fn only_a_change_that_is_new_holds_what_was_let_go() {
        let tool = tool(true);
        let (before, after) = (Gate::from(Policy::Auto), Gate { changed: change_of(&tool), ..Gate::default() });
        assert!(after.newly_changed(&before, &tool.server, &tool.tool).is_some());
        assert!(after.newly_changed(&after, &tool.server, &tool.tool).is_none());
        assert!(before.newly_changed(&after, &tool.server, &tool.tool).is_none());
    }

    prop_compose! {
        fn gates()(
            policy in prop::sample::select(vec![Policy::AskAll, Policy::AskWrites, Policy::Auto, Policy::ReadOnly]),
            stepping in prop::sample::select(vec![Stepping::Off, Stepping::On, Stepping::All, Stepping::Out]),
            (deny, ask, allow, allowed, changed) in any::<(bool, bool, bool, bool, bool)>(),
            read_only in any::<bool>(),
            believed in any::<bool>(),
        ) -> (Gate, ToolDefinition) {
            let tool = ToolDefinition { believed, ..tool(read_only) };
            let all = |on: bool| if on { rule("server:desk") } else { Vec::new() };
            let rules = Rules { deny: all(deny), ask: all(ask), allow: all(allow) };
            let mut gate = Gate::new(policy, rules, stepping);
            if allowed {
                gate.allow(ToolAllowed { server: "desk".into(), tool: "change".into(), hash: "h1".into() });
            }
            if changed {
                gate.changed = change_of(&tool);
            }
            (gate, tool)
        }
    }

    proptest! {
        #[test]
        fn no_setting_but_the_flag_lets_a_writing_call_pass_after_the_words_of_others((gate, tool) in gates()) {
            let (arguments, hearsay) = (Json::default(), hearsay());
            let subject = Subject::of_proposal(&tool, &arguments);
            let verdict = gate.judge(&tool, &subject, Some(&hearsay));
            if !tool.effects().read_only {
                prop_assert_ne!(&verdict, &Verdict::Pass);
            }
            let alone = gate.judge(&tool, &subject, None);
            if tool.effects().read_only && gate.changed.is_empty() {
                prop_assert_eq!(&verdict, &alone, "a call that only reads is not concerned");
            }
            prop_assert_eq!(gate.with_others(Others::Trusted).judge(&tool, &subject, Some(&hearsay)), alone);
        }

        #[test]
        fn no_setting_lets_a_tool_pass_that_is_not_what_it_was((gate, tool) in gates()) {
            let arguments = Json::default();
            let verdict = gate.judge(&tool, &Subject::of_proposal(&tool, &arguments), None);
            if !gate.changed.is_empty() {
                prop_assert_ne!(verdict, Verdict::Pass);
            }
        }

        #[test]
        fn a_session_that_only_reads_refuses_every_writing_call_whatever_else_is_set((gate, tool) in gates()) {
            let arguments = Json::default();
            let verdict = gate.judge(&tool, &Subject::of_proposal(&tool, &arguments), None);
            if gate.policy == Policy::ReadOnly && (!tool.effects().read_only || !gate.changed.is_empty()) {
                prop_assert!(matches!(verdict, Verdict::Refuse(_)), "{:?}", verdict);
            }
        }

        #[test]
        fn a_deny_rule_refuses_whatever_else_is_set((gate, tool) in gates()) {
            let arguments = Json::default();
            let verdict = gate.judge(&tool, &Subject::of_proposal(&tool, &arguments), Some(&hearsay()));
            let denies = !gate.rules.deny.is_empty();
            let refused = matches!(verdict, Verdict::Refuse(reason) if reason.starts_with("a rule refuses it"));
            prop_assert_eq!(denies, refused);
        }
    }
}
