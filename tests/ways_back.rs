//! The checks of ways back against the runs themselves, on all small plans and every failure point of each.
//!
//! `rollback/missing`, `incomplete`, `past_the_pivot` and `input_destroyed` look at each stage, and at pairs of stages, never at
//! sets of them. Here the sets are enumerated: whatever can have ended and whatever can be under way when a step fails, each as
//! a run of the reference semantics. What a run leaves changed, though nobody said that it may stay, is what the checks must
//! have found; and what they find, some run must show.

use proptest::prelude::*;
use rayon::prelude::*;
mod shared;

use releasec::checks;
use releasec::model::{ApprovalId, ParamId, Rollback, Stage, StageId, Step, StepKind, Undo};
use releasec::plan::{Node, Plan};
use releasec::run::{Answer, Fault, Final, How, Outcomes, Place, Reference, Subject, Trace, Verb, Verdict};
use releasec::source::SourceMap;
use shared::Alone;
use std::collections::BTreeSet;
use std::fmt::Write;

/// What a stage does, and what it says about the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reads,
    Undone,
    UndoneInTwo,
    Written,
    WrittenForOneOfTwo,
    Nothing,
    NothingForOneOfTwo,
    Harmless,
    Irreversible,
    IrreversibleAtLast,
    IrreversibleThenPause,
    Retried,
    ReadsAndRetried,
    Pauses,
    Continues,
    Stops,
    BacksToFirst,
    GatePauses,
    GateFails,
    GateContinues,
    /// Its undo reads a snapshot.
    UndoneFromSnapshot,
    /// It removes that snapshot.
    RemovesSnapshot,
    /// It makes another in its place, and its undo brings the one before.
    ReplacesSnapshot,
}

/// The kinds that need or destroy what an undo reads, and two beside which they do.
const SNAPSHOTS: &[Kind] = &[
    Kind::Reads,
    Kind::Undone,
    Kind::UndoneFromSnapshot,
    Kind::RemovesSnapshot,
    Kind::ReplacesSnapshot,
];

/// The kinds of which every plan of three stages is tried.
const CORE: &[Kind] = &[
    Kind::Reads,
    Kind::Undone,
    Kind::Nothing,
    Kind::Irreversible,
    Kind::Retried,
    Kind::Pauses,
];

const ALL: &[Kind] = &[
    Kind::Reads,
    Kind::Undone,
    Kind::UndoneInTwo,
    Kind::Written,
    Kind::WrittenForOneOfTwo,
    Kind::Nothing,
    Kind::NothingForOneOfTwo,
    Kind::Harmless,
    Kind::Irreversible,
    Kind::IrreversibleAtLast,
    Kind::IrreversibleThenPause,
    Kind::Retried,
    Kind::ReadsAndRetried,
    Kind::Pauses,
    Kind::Continues,
    Kind::Stops,
    Kind::BacksToFirst,
    Kind::GatePauses,
    Kind::GateFails,
    Kind::GateContinues,
];

/// A stage of a small plan.
#[derive(Debug, Clone)]
struct Small {
    kind: Kind,
    /// The stages before it that it waits for, by index.
    after: Vec<usize>,
    /// In which value of the one parameter it applies; always when not said.
    when: Option<bool>,
}

/// A plan as people would write it. Every stage waits for an approval of its own, so that a run can let it start at any time.
fn text(stages: &[Small]) -> String {
    let mut out = String::from(
        "person ana { name \"Ana Ruiz\" }\nrole ops { title \"Operations\"; at_least 3 }\n\
         role board { title \"Change board\"; at_least 4; excludes ops }\nenvironment staging { kind staging }\n\
         gate sound { run \"make sound\" { takes 1m .. 1m } }\n\
         gate sound_or_asked { run \"make sound\" { takes 1m .. 1m }; otherwise pause }\n\
         gate sound_or_not { run \"make sound\" { takes 1m .. 1m }; otherwise continue { because \"known\" } }\n",
    );
    if stages.iter().any(|s| s.when.is_some()) {
        out.push_str("param flag: bool = true\n");
    }
    out.push_str(
        "release small {\n  title \"Small\"; version \"2.0.0\"; author ana; owner ops; in staging\n",
    );
    for (i, stage) in stages.iter().enumerate() {
        let _ = writeln!(
            out,
            "  approval yes{i} {{ from board; distinct_from author, executors }}"
        );
        let _ = write!(out, "  stage s{i} {{ approved yes{i}");
        if !stage.after.is_empty() {
            let names: Vec<String> = stage.after.iter().map(|j| format!("s{j}")).collect();
            let _ = write!(out, "; after {}", names.join(", "));
        }
        match stage.when {
            Some(true) => out.push_str("; when flag"),
            Some(false) => out.push_str("; when not flag"),
            None => {}
        }
        let _ = writeln!(out, "\n    {}\n  }}", body(stage.kind, i));
    }
    out.push_str("}\n");
    out
}

