//! Every constraint of a plan, as the language writes it, with its places.
//!
//! Must not know any target. Called by `enforce`.

mod by_hand;

use super::{Row, rules};
use crate::emit::diagram::words::text;
use crate::emit::environments::in_window;
use crate::model::{
    Approval, ApprovalId, DistinctFrom, Dur, DutyRule, FailureOutcome, GateTest, Passes, Question, Quorum,
    Release, RoleOrPerson, Rollback, Seat, Stage, StageId, StepKind, TriggerTest,
};
use crate::plan::{Plan, StageUndo};
use crate::source::Span;

struct Rows<'a> {
    plan: &'a Plan,
    r: &'a Release,
    list: Vec<Row>,
}

/// Every constraint, held by nobody yet.
pub(super) fn rows(plan: &Plan) -> Vec<Row> {
    let mut rows = Rows {
        plan,
        r: plan.release(),
        list: Vec::new(),
    };
    rows.run();
    for i in 0..rows.r.approvals.len() {
        rows.approval(ApprovalId::at(i));
    }
    rows.duties();
    for i in plan.stage_order() {
        rows.stage(i);
    }
    rows.around();
    rows.list
}

/// One row for each: kind of rule, subject, what it says, and places.
type Found<'a> = (&'static str, &'a str, String, Vec<Span>);

