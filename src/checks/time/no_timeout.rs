//! `time/no_timeout`: a wait for a person or for an outside job has no bound.
//!
//! Where the timeline runs over days (`at T-3d`), what a later stage with a planned moment waits for has one: the day is known.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{
    Act, ApprovalId, DecisionId, GateId, GateTest, Origin, Stage, StageId, Step, StepKind, WaitTest,
};
use crate::plan::{Node, Plan};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("time/no_timeout");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// A wait without a bound: where it is, what for, and how to bound it.
struct Endless<'a> {
    origin: &'a Origin,
    what: String,
    help: &'static str,
}

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let planned = Planned::new(plan);
    let mut found: Vec<Endless<'_>> = Vec::new();
    for (i, a) in r.approvals.iter().enumerate() {
        let node = Node::Approval(ApprovalId::at(i));
        let needed = !plan.waited_by(node).is_empty();
        if needed && a.within.is_none() && !planned.before(node) {
            found.push(Endless {
                origin: &a.origin,
                what: format!("`{}` may stay unanswered for ever", a.name),
                help: "say how long they may take: `within 2d`",
            });
        }
    }
    for (i, d) in r.decisions.iter().enumerate() {
        if d.question.within.is_some() || planned.before(Node::Decision(DecisionId::at(i))) {
            continue;
        }
        found.push(Endless {
            origin: &d.origin,
            what: format!("`{}` may stay undecided for ever", d.name),
            help: "say how long it may take, `within 2d`, and what follows then, `default OPTION`",
        });
    }
    for (i, g) in r.gates.iter().enumerate() {
        let asked_in = plan.judges(GateId::at(i));
        let dated = !asked_in.is_empty() && asked_in.iter().all(|s| planned.before(Node::Stage(*s)));
        let bound = g.timeout.is_some();
        match &g.test {
            GateTest::Ask(q) if q.within.is_none() && !bound && !dated => found.push(Endless {
                origin: &g.origin,
                what: format!("the question of `{}` may stay unanswered for ever", g.name),
                help: "say how long an answer may take: `within 4h`",
            }),
            GateTest::Job(act) if act.timeout.is_none() && !bound => found.push(Endless {
                origin: &g.origin,
                what: format!("the job of `{}` may never end", g.name),
                help: "say when it is given up: `timeout 2h`",
            }),
            _ => {}
        }
    }
    for (i, stage) in r.stages.iter().enumerate() {
        let dated = planned.before(Node::Stage(StageId::at(i)));
        let steps = stage.forward_steps().into_iter();
        found.extend(steps.filter_map(|s| endless(stage, s, dated)));
    }
    let mut seen = BTreeSet::new();
    for e in found {
        if seen.insert(e.origin.span) {
            bag.push(
                Diagnostic::warning(CODE, e.origin.span, e.what)
                    .here("waits without a bound")
                    .help(e.help),
            );
        }
    }
}

fn endless<'a>(stage: &'a Stage, step: &'a Step, dated: bool) -> Option<Endless<'a>> {
    let bound = step.timeout.is_some() || stage.timeout.is_some();
    let job = |act: &Act| act.timeout.is_none() && !bound;
    let (what, help) = match &step.kind {
        StepKind::WaitFor(w) if w.within.is_none() => match &w.test {
            WaitTest::Ask(q) if q.within.is_none() && !bound && !dated => {
                ("may wait for an answer for ever", "say how long: `within 4h`")
            }
            WaitTest::Job(act) if job(act) => {
                ("may wait for a job that never ends", "say how long: `within 2h`")
            }
            WaitTest::Run(_) if !bound => ("may wait for ever", "say how long: `within 2h`"),
            _ => return None,
        },
        StepKind::Act(act) if act.awaits && job(act) => (
            "may wait for a job that never ends",
            "say when it is given up: `timeout 2h`",
        ),
        _ => return None,
    };
    Some(Endless {
        origin: &step.origin,
        what: format!("`{}` {what}", stage.name),
        help,
    })
}

/// A day, in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// What a stage with a planned moment waits for, where the timeline runs over days.
struct Planned(BTreeSet<Node>);

impl Planned {
    fn new(plan: &Plan) -> Planned {
        let r = plan.release();
        let moment = |id: StageId| r.stage(id).at.as_ref().map(|(o, _)| o);
        let days = (0..r.stages.len())
            .filter_map(|i| moment(StageId::at(i)))
            .any(|o| o.after.ms.abs() >= DAY || o.after.working_days != 0);
        let mut before = BTreeSet::new();
        if !days {
            return Planned(before);
        }
        let order: Vec<Node> = plan.order().collect();
        for node in order.into_iter().rev() {
            let planned = |next: Node| matches!(next, Node::Stage(s) if moment(s).is_some());
            let mut next = plan.waited_by(node).into_iter();
            if next.any(|(n, _)| planned(n) || before.contains(&n)) {
                before.insert(node);
            }
        }
        Planned(before)
    }

    fn before(&self, node: Node) -> bool {
        self.0.contains(&node)
    }
}