fn body(kind: Kind, i: usize) -> String {
    let change = |key: char, more: &str| {
        format!("run \"./do.sh {i}{key}\" {{ changes \"config:{i}{key}\"; takes 1m .. 1m{more} }}")
    };
    let undo = |key: char| format!("; undo run \"./undo.sh {i}{key}\" {{ changes \"config:{i}{key}\" }}");
    let read = |more: &str| format!("run \"./look.sh {i}\" {{ changes nothing; takes 1m .. 1m{more} }}");
    let undone = change('a', &undo('a'));
    let written = format!("rollback {{ run \"./undo.sh {i}a\" {{ changes \"config:{i}a\" }} }}");
    let lost = "irreversible \"the old one is not kept\"";
    let snapshot = |verb: &str| format!("run \"./snap.sh {i}\" {{ {verb} \"snap:base\"; takes 1m .. 1m");
    match kind {
        Kind::UndoneFromSnapshot => format!(
            "{}\n    rollback {{ run \"./undo.sh {i}a\" {{ changes \"config:{i}a\"; reads \"snap:base\" }} }}",
            change('a', "")
        ),
        Kind::RemovesSnapshot => format!("{} }}\n    harmless \"another can be made\"", snapshot("removes")),
        Kind::ReplacesSnapshot => {
            format!(
                "{}; undo run \"./snap.sh --back {i}\" {{ changes \"snap:base\" }} }}",
                snapshot("changes")
            )
        }
        Kind::Reads => read(""),
        Kind::Undone => undone,
        Kind::UndoneInTwo => format!("{undone}\n    {}", change('b', &undo('b'))),
        Kind::Written => format!("{}\n    {written}", change('a', "")),
        Kind::WrittenForOneOfTwo => format!("{}\n    {}\n    {written}", change('a', ""), change('b', "")),
        Kind::Nothing => change('a', ""),
        Kind::NothingForOneOfTwo => format!("{undone}\n    {}", change('b', "")),
        Kind::Harmless => format!("{}\n    harmless \"it may stay\"", change('a', "")),
        Kind::Irreversible => format!("{}\n    {lost}", change('a', "")),
        Kind::IrreversibleAtLast => format!("{undone}\n    {}\n    {lost}", change('b', "")),
        Kind::IrreversibleThenPause => {
            format!("{}\n    {lost}\n    on_failure {{ then pause }}", change('a', ""))
        }
        Kind::Retried => change('a', &format!("; idempotent; retry 5 {{ every 1m }}{}", undo('a'))),
        Kind::ReadsAndRetried => read("; idempotent; retry 5 { every 1m }"),
        Kind::Pauses => format!("{undone}\n    on_failure {{ then pause }}"),
        Kind::Continues => format!("{undone}\n    on_failure {{ then continue {{ because \"known\" }} }}"),
        Kind::Stops => format!("{undone}\n    on_failure {{ then stop }}"),
        Kind::BacksToFirst => format!("{undone}\n    on_failure {{ then rollback(s0) }}"),
        Kind::GatePauses => format!("{undone}\n    verify sound_or_asked"),
        Kind::GateFails => format!("{undone}\n    verify sound\n    on_failure {{ then pause }}"),
        Kind::GateContinues => format!("{undone}\n    verify sound_or_not\n    on_failure {{ then pause }}"),
    }
}

