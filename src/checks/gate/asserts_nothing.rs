//! `gate/asserts_nothing`: a command that is meant to judge cannot fail in the way it is meant to.

use crate::checks::gate::shell::{Blind, blind};
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Act, GateId, GateTest, Origin, StepKind, WaitTest};

/// The diagnostic.
pub const CODE: Code = Code("gate/asserts_nothing");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let (plan, release) = (subject.plan, subject.plan.release());
    for (i, gate) in release.gates.iter().enumerate() {
        if let (GateTest::Run(act), false) = (&gate.test, plan.judges(GateId::at(i)).is_empty()) {
            look(act, &gate.origin, &format!("the gate `{}`", gate.name), bag);
        }
    }
    for item in release.checklists.iter().flat_map(|c| &c.items) {
        if let Some(act) = &item.check {
            look(act, &item.origin, "this item", bag);
        }
    }
    for stage in &release.stages {
        for step in stage.forward_steps() {
            if let StepKind::WaitFor(wait) = &step.kind
                && let WaitTest::Run(act) = &wait.test
            {
                look(act, &step.origin, "what is waited for", bag);
            }
        }
    }
}

fn look(act: &Act, origin: &Origin, what: &str, bag: &mut Bag) {
    let Some(run) = &act.run else { return };
    // The output is checked, whatever the command says.
    if run.prints.is_some() {
        return;
    }
    let Some(why) = blind(&run.script) else { return };
    let (reason, help) = match why {
        Blind::Prints => (
            "nothing in it can fail",
            "run what can fail: a test, or a command whose output is checked with `prints`",
        ),
        Blind::Forgiven => ("what fails in it is forgiven", "remove what forgives: `|| true`"),
        Blind::Curl => (
            "`curl` succeeds whatever the server answers",
            "let it fail on errors: `curl --fail`, or check what it prints: `prints '\"status\": *\"ok\"'`",
        ),
        Blind::Make => (
            "`make` without a target does whatever comes first in the Makefile",
            "name the target that tests: `make smoke`",
        ),
    };
    let d = Diagnostic::error(
        CODE,
        run.span,
        format!("the command of {what} asserts nothing: {reason}"),
    )
    .here("cannot fail in the way it is meant to");
    bag.push(place::fact(d, origin, "judged by it").help(help));
}
