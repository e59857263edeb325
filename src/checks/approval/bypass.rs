//! `approval/bypass`: one of two ways to the same place has fewer approvals or gates than the other, or an override takes
//! fewer people than the approvals it skips.
//!
//! Two ways are stages that exclude each other and change the same thing in production. A way that replaces an approval by
//! another of its own drops nothing; what was verified and is shipped one way only counts like a gate. An override is measured where it leaves a stage with no approval at all, and where whoever
//! does the work may drop, alone, the gate that judges it.

use crate::checks::sod::words;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{ApprovalId, Artifact, GateId, Override, Quorum, StageId, StepKind};
use crate::plan::people::{Directory, executors};
use crate::plan::{Node, Plan, Pred};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("approval/bypass");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// The most conditional stages that are compared with each other.
const COMPARED: usize = 400;

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let ways: Vec<StageId> = plan
        .stage_order()
        .into_iter()
        .filter(|s| production(plan, *s) && plan.variants().applies(Node::Stage(*s)) != Pred::TRUE)
        .take(COMPARED)
        .collect();
    let mut seen = BTreeSet::new();
    for a in &ways {
        for b in &ways {
            if a != b
                && alternatives(plan, *a, *b)
                && let Some(d) = dropped(plan, *a, *b)
                && seen.insert(d.span)
            {
                bag.push(d);
            }
        }
    }
    let r = plan.release();
    if r.overrides.is_empty() {
        return;
    }
    let directory = Directory::new(r);
    for o in &r.overrides {
        if let Some(d) = too_few(plan, o).or_else(|| alone(plan, &directory, o)) {
            bag.push(d);
        }
    }
}

fn production(plan: &Plan, id: StageId) -> bool {
    let r = plan.release();
    r.is_production(r.stage(id).environment) && plan.changes_something(id)
}

/// Whether two stages never both start, each can, and both change the same thing.
fn alternatives(plan: &Plan, a: StageId, b: StageId) -> bool {
    let v = plan.variants();
    let (p, q) = (plan.starts(a), plan.starts(b));
    // Neither implies the other's absence when one and the same condition starts both.
    if p == q || !v.implies(p, v.not(q)) || !v.possible(p) || !v.possible(q) {
        return false;
    }
    let yours = plan.changes(b);
    plan.changes(a)
        .iter()
        .any(|x| yours.iter().any(|y| x.key.key.overlaps(&y.key.key)))
}

/// The approvals that stand before a stage whenever it starts.
fn guards(plan: &Plan, id: StageId) -> BTreeSet<ApprovalId> {
    let v = plan.variants();
    plan.guards(id)
        .iter()
        .filter(|g| v.implies(plan.starts(id), g.when))
        .map(|g| g.approval)
        .collect()
}

/// The gates judged in a stage, before it or after it, where that runs together with it.
fn gates(plan: &Plan, id: StageId) -> BTreeSet<GateId> {
    let (before, after) = (plan.ancestors(Node::Stage(id)), plan.descendants(Node::Stage(id)));
    let mut gates = BTreeSet::new();
    for (i, stage) in plan.release().stages.iter().enumerate() {
        let node = Node::Stage(StageId::at(i));
        let v = plan.variants();
        let leads = plan.contains(&before, node) && v.implies(plan.starts(id), v.applies(node));
        let follows = plan.contains(&after, node) && v.possible(v.and(plan.starts(id), v.applies(node)));
        if node != Node::Stage(id) && !leads && !follows {
            continue;
        }
        gates.extend(stage.require.iter().map(|(g, _)| *g));
        gates.extend(stage.forward_steps().into_iter().filter_map(|s| match &s.kind {
            StepKind::VerifyGate(g) => Some(*g),
            _ => None,
        }));
    }
    gates
}

/// What a stage ships that was verified, where another way ships nothing of the kind.
fn unverified(plan: &Plan, a: StageId, b: StageId) -> Vec<&Artifact> {
    let r = plan.release();
    if !r.stage(b).ships.is_empty() {
        return Vec::new();
    }
    let steps = || r.stages.iter().flat_map(|s| s.forward_steps());
    let ships = r.stage(a).ships.iter().map(|(x, _)| *x);
    ships
        .filter(|x| steps().any(|s| matches!(s.kind, StepKind::VerifyArtifact(y) if y == *x)))
        .map(|x| r.artifact(x))
        .collect()
}