/// The plan, and which of these are found in it.
fn checked(text: &str, codes: &[&str]) -> (Plan, BTreeSet<&'static str>) {
    let mut sources = SourceMap::new();
    let file = sources.add("small.release", text);
    let (program, bag) = releasec::resolve::load(&mut sources, &Alone, file);
    let lowered = releasec::eval::lower(&program, &sources, &[]);
    let wrong: Vec<String> = bag
        .into_sorted()
        .into_iter()
        .chain(lowered.bag.into_sorted())
        .filter(|d| d.code.0 != "resolve/unused")
        .map(|d| format!("{}: {}", d.code, d.message))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{text}");
    let plan = Plan::new(lowered.release.expect("a release")).unwrap_or_else(|_| panic!("a plan: {text}"));
    let found = checks::run(&plan, &sources)
        .findings
        .iter()
        .map(|d| d.code.0)
        .filter(|c| codes.contains(c))
        .collect();
    (plan, found)
}

/// Whether the plan promises that a step does not fail: it is tried again until it works.
fn promised(step: &Step) -> bool {
    step.idempotent && step.retry.is_some()
}

/// How each act of a stage is undone.
fn undoes(stage: &Stage) -> impl Iterator<Item = &Undo> {
    stage.steps.iter().filter_map(|s| match &s.kind {
        StepKind::Act(act) => Some(&act.undo),
        _ => None,
    })
}

/// What a run shows to be wrong: the codes that must have been found.
fn wrong(plan: &Plan, trace: &Trace, failing: StageId, step: &Step) -> BTreeSet<&'static str> {
    let r = plan.release();
    let mut codes = BTreeSet::new();
    let said = |verb: Verb| trace.events.iter().filter(move |e| e.verb == verb);
    let stage_of = |subject: Subject| match subject {
        Subject::Stage(s) => Some(s),
        _ => None,
    };
    let begun: BTreeSet<StageId> = said(Verb::StepStart)
        .filter_map(|e| stage_of(e.subject))
        .collect();
    let pivot = |s: StageId| matches!(r.stage(s).rollback, Rollback::Irreversible { .. });
    let turned = said(Verb::Rollback).next().is_some();
    // Past the point of no return something else went wrong, and the run did not go on.
    let kept: BTreeSet<StageId> = said(Verb::Keep).filter_map(|e| stage_of(e.subject)).collect();
    let others = begun.iter().copied().filter(|s| pivot(*s) && *s != failing);
    if !promised(step)
        && others
            .clone()
            .any(|p| kept.contains(&p) || (!turned && trace.state == Final::Stopped))
    {
        codes.insert("rollback/past_the_pivot");
    }
    if !turned {
        return codes;
    }
    // What stays changed, though its stage was to be undone. What stands outside a part that is rolled back stays because the
    // plan says so, but for what failed itself.
    let part = said(Verb::Rollback).any(|e| !e.detail.is_empty());
    let first = StageId::at(0);
    let inside =
        |s: StageId| !part || s == failing || s == first || plan.precedes(Node::Stage(first), Node::Stage(s));
    for s in begun
        .into_iter()
        .filter(|s| inside(*s) && !pivot(*s) && !kept.contains(s))
    {
        let stage = r.stage(s);
        if matches!(stage.rollback, Rollback::Harmless { .. }) {
            continue;
        }
        let slugs = |verb: Verb| -> BTreeSet<_> {
            said(verb)
                .filter(|e| e.subject == Subject::Stage(s))
                .filter_map(|e| e.step.clone())
                .collect()
        };
        let (done, undone) = (slugs(Verb::StepStart), slugs(Verb::UndoStep));
        let acts = |step: &Step| match &step.kind {
            StepKind::Act(act) => Some(act.clone()),
            _ => None,
        };
        let mut left: BTreeSet<_> = BTreeSet::new();
        let mut back: BTreeSet<_> = BTreeSet::new();
        for step in stage.steps.iter().filter(|x| done.contains(&x.slug)) {
            let Some(act) = acts(step) else { continue };
            left.extend(act.effects.changes.iter().map(|k| format!("{:?}", k.key)));
            if let Undo::By { act, .. } = &act.undo
                && undone.contains(format!("u_{}", step.slug).as_str())
            {
                back.extend(act.effects.changes.iter().map(|k| format!("{:?}", k.key)));
            }
        }
        if let Rollback::Written(w) = &stage.rollback {
            for step in w.steps.iter().filter(|x| undone.contains(&x.slug)) {
                let Some(act) = acts(step) else { continue };
                back.extend(act.effects.changes.iter().map(|k| format!("{:?}", k.key)));
            }
        }
        if !left.is_subset(&back) {
            // Nothing is undone, or not all.
            let none = matches!(stage.rollback, Rollback::Derived) && undoes(stage).any(|u| u == &Undo::None);
            codes.insert(if none {
                "rollback/missing"
            } else {
                "rollback/incomplete"
            });
        }
    }
    codes
}

