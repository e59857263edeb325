//! Holds, impacts, triggers, messages, obligations and the change request.

use crate::eval::lower::{Lower, Owner, all, arg, one};
use crate::eval::scope::{Local, ScopeId};
use crate::model::{
    Change, ChangeType, ChannelId, Escalate, Hold, HoldId, Impact, Level, Moment, MomentKind, Notify,
    NotifyTarget, Obligation, Origin, RiskItem, StageId, Step, StepKind, Text, TextPart, Trigger,
    TriggerTest,
};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Stmt};
use crate::types::errors;
use smol_str::SmolStr;

const LEVELS: &[&str] = &["low", "medium", "high"];

impl<'a> Lower<'a> {
    /// The first and last stage of `during A .. B`, and where it is written.
    fn range(&mut self, items: &'a [Stmt], scope: ScopeId) -> Option<(Vec<StageId>, Vec<StageId>, Span)> {
        let expr = arg(items, "during")?;
        match &expr.kind {
            ExprKind::Range(a, b) => {
                let (a, b) = (self.stages(a, scope), self.stages(b, scope));
                Some((a?, b?, expr.span))
            }
            _ => {
                let list = self.stages(expr, scope)?;
                Some((list.clone(), list, expr.span))
            }
        }
    }

    /// The stages of `during`: between the ends of a range every stage on a path (worked out once the edges are known), else
    /// the stages named.
    fn during(&mut self, items: &'a [Stmt], scope: ScopeId) -> Vec<StageId> {
        let Some((from, to, _)) = self.range(items, scope) else {
            return Vec::new();
        };
        if from == to {
            return from;
        }
        self.on_paths(&from, &to)
    }

    fn on_paths(&self, from: &[StageId], to: &[StageId]) -> Vec<StageId> {
        let n = self.r.stages.len();
        let before = |s: StageId| self.r.stage(s).after.iter().map(|a| a.stage);
        let mut next: Vec<Vec<StageId>> = vec![Vec::new(); n];
        for i in 0..n {
            let mut edges: Vec<StageId> = before(StageId::at(i)).collect();
            for (a, _) in &self.r.stages[i].approved {
                edges.extend(self.r.approval(*a).after.iter().map(|(s, _)| *s));
            }
            for d in self.r.stages[i]
                .awaits
                .iter()
                .map(|(d, _)| *d)
                .chain(decisions(&self.r.stages[i].when))
            {
                edges.extend(self.r.decision(d).after.iter().map(|(s, _)| *s));
            }
            for e in edges {
                next[e.index()].push(StageId::at(i));
            }
        }
        let mut back: Vec<Vec<StageId>> = vec![Vec::new(); n];
        for (i, list) in next.iter().enumerate() {
            for s in list {
                back[s.index()].push(StageId::at(i));
            }
        }
        let reach = |start: &[StageId], edges: &[Vec<StageId>]| {
            let mut seen = vec![false; n];
            let mut queue: Vec<StageId> = start.to_vec();
            while let Some(s) = queue.pop() {
                if !std::mem::replace(&mut seen[s.index()], true) {
                    queue.extend(edges[s.index()].iter().copied());
                }
            }
            seen
        };
        let (down, up) = (reach(from, &next), reach(to, &back));
        (0..n).filter(|i| down[*i] && up[*i]).map(StageId::at).collect()
    }

