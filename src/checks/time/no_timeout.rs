//! `time/no_timeout`: a wait for a person or for an outside job has no bound.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Act, GateTest, Origin, Stage, Step, StepKind, WaitTest};
use crate::plan::Node;

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
    let mut found: Vec<Endless<'_>> = Vec::new();
    for (i, a) in r.approvals.iter().enumerate() {
        let needed = !plan
            .waited_by(Node::Approval(crate::model::ApprovalId::at(i)))
            .is_empty();
        if needed && a.within.is_none() {
            found.push(Endless {
                origin: &a.origin,
                what: format!("`{}` may stay unanswered for ever", a.name),
                help: "say how long they may take: `within 2d`",
            });
        }
    }
    for d in r.decisions.iter().filter(|d| d.question.within.is_none()) {
        found.push(Endless {
            origin: &d.origin,
            what: format!("`{}` may stay undecided for ever", d.name),
            help: "say how long it may take, `within 2d`, and what follows then, `default OPTION`",
        });
    }
    for g in &r.gates {
        let bound = g.timeout.is_some();
        match &g.test {
            GateTest::Ask(q) if q.within.is_none() && !bound => found.push(Endless {
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
    for stage in &r.stages {
        found.extend(
            stage
                .forward_steps()
                .into_iter()
                .filter_map(|s| endless(stage, s)),
        );
    }
    let mut seen = std::collections::BTreeSet::new();
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

fn endless<'a>(stage: &'a Stage, step: &'a Step) -> Option<Endless<'a>> {
    let bound = step.timeout.is_some() || stage.timeout.is_some();
    let job = |act: &Act| act.timeout.is_none() && !bound;
    let (what, help) = match &step.kind {
        StepKind::WaitFor(w) if w.within.is_none() => match &w.test {
            WaitTest::Ask(q) if q.within.is_none() && !bound => {
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
