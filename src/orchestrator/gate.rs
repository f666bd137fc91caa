//! Which calls wait for the operator (`sessions.md` §4): deny rule, stepping and breakpoints, ask rule, mode, allow rule, ask.

use crate::protocol::{BreakAction, Breakpoint, ServerName, Stepping, ToolAllowed, ToolDefinition};
use crate::query::{ParseError, Query, Subject};

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
    /// Calls of tools that are not known only to read are refused.
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
    /// It waits, for whom, and why.
    Hold(Holder, String),
    /// It is refused, and why.
    Refuse(String),
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

/// Everything that decides over a call.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// The mode.
    pub policy: Policy,
    /// The rules of the settings.
    pub rules: Rules,
    /// Whether the operator steps.
    pub stepping: Stepping,
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

    /// Decides over one call before it is sent.
    #[must_use]
    pub fn judge(&self, tool: &ToolDefinition, call: &Subject<'_>) -> Verdict {
        let first = |rules: &[Query]| rules.iter().find(|rule| rule.matches(call)).map(ToString::to_string);
        if let Some(rule) = first(&self.rules.deny) {
            return Verdict::Refuse(format!("a rule refuses it: {rule}"));
        }
        if let Some((holder, reason)) = self.stepping_reason().or_else(|| self.breakpoint(call, None)) {
            return Verdict::Hold(holder, reason);
        }
        let hold = |reason| Verdict::Hold(Holder::Gate, reason);
        if let Some(rule) = first(&self.rules.ask) {
            return hold(format!("a rule asks: {rule}"));
        }
        let writes = !tool.annotations.read_only;
        let may_change = || format!("{} on {} may change something", tool.tool, tool.server);
        let reason = match self.policy {
            Policy::Auto => return Verdict::Pass,
            Policy::AskWrites | Policy::ReadOnly if !writes => return Verdict::Pass,
            Policy::ReadOnly => return Verdict::Refuse(format!("{}, and this session only reads", may_change())),
            Policy::AskAll => "every call is asked about".to_owned(),
            Policy::AskWrites => may_change(),
        };
        let is_same = |allowed: &&ToolAllowed| allowed.server == tool.server && allowed.tool == tool.tool;
        match self.allowed.iter().find(is_same) {
            Some(allowed) if allowed.hash == tool.hash => Verdict::Pass,
            Some(_) => hold(format!("{reason}, and its definition has changed since it was allowed")),
            // Who asks about every call is not answered by a file.
            None if self.policy == Policy::AskWrites && first(&self.rules.allow).is_some() => Verdict::Pass,
            None => hold(reason),
        }
    }

    /// Why a result waits before the model sees it. A breakpoint that stopped the call already does not stop it again.
    #[must_use]
    pub fn judge_result(&self, before: &Subject<'_>, after: &Subject<'_>) -> Option<(Holder, String)> {
        self.stepping_reason().or_else(|| self.breakpoint(after, Some(before)))
    }

    /// The log points that a call meets; after its result those it had not met before.
    pub fn log_points(&self, call: &Subject<'_>, before: Option<&Subject<'_>>) -> Vec<String> {
        self.met(BreakAction::Log, call, before).map(ToString::to_string).collect()
    }

    fn stepping_reason(&self) -> Option<(Holder, String)> {
        match self.stepping {
            Stepping::On | Stepping::All => Some((Holder::Gate, "stepping".to_owned())),
            Stepping::Off | Stepping::Out => None,
        }
    }

    fn breakpoint(&self, call: &Subject<'_>, before: Option<&Subject<'_>>) -> Option<(Holder, String)> {
        if self.stepping == Stepping::Out {
            return None;
        }
        let query = self.met(BreakAction::Stop, call, before).next()?;
        Some((Holder::Breakpoint, format!("breakpoint {query}")))
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

/// The servers' name and the tool's, for a log point's note.
pub(super) fn logged(point: &str, server: &ServerName, tool: &str, body: &str) -> String {
    format!("log point {point}: {server} {tool} {body}")
}

#[cfg(test)]
mod tests {
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
            hash: "h1".into(),
        }
    }

    fn judge(gate: &Gate, read_only: bool) -> Verdict {
        let (tool, arguments) = (tool(read_only), Json::from(json!({"id": 7})));
        gate.judge(&tool, &Subject::of_proposal(&tool, &arguments))
    }

    fn rule(text: &str) -> Vec<Query> {
        vec![text.parse().expect("an expression")]
    }

    #[test]
    fn the_order_is_deny_breakpoint_ask_mode_allow() {
        let mut gate = Gate::from(Policy::Auto);
        assert_eq!(judge(&gate, false), Verdict::Pass);
        gate.rules.ask = rule("arg.id=7");
        assert_eq!(judge(&gate, true), Verdict::Hold(Holder::Gate, "a rule asks: arg.id=7".into()));
        gate.set_breakpoints(&[Breakpoint { on: "tool:chan*".into(), action: BreakAction::Stop }]).expect("fine");
        assert_eq!(judge(&gate, true), Verdict::Hold(Holder::Breakpoint, "breakpoint tool:chan*".into()));
        gate.stepping = Stepping::Out;
        assert!(matches!(judge(&gate, true), Verdict::Hold(_, reason) if reason.contains("rule asks")));
        gate.rules.deny = rule("server:desk");
        assert!(matches!(judge(&gate, true), Verdict::Refuse(_)));
        let allowing = |policy| Gate { rules: Rules { allow: rule("tool:change"), ..Rules::default() }, ..policy };
        assert_eq!(judge(&allowing(Gate::from(Policy::AskWrites)), false), Verdict::Pass);
        assert!(matches!(judge(&allowing(Gate::from(Policy::AskAll)), false), Verdict::Hold(..)), "it asks about all");
        assert!(matches!(judge(&allowing(Gate::from(Policy::ReadOnly)), false), Verdict::Refuse(_)));
    }

    #[test]
    fn an_allowed_tool_is_asked_about_again_when_its_definition_changes() {
        let mut gate = Gate::from(Policy::AskWrites);
        let allowed = |hash: &str| ToolAllowed { server: "desk".into(), tool: "change".into(), hash: hash.to_owned() };
        gate.allow(allowed("h1"));
        assert_eq!(judge(&gate, false), Verdict::Pass);
        gate.allow(allowed("h0"));
        assert!(matches!(judge(&gate, false), Verdict::Hold(_, reason) if reason.contains("has changed")));
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
        assert_eq!(gate.judge_result(&before, &after), Some((Holder::Breakpoint, "breakpoint status:error".into())));
        assert!(gate.set_breakpoints(&[stop("dur>")]).is_err());
        assert!(gate.judge_result(&before, &after).is_some(), "the old ones stay");
    }
}