    pub(crate) fn hold(&mut self, id: HoldId, stmt: &'a Stmt, scope: ScopeId) {
        let items = stmt.children();
        self.accept(items, stmt.span, scope);
        let Some((name, _)) = crate::eval::collect::statement_name(stmt) else {
            return;
        };
        let owner = Owner::Hold(id);
        let Some((from, to, span)) = self.range(items, scope) else {
            return;
        };
        let (Some(first), Some(last)) = (from.first().copied(), to.last().copied()) else {
            return;
        };
        let inner = self.nest(scope);
        let (enter, exit) = match (one(items, "around"), one(items, "enter"), one(items, "exit")) {
            (Some(around), None, None) => self.around(around, owner, inner),
            (None, Some(enter), Some(exit)) => {
                let steps = self.steps(enter.children(), "e", owner, inner);
                let names: Vec<(SmolStr, crate::model::CaptureId)> = self
                    .captures
                    .get(&owner)
                    .into_iter()
                    .flatten()
                    .map(|(n, c)| (n.clone(), *c))
                    .collect();
                for (name, capture) in names {
                    self.define(inner, name, Local::Capture(capture));
                }
                let recorded: Vec<(SmolStr, crate::model::PriorId)> = self
                    .recorded
                    .get(&owner)
                    .into_iter()
                    .flatten()
                    .map(|(n, p)| (n.clone(), *p))
                    .collect();
                if !recorded.is_empty() {
                    self.define(inner, "prior", Local::Priors(recorded));
                }
                (steps, self.steps(exit.children(), "x", owner, inner))
            }
            _ => {
                self.report(errors::one_of(
                    stmt.head(),
                    &format!("the hold `{name}` does not say how it is entered and left"),
                    "write `around ACTION(…)`, or both `enter { … }` and `exit { … }`",
                ));
                return;
            }
        };
        let at_most = one(items, "at_most").map(|s| self.origin(s.span, scope));
        let hold = Hold {
            title: self
                .text_of(items, "title", scope)
                .unwrap_or_else(|| Text::lit(name.replace('_', " "))),
            name,
            origin: self.origin(stmt.head(), scope),
            from: first,
            to: last,
            during_origin: self.origin(span, scope),
            enter,
            exit,
            at_most: self.dur_of(items, "at_most", scope).zip(at_most),
            owner: self.role_of(items, "owner", scope),
        };
        self.r.holds.push(hold);
    }

    /// `around ACTION(…)`: entered by the action, left by what it is paired with.
    fn around(&mut self, stmt: &'a Stmt, owner: Owner, scope: ScopeId) -> (Vec<Step>, Vec<Step>) {
        let Some(expr) = stmt.args().first() else {
            return (Vec::new(), Vec::new());
        };
        let told = self.bag.len();
        let Some(made) = self.action(expr, owner, false, scope) else {
            return (Vec::new(), Vec::new());
        };
        let sound = self.bag.len() == told;
        let origin = self.origin(stmt.head(), scope);
        let (mut enter, mut exit) = (Vec::new(), Vec::new());
        for (i, m) in made.into_iter().enumerate() {
            match &m.act.paired_with {
                Some(pair) => exit.push(step_of(
                    (**pair).clone(),
                    format!("x{}", i + 1),
                    &origin,
                    Vec::new(),
                )),
                // What it is to be paired with may be what is wrong with it.
                None if !sound => {}
                None => {
                    let name = self.source(expr.span);
                    self.report(errors::one_of(
                        expr.span,
                        &format!("`{name}` is not paired with anything that would end the hold"),
                        "write `paired_with ACTION(…)` in the action, or `enter { … }` and `exit { … }` in the hold",
                    ));
                }
            }
            enter.push(step_of(m.act, format!("e{}", i + 1), &origin, m.captures));
        }
        exit.reverse();
        (enter, exit)
    }

    pub(crate) fn impact(&mut self, stmt: &'a Stmt, scope: ScopeId) {
        let items = stmt.children();
        let during = self.during(items, scope);
        if let Some(what) = stmt.args().first().and_then(|e| self.text(e, scope)) {
            let at_most = self.dur_of(items, "at_most", scope);
            self.r.impacts.push(Impact {
                what,
                during,
                at_most,
                origin: self.origin(stmt.head(), scope),
            });
        }
    }

    pub(crate) fn trigger(&mut self, stmt: &'a Stmt, scope: ScopeId) {
        let items = stmt.children();
        self.accept(items, stmt.span, scope);
        let Some((name, _)) = crate::eval::collect::statement_name(stmt) else {
            return;
        };
        let test = match (one(items, "when"), one(items, "ask")) {
            (Some(w), None) => w
                .args()
                .first()
                .and_then(|e| self.metric_cond(e, scope))
                .map(TriggerTest::Metrics),
            (None, Some(a)) => self
                .question(items, a, &[], Owner::None, scope)
                .map(TriggerTest::Ask),
            _ => {
                self.report(errors::one_of(
                    stmt.head(),
                    &format!("the trigger `{name}` does not say when it acts"),
                    "say `when` over metrics, or `ask` a person",
                ));
                None
            }
        };
        let then = one(items, "then");
        let outcome = then.and_then(|s| Some((s.args().first()?, s.children())));
        let outcome = outcome.and_then(|(e, block)| self.outcome_expr(e, block, scope));
        let over = self.dur_of(items, "over", scope);
        let during = self.during(items, scope);
        let steps = self.steps(items, "t", Owner::None, scope);
        let (Some(test), Some(outcome), Some(then)) = (test, outcome, then) else {
            return;
        };
        self.r.triggers.push(Trigger {
            name,
            origin: self.origin(stmt.head(), scope),
            test,
            over,
            during,
            then: outcome,
            then_origin: self.origin(then.span, scope),
            steps,
            watches: Vec::new(),
        });
    }

