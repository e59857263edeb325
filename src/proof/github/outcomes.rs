//! What can go otherwise in a pair of workflows beyond what is looked at for every target: stages that apply by an option only, undos inside
//! holds, failures side by side, declared ways around, a run that is cancelled before its first stage.
//!
//! Must not know jobs. Used by the proof's entry point.

use crate::emit::environments::{asked, in_window};
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::{
    DecisionId, DistinctFrom, FailureOutcome, GateTest, Release, StageId, TriggerId, TriggerTest,
};
use crate::plan::{Node, Plan};
use crate::proof::scenario::{Open, Scenario};
use crate::proof::{scenarios, walk};
use std::collections::{BTreeMap, BTreeSet};

/// Most pairs of failures that are looked at.
const PAIRS: usize = 60;

/// Every run of a pair of workflows that is looked at.
pub fn all(plan: &Plan, open: &Open) -> Vec<Scenario> {
    let release = plan.release();
    let mut list = scenarios::all(release, open);
    list.extend(scenarios::broken_off(release, open));
    let well = Scenario::well(release);
    let mut add = |change: &dyn Fn(&mut Scenario)| {
        let mut scenario = well.clone();
        change(&mut scenario);
        list.push(scenario);
    };
    options(release, open, &mut add);
    ways_back(release, open, &mut add);
    beside(plan, open, &mut add);
    around(release, open, &mut add);
    alarms(release, &mut add);
    hours(plan, open, &mut add);
    list.iter_mut().for_each(|s| scenarios::tried_again(release, s));
    let mut seen = BTreeSet::new();
    list.retain(|s| seen.insert(format!("{s:?}")));
    list
}

/// Adds a run in which something is changed.
type Add<'a> = dyn FnMut(&dyn Fn(&mut Scenario)) + 'a;

/// The work of each stage, in the order of its parts.
fn work(open: &Open) -> BTreeMap<StageId, Vec<&Purpose>> {
    let mut map: BTreeMap<StageId, Vec<&Purpose>> = BTreeMap::new();
    for part in &open.parts {
        if let (At::Stage(s), Deed::Act | Deed::Await) = (part.at, part.deed) {
            map.entry(s).or_default().push(part);
        }
    }
    map
}

/// The last step of a stage that shows.
fn last(release: &Release, stage: StageId) -> Option<Purpose> {
    let steps = release.stage(stage).forward_steps().into_iter().rev();
    let step = { steps }.find(|s| s.act().is_some_and(walk::shows))?;
    Some(Purpose::new(At::Stage(stage), &step.slug, Deed::Act))
}

/// What fails in a stage that applies by an option, by an input or by a comparison only.
fn options(release: &Release, open: &Open, add: &mut Add<'_>) {
    for (stage, parts) in work(open) {
        if release.stage(stage).when.atoms().is_empty() {
            continue;
        }
        for (i, decision) in release.decisions.iter().enumerate() {
            for option in 0..decision.options.len() {
                for part in [parts.first(), parts.last()].into_iter().flatten() {
                    add(&|s| {
                        s.options.insert(DecisionId::at(i), option);
                        s.fails.insert((*part).clone());
                    });
                }
            }
        }
    }
}

/// What is undone or left fails, after a failure in any stage and not only in the last.
fn ways_back(release: &Release, open: &Open, add: &mut Add<'_>) {
    for part in &open.parts {
        let (At::Undo(_) | At::Exit(_) | At::Enter(_), Deed::Act | Deed::Await | Deed::Grant(_)) =
            (part.at, part.deed)
        else {
            continue;
        };
        for stage in (0..release.stages.len()).map(StageId::at) {
            let Some(step) = last(release, stage) else {
                continue;
            };
            let both = |s: &mut Scenario| {
                s.fails.insert(part.clone());
                s.fails.insert(step.clone());
                s.later = matches!(part.at, At::Enter(_));
            };
            add(&both);
            for word in open.parts.iter().filter(|w| matches!(w.deed, Deed::Word(_))) {
                if matches!(part.at, At::Undo(_)) {
                    add(&|s| {
                        both(s);
                        s.fails.insert(word.clone());
                    });
                }
            }
        }
    }
}

/// Two stages that run side by side fail both.
fn beside(plan: &Plan, open: &Open, add: &mut Add<'_>) {
    let work = work(open);
    let mut count = 0;
    for (one, theirs) in &work {
        let before = plan.ancestors(Node::Stage(*one));
        let after = plan.descendants(Node::Stage(*one));
        for (other, others) in work.range(*one..).skip(1) {
            let node = Node::Stage(*other);
            if plan.contains(&before, node) || plan.contains(&after, node) || count >= PAIRS {
                continue;
            }
            count += 1;
            for slow in [None, Some(100_000)] {
                let pair = [theirs.first(), others.last()];
                add(&|s| {
                    s.fails
                        .extend(pair.iter().copied().flatten().map(|p| (*p).clone()));
                    s.slow = slow;
                });
            }
        }
    }
}