/// What the second way drops of the first.
fn dropped(plan: &Plan, a: StageId, b: StageId) -> Option<Diagnostic> {
    let r = plan.release();
    let less = |mine: usize, yours: usize| mine > yours;
    let (ga, gb) = (guards(plan, a), guards(plan, b));
    let approvals: Vec<ApprovalId> = ga.difference(&gb).copied().collect();
    let approvals = if less(approvals.len(), gb.difference(&ga).count()) {
        approvals
    } else {
        Vec::new()
    };
    let (ja, jb) = (gates(plan, a), gates(plan, b));
    let judged: Vec<GateId> = ja.difference(&jb).copied().collect();
    let judged = if less(judged.len(), jb.difference(&ja).count()) {
        judged
    } else {
        Vec::new()
    };
    let untested = unverified(plan, a, b);
    // A way with no approval at all is `unguarded_production`.
    if gb.is_empty() && !ga.is_empty() && judged.is_empty() && untested.is_empty() {
        return None;
    }
    let names: Vec<&str> = approvals
        .iter()
        .map(|x| r.approval(*x).name.as_str())
        .chain(untested.iter().map(|x| x.name.as_str()))
        .chain(judged.iter().map(|x| r.gate(*x).name.as_str()))
        .collect();
    if names.is_empty() {
        return None;
    }
    let (first, second) = (r.stage(a), r.stage(b));
    let mut d = Diagnostic::error(
        CODE,
        second.origin.span,
        format!(
            "`{}` is another way to what `{}` does, without {}",
            second.name,
            first.name,
            place::names(names, 4)
        ),
    )
    .here("the easier way");
    d = d.fact(first.origin.span, format!("`{}` is held to more", first.name));
    for x in approvals.iter().take(2) {
        let approval = r.approval(*x);
        d = d.fact(
            approval.origin.span,
            format!("`{}` guards that way only", approval.name),
        );
    }
    for x in judged.iter().take(2) {
        let gate = r.gate(*x);
        d = d.fact(
            gate.origin.span,
            format!("`{}` is judged that way only", gate.name),
        );
    }
    for artifact in untested.iter().take(2) {
        d = d.fact(
            artifact.origin.span,
            format!("`{}` is shipped, and verified, that way only", artifact.name),
        );
    }
    for stage in [first, second] {
        if let Some(when) = &stage.when_origin {
            d = d.fact(when.span, format!("when `{}` is the way", stage.name));
        }
    }
    Some(d.help("hold both ways to the same approvals and gates, or give this one others in their place"))
}

/// An override with which whoever does the work drops the gate that judges it, alone.
fn alone(plan: &Plan, directory: &Directory<'_>, o: &Override) -> Option<Diagnostic> {
    let r = plan.release();
    if o.quorum > 1 {
        return None;
    }
    let users = directory.all(o.by.iter().map(|(who, _)| *who));
    let judged = o
        .gates
        .iter()
        .flat_map(|(g, at)| plan.judges(*g).iter().map(move |s| (*g, at, *s)));
    for (gate, at, id) in judged.take(COMPARED) {
        let stage = r.stage(id);
        if !r.is_production(stage.environment) {
            continue;
        }
        for role in executors(stage) {
            let Some(shared) = directory.shared(&users, directory.role(role)) else {
                continue;
            };
            let (name, who) = (&r.gate(gate).name, words::shared(r, shared));
            let d = Diagnostic::error(
                CODE,
                o.origin.span,
                format!(
                    "`{}` lets {who}, who may execute `{}`, drop `{name}` alone",
                    o.name, stage.name
                ),
            )
            .here("one person is enough");
            let d = place::fact(d, at, format!("drops `{name}`"));
            let d = place::fact(
                d,
                &stage.owner_origin,
                format!("`{}` executes `{}`", r.role(role).name, stage.name),
            );
            let d = words::belongs(d, directory, role, shared);
            return Some(
                d.help("let somebody else decide: `by` another role")
                    .help("or let two people decide: `quorum 2`"),
            );
        }
    }
    None
}

/// An override that leaves a stage of production with no approval, and takes fewer people than it skips.
fn too_few(plan: &Plan, o: &Override) -> Option<Diagnostic> {
    let r = plan.release();
    let skipped: BTreeSet<ApprovalId> = o.approvals.iter().map(|(a, _)| *a).collect();
    let count = |a: &ApprovalId| match r.approval(*a).quorum {
        Quorum::Count(n) => n,
        Quorum::All => 2,
    };
    let strongest = skipped
        .iter()
        .copied()
        .max_by_key(|a| (count(a), std::cmp::Reverse(*a)))?;
    if o.quorum >= count(&strongest) {
        return None;
    }
    let bare = plan.stage_order().into_iter().find(|s| {
        let guards = plan.guards(*s);
        production(plan, *s) && !guards.is_empty() && guards.iter().all(|g| skipped.contains(&g.approval))
    })?;
    let (approval, stage) = (r.approval(strongest), r.stage(bare));
    let people = |n: u32| {
        if n == 1 {
            "one person".to_string()
        } else {
            format!("{n} people")
        }
    };
    Some(
        Diagnostic::error(
            CODE,
            o.origin.span,
            format!(
                "`{}` lets {} do what `{}` asks {} for",
                o.name,
                people(o.quorum),
                approval.name,
                people(count(&strongest))
            ),
        )
        .here("skips every approval before production")
        .fact(
            approval.quorum_origin.as_ref().unwrap_or(&approval.origin).span,
            "skipped",
        )
        .fact(
            stage.origin.span,
            format!("`{}` changes production, and nothing else guards it", stage.name),
        )
        .help(format!(
            "write `quorum {}` in the override, or leave an approval standing",
            count(&strongest)
        )),
    )
}