    /// The moments of `on`.
    pub(crate) fn moments(&mut self, items: &'a [Stmt], scope: ScopeId) -> Vec<Moment> {
        let mut list = Vec::new();
        for e in all(items, "on").flat_map(Stmt::args) {
            list.extend(self.moment(e, scope));
        }
        list
    }

    fn moment(&mut self, expr: &'a Expr, scope: ScopeId) -> Vec<Moment> {
        let (word, span, arg) = match &expr.kind {
            ExprKind::Ident(w) => (w, expr.span, None),
            ExprKind::Call(callee, args) => match (&callee.kind, args.as_slice()) {
                (ExprKind::Ident(w), [a]) => (w, callee.span, Some(&a.value)),
                _ => {
                    self.report(errors::mismatch(
                        expr.span,
                        "a moment",
                        "write `started` or `started(STAGE)`",
                    ));
                    return Vec::new();
                }
            },
            _ => {
                self.report(errors::mismatch(
                    expr.span,
                    "a moment",
                    "write `started` or `started(STAGE)`",
                ));
                return Vec::new();
            }
        };
        let Some((kind, _)) = MomentKind::ALL.iter().find(|(_, w)| w == word) else {
            self.report(errors::unknown_word(
                span,
                word,
                MomentKind::ALL.iter().map(|(_, w)| *w),
            ));
            return Vec::new();
        };
        let origin = self.origin(expr.span, scope);
        let moment = |stage, each| Moment {
            kind: *kind,
            stage,
            each,
            origin: origin.clone(),
        };
        match arg {
            None => vec![moment(None, false)],
            Some(e) if matches!(&e.kind, ExprKind::Ident(n) if n == "each") => vec![moment(None, true)],
            Some(e) => self
                .stages(e, scope)
                .unwrap_or_default()
                .into_iter()
                .map(|s| moment(Some(s), false))
                .collect(),
        }
    }

    /// Refuses a message that the command of its channel would read as an option: it would never be sent. One that nobody wrote begins
    /// with the title of the release, and `used` is where it is sent.
    pub(crate) fn sendable(&mut self, channel: ChannelId, message: Option<(&Text, Span)>, used: Span) {
        let title = self.r.title.clone();
        let (message, span, from) = match message {
            Some((message, span)) => (message, span, None),
            None => (&title, self.titled.unwrap_or(used), Some(used)),
        };
        let Some(TextPart::Lit(first)) = message.parts.first() else {
            return;
        };
        if first.starts_with('-') && self.r.channel(channel).refuses_options() {
            self.report(errors::option_like(span, first, from));
        }
    }

    pub(crate) fn notify(&mut self, stmt: &'a Stmt, scope: ScopeId) {
        let items = stmt.children();
        self.accept(items, stmt.span, scope);
        let Some(to) = stmt.args().first().and_then(|e| self.channel_or_role(e, scope)) else {
            return;
        };
        let lead = one(items, "lead").map(|s| self.origin(s.span, scope));
        let notify = Notify {
            to,
            on: self.moments(items, scope),
            lead: self.dur_of(items, "lead", scope).zip(lead),
            message: self.text_of(items, "message", scope),
            owner: self.role_of(items, "owner", scope),
            when: self.cond_of(items, "when", scope),
            origin: self.origin(stmt.head(), scope),
        };
        if let NotifyTarget::Channel(channel) = notify.to {
            let written = notify.message.as_ref().zip(arg(items, "message").map(|e| e.span));
            self.sendable(channel, written, stmt.head());
        }
        self.r.notifies.push(notify);
    }

