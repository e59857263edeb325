//! `gate/too_late`: the first gate comes when everyone is exposed already, or everyone is, by another way, while a rollout
//! still judges.

use crate::checks::place::first_part;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{ArtifactId, Cond, RolloutStep, Stage, StageId, Step, StepKind};
use crate::plan::{Node, Plan, StageUndo, Touch};
use crate::source::Rational;
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("gate/too_late");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let (plan, release) = (subject.plan, subject.plan.release());
    for stage in &release.stages {
        if let Some((late, first)) = late_rollout(stage) {
            let d = Diagnostic::error(
                CODE,
                late.origin.span,
                format!(
                    "the rollout of `{}` is judged only when everyone has it",
                    stage.name
                ),
            )
            .here("the first gate");
            let d = place::through(d, &late.origin);
            bag.push(
                d.fact(first.origin.span, "nothing is judged before the next step")
                    .help("judge at the first step, while few have it: `bake 15m; verify GATE`"),
            );
        }
    }
    beside_a_rollout(plan, bag);
    whole_plan(plan, bag);
}

/// A stage that ships to everyone what a rollout beside it ships step by step.
fn beside_a_rollout(plan: &Plan, bag: &mut Bag) {
    let release = plan.release();
    let ships = |s: &Stage| !s.ships.is_empty() && release.is_production(s.environment);
    let careful: Vec<StageId> = (0..release.stages.len())
        .map(StageId::at)
        .filter(|s| ships(release.stage(*s)) && grows(release.stage(*s)))
        .collect();
    if careful.is_empty() {
        return;
    }
    let mut seen = BTreeSet::new();
    for id in plan.stage_order() {
        let stage = release.stage(id);
        if !ships(stage) || stage.rollout.is_some() {
            continue;
        }
        let v = plan.variants();
        let beside = careful.iter().copied().find(|c| {
            let (a, b) = (Node::Stage(*c), Node::Stage(id));
            shared(release.stage(*c), stage).is_some()
                && !plan.precedes(a, b)
                && !plan.precedes(b, a)
                && v.possible(v.and(v.applies(a), v.applies(b)))
        });
        let Some((other, artifact)) =
            beside.and_then(|c| shared(release.stage(c), stage).map(|a| (release.stage(c), a)))
        else {
            continue;
        };
        if !seen.insert(stage.origin.span) {
            continue;
        }
        let name = &release.artifact(artifact).name;
        let mut d = Diagnostic::error(
            CODE,
            stage.origin.span,
            format!(
                "`{}` ships `{name}` to everyone while `{}` still judges it step by step",
                stage.name, other.name
            ),
        )
        .here("no rollout, and waits for none");
        if let Some(first) = other.rollout.iter().flat_map(|r| &r.steps).next() {
            d = place::fact(d, &first.origin, "only some are to have it at first");
        }
        bag.push(d.help(format!("let it wait: `after {}`", other.name)));
    }
}

/// Whether a stage exposes some before all.
fn grows(stage: &Stage) -> bool {
    let mut steps = stage.rollout.iter().flat_map(|r| &r.steps);
    steps.any(|s| s.weight.is_some_and(|w| w < Rational::ONE))
}

/// What both ship.
fn shared(a: &Stage, b: &Stage) -> Option<ArtifactId> {
    let mut mine = a.ships.iter().map(|(x, _)| *x);
    mine.find(|x| b.ships.iter().any(|(y, _)| x == y))
}

/// A rollout of several steps whose first gate stands at its last: that step, and the first.
pub(super) fn late_rollout(stage: &Stage) -> Option<(&RolloutStep, &RolloutStep)> {
    let steps: Vec<&RolloutStep> = stage
        .rollout
        .iter()
        .flat_map(|r| &r.steps)
        .filter(|s| s.when != Cond::False)
        .collect();
    let judged = steps.iter().position(|s| {
        let mut all = s.work.iter().chain(&s.checks);
        all.any(|s| matches!(s.kind, StepKind::VerifyGate(_)))
    })?;
    let everyone = steps[judged].weight == Some(Rational::ONE);
    (judged > 0 && everyone).then(|| (steps[judged], steps[0]))
}

/// A plan in which nothing at all is judged before, or in, the first stage that everyone gets at once.
fn whole_plan(plan: &Plan, bag: &mut Bag) {
    let release = plan.release();
    let mut before: BTreeSet<StageId> = BTreeSet::new();
    for id in plan.stage_order() {
        let stage = release.stage(id);
        let exposes = release.is_production(stage.environment) && exposes(plan, id);
        if !exposes {
            continue;
        }
        // A rollout has its own findings.
        if stage.rollout.is_some() {
            return;
        }
        let ancestors = plan.ancestors(Node::Stage(id));
        before.extend(
            (0..release.stages.len())
                .map(StageId::at)
                .filter(|s| plan.contains(&ancestors, Node::Stage(*s))),
        );
        if looks(stage) || before.iter().any(|s| looks(release.stage(*s))) {
            return;
        }
        let after = plan.descendants(Node::Stage(id));
        let gate = (0..release.stages.len())
            .map(StageId::at)
            .find(|s| plan.contains(&after, Node::Stage(*s)) && judges(release.stage(*s)));
        // Where nothing surely judges, there is nothing that could come too late.
        let Some(late) = gate else { return };
        bag.push(
            Diagnostic::error(
                CODE,
                stage.origin.span,
                format!(
                    "everyone has what `{}` changes before anything is judged",
                    stage.name
                ),
            )
            .here("changes production for everyone")
            .fact(release.stage(late).origin.span, "judged here for the first time")
            .help("judge in the stage itself, or in one before it: `verify GATE`")
            .help("or let exposure grow: `rollout { step 10% { bake 15m; verify GATE } … }`"),
        );
        return;
    }
}

/// First parts of keys that nobody sees from outside: copies, and what is switched around a change.
const UNSEEN: [&str; 9] = [
    "access",
    "alarm",
    "backup",
    "branch",
    "capacity",
    "limit",
    "lock",
    "maintenance",
    "snapshot",
];

/// Whether users get anything of what a stage changes.
fn exposes(plan: &Plan, id: StageId) -> bool {
    let seen = |t: &Touch<'_>| first_part(&t.key.key).is_none_or(|f| !UNSEEN.contains(&f.as_str()));
    !matches!(plan.undo(id), StageUndo::Harmless(..)) && plan.changes(id).iter().any(seen)
}

/// Whether a stage may judge something: what changes nothing may be a test, unless it was run for what it prints.
fn looks(stage: &Stage) -> bool {
    let test = |s: &&Step| match &s.kind {
        StepKind::Act(a) => a.effects.nothing && s.captures.is_empty(),
        _ => false,
    };
    judges(stage) || stage.forward_steps().iter().any(test)
}

/// Whether a stage surely judges something: a gate, an artifact, the output of a command, an outside job, a person's word.
fn judges(stage: &Stage) -> bool {
    let step = |s: &&Step| match &s.kind {
        StepKind::VerifyGate(_) | StepKind::VerifyArtifact(_) | StepKind::WaitFor(_) => true,
        StepKind::Act(a) => {
            !a.effects.exercises.is_empty()
                || (a.awaits && a.effects.changes.is_empty())
                || a.expect.is_some()
                || s.expect.is_some()
                || a.run.as_ref().is_some_and(|r| r.prints.is_some())
        }
        _ => false,
    };
    !stage.require.is_empty() || stage.forward_steps().iter().any(step)
}
