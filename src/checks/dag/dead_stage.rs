//! `dag/dead_stage`: a stage that can start in no variant and after no outcome.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{
    Atom, Cond, FailureOutcome, OptionOutcome, Outcome, Release, Stage, StageId, Subject as Of,
};
use crate::plan::{Node, Plan, Truth};

/// The diagnostic.
pub const CODE: Code = Code("dag/dead_stage");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    for i in 0..plan.release().stages.len() {
        let id = StageId::at(i);
        let stage = plan.release().stage(id);
        match plan.variants().find(plan, plan.starts(id)) {
            Truth::In(_) => {}
            Truth::Never => bag.push(dead(plan, id, stage)),
            Truth::Undecided => bag.push(place::undecided(
                CODE,
                stage.origin.span,
                format!("`{}` can ever start", stage.name),
            )),
        }
    }
}

fn dead(plan: &Plan, id: StageId, stage: &Stage) -> Diagnostic {
    let r = plan.release();
    let span = stage.when_origin.as_ref().unwrap_or(&stage.origin).span;
    let mut d = Diagnostic::warning(CODE, span, format!("`{}` can never start", stage.name));
    let applies = plan.variants().applies(Node::Stage(id));
    if plan.variants().possible(applies) {
        // It applies, but everything it waits for ends the run first.
        d = d.here("the run has ended whenever this could start");
        for (decision, edge) in plan.waits_for(Node::Stage(id)) {
            if let Node::Decision(x) = decision {
                let name = &r.decision(x).name;
                d = place::fact(d, &edge.origin, format!("waits for `{name}`"));
                d = d.fact(
                    r.decision(x).origin.span,
                    format!("no option of `{name}` lets the run go on"),
                );
            }
        }
        return d.help("let an option proceed, or remove the stage");
    }
    d = d.here(match &stage.when {
        Cond::False => "never true with the parameters as they are fixed",
        _ => "never true",
    });
    for atom in stage.when.atoms() {
        if let Some((origin, text)) = reason(r, atom) {
            d = d.fact(origin, text);
        }
    }
    for assert in &r.asserts {
        d = d.fact(assert.origin.span, "every run keeps to this");
    }
    d.help("correct the condition, or remove the stage")
}

/// Why an atom may never hold, when that is the outcome's own doing.
pub(super) fn reason(r: &Release, atom: &Atom) -> Option<(crate::source::Span, String)> {
    match atom {
        Atom::Decision { decision, option } => {
            let option = r.decision(*decision).options.get(*option)?;
            let OptionOutcome::Then(then) = &option.then else {
                return None;
            };
            let ends = match then {
                FailureOutcome::Stop => "stops the run",
                FailureOutcome::Rollback | FailureOutcome::RollbackStage(_) => "rolls back",
                FailureOutcome::Restart(..) => "starts again",
                _ => return None,
            };
            Some((option.origin.span, format!("`{}` {ends}", option.name)))
        }
        Atom::Outcome {
            subject,
            outcome: Outcome::Failed,
        } => {
            let (name, origin) = match subject {
                Of::Stage(s) => (&r.stage(*s).name, &r.stage(*s).origin),
                Of::Gate(g) => (&r.gate(*g).name, &r.gate(*g).origin),
            };
            Some((
                origin.span,
                format!("when `{name}` fails, the run does not go on"),
            ))
        }
        _ => None,
    }
}