/// What takes too long: commands that do not end, windows that are shut, grants that have lapsed, questions nobody answers.
fn hours(plan: &Plan, open: &Open, add: &mut Add<'_>) {
    let release = plan.release();
    for part in &open.parts {
        let asks = by_hand(release, part);
        match (part.at, part.deed) {
            (At::Stage(_) | At::Enter(_), Deed::Act | Deed::Await) if !asks => {
                for off in [false, true] {
                    add(&|s| s.hangs = Some((part.clone(), off)));
                }
            }
            _ if asks => add(&|s| {
                s.silent.insert(part.clone());
            }),
            _ => {}
        }
    }
    for stage in (0..release.stages.len()).map(StageId::at) {
        if in_window(release, stage) {
            // Where others go on beside it, what they ask is taken back and asked again.
            let beside = beside_it(plan, stage);
            let asks =
                |p: &Purpose| matches!(p.at, At::Stage(s) if beside.contains(&s)) && by_hand(release, p);
            let answers = match (beside.is_empty(), open.parts.iter().any(asks)) {
                (true, _) => 0..4,
                (false, false) => 2..4,
                (false, true) => 0..0,
            };
            for resume in answers {
                add(&|s| (s.late, s.resume) = (Some(stage), resume));
            }
        }
        lapses(plan, open, stage, add);
    }
}

/// The stages that neither wait for one nor are waited for by it.
fn beside_it(plan: &Plan, stage: StageId) -> Vec<StageId> {
    let node = Node::Stage(stage);
    let (before, after) = (plan.ancestors(node), plan.descendants(node));
    let other = |s: &StageId| {
        let node = Node::Stage(*s);
        *s != stage && !plan.contains(&before, node) && !plan.contains(&after, node)
    };
    plan.stage_order().into_iter().filter(other).collect()
}

/// Whether a part is a question that is put to a person in the order of the plan.
fn by_hand(release: &Release, part: &Purpose) -> bool {
    match (part.at, part.deed) {
        (At::Run, Deed::Decide(..)) | (At::Stage(_), Deed::Begin | Deed::Ready) => true,
        (At::Stage(_), Deed::Judge(g)) => matches!(release.gate(g).test, GateTest::Ask(_)),
        (At::Stage(s), Deed::Act | Deed::Await) => {
            let steps = release.stage(s).forward_steps();
            { steps }
                .iter()
                .any(|x| x.slug == part.step && asked(x).is_some())
        }
        _ => false,
    }
}

/// What stands between a grant and its stage takes longer than the grant is good for.
fn lapses(plan: &Plan, open: &Open, stage: StageId, add: &mut Add<'_>) {
    let release = plan.release();
    let before = plan.ancestors(Node::Stage(stage));
    for (approval, _) in &release.stage(stage).approved {
        let Some(valid) = release.approval(*approval).valid else {
            continue;
        };
        let asked_after = plan.ancestors(Node::Approval(*approval));
        let between = open.parts.iter().find(|p| match (p.at, p.deed) {
            (At::Stage(s), Deed::Act) => {
                let node = Node::Stage(s);
                plan.contains(&before, node) && !plan.contains(&asked_after, node) && !by_hand(release, p)
            }
            _ => false,
        });
        if let Some(part) = between {
            let drags = (valid.as_ms() + 3_600_000) as f64;
            add(&|s| s.drags = Some((part.clone(), drags)));
        }
    }
}

/// A trigger that acts would do so before anything has begun; what is a multiple of the start is not known then.
fn alarms(release: &Release, add: &mut Add<'_>) {
    for (i, trigger) in release.triggers.iter().enumerate() {
        let acts = !matches!(trigger.then, FailureOutcome::Escalate(_));
        if matches!(&trigger.test, TriggerTest::Metrics(e) if acts && !e.needs_baseline()) {
            add(&|s| s.sounds = Some(TriggerId::at(i)));
        }
    }
}

/// A declared way around is asked for, and what it removes would have stopped the run; an approval is granted by who may not.
fn around(release: &Release, open: &Open, add: &mut Add<'_>) {
    for (o, skipped) in release.overrides.iter().enumerate() {
        add(&|s| s.chosen = Some(o));
        for (a, _) in &skipped.approvals {
            let grants = open.parts.iter().filter(|p| p.deed == Deed::Grant(*a));
            let grants: Vec<Purpose> = grants.cloned().collect();
            add(&|s| {
                s.chosen = Some(o);
                s.fails.extend(grants.iter().cloned());
            });
        }
        for (g, _) in &skipped.gates {
            add(&|s| {
                s.chosen = Some(o);
                s.gates.insert(*g);
            });
        }
    }
    // Each pair that must differ, and once more when the other side of it is asked later.
    for (i, approval) in release.approvals.iter().enumerate() {
        let id = crate::model::ApprovalId::at(i);
        for (distinct, _) in &approval.distinct_from {
            if let DistinctFrom::Approval(other) = distinct {
                add(&|s| s.same = Some((*other, id)));
            }
        }
    }
}