const MINUTE: i64 = 60_000;

/// Every failure point: which step of which stage fails, what has ended by then, and what is under way beside it.
fn enumerate(plan: &Plan, stages: &[Small], mut see: impl FnMut(&Trace, StageId, &Step)) {
    let r = plan.release();
    let n = stages.len();
    let reference = Reference::new(plan);
    let flags: &[Option<usize>] = if r.params.is_empty() {
        &[None]
    } else {
        &[Some(0), Some(1)]
    };
    for flag in flags {
        for failing in 0..n {
            for step in &r.stage(StageId::at(failing)).steps {
                // What ended, what is under way, and what has not begun, by two bits each.
                for sets in 0..4usize.pow(n as u32 - 1) {
                    let at = |i: usize| {
                        let bit = if i < failing { i } else { i - 1 };
                        (sets >> (2 * bit)) & 3
                    };
                    if (0..n).filter(|i| *i != failing).any(|i| at(i) == 3) {
                        continue;
                    }
                    for known in [false, true] {
                        let mut o = Outcomes {
                            answers: vec![Answer::Proceed; 8],
                            ..Outcomes::default()
                        };
                        if let Some(choice) = flag {
                            o.params.insert(ParamId::at(0), *choice);
                        }
                        let place = Place::Step(step.slug.clone());
                        let fault = |place| Fault {
                            place,
                            how: How::Fails,
                            times: Some(9),
                        };
                        o.stages.insert(StageId::at(failing), fault(place));
                        let mut continued = false;
                        for (i, stage) in stages.iter().enumerate() {
                            let wait = if i == failing {
                                100
                            } else {
                                [0, 100, 10_000][at(i)]
                            };
                            o.approvals
                                .insert(ApprovalId::at(i), Verdict::GrantedAfter(wait * MINUTE));
                            // A failure after which the plan goes on counts as an end.
                            if known && i != failing && stage.kind == Kind::Continues {
                                o.stages.insert(StageId::at(i), fault(Place::Last));
                                continued = true;
                            }
                        }
                        if known == continued {
                            see(&reference.run(&o), StageId::at(failing), step);
                        }
                    }
                }
            }
        }
    }
}

/// What is wrong when an undo in a run reads the snapshot after another stage destroyed it. That a stage destroys it and then
/// fails itself is judged elsewhere, and destroyed beside the stage that needs it, it is a race.
fn destroyed(plan: &Plan, trace: &Trace, failing: StageId, stages: &[Small]) -> BTreeSet<&'static str> {
    let mut codes = BTreeSet::new();
    let mut gone: BTreeSet<StageId> = BTreeSet::new();
    for event in &trace.events {
        let Subject::Stage(s) = event.subject else {
            continue;
        };
        match (stages[s.index()].kind, event.verb) {
            (Kind::RemovesSnapshot | Kind::ReplacesSnapshot, Verb::StepStart) => {
                gone.insert(s);
            }
            (Kind::ReplacesSnapshot, Verb::UndoStep) => {
                gone.remove(&s);
            }
            (Kind::UndoneFromSnapshot, Verb::UndoStep) if s != failing => {
                let counts = |d: &StageId| *d != failing && plan.precedes(Node::Stage(s), Node::Stage(*d));
                if gone.iter().any(counts) {
                    codes.insert("rollback/input_destroyed");
                }
            }
            _ => {}
        }
    }
    codes
}

