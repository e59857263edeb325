//! `gate/no_consequence`: a gate that nothing judges, so that nothing follows from it.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Atom, Cond, GateId, OptionTestExpr, Release, Rollback, Step, StepKind, Subject as Of};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("gate/no_consequence");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let judged = judged(release);
    let asked = asked(release);
    for (i, gate) in release.gates.iter().enumerate() {
        let id = GateId::at(i);
        if judged.contains(&id) {
            continue;
        }
        let mut d = Diagnostic::error(
            CODE,
            gate.origin.span,
            format!("nothing follows from the gate `{}`", gate.name),
        )
        .here("no stage requires or verifies it");
        if asked.contains(&id) {
            d = d.note("a condition asks how it came out, and it is never judged");
        }
        bag.push(
            d.help(format!(
                "judge it where it matters: `verify {0}` as a step, or `require {0}` before a stage",
                gate.name
            ))
            .help("or remove it"),
        );
    }
}

/// The gates that some stage judges.
fn judged(release: &Release) -> BTreeSet<GateId> {
    let required = release
        .stages
        .iter()
        .flat_map(|s| s.require.iter().map(|(g, _)| *g));
    let verified = steps(release).into_iter().filter_map(|s| match s.kind {
        StepKind::VerifyGate(g) => Some(g),
        _ => None,
    });
    required.chain(verified).collect()
}

/// The gates whose outcome some condition asks for.
fn asked(release: &Release) -> BTreeSet<GateId> {
    let stages = release.stages.iter().map(|s| &s.when);
    let steps = steps(release).into_iter().map(|s| &s.when);
    let rollouts = release.stages.iter().filter_map(|s| s.rollout.as_ref());
    let rollouts = rollouts.flat_map(|r| &r.steps).map(|s| &s.when);
    let options = release
        .decisions
        .iter()
        .flat_map(|d| &d.options)
        .filter_map(|o| match &o.test {
            Some(OptionTestExpr::Cond(c)) => Some(c),
            _ => None,
        });
    stages
        .chain(steps)
        .chain(rollouts)
        .chain(options)
        .chain(release.approvals.iter().map(|a| &a.when))
        .chain(release.decisions.iter().map(|d| &d.when))
        .chain(release.notifies.iter().map(|n| &n.when))
        .chain(release.obligations.iter().map(|o| &o.when))
        .flat_map(Cond::atoms)
        .filter_map(|a| match a {
            Atom::Outcome {
                subject: Of::Gate(g), ..
            } => Some(*g),
            _ => None,
        })
        .collect()
}

/// Every step of the release, wherever it stands.
fn steps(release: &Release) -> Vec<&Step> {
    let mut list: Vec<&Step> = Vec::new();
    for stage in &release.stages {
        list.extend(stage.forward_steps());
        list.extend(stage.on_failure.iter().flat_map(|f| &f.steps));
        if let Rollback::Written(w) = &stage.rollback {
            list.extend(&w.steps);
        }
    }
    for hold in &release.holds {
        list.extend(hold.enter.iter().chain(&hold.exit));
    }
    list.extend(release.on_failure.iter().flat_map(|f| &f.steps));
    list.extend(&release.finally);
    list
}