impl Rows<'_> {
    fn add(&mut self, (rule, subject, says, spans): Found<'_>, stages: &[StageId]) {
        let name = |s: &StageId| self.r.stage(*s).name.to_string();
        self.list.push(Row {
            rule,
            subject: subject.to_string(),
            says,
            stages: stages.iter().map(name).collect(),
            spans,
            held: Vec::new(),
        });
    }

    /// What holds of the run as a whole.
    fn run(&mut self) {
        let r = self.r;
        for assert in &r.asserts {
            let says = ["assert ", &crate::emit::diagram::words::cond(r, &assert.holds)].concat();
            self.add((rules::INPUT, "", says, vec![assert.origin.span]), &[]);
        }
        for lock in &r.locks {
            let says = ["lock ", &text(r, &lock.name)].concat();
            self.add((rules::LOCK, "", says, vec![lock.origin.span]), &[]);
        }
        let mut changed: Vec<&str> = Vec::new();
        for s in self.plan.stage_order() {
            let env = r.env(r.stage(s).environment);
            if r.is_production(r.stage(s).environment) && !changed.contains(&env.name.as_str()) {
                changed.push(&env.name);
            }
        }
        for name in changed {
            self.add(
                (rules::LOCK, name, "one run at a time".into(), vec![r.origin.span]),
                &[],
            );
        }
        for o in &r.overrides {
            let names = o.approvals.iter().map(|(a, _)| r.approval(*a).name.as_str());
            let names: Vec<&str> = names
                .chain(o.gates.iter().map(|(g, _)| r.gate(*g).name.as_str()))
                .collect();
            let says = ["skips ", &names.join(", "), "; quorum ", &o.quorum.to_string()].concat();
            self.add((rules::OVERRIDE, &o.name, says, vec![o.origin.span]), &[]);
            let apart = "never by author or executor".to_string();
            self.add((rules::DISTINCT, &o.name, apart, vec![o.origin.span]), &[]);
        }
    }

    fn approval(&mut self, id: ApprovalId) {
        let r = self.r;
        let a: &Approval = r.approval(id);
        let guarded: Vec<StageId> = self.guarded(|s| s.approved.iter().any(|(b, _)| *b == id));
        let own = a.origin.span;
        let name = a.name.as_str();
        let approved = ["approved ", name].concat();
        let back = |s: &Stage| matches!(&s.rollback, Rollback::Written(w) if w.approved.iter().any(|(b, _)| *b == id));
        // One that only a way back asks for has its row there.
        if !guarded.is_empty() || !r.stages.iter().any(back) {
            self.add((rules::APPROVAL, name, approved, vec![own]), &guarded);
        }
        let from: Vec<&str> = a.from.iter().map(|(w, _)| who(r, *w)).collect();
        self.add(
            (
                rules::MEMBERS,
                name,
                ["from ", &from.join(", ")].concat(),
                vec![own],
            ),
            &guarded,
        );
        let quorum = match a.quorum {
            Quorum::All => "all".to_string(),
            Quorum::Count(n) => n.to_string(),
        };
        let spans = vec![a.quorum_origin.as_ref().map_or(own, |o| o.span)];
        self.add(
            (rules::QUORUM, name, ["quorum ", &quorum].concat(), spans),
            &guarded,
        );
        if !a.distinct_from.is_empty() {
            let word = |d: &DistinctFrom| match d {
                DistinctFrom::Author => "author".to_string(),
                DistinctFrom::Executors => "executors".to_string(),
                DistinctFrom::Approval(b) => r.approval(*b).name.to_string(),
            };
            let words: Vec<String> = a.distinct_from.iter().map(|(d, _)| word(d)).collect();
            let spans = a.distinct_from.iter().map(|(_, o)| o.span).collect();
            let says = ["distinct_from ", &words.join(", ")].concat();
            self.add((rules::DISTINCT, name, says, spans), &guarded);
        }
        if let Some(origin) = &a.passes_written {
            let word = match a.passes {
                Passes::Majority => "majority",
                Passes::Unanimous => "unanimous",
            };
            self.add(
                (rules::PASSES, name, ["passes ", word].concat(), vec![origin.span]),
                &guarded,
            );
        }
        if let Some(within) = a.within {
            self.add(
                (
                    rules::WITHIN,
                    name,
                    ["within ", &within.to_string()].concat(),
                    vec![own],
                ),
                &guarded,
            );
        }
        self.refused(id, &guarded);
        if let Some(valid) = a.valid {
            self.add(
                (
                    rules::VALID,
                    name,
                    ["valid ", &valid.to_string()].concat(),
                    vec![own],
                ),
                &guarded,
            );
        }
    }

    /// The stages of which something holds, in order.
    fn guarded(&self, holds: impl Fn(&Stage) -> bool) -> Vec<StageId> {
        let all = self.plan.stage_order().into_iter();
        all.filter(|s| holds(self.r.stage(*s))).collect()
    }

    fn duties(&mut self) {
        let r = self.r;
        for rule in &r.duties {
            let seats: Vec<String> = rule.seats().iter().map(|s| seat(r, s)).collect();
            let seats = seats.join(", ");
            let says = match rule {
                DutyRule::Distinct(..) => ["distinct ", &seats].concat(),
                DutyRule::Same(..) => ["same ", &seats].concat(),
                DutyRule::AtMost(n, ..) => ["at_most ", &n.to_string(), ", ", &seats].concat(),
                DutyRule::AtLeast(n, ..) => ["at_least ", &n.to_string(), ", ", &seats].concat(),
            };
            self.add((rules::DUTY, "", says, vec![rule.origin().span]), &[]);
        }
        for role in &r.roles {
            for (other, origin) in &role.excludes {
                let says = ["excludes ", &r.role(*other).name].concat();
                self.add((rules::DUTY, &role.name, says, vec![origin.span]), &[]);
            }
        }
    }

    fn stage(&mut self, id: StageId) {
        let r = self.r;
        let s = r.stage(id);
        let own = s.origin.span;
        let here = [id];
        if !s.after.is_empty() {
            let names: Vec<&str> = s.after.iter().map(|a| r.stage(a.stage).name.as_str()).collect();
            let says = ["after ", &names.join(", ")].concat();
            self.add((rules::ORDER, "", says, vec![own]), &here);
        }
        if s.when != crate::model::Cond::True {
            let says = ["when ", &crate::emit::diagram::words::cond(r, &s.when)].concat();
            let span = s.when_origin.as_ref().map_or(own, |o| o.span);
            self.add((rules::CONDITION, "", says, vec![span]), &here);
        }
        for (list, origin) in &s.ready {
            let list = r.checklist(*list);
            let says = ["ready ", &list.name].concat();
            self.add(
                (
                    rules::CHECKLIST,
                    &list.name,
                    says,
                    vec![list.origin.span, origin.span],
                ),
                &here,
            );
        }
        if let Some(role) = s.started_by {
            let says = ["started_by ", &r.role(role).name].concat();
            self.add((rules::STARTED_BY, "", says, vec![own]), &here);
        }
        if in_window(r, id)
            && let Some(window) = &r.window
        {
            self.add(
                (rules::WINDOW, "", "window".into(), vec![window.origin.span]),
                &here,
            );
        }
        self.frozen(id);
        self.hands(id);
        if let Some((at, origin)) = &s.at {
            let says = ["at T+", &at.after.to_string()].concat();
            self.add((rules::AT, "", says, vec![origin.span]), &here);
        }
        if let Some(timeout) = s.timeout {
            self.add(
                (
                    rules::TIMEOUT,
                    "",
                    ["timeout ", &timeout.to_string()].concat(),
                    vec![own],
                ),
                &here,
            );
        }
        if let Some(rollout) = &s.rollout {
            let names: Vec<&str> = rollout.steps.iter().map(|s| s.name.as_str()).collect();
            let says = ["rollout ", &names.join(", ")].concat();
            self.add((rules::ROLLOUT, "", says, vec![rollout.origin.span]), &here);
            if let Some(demote) = &rollout.demote {
                let spans = vec![demote.origin.span];
                self.add((rules::FAILURE, "", "demote".into(), spans), &here);
            }
        }
        self.steps(id);
        self.ways_out(id);
    }

    fn frozen(&mut self, id: StageId) {
        let r = self.r;
        let environment = r.stage(id).environment;
        let Some(calendar) = r.calendar.map(|c| r.calendar_of(c)) else {
            return;
        };
        for freeze in &calendar.freezes {
            if freeze.environments.is_empty() || freeze.environments.contains(&environment) {
                let says = ["freeze ", &text(r, &freeze.why)].concat();
                self.add(
                    (rules::FREEZE, &calendar.name, says, vec![freeze.origin.span]),
                    &[id],
                );
            }
        }
        if !calendar.blackouts.is_empty() {
            let spans = vec![calendar.origin.span];
            self.add(
                (rules::FREEZE, &calendar.name, "quiet hours".into(), spans),
                &[id],
            );
        }
    }

    /// How long somebody may take to tell a fact or an event, and what counts after that.
    fn question(&mut self, id: StageId, subject: &str, asked: Option<(&Question, Option<Dur>)>, span: Span) {
        let Some((q, Some(within))) = asked else { return };
        let mut says = ["within ", &within.to_string()].concat();
        if let Some(default) = &q.default {
            says.push_str(&["; default ", &text(self.r, default)].concat());
        }
        self.add((rules::WITHIN, subject, says, vec![span]), &[id]);
    }

    /// What holds of steps: their times, retries, bakes, gates and artifacts.
    fn steps(&mut self, id: StageId) {
        let r = self.r;
        let s = r.stage(id);
        for gate in crate::emit::environments::gates_of(s) {
            self.otherwise(id, gate);
        }
        for (gate, origin) in &s.require {
            let gate = r.gate(*gate);
            let spans = vec![gate.origin.span, origin.span];
            self.add(
                (rules::GATE, &gate.name, ["require ", &gate.name].concat(), spans),
                &[id],
            );
            self.question(id, &gate.name, gate.question(), origin.span);
        }
        for step in s.forward_steps() {
            let span = step.origin.span;
            if let Some(timeout) = step.timeout.or(step.act().and_then(|a| a.timeout)) {
                let says = ["timeout ", &timeout.to_string()].concat();
                self.add((rules::TIMEOUT, "", says, vec![span]), &[id]);
            }
            if let Some(retry) = step.retry.as_ref().or(step.act().and_then(|a| a.retry.as_ref())) {
                let says = ["retry ", &retry.times.to_string()].concat();
                self.add((rules::RETRY, "", says, vec![span]), &[id]);
            }
            match &step.kind {
                StepKind::Wait(d) => {
                    let says = ["wait ", &d.to_string()].concat();
                    self.add((rules::BAKE, "", says, vec![span]), &[id]);
                }
                StepKind::Bake(d) => {
                    let says = ["bake ", &d.to_string()].concat();
                    self.add((rules::BAKE, "", says, vec![span]), &[id]);
                }
                StepKind::VerifyGate(g) => {
                    let gate = r.gate(*g);
                    let over = match (&gate.test, gate.over) {
                        (GateTest::Metrics(_), Some(over)) => ["; over ", &over.to_string()].concat(),
                        _ => String::new(),
                    };
                    let says = ["verify ", &gate.name, &over].concat();
                    self.add(
                        (rules::GATE, &gate.name, says, vec![gate.origin.span, span]),
                        &[id],
                    );
                    self.question(id, &gate.name, gate.question(), span);
                }
                StepKind::WaitFor(_) => self.question(id, "", r.question(step), span),
                StepKind::VerifyArtifact(a) => {
                    let says = ["verify ", &r.artifact(*a).name].concat();
                    self.add((rules::ARTIFACT, &r.artifact(*a).name, says, vec![span]), &[id]);
                }
                _ => {}
            }
        }
        if s.forward_steps()
            .iter()
            .any(|x| x.act().is_some_and(|a| !a.permits.is_empty()))
        {
            self.add((rules::RIGHTS, "", "permits".into(), vec![s.origin.span]), &[id]);
        }
    }

    /// What follows a failure, and the way back.
    fn ways_out(&mut self, id: StageId) {
        let r = self.r;
        let s = r.stage(id);
        if let Some(f) = &s.on_failure {
            let says = match &f.then {
                crate::model::Failure::Then(o) => ["then ", &outcome(r, o)].concat(),
                crate::model::Failure::Decision(d) => ["then decide ", &r.decision(*d).name].concat(),
            };
            self.add(
                (rules::FAILURE, "", says, vec![f.origin.span, s.origin.span]),
                &[id],
            );
        }
        match self.plan.undo(id) {
            StageUndo::Irreversible(..) => {
                self.add(
                    (
                        rules::IRREVERSIBLE,
                        "",
                        "irreversible".into(),
                        vec![s.origin.span],
                    ),
                    &[id],
                );
            }
            StageUndo::Derived(_) | StageUndo::Written(_) => {
                self.add((rules::UNDO, "", "rollback".into(), vec![s.origin.span]), &[id]);
            }
            StageUndo::Nothing | StageUndo::Harmless(..) => {}
        }
        if let Rollback::Written(w) = &s.rollback {
            if let Some(within) = w.within {
                let says = ["rollback within ", &within.to_string()].concat();
                self.add((rules::UNDO_WITHIN, "", says, vec![w.origin.span]), &[id]);
            }
            for (a, origin) in &w.approved {
                let says = ["rollback approved ", &r.approval(*a).name].concat();
                self.add(
                    (
                        rules::UNDO_APPROVAL,
                        &r.approval(*a).name,
                        says,
                        vec![origin.span],
                    ),
                    &[id],
                );
            }
        }
    }

    /// What stands around the stages.
    fn around(&mut self) {
        let r = self.r;
        self.hands_around();
        for d in &r.decisions {
            let options: Vec<&str> = d.options.iter().map(|o| o.name.as_str()).collect();
            let mut says = options.join(", ");
            if let Some(within) = d.question.within {
                says.push_str(&["; within ", &within.to_string()].concat());
            }
            self.add((rules::DECISION, &d.name, says, vec![d.origin.span]), &[]);
        }
        for t in &r.triggers {
            let test = match t.test {
                TriggerTest::Metrics(_) => "",
                TriggerTest::Ask(_) => "ask; ",
            };
            let says = [test, "then ", &outcome(r, &t.then)].concat();
            self.add((rules::TRIGGER, &t.name, says, vec![t.origin.span]), &t.during);
        }
        for hold in &r.holds {
            let says = [
                "during ",
                &r.stage(hold.from).name,
                " .. ",
                &r.stage(hold.to).name,
            ]
            .concat();
            self.add((rules::HOLD, &hold.name, says, vec![hold.origin.span]), &[]);
            if let Some((limit, origin)) = &hold.at_most {
                let says = ["at_most ", &limit.to_string()].concat();
                self.add((rules::HOLD_LIMIT, &hold.name, says, vec![origin.span]), &[]);
            }
        }
        let first = |steps: &[crate::model::Step]| steps.first().map(|s: &crate::model::Step| s.origin.span);
        if let Some(span) = first(&r.finally) {
            self.add((rules::FINALLY, "", "finally".into(), vec![span]), &[]);
        }
        for n in &r.notifies {
            let to = match n.to {
                crate::model::NotifyTarget::Channel(c) => &r.channel(c).name,
                crate::model::NotifyTarget::Role(role) => &r.role(role).name,
            };
            let moment = |m: &crate::model::Moment| match (m.stage, m.each) {
                (Some(s), _) => [m.kind.word(), "(", &r.stage(s).name, ")"].concat(),
                (None, true) => [m.kind.word(), "(each)"].concat(),
                (None, false) => m.kind.word().to_string(),
            };
            let on: Vec<String> = n.on.iter().map(moment).collect();
            let says = ["notify ", to, " on ", &on.join(", ")].concat();
            self.add((rules::MESSAGE, to, says, vec![n.origin.span]), &[]);
            if let Some((lead, origin)) = &n.lead {
                let says = ["lead ", &lead.to_string()].concat();
                self.add((rules::LEAD, to, says, vec![origin.span]), &[]);
            }
        }
        for e in &r.escalates {
            let mut says = ["escalate ", &r.channel(e.channel).name].concat();
            if let Some(d) = e.unanswered {
                says.push_str(&[" unanswered ", &d.to_string()].concat());
            }
            self.add(
                (
                    rules::ESCALATION,
                    &r.channel(e.channel).name,
                    says,
                    vec![e.origin.span],
                ),
                &[],
            );
        }
    }
}