/// Holds one plan against all its runs; how many there were.
fn compare(stages: &[Small]) -> Result<usize, String> {
    let text = text(stages);
    let snapshots = stages.iter().any(|s| s.kind == Kind::UndoneFromSnapshot);
    let codes: &[&str] = if snapshots {
        &["rollback/input_destroyed"]
    } else {
        &[
            "rollback/missing",
            "rollback/incomplete",
            "rollback/past_the_pivot",
        ]
    };
    let (plan, found) = checked(&text, codes);
    let (mut runs, mut shown) = (0, BTreeSet::new());
    enumerate(&plan, stages, |trace, failing, step| {
        if snapshots {
            shown.extend(destroyed(&plan, trace, failing, stages));
        } else {
            shown.extend(wrong(&plan, trace, failing, step));
        }
        runs += 1;
    });
    if found == shown {
        return Ok(runs);
    }
    Err(format!("found {found:?}, and the runs show {shown:?}\n{text}"))
}

/// Every order of `n` stages, as the stages before that each waits for.
fn orders(n: usize) -> Vec<Vec<Vec<usize>>> {
    let pairs: Vec<(usize, usize)> = (0..n).flat_map(|j| (0..j).map(move |i| (i, j))).collect();
    (0..1usize << pairs.len())
        .map(|bits| {
            let mut after = vec![Vec::new(); n];
            for (k, (i, j)) in pairs.iter().enumerate() {
                if bits >> k & 1 == 1 {
                    after[*j].push(*i);
                }
            }
            after
        })
        .collect()
}

fn every(n: usize, kinds: &[Kind], whens: &[Option<bool>]) -> (usize, usize) {
    let mut all = Vec::new();
    let choices: Vec<(Kind, Option<bool>)> = kinds
        .iter()
        .flat_map(|k| whens.iter().map(move |w| (*k, *w)))
        .collect();
    for after in orders(n) {
        for mut pick in 0..choices.len().pow(n as u32) {
            let mut stages = Vec::new();
            for before in &after {
                let (kind, when) = choices[pick % choices.len()];
                pick /= choices.len();
                stages.push(Small {
                    kind,
                    after: before.clone(),
                    when,
                });
            }
            // To which of the two values comes first nothing is tied.
            let first = stages.iter().find_map(|s: &Small| s.when);
            if first != Some(false) {
                all.push(stages);
            }
        }
    }
    let compared: Vec<Result<usize, String>> = all.par_iter().map(|s| compare(s)).collect();
    let (mut plans, mut runs, mut failed) = (0, 0, Vec::new());
    for one in compared {
        plans += 1;
        match one {
            Ok(many) => runs += many,
            Err(e) => failed.push(e),
        }
    }
    failed.sort_by_key(String::len);
    assert!(
        failed.is_empty(),
        "{} of {plans} plans disagree, first:\n{}",
        failed.len(),
        failed[..failed.len().min(3)].join("\n")
    );
    (plans, runs)
}

#[test]
fn every_plan_of_two_stages_agrees_with_all_its_runs() {
    let (plans, runs) = every(2, ALL, &[None, Some(true), Some(false)]);
    assert!(plans == 4_000 && runs > 20_000, "{plans} plans, {runs} runs");
}

#[test]
fn every_plan_of_three_stages_agrees_with_all_its_runs() {
    let (plans, runs) = every(3, CORE, &[None]);
    assert!(plans == 1_728 && runs > 40_000, "{plans} plans, {runs} runs");
}

#[test]
fn what_an_undo_reads_is_there_in_every_run_of_three_stages() {
    let (plans, runs) = every(3, SNAPSHOTS, &[None]);
    assert!(plans == 1_000 && runs > 20_000, "{plans} plans, {runs} runs");
}

fn small() -> impl Strategy<Value = Vec<Small>> {
    let one = (0..ALL.len(), any::<u8>(), 0..6u8);
    prop::collection::vec(one, 3..=4).prop_map(|list| {
        let stage = |(i, (kind, bits, when)): (usize, (usize, u8, u8))| Small {
            kind: ALL[kind],
            after: (0..i).filter(|j| bits >> j & 1 == 1).collect(),
            when: match when {
                0 => Some(true),
                1 => Some(false),
                _ => None,
            },
        };
        list.into_iter().enumerate().map(stage).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn larger_plans_agree_with_all_their_runs(stages in small()) {
        if let Err(e) = compare(&stages) {
            prop_assert!(false, "{}", e);
        }
    }
}