    pub(crate) fn escalate(&mut self, stmt: &'a Stmt, scope: ScopeId) {
        let items = stmt.children();
        let Some(channel) = stmt.args().first().and_then(|e| self.channel(e, scope)) else {
            return;
        };
        self.sendable(channel, None, stmt.head());
        let to = arg(items, "to").and_then(|e| self.role_or_person(e, scope));
        let escalate = Escalate {
            channel,
            on: self.moments(items, scope),
            unanswered: self.dur_of(items, "unanswered", scope),
            severity: self
                .word_of(items, "severity", &["low", "medium", "high", "critical"])
                .map(SmolStr::new_static),
            to,
            origin: self.origin(stmt.head(), scope),
        };
        self.r.escalates.push(escalate);
    }

    pub(crate) fn obligation(&mut self, stmt: &'a Stmt, scope: ScopeId) {
        let items = stmt.children();
        let what = stmt.args().first().and_then(|e| self.text(e, scope));
        let (owner, due) = (
            self.role_of(items, "owner", scope),
            self.dur_of(items, "due", scope),
        );
        let (attendees, on) = (self.roles(items, "attendees", scope), self.moments(items, scope));
        let when = self.cond_of(items, "when", scope);
        if let (Some(what), Some(owner), Some(due)) = (what, owner, due) {
            let origin = self.origin(stmt.head(), scope);
            self.r.obligations.push(Obligation {
                what,
                owner,
                due,
                attendees,
                when,
                on,
                origin,
            });
        }
    }

    pub(crate) fn change(&mut self, stmt: &'a Stmt, scope: ScopeId) -> Option<Change> {
        let items = stmt.children();
        let id = self.text(stmt.args().first()?, scope)?;
        let kind = self.word_of(items, "type", &["standard", "normal", "emergency"]);
        let risk = self.level(items, "risk");
        let mut risks = Vec::new();
        for s in all(items, "risk_item") {
            let inner = s.children();
            let (likelihood, impact) = (self.level(inner, "likelihood"), self.level(inner, "impact"));
            let mitigation = self.text_of(inner, "mitigation", scope);
            if let Some(what) = s.args().first().and_then(|e| self.text(e, scope)) {
                risks.push(RiskItem {
                    what,
                    likelihood,
                    impact,
                    mitigation,
                    origin: self.origin(s.head(), scope),
                });
            }
        }
        Some(Change {
            id,
            origin: self.origin(stmt.head(), scope),
            kind: match kind? {
                "standard" => ChangeType::Standard,
                "emergency" => ChangeType::Emergency,
                _ => ChangeType::Normal,
            },
            risk: risk?,
            justification: self.text_of(items, "justification", scope),
            benefit: self.text_of(items, "benefit", scope),
            impact: self.text_of(items, "impact", scope),
            components: self.texts(items, "components", scope),
            downtime: self.dur_of(items, "downtime", scope),
            ticket: self.text_of(items, "ticket", scope),
            risks,
        })
    }

    fn level(&mut self, items: &'a [Stmt], keyword: &str) -> Option<Level> {
        self.word_of(items, keyword, LEVELS).map(|w| match w {
            "low" => Level::Low,
            "medium" => Level::Medium,
            _ => Level::High,
        })
    }
}

fn decisions(cond: &crate::model::Cond) -> Vec<crate::model::DecisionId> {
    let of = |a: &crate::model::Atom| match a {
        crate::model::Atom::Decision { decision, .. } => Some(*decision),
        _ => None,
    };
    cond.atoms().into_iter().filter_map(of).collect()
}

fn step_of(
    act: crate::model::Act,
    slug: String,
    origin: &Origin,
    captures: Vec<crate::model::CaptureId>,
) -> Step {
    Step {
        origin: origin.clone(),
        slug: SmolStr::new(slug),
        when: crate::model::Cond::True,
        owner: None,
        timeout: act.timeout,
        retry: act.retry.clone(),
        idempotent: act.idempotent,
        expect: act.expect.clone(),
        captures,
        takes: act.takes,
        kind: StepKind::Act(Box::new(act)),
    }
}