fn who(r: &Release, who: RoleOrPerson) -> &str {
    match who {
        RoleOrPerson::Role(role) => &r.role(role).name,
        RoleOrPerson::Person(p) => &r.person(p).name,
    }
}

fn seat(r: &Release, seat: &Seat) -> String {
    match seat {
        Seat::Author => "author".into(),
        Seat::Executor(s) => ["executor(", &r.stage(*s).name, ")"].concat(),
        Seat::Executors => "executors".into(),
        Seat::Approvers => "approvers".into(),
        Seat::Approval(a) => r.approval(*a).name.to_string(),
        Seat::Decision(d) => ["decider of ", &r.decision(*d).name].concat(),
    }
}

/// An outcome as the plan writes it.
fn outcome(r: &Release, o: &FailureOutcome) -> String {
    match o {
        FailureOutcome::Rollback => "rollback".to_string(),
        FailureOutcome::RollbackStage(s) => format!("rollback({})", r.stage(*s).name),
        FailureOutcome::Pause => "pause".to_string(),
        FailureOutcome::Stop => "stop".to_string(),
        FailureOutcome::Continue { .. } => "continue".to_string(),
        FailureOutcome::Restart(s, most) => format!("restart({}, at_most: {most})", r.stage(*s).name),
        FailureOutcome::Escalate(c) => format!("escalate({})", r.channel(*c).name),
    }
}
