//! `gate/unmeasured`: a person answers a gate, or a trigger, in production, and nothing says by what.
//!
//! A place to look at is no criterion: it says where, and not what must be seen there.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{GateId, GateTest, Origin, Question, Stage, TriggerTest};

/// The diagnostic.
pub const CODE: Code = Code("gate/unmeasured");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let (plan, release) = (subject.plan, subject.plan.release());
    for (i, gate) in release.gates.iter().enumerate() {
        let GateTest::Ask(question) = &gate.test else {
            continue;
        };
        let judged = plan.judges(GateId::at(i)).iter().map(|s| release.stage(*s));
        let Some(stage) = judged.into_iter().find(|s| release.is_production(s.environment)) else {
            continue;
        };
        look(&gate.name, question, &gate.origin, "judged here", stage, bag);
    }
    for trigger in &release.triggers {
        let TriggerTest::Ask(question) = &trigger.test else {
            continue;
        };
        let watched = trigger.during.iter().map(|s| release.stage(*s));
        let Some(stage) = watched.into_iter().find(|s| release.is_production(s.environment)) else {
            continue;
        };
        look(
            &trigger.name,
            question,
            &trigger.origin,
            "watched here",
            stage,
            bag,
        );
    }
}

fn look(name: &str, question: &Question, origin: &Origin, what: &str, stage: &Stage, bag: &mut Bag) {
    if question.expect.is_some() || question.evidence.is_some() {
        return;
    }
    let (message, here) = if question.console.is_some() {
        (
            format!("nothing says what must be seen for `{name}`"),
            "says where to look, and not what for",
        )
    } else {
        (
            format!("nothing says by what `{name}` is answered"),
            "a question without a criterion",
        )
    };
    bag.push(
        Diagnostic::warning(CODE, origin.span, message)
            .here(here)
            .fact(stage.origin.span, format!("{what}, in production"))
            .help("say what must be seen: `expect \"p95 below 300 ms on the dashboard\"`")
            .help("or what is left behind: `evidence \"…\"`"),
    );
}
