//! `gate/passive_only`: production is changed and only watched; nothing tries it out.
//!
//! A person who is asked, or a command that says it changes nothing, may look at a log or try the thing out: `exercises` says
//! which. A command that says nothing gets the benefit of the doubt.

use crate::checks::gate::shell;
use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{GateId, GateTest, Stage, StageId, Step, StepKind, Text, TextPart, WaitTest};
use crate::plan::{Node, Plan, StageUndo};

/// The diagnostic.
pub const CODE: Code = Code("gate/passive_only");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let (plan, release) = (subject.plan, subject.plan.release());
    let order = plan.stage_order();
    let production = |s: &StageId| release.is_production(release.stage(*s).environment);
    let changing: Vec<StageId> = order
        .into_iter()
        .filter(|s| production(s) && plan.changes_something(*s))
        .collect();
    let (Some(first), Some(last)) = (changing.first(), changing.last()) else {
        return;
    };
    let watched = release
        .gates
        .iter()
        .enumerate()
        .find(|(i, _)| plan.judges(GateId::at(*i)).iter().any(production));
    // A gate that nothing follows from would have tried it: that is the finding. Pages and messages need no trying.
    let idle = |i: usize| plan.judges(GateId::at(i)).is_empty();
    let harmless = |s: &StageId| matches!(plan.undo(*s), StageUndo::Harmless(..));
    if watched.is_none() && ((0..release.gates.len()).any(idle) || changing.iter().all(harmless)) {
        return;
    }
    let after = plan.descendants(Node::Stage(*first));
    let tried = (0..release.stages.len()).map(StageId::at).any(|s| {
        (s == *first || plan.contains(&after, Node::Stage(s)) || changing.contains(&s))
            && tries(plan, release.stage(s))
    });
    if tried {
        return;
    }
    // What is changed after the last look, a note or a clean-up, is not what was looked at.
    let mut looked: Vec<bool> = (0..release.stages.len())
        .map(StageId::at)
        .map(|s| production(&s) && judges(release.stage(s)))
        .collect();
    for s in plan.stage_order().into_iter().rev() {
        if looked[s.index()] {
            release
                .stage(s)
                .after
                .iter()
                .for_each(|a| looked[a.stage.index()] = true);
        }
    }
    let looked_at = changing.iter().rev().find(|s| looked[s.index()]);
    // A page or a clean-up at the end is not what one would try.
    let shipping = changing
        .iter()
        .rev()
        .find(|s| !release.stage(**s).ships.is_empty());
    let matters = shipping.or_else(|| changing.iter().rev().find(|s| !harmless(s)));
    let stage = release.stage(*looked_at.or(matters).unwrap_or(last));
    let mut d = Diagnostic::warning(
        CODE,
        stage.origin.span,
        format!(
            "nothing tries production out after `{}` has changed it",
            stage.name
        ),
    )
    .here("changed here");
    match watched {
        Some((_, gate)) => {
            let why = match gate.test {
                GateTest::Metrics(_) => "only watches what users do",
                _ => "does not say that it `exercises` anything",
            };
            d = d.fact(gate.origin.span, why);
        }
        None => d = d.note("no gate is judged in production"),
    }
    bag.push(
        d.help("try it: a smoke test as a gate, `gate smoke { run \"./smoke.sh\"; exercises \"KEY\" }`, or an action that `exercises` it"),
    );
}

fn judges(stage: &Stage) -> bool {
    let steps = stage.forward_steps();
    steps.iter().any(|s| matches!(s.kind, StepKind::VerifyGate(_)))
}

/// Whether a stage does more than watch: it runs a test, asks a person, or uses what was changed.
fn tries(plan: &Plan, stage: &Stage) -> bool {
    let release = plan.release();
    let active = |g: GateId| {
        let gate = release.gate(g);
        !gate.exercises.is_empty()
            || match &gate.test {
                GateTest::Metrics(_) => false,
                GateTest::Job(_) => true,
                GateTest::Run(act) => {
                    let checked = act.run.as_ref().is_some_and(|r| r.prints.is_some());
                    // A command that asserts nothing is found as such.
                    let blind = act
                        .run
                        .as_ref()
                        .is_some_and(|r| shell::blind(&r.script).is_some());
                    !act.effects.nothing || !act.effects.exercises.is_empty() || checked || blind
                }
                GateTest::Ask(question) => question.expect.is_some(),
            }
    };
    let step = |s: &&Step| match &s.kind {
        StepKind::VerifyGate(g) => active(*g),
        StepKind::Act(a) => {
            !a.effects.exercises.is_empty()
                || a.run.as_ref().is_some_and(|r| r.prints.is_some())
                || (a.effects.nothing && !a.effects.reads.is_empty())
                || a.manual
                    .as_ref()
                    .is_some_and(|m| a.expect.is_some() || s.expect.is_some() || says_so(&m.what))
        }
        StepKind::WaitFor(w) => !matches!(w.test, WaitTest::Ask(_)) || s.expect.is_some(),
        _ => false,
    };
    stage.forward_steps().iter().any(step)
}

/// Whether a person is told to try something.
fn says_so(what: &Text) -> bool {
    const TRYING: &[&str] = &[
        "check", "confirm", "exercise", "smoke", "test", "tests", "try", "validate", "verify",
    ];
    let known = what.parts.iter().filter_map(|p| match p {
        TextPart::Lit(t) => Some(t.as_str()),
        TextPart::Sym(_) => None,
    });
    known
        .flat_map(|t| t.split(|c: char| !c.is_alphanumeric()))
        .any(|w| TRYING.contains(&w.to_lowercase().as_str()))
}
