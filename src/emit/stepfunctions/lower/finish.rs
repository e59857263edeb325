//! The end of a run: restart or undo after a failure, holds left, `finally`, locks released, the final state.
//!
//! Every way ends here. Must not know what happened on the way but through variables. Called by `entry`.

use super::Lower;
use super::ask::catch_all;
use super::build::Label;
use super::call::{Hand, sdk};
use super::handler::then_key;
use super::step::Place;
use super::value::one_of;
use super::vars::{Join, TOP};
use super::watch::RESTART;
use crate::emit::parts::At;
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::{Assign, Fail, State, Succeed};
use crate::emit::stepfunctions::naming::{self, Duty};
use crate::model::{
    ApprovalId, ApprovalOutcome, CaptureId, CaptureSource, Failure, FailureOutcome, GateOutcome, MomentKind,
    OptionOutcome, StageId,
};
use crate::plan::{Node, StageUndo};
use std::collections::BTreeSet;

impl Lower<'_> {
    /// What follows a failure, up to the common end.
    pub fn failed(&mut self, at: &Label, again: &Label, end: &Label) {
        let (told, looked, undo) = (self.b.label(), self.b.label(), self.b.label());
        self.restart(at, again, &told);
        self.moment(MomentKind::Failed, None, TOP, &told, &looked);
        self.half(&looked, &undo);
        self.undo_all(&undo, end);
    }

    /// The common end: holds, `finally`, evidence, locks, messages, the final state.
    pub fn end(&mut self, at: &Label) {
        let (left, finally, kept, unlocked) =
            (self.b.label(), self.b.label(), self.b.label(), self.b.label());
        self.leave_all(at, &left);
        self.finally(&left, &finally);
        self.evidence(&finally, &kept);
        self.tidy(&kept, &unlocked);
        self.finals(&unlocked);
    }

    /// Releases what only this run holds; used on every way out.
    pub fn tidy(&mut self, at: &Label, next: &Label) {
        let mut here = at.clone();
        if self.parallel {
            let then = self.b.label();
            let names = self.all_flags();
            let names = names.iter().map(|f| Data::Expr(self.run_parameter(f)));
            let task = sdk(
                "ssm",
                "deleteParameters",
                Data::object([("Names", Data::List(names.collect()))]),
            );
            self.quietly(task, "remove the run's flags", &here, &then);
            here = then;
        }
        for (name, _) in naming::locks(self.release) {
            let then = self.b.label();
            self.unlock(&name, &here, &then);
            here = then;
        }
        self.b.same(&here, next);
    }

    /// A call whose failure changes nothing.
    pub fn quietly(
        &mut self,
        mut task: crate::emit::stepfunctions::model::Task,
        name: &str,
        at: &Label,
        next: &Label,
    ) {
        task.output = Some(Data::object([]));
        task.catch = vec![catch_all(Assign::new(), next)];
        task.next = next.some();
        self.note_around(&task);
        self.b.put(at, name, State::Task(Box::new(task)));
    }

    fn finally(&mut self, at: &Label, next: &Label) {
        let hand = Hand {
            duty: Duty::Around,
            environment: self.release.environment,
            scope: TOP,
        };
        let mut place = Place::plain("finally", "finally", At::Finally, hand, self.release.owner);
        place.persistent = true;
        self.best_effort(&self.release.finally, &place, at, next);
    }

    /// The record of the run, kept where nobody can change it. A record that cannot be kept ends nothing.
    fn evidence(&mut self, at: &Label, next: &Label) {
        let release = self.release;
        let stages = release
            .stages
            .iter()
            .enumerate()
            .map(|(i, s)| {
                let fact = self.names.stage(StageId::at(i));
                (Expr::str(s.name.as_str()), self.vars.read(&fact, TOP))
            })
            .collect();
        let grants = release
            .approvals
            .iter()
            .enumerate()
            .map(|(i, a)| {
                let fact = self.names.grant(ApprovalId::at(i));
                (Expr::str(a.name.as_str()), self.vars.read(&fact, TOP))
            })
            .collect();
        let record = Expr::object([
            ("release", Expr::str(release.name.as_str())),
            ("run", Expr::states(&["context", "Execution", "Id"])),
            ("started", Expr::states(&["context", "Execution", "StartTime"])),
            ("inputs", Expr::var("inputs")),
            ("stages", Expr::Object(stages)),
            ("approvals", Expr::Object(grants)),
            ("failures", self.vars.read("failures", TOP)),
            ("needs_help", self.helpless()),
        ]);
        let bucket = Expr::concat(vec![
            Expr::Str([&naming::bucket_prefix(release), "-"].concat()),
            Expr::var("account"),
        ]);
        let key = Expr::concat(vec![Expr::str("runs/"), Expr::var("run"), Expr::str(".json")]);
        let task = sdk(
            "s3",
            "putObject",
            Data::object([
                ("Bucket", Data::Expr(bucket)),
                ("Key", Data::Expr(key)),
                ("Body", Data::Expr(Expr::Call("string", vec![record]))),
                ("ContentType", Data::str("application/json")),
                ("ChecksumAlgorithm", Data::str("SHA256")),
            ]),
        );
        self.quietly(task, "keep the evidence", at, next);
    }

    /// Whether a person is needed: an undo or an exit failed, a branch was lost, or something irreversible stands half done.
    fn helpless(&self) -> Expr {
        let lost = Expr::op(
            Expr::str("EngineFailed"),
            "in",
            self.vars.read("failures", TOP).dot(&["error"]),
        );
        let half = (0..self.release.stages.len()).map(StageId::at).filter_map(|s| {
            if !matches!(self.plan.undo(s), StageUndo::Irreversible(..)) {
                return None;
            }
            let half = self.vars.read(&self.half_done(s), TOP);
            Some(half)
        });
        Expr::any([self.vars.read("help", TOP), lost].into_iter().chain(half))
    }

    /// The variable that says that an irreversible stage began and did not end.
    fn half_done(&self, id: StageId) -> String {
        ["half_", &self.release.stage(id).slug].concat()
    }

    /// Looks, before the undo changes what is known, which irreversible stages stand half done.
    pub fn half(&mut self, at: &Label, next: &Label) {
        let mut assign = Assign::new();
        for s in (0..self.release.stages.len()).map(StageId::at) {
            if matches!(self.plan.undo(s), StageUndo::Irreversible(..)) {
                let fact = self.half_done(s);
                self.vars.declare(&fact, Data::Bool(false), Join::Any, TOP);
                let mut half = vec![self.is_among(s, &["began", "again", "failed", "passed_by"])];
                if self.may_go_on_half_done(s) {
                    half.push(self.vars.read(&self.names.went_on(s), TOP).negated());
                }
                assign.insert(fact, Data::Expr(Expr::all(half)));
            }
        }
        if assign.is_empty() {
            self.b.same(at, next);
        } else {
            self.b.set(at, "what cannot be undone", assign, next);
        }
    }

    fn finals(&mut self, at: &Label) {
        let (help, back, stopped, well) = (self.b.label(), self.b.label(), self.b.label(), self.b.label());
        let failures = self.vars.read("failures", TOP);
        let none = Expr::eq(Expr::Call("count", vec![failures]), Expr::int(0));
        let rules = vec![
            (self.helpless(), help.clone()),
            (none, well.clone()),
            (self.all_back(), back.clone()),
        ];
        self.b.choose(at, "how did it end?", rules, &stopped);
        let end = self.b.label();
        self.moment(MomentKind::Finished, None, TOP, &well, &end);
        self.b.put(&end, "Succeeded", State::Succeed(Succeed::default()));
        let ways = [
            (help, MomentKind::NeedsHelp, "NeedsHelp"),
            (back, MomentKind::RolledBack, "RolledBack"),
            (stopped, MomentKind::Stopped, "Stopped"),
        ];
        for (label, moment, word) in ways {
            let end = self.b.label();
            self.moment(moment, None, TOP, &label, &end);
            let cause = Expr::Call(
                "substring",
                vec![
                    Expr::Call("string", vec![self.vars.read("failures", TOP)]),
                    Expr::int(0),
                    Expr::int(2_000),
                ],
            );
            let fail = Fail {
                comment: String::new(),
                error: word.into(),
                cause: Data::Expr(cause),
            };
            self.b.put(&end, word, State::Fail(fail));
        }
    }

    /// A restart goes back to the beginning of the order; what has ended and does not depend on the point is passed over.
    fn restart(&mut self, at: &Label, again: &Label, otherwise: &Label) {
        let mut rules = Vec::new();
        let count = Expr::Call("count", vec![self.vars.read("failures", TOP)]);
        for (stage, times) in self.restart_points() {
            let key = then_key(self.release, &FailureOutcome::Restart(stage, times));
            let counter = self.restarted(stage);
            let same = Expr::Call(
                "count",
                vec![Expr::Lambda(
                    "filter",
                    Box::new(self.vars.read("failures", TOP)),
                    "x",
                    Box::new(Expr::eq(Expr::var("x").dot(&["then"]), Expr::str(&key))),
                )],
            );
            let left = Expr::op(self.vars.read(&counter, TOP), "<", Expr::int(i64::from(times)));
            let (go, begins) = (self.b.label(), self.b.label());
            rules.push((Expr::all([Expr::eq(same, count.clone()), left]), go.clone()));
            let name = ["restart from ", &self.release.stage(stage).name].concat();
            if self.parallel {
                // With the flag still up no branch would begin anything, and the run would end as if all were well.
                let title = [&name, ": branches may begin again"].concat();
                self.put_flag(RESTART, false, &title, &go, (&begins, otherwise));
            } else {
                self.b.same(&go, &begins);
            }
            let assign = self.cleared(stage, &counter);
            self.b.set(&begins, &name, assign, again);
        }
        self.b.choose(at, "restart?", rules, otherwise);
    }

    /// The variable that says how often the run has started over from a stage.
    pub fn restarted(&mut self, stage: StageId) -> String {
        let counter = ["restarts_", &self.release.stage(stage).slug].concat();
        self.vars.declare(&counter, Data::int(0), Join::Changed, TOP);
        counter
    }

    /// What a restart forgets: grants, ticks, captures, decisions and gates of the stage and of what depends on it.
    fn cleared(&mut self, point: StageId, counter: &str) -> Assign {
        let release = self.release;
        let after = self.plan.descendants(Node::Stage(point));
        let inside = |n: Node| n == Node::Stage(point) || self.plan.contains(&after, n);
        let mut assign: Assign = Assign::new();
        let plus = |fact: &str| Data::Expr(Expr::op(Expr::var(fact), "+", Expr::int(1)));
        assign.insert(counter.to_string(), plus(counter));
        assign.insert("attempt".into(), plus("attempt"));
        assign.insert("failures".into(), Data::List(Vec::new()));
        for (i, stage) in release.stages.iter().enumerate() {
            let id = StageId::at(i);
            if !inside(Node::Stage(id)) {
                continue;
            }
            let fact = self.names.stage(id);
            let began = one_of(
                Expr::var(&fact),
                &["began", "again", "passed", "failed", "passed_by"],
            );
            assign.insert(
                fact,
                Data::Expr(Expr::cond(began, Expr::str("again"), Expr::str("pending"))),
            );
            for gate in crate::emit::environments::gates_of(stage) {
                assign.insert(self.names.gate(gate), Data::str("pending"));
            }
            for (list, _) in &stage.ready {
                assign.insert(self.names.ticked(*list), Data::Bool(false));
            }
            // Whoever approved it approved what was there then.
            let of_steps = stage
                .rollout
                .iter()
                .flat_map(|r| &r.steps)
                .flat_map(|r| &r.approved);
            for (approval, _) in stage.approved.iter().chain(of_steps) {
                assign.insert(self.names.grant(*approval), Data::Null);
            }
            for (c, capture) in release.captures.iter().enumerate() {
                let c = CaptureId::at(c);
                if capture.source == CaptureSource::Stage(id) {
                    let name = self.names.capture(c);
                    if self.is_kept(c) {
                        // What is taken back later needs what it was done with.
                        let kept = self.names.kept(c);
                        self.vars.declare(&kept, Data::Null, Join::Changed, TOP);
                        let none = Expr::eq(Expr::var(&name), Expr::Null);
                        let last = Expr::cond(none, Expr::var(&kept), Expr::var(&name));
                        assign.insert(kept, Data::Expr(last));
                    }
                    assign.insert(name, Data::Null);
                }
            }
        }
        for i in 0..release.approvals.len() {
            let id = ApprovalId::at(i);
            if inside(Node::Approval(id)) {
                assign.insert(self.names.grant(id), Data::Null);
            }
        }
        for i in 0..release.decisions.len() {
            let id = crate::model::DecisionId::at(i);
            if inside(Node::Decision(id)) {
                assign.insert(self.names.decision(id), Data::Null);
            }
        }
        assign
    }

    /// Whether any failure can restart a part of the run.
    pub fn restarts(&self) -> bool {
        !self.restart_points().is_empty()
    }

    /// The stages a failure can restart, with how often.
    pub fn restart_points(&self) -> Vec<(StageId, u32)> {
        let find = || {
            let mut points = Vec::new();
            let mut seen = BTreeSet::new();
            self.each_outcome(&mut |o| {
                if let FailureOutcome::Restart(s, n) = o
                    && seen.insert((*s, *n))
                {
                    points.push((*s, *n));
                }
            });
            points
        };
        self.points.restarts.get_or_init(find).clone()
    }

    /// Everything the plan says can follow a failure, a rejection, a trigger or an option.
    pub fn each_outcome(&self, see: &mut dyn FnMut(&FailureOutcome)) {
        let r = self.release;
        let failures = r.stages.iter().filter_map(|s| s.on_failure.as_ref());
        for of in failures.chain(&r.on_failure) {
            if let Failure::Then(o) = &of.then {
                see(o);
            }
        }
        for gate in &r.gates {
            if let Some((GateOutcome::Then(o), _)) = &gate.otherwise {
                see(o);
            }
        }
        for trigger in &r.triggers {
            see(&trigger.then);
        }
        for option in r.decisions.iter().flat_map(|d| &d.options) {
            if let OptionOutcome::Then(o) = &option.then {
                see(o);
            }
        }
        for approval in &r.approvals {
            if let ApprovalOutcome::Restart(s, n) = approval.otherwise {
                see(&FailureOutcome::Restart(s, n));
            }
        }
    }
}
