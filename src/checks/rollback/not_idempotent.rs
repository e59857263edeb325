//! `rollback/not_idempotent`: an undo may meet an action that is half done or never began, and does not say that it copes.
//!
//! A failing step is half done when its undo runs, and a written rollback runs whole, whatever had begun. Work of people is
//! left to people: they see what they find. Only production is held to it.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Act, Origin, StageId, Step, Undo};
use crate::plan::{Plan, StageUndo, doing};
use crate::source::Span;
use indexmap::IndexMap;

/// The diagnostic.
pub const CODE: Code = Code("rollback/not_idempotent");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let mut found: IndexMap<Span, (StageId, &Origin, bool)> = IndexMap::new();
    for i in 0..r.stages.len() {
        let id = StageId::at(i);
        if !r.is_production(r.stage(id).environment) {
            continue;
        }
        for (origin, written) in unsure(plan, id) {
            found.entry(origin.span).or_insert((id, origin, written));
        }
    }
    for (span, (id, origin, written)) in found {
        let stage = r.stage(id);
        let why = if written {
            "a written rollback runs whole: it may undo what never began"
        } else {
            "the step that fails is half done when this runs"
        };
        let d = Diagnostic::warning(
            CODE,
            span,
            format!(
                "the undo of `{}` does not say that it may run on half-done work",
                stage.name
            ),
        )
        .here("not `idempotent`");
        let d = place::through(d, origin);
        bag.push(
            d.fact(
                stage.origin.span,
                format!("`{}` can fail at any step", stage.name),
            )
            .note(why)
            .help("make it so that running it twice, or for nothing, does no harm, and write `idempotent`"),
        );
    }
}

/// The undos of a stage that do not say they are idempotent, and whether they are written as steps.
fn unsure(plan: &Plan, id: StageId) -> Vec<(&Origin, bool)> {
    match plan.undo(id) {
        StageUndo::Written(w) => w
            .steps
            .iter()
            .filter(|s| doing(s).is_some_and(|a| automatic(a) && !copes(s, a)))
            .map(|s| (&s.origin, true))
            .collect(),
        StageUndo::Derived(steps) => steps
            .into_iter()
            .filter(|s| automatic(s.act) && !s.act.idempotent)
            .map(|s| {
                let act = doing(s.undoes);
                let said = act.and_then(|a| match &a.undo {
                    Undo::By { origin, .. } => Some(origin),
                    _ => None,
                });
                (said.unwrap_or(&s.undoes.origin), false)
            })
            .collect(),
        StageUndo::Nothing | StageUndo::Irreversible(..) | StageUndo::Harmless(..) => Vec::new(),
    }
}

/// Whether a machine does it and it does something.
fn automatic(act: &Act) -> bool {
    (act.run.is_some() || act.task.is_some()) && !act.effects.nothing
}

fn copes(step: &Step, act: &Act) -> bool {
    step.idempotent || act.idempotent
}
